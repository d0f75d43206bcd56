/** Against OpenSSH; against a server of the library's own where OpenSSH would need accounts of the machine. */
import { createHash, generateKeyPairSync } from 'node:crypto';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { readFileSync, writeFileSync } from 'node:fs';
import ssh2 from 'ssh2';
import type { AuthContext } from 'ssh2';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { RopewayError } from '#spi/errors.ts';
import { isRopewayError } from '#spi/errors.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { sshMissing, sshServer } from '#test/kit/ssh-server.ts';
import type { SshServer } from '#test/kit/ssh-server.ts';
import { sshTunnelField } from './config-fields.ts';
import type { SshTunnelConfig } from './config-fields.ts';
import { openTunnel } from './tunnel.ts';
import type { Tunnel } from './tunnel.ts';

const schema = z.strictObject(sshTunnelField);

function configOf(options: Readonly<Record<string, unknown>>): SshTunnelConfig {
  const { ssh_tunnel: config } = schema.parse({ ssh_tunnel: options });
  if (config === undefined) throw new Error('It is set.');
  return config;
}

interface Opening {
  readonly port?: number;
  readonly signal?: AbortSignal;
}

function open(
  options: Readonly<Record<string, unknown>>,
  { port = echo.port, signal = new AbortController().signal }: Opening = {},
): Promise<Tunnel> {
  return openTunnel(configOf(options), { host: '127.0.0.1', port }, { log: keptLog().log, signal });
}

async function refusal(options: Readonly<Record<string, unknown>>, opening: Opening = {}): Promise<RopewayError> {
  try {
    await using tunnel = await open(options, opening);
    throw new Error(`It is open: ${tunnel.port}`);
  } catch (error) {
    if (isRopewayError(error)) return error;
    throw error;
  }
}

/** A server that says what it is told. */
async function listen(serve: (socket: Socket) => void): Promise<AsyncDisposable & { port: number; server: Server }> {
  const server = createServer({ allowHalfOpen: true }, serve);
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    server,
    // A server that listens to TCP has such an address.
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      await new Promise((done) => server.close(done));
    },
  };
}

/** What comes back of what is sent through. */
async function sent({ host, port }: Tunnel, bytes: Uint8Array): Promise<Buffer> {
  const socket = createConnection({ host, port });
  socket.end(bytes);
  return buffer(socket);
}

let echo: Awaited<ReturnType<typeof listen>>;
let connections = 0;
let ssh: SshServer;

describe.skipIf(sshMissing !== '')(`openTunnel()${sshMissing}`, () => {
  beforeAll(async () => {
    echo = await listen((socket) => {
      connections += 1;
      socket.pipe(socket).on('error', () => {});
    });
    ssh = await sshServer({ lines: ['MaxStartups 100', 'PermitOpen any'] });
  });
  afterAll(async () => {
    await ssh[Symbol.asyncDispose]();
    await echo[Symbol.asyncDispose]();
  });

  it('leads to the target, for several connections at a time, byte for byte', async () => {
    const before = connections;
    await using tunnel = await open(ssh.options);
    const all = Array.from({ length: 5 }, (_, index) => Buffer.alloc(3_000_000 + index, `some bytes ${index}`));
    const back = await Promise.all(all.map((bytes) => sent(tunnel, bytes)));
    expect(connections).toBe(before + all.length);
    for (const [index, bytes] of all.entries()) expect(back[index]?.equals(bytes)).toBe(true);
    expect(tunnel.failure()).toBeUndefined();
  });

  it('is gone when it is closed, and the SSH connection with it', async () => {
    const tunnel = await open(ssh.options);
    const { port } = tunnel;
    const idle = createConnection({ host: tunnel.host, port });
    await new Promise((done) => idle.once('connect', done));
    const closed = new Promise((done) => idle.once('close', done));
    await tunnel[Symbol.asyncDispose]();
    await closed;
    const refused = createConnection({ host: '127.0.0.1', port });
    expect(await new Promise((done) => refused.once('error', done))).toMatchObject({ code: 'ECONNREFUSED' });
  });

  it.each<[string, () => Readonly<Record<string, unknown>>]>([
    ['the fingerprint of a key of another type', () => ({ host_key_fingerprint: ssh.fingerprints.rsa })],
    ['a fingerprint without its prefix', () => ({ host_key_fingerprint: ssh.fingerprints.ed25519.slice(7) })],
    ['known hosts', () => ({ host_key_fingerprint: undefined, known_hosts_file: ssh.knownHosts })],
    ['known hosts with another type alone', () => ({ host_key_fingerprint: undefined, known_hosts_file: rsaAlone() })],
    ['no check', () => ({ host_key_fingerprint: undefined, verify_host_key: false })],
    ['a key in the config', () => ({ secret_key_file: undefined, secret_key: readFileSync(ssh.keyFile, 'utf8') })],
    [
      'a key as Embulk has it in the config',
      () => ({ secret_key_file: { content: readFileSync(ssh.keyFile, 'utf8') } }),
    ],
    ['a key with a passphrase', () => ({ secret_key_file: lockedKey(), secret_key_passphrase: 'open sesame' })],
    ['a key in PKCS #8', () => ({ secret_key_file: pkcs8Key(), secret_key_passphrase: 'open sesame' })],
  ])('takes %s', async (_title, options) => {
    await using tunnel = await open({ ...ssh.options, ...options() });
    expect((await sent(tunnel, Buffer.from('hello'))).toString()).toBe('hello');
  });

  function rsaAlone(): string {
    const file = `${ssh.knownHosts}.rsa`;
    writeFileSync(file, readFileSync(ssh.knownHosts, 'utf8').replace(/^.* ssh-ed25519 .*\n/m, ''));
    return file;
  }

  function lockedKey(): string {
    const file = ssh.makeKey('locked', ['-t', 'ed25519', '-N', 'open sesame']);
    ssh.allow(file);
    return file;
  }

  function pkcs8Key(): string {
    const file = ssh.makeKey('pkcs8', ['-t', 'rsa', '-b', '2048', '-m', 'PKCS8', '-N', 'open sesame']);
    ssh.allow(file);
    return file;
  }

  it.each<[string, () => Readonly<Record<string, unknown>>, string, string]>([
    ['a key that it does not know', () => ({ secret_key_file: ssh.makeKey('stranger') }), 'SSH_AUTH_REFUSED', 'user'],
    ['a user that it does not know', () => ({ user: 'nobody-at-all' }), 'SSH_AUTH_REFUSED', 'user'],
    ['a password', () => ({ secret_key_file: undefined, password: 'hush' }), 'SSH_AUTH_REFUSED', 'user'],
    ['nothing to log in with', () => ({ secret_key_file: undefined }), 'SSH_CREDENTIALS_MISSING', 'user'],
    [
      'another fingerprint',
      () => ({ host_key_fingerprint: `SHA256:${'A'.repeat(43)}` }),
      'SSH_HOST_KEY_CHANGED',
      'host',
    ],
    [
      'a host that is not known',
      () => ({ host_key_fingerprint: undefined, known_hosts_file: '/dev/null' }),
      'SSH_HOST_KEY_UNKNOWN',
      'host',
    ],
    [
      'a key that is revoked',
      () => ({ host_key_fingerprint: undefined, known_hosts_file: revoked() }),
      'SSH_HOST_KEY_CHANGED',
      'host',
    ],
    [
      'a fingerprint that is none',
      () => ({ host_key_fingerprint: 'SHA1:aa' }),
      'SSH_FINGERPRINT',
      'host_key_fingerprint',
    ],
    [
      'a file of known hosts that is not there',
      () => ({ host_key_fingerprint: undefined, known_hosts_file: '/nowhere' }),
      'SSH_KNOWN_HOSTS_FILE',
      'known_hosts_file',
    ],
    ['a key file that is not there', () => ({ secret_key_file: '/nowhere' }), 'SSH_KEY_FILE', 'secret_key_file'],
    ['a file that is no key', () => ({ secret_key_file: ssh.knownHosts }), 'SSH_KEY_INVALID', 'secret_key_file'],
    ['a public key', () => ({ secret_key_file: `${ssh.keyFile}.pub` }), 'SSH_KEY_INVALID', 'secret_key_file'],
    [
      'a missing passphrase',
      () => ({ secret_key_file: newLocked('a') }),
      'SSH_KEY_PASSPHRASE',
      'secret_key_passphrase',
    ],
    [
      'a wrong passphrase',
      () => ({ secret_key_file: newLocked('b'), secret_key_passphrase: 'wrong' }),
      'SSH_KEY_PASSPHRASE',
      'secret_key_passphrase',
    ],
    ['a host that does not exist', () => ({ host: 'nowhere.invalid' }), 'SSH_HOST_UNKNOWN', 'host'],
    ['a port where nobody listens', () => ({ port: 1 }), 'SSH_UNREACHABLE', 'host'],
  ])('refuses %s', async (_title, options, code, option) => {
    const error = await refusal({ ...ssh.options, ...options() });
    expect(error.code, error.message).toBe(code);
    expect(error.where.path).toEqual(['ssh_tunnel', option]);
    expect(`${error.message}${error.hint}`).not.toContain('{');
  });

  function revoked(): string {
    const file = `${ssh.knownHosts}.revoked`;
    const lines = readFileSync(ssh.knownHosts, 'utf8');
    writeFileSync(file, lines + lines.replaceAll(/^/gm, '@revoked ').replaceAll(/@revoked $/g, ''));
    return file;
  }

  function newLocked(name: string): string {
    return ssh.makeKey(`locked-${name}`, ['-t', 'ed25519', '-N', 'open sesame']);
  }

  it('says the fingerprint that was seen, to be compared and set', async () => {
    const error = await refusal({ ...ssh.options, host_key_fingerprint: undefined, known_hosts_file: '/dev/null' });
    expect(error.hint).toContain(`host_key_fingerprint: ${ssh.fingerprints.ed25519}`);
    const changed = await refusal({ ...ssh.options, host_key_fingerprint: undefined, known_hosts_file: otherHost() });
    expect(changed.code).toBe('SSH_HOST_KEY_CHANGED');
    expect(changed.message).toContain(ssh.fingerprints.ed25519);
  });

  function otherHost(): string {
    const key = readFileSync(`${ssh.makeKey('other-host')}.pub`, 'utf8');
    const file = `${ssh.knownHosts}.other`;
    writeFileSync(file, `[127.0.0.1]:${ssh.port} ${key}`);
    return file;
  }

  it('says that the target does not answer, or that the server may not go there', async () => {
    const gone = await refusal(ssh.options, { port: 1 });
    expect(gone.code).toBe('SSH_FORWARD_UNREACHABLE');
    expect(gone.message).toMatch(/does not reach 127\.0\.0\.1:1: Connection refused/);
    expect(gone.transient).toBe(true);
    const keyFile = ssh.makeKey('fenced');
    ssh.allow(keyFile, 'permitopen="127.0.0.1:9"');
    const fenced = await refusal({ ...ssh.options, secret_key_file: keyFile });
    expect(fenced.code).toBe('SSH_FORWARD_REFUSED');
    expect(fenced.transient).toBe(false);
  });

  it('tells what became of later connections', async () => {
    const target = await listen((socket) => socket.pipe(socket));
    await using tunnel = await open(ssh.options, { port: target.port });
    expect((await sent(tunnel, Buffer.from('1'))).toString()).toBe('1');
    await target[Symbol.asyncDispose]();
    await expect(sent(tunnel, Buffer.from('2'))).rejects.toThrow(/ECONNRESET|EPIPE/);
    expect(tunnel.failure()?.code).toBe('SSH_FORWARD_UNREACHABLE');
  });

  it('keeps the connection that was the proof for a moment only', async () => {
    const held: Socket[] = [];
    const ended = Promise.withResolvers<void>();
    await using target = await listen((socket) => {
      held.push(socket);
      socket.on('end', () => ended.resolve());
      socket.pipe(socket);
    });
    await using tunnel = await open(ssh.options, { port: target.port });
    await ended.promise;
    expect((await sent(tunnel, Buffer.from('hello'))).toString()).toBe('hello');
    expect(held).toHaveLength(2);
  });

  it('gives up a server that says nothing', async () => {
    await using silent = await listen((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .on('end', () => socket.end()),
    );
    const error = await refusal({ ...ssh.options, port: silent.port, connect_timeout: 1 });
    expect(error.code).toBe('SSH_CONNECT_TIMEOUT');
    expect(error.message).toContain('within 1 seconds');
  });

  it('says when it is no SSH server that answers', async () => {
    await using web = await listen((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .end('HTTP/1.1 400 Bad Request\r\n\r\n'),
    );
    const error = await refusal({ ...ssh.options, port: web.port });
    expect(error.code, error.message).toMatch(/SSH_HANDSHAKE|SSH_UNREACHABLE/);
  });

  it('stops at once, while it opens and when it is open', async () => {
    await using silent = await listen((socket) =>
      socket
        .on('error', () => {})
        .resume()
        .on('end', () => socket.end()),
    );
    const opening = new AbortController();
    silent.server.once('connection', () => opening.abort());
    const error = await refusal({ ...ssh.options, port: silent.port }, { signal: opening.signal });
    expect(error.code).toBe('SSH_STOPPED');
    expect((await refusal(ssh.options, { signal: AbortSignal.abort() })).code).toBe('SSH_STOPPED');

    const running = new AbortController();
    await using tunnel = await open(ssh.options, { signal: running.signal });
    const socket = createConnection({ host: tunnel.host, port: tunnel.port });
    socket.on('error', () => {});
    await new Promise((done) => socket.once('connect', done));
    const closed = new Promise((done) => socket.once('close', done));
    running.abort();
    await closed;
    expect(tunnel.failure()?.code).toBe('SSH_STOPPED');
  });

  it('ends its connections when the SSH connection breaks', async () => {
    let way: { client: Socket; server: Socket } | undefined;
    await using proxy = await listen((client) => {
      const server = createConnection({ host: '127.0.0.1', port: ssh.port });
      way = { client, server };
      for (const end of [client, server]) end.on('error', () => {});
      client.pipe(server).pipe(client);
    });
    await using tunnel = await open({ ...ssh.options, port: proxy.port });
    const socket = createConnection({ host: tunnel.host, port: tunnel.port });
    socket.on('error', () => {});
    await new Promise((done) => socket.once('connect', done));
    const closed = new Promise((done) => socket.once('close', done));
    way?.client.destroy();
    way?.server.destroy();
    await closed;
    expect(tunnel.failure()).toMatchObject({ code: 'SSH_CONNECTION_LOST', transient: true });
  });
});

describe('connectSsh()', () => {
  const hostKey = generateKeyPairSync('rsa', { modulusLength: 2048 }).privateKey.export({
    type: 'pkcs1',
    format: 'pem',
  });

  /** Takes logins as `judge` says, and forwards to nowhere but an echo. */
  async function libraryServer(
    judge: (auth: AuthContext) => void,
  ): Promise<AsyncDisposable & { options: Readonly<Record<string, unknown>> }> {
    const server = new ssh2.Server({ hostKeys: [hostKey] }, (client) => {
      client.on('authentication', judge).on('error', () => {});
      client.on('ready', () => client.on('tcpip', (accept) => accept().on('data', () => {})));
    });
    await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
    const parsed = ssh2.utils.parseKey(hostKey);
    if (parsed instanceof Error) throw parsed;
    const md5 = createHash('md5')
      .update(parsed.getPublicSSH())
      .digest('hex')
      .replaceAll(/(..)(?=.)/g, '$1:');
    return {
      options: {
        host: '127.0.0.1',
        // A server that listens to TCP has such an address.
        port: (server.address() as AddressInfo).port,
        user: 'someone',
        host_key_fingerprint: `MD5:${md5}`,
        password: 'hush',
      },
      async [Symbol.asyncDispose]() {
        await new Promise<void>((done) => server.close(() => done()));
      },
    };
  }

  const clientKey = generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({
    type: 'pkcs8',
    format: 'pem',
  });

  it.each<[string, (auth: AuthContext) => void]>([
    ['by password', (auth) => (isPassword(auth) ? auth.accept() : auth.reject(['password']))],
    [
      'interactively',
      (auth) => {
        if (auth.method !== 'keyboard-interactive') auth.reject(['keyboard-interactive']);
        else
          auth.prompt([{ prompt: 'Password: ', echo: false }], ([answer]) =>
            answer === 'hush' ? auth.accept() : auth.reject(),
          );
      },
    ],
  ])('logs in %s', async (_title, judge) => {
    await using server = await libraryServer(judge);
    await using tunnel = await open(server.options, { port: 1 });
    expect(tunnel.port).toBeGreaterThan(0);
  });

  function isPassword(auth: AuthContext): boolean {
    return auth.method === 'password' && auth.password === 'hush';
  }

  it('logs in where it takes a key and a password', async () => {
    let hasKey = false;
    await using server = await libraryServer((auth) => {
      if (auth.method === 'publickey' && auth.signature !== undefined) {
        hasKey = true;
        auth.reject(['password'], true);
      } else if (auth.method === 'publickey') auth.accept();
      else if (hasKey && isPassword(auth)) auth.accept();
      else auth.reject(['publickey']);
    });
    await using tunnel = await open({ ...server.options, secret_key: clientKey }, { port: 1 });
    expect(tunnel.port).toBeGreaterThan(0);
  });

  it('sends a wrong password once, and never tells it', async () => {
    const methods: string[] = [];
    await using server = await libraryServer((auth) => {
      methods.push(auth.method);
      auth.reject(['password', 'keyboard-interactive']);
    });
    const error = await refusal({ ...server.options, password: 'secret-and-wrong' });
    expect(error.code).toBe('SSH_AUTH_REFUSED');
    expect(error.message).toContain('refuses the password; it takes: password, keyboard-interactive');
    expect(methods.filter((method) => method !== 'none')).toEqual(['password']);
    expect(JSON.stringify([error.message, error.hint, String(error.cause)])).not.toContain('secret-and-wrong');
  });
});
