/** Names, connections and certificates against servers of this machine. */
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { TlsOptions as ServerOptions } from 'node:tls';
import { afterAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { checksOf } from '#spi/connections.ts';
import type { CheckStep } from '#spi/connections.ts';
import { certificateAuthority } from '#test/kit/certificates.ts';
import { connectStep, endpointName, openSocket, resolveStep } from './reachability.ts';
import type { Endpoint, Patience } from './reachability.ts';
import { tlsStep } from './tls-check.ts';
import { tlsConfigOf, tlsFields, tlsOptions } from './tls-config.ts';
import type { TlsConfig } from './tls-config.ts';

const patience: Patience = { timeoutMs: 5000, signal: new AbortController().signal };

interface Listening extends AsyncDisposable {
  readonly port: number;
}

async function listening(server: Server): Promise<Listening> {
  const sockets = new Set<Socket>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.on('error', () => {});
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    // A server that listens to TCP has such an address.
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

async function checked(step: CheckStep): Promise<string> {
  for await (const { outcome, detail, reason } of checksOf([step])) return `${reason?.code ?? outcome}: ${detail}`;
  return '';
}

describe('endpointName()', () => {
  it.each<[Endpoint, string]>([
    [{ host: 'db', port: 1 }, 'db:1'],
    [{ host: '::1', port: 1 }, '[::1]:1'],
    [{ path: '/run/s' }, '/run/s'],
  ])('%j is %s', (endpoint, name) => expect(endpointName(endpoint)).toBe(name));
});

describe('resolveStep()', () => {
  it.each<[Endpoint, string | RegExp]>([
    [{ host: 'localhost', port: 1 }, /^passed: localhost is (127\.0\.0\.1|::1)(, (127\.0\.0\.1|::1))?\.$/],
    [{ host: '127.0.0.1', port: 1 }, 'skipped: Not needed here.'],
    [{ host: '::1', port: 1 }, 'skipped: Not needed here.'],
    [{ path: '/run/nothing' }, 'skipped: Not needed here.'],
    [{ host: 'nowhere.invalid', port: 1 }, /^NETWORK_HOST_UNKNOWN: The host nowhere\.invalid is not known/],
  ])('%j: %s', async (endpoint, expected) => {
    const told = await checked(resolveStep(endpoint, patience));
    if (typeof expected === 'string') expect(told).toBe(expected);
    else expect(told).toMatch(expected);
  });
});

describe('connectStep()', () => {
  it('finds one who listens', async () => {
    await using server = await listening(createServer());
    const told = await checked(connectStep({ host: 'localhost', port: server.port }, patience));
    expect(told).toBe(`passed: localhost:${server.port} accepts connections (at 127.0.0.1).`);
  });

  it.each<[string, Endpoint, string]>([
    ['a port where nobody listens', { host: '127.0.0.1', port: 1 }, 'NETWORK_REFUSED: Nobody listens at 127.0.0.1:1: '],
    ['a name of two addresses where nobody listens', { host: 'localhost', port: 1 }, 'NETWORK_REFUSED: '],
    ['a socket that is not there', { path: '/nowhere/s' }, 'NETWORK_REFUSED: Nobody listens at /nowhere/s: '],
    ['an address that has no route', { host: '255.255.255.255', port: 9 }, 'NETWORK_UNREACHABLE: There is no way to '],
    ['a name that is none', { host: 'nowhere.invalid', port: 9 }, 'NETWORK_HOST_UNKNOWN: '],
  ])('tells of %s', async (_title, endpoint, start) => {
    expect((await checked(connectStep(endpoint, patience))).slice(0, start.length)).toBe(start);
  });

  it('waits no longer than it may, and not when it is stopped', async () => {
    const stopping = new AbortController();
    stopping.abort();
    expect(
      await checked(connectStep({ host: '127.0.0.1', port: 1 }, { ...patience, signal: stopping.signal })),
    ).toContain('NETWORK_STOPPED');
    // A server that accepts, and then says nothing.
    await using server = await listening(createServer());
    const prepare = (): Promise<void> => new Promise(() => {});
    const config: TlsConfig = { mode: 'require' };
    const options = { ...patience, timeoutMs: 50, prepare };
    const told = await checked(tlsStep({ host: '127.0.0.1', port: server.port }, config, options));
    expect(told).toBe(`NETWORK_TIMEOUT: 127.0.0.1:${server.port} did not answer within 0.05 seconds.`);
  });
});

describe('openSocket()', () => {
  it('gives a socket that is connected', async () => {
    await using server = await listening(createServer((socket) => socket.end('hello')));
    const socket = await openSocket({ host: '127.0.0.1', port: server.port }, patience);
    const [bytes] = await socket.take(1).toArray();
    expect(String(bytes)).toBe('hello');
  });
});

const authority = certificateAuthority();
const { caFile } = authority;
const authorityPem = readFileSync(caFile, 'utf8');
const good = authority.issue('database', ['DNS:localhost', 'DNS:db.example.com']);
const expired = authority.issue('old', ['DNS:localhost'], { days: -1 });
const client = authority.issue('somebody', []);
const stranger = certificateAuthority('Stranger');
const ca = { option: 'ca', file: caFile };

afterAll(() => {
  authority[Symbol.dispose]();
  stranger[Symbol.dispose]();
});

async function shaken(server: ServerOptions, config: TlsConfig, serverName = 'localhost'): Promise<string> {
  await using at = await listening(createTlsServer({ cert: good.certificate, key: good.key, ...server }));
  // Awaited, so that the server is there until then.
  return await checked(tlsStep({ host: '127.0.0.1', port: at.port }, config, { ...patience, serverName }));
}

describe('tlsStep()', () => {
  it('says who the server is, and whether that was checked', async () => {
    const until = new Date(Date.now() + 86_400_000).toISOString().slice(0, 10);
    const who = `passed: TLSv1.3 with database (localhost, db.example.com), certified by Test authority until ${until}.`;
    expect(await shaken({}, { mode: 'verify-full', ca })).toBe(who);
    expect(await shaken({}, { mode: 'verify-full', ca: { option: 'ca', text: `x\n${authorityPem}` } })).toBe(who);
    expect(await shaken({}, { mode: 'verify-ca', ca }, 'elsewhere')).toBe(who);
    expect(await shaken({}, { mode: 'require' })).toBe(
      `${who} It is not checked; it would fail: its authority is not known here.`,
    );
    expect(await shaken({}, { mode: 'disable' })).toBe('skipped: Not needed here.');
  });

  it.each<[string, ServerOptions, TlsConfig, string | undefined, RegExp]>([
    [
      'an unknown authority',
      {},
      { mode: 'verify-ca' },
      undefined,
      /^NETWORK_TLS_UNTRUSTED: .*its authority is not known here.*of database/,
    ],
    [
      'another authority',
      {},
      { mode: 'verify-full', ca: { option: 'ca', file: stranger.caFile } },
      undefined,
      /^NETWORK_TLS_UNTRUSTED: .*authority/,
    ],
    [
      'a certificate that has expired',
      { cert: expired.certificate, key: expired.key },
      { mode: 'verify-ca', ca },
      undefined,
      /^NETWORK_TLS_UNTRUSTED: .*it has expired/,
    ],
    ['another name', {}, { mode: 'verify-full', ca }, 'elsewhere', /^NETWORK_TLS_NAME: .*db\.example\.com/],
    ['an address instead of a name', {}, { mode: 'verify-full', ca }, '127.0.0.1', /^NETWORK_TLS_NAME: /],
    [
      'old versions',
      { maxVersion: 'TLSv1.2' },
      { mode: 'require', minimumVersion: 'TLSv1.3' },
      undefined,
      /^NETWORK_TLS_FAILED: .*version/,
    ],
  ])('refuses %s', async (_title, server, config, serverName, expected) => {
    expect(await shaken(server, config, serverName)).toMatch(expected);
  });

  it('shows a client certificate', async () => {
    const seen: string[] = [];
    const server = createTlsServer({
      cert: good.certificate,
      key: good.key,
      ca: authorityPem,
      requestCert: true,
      maxVersion: 'TLSv1.2',
    });
    server.on('secureConnection', (socket) => seen.push(String(socket.getPeerCertificate().subject.CN)));
    server.on('tlsClientError', () => {});
    await using at = await listening(server);
    const config: TlsConfig = {
      mode: 'require',
      certificate: { option: 'cert', file: client.certificateFile },
      key: { option: 'key', file: client.keyFile },
    };
    const endpoint = { host: 'localhost', port: at.port };
    expect(await checked(tlsStep(endpoint, config, patience))).toMatch(/^passed/);
    expect(await checked(tlsStep(endpoint, { mode: 'require' }, patience))).toMatch(
      /^NETWORK_TLS_FAILED|^NETWORK_LOST/,
    );
    expect(seen).toEqual(['somebody']);
  });

  it('tells of a server that does not speak TLS', async () => {
    await using greeting = await listening(createServer((socket) => socket.end('220 welcome\r\n')));
    const told = await checked(tlsStep({ host: '127.0.0.1', port: greeting.port }, { mode: 'require' }, patience));
    expect(told).toMatch(/^NETWORK_TLS_FAILED: No encrypted connection/);
    await using silent = await listening(createServer((socket) => socket.destroy()));
    const lost = await checked(tlsStep({ host: '127.0.0.1', port: silent.port }, { mode: 'require' }, patience));
    expect(lost).toMatch(/^NETWORK_(TLS_FAILED|LOST): /);
  });
});

const fields = z.strictObject(tlsFields('verify-full'));
const files = { tls_certificate_file: client.certificateFile, tls_key_file: client.keyFile };

describe('tlsOptions()', () => {
  it('is nothing for `disable`, and looks at no file then', async () => {
    const config = tlsConfigOf(z.strictObject(tlsFields()).parse({ tls_ca_file: '/nowhere' }));
    expect(await tlsOptions(config)).toBeUndefined();
  });

  it.each([
    ['verify-full', true, ['ca', 'minVersion', 'rejectUnauthorized']],
    ['verify-ca', true, ['ca', 'checkServerIdentity', 'minVersion', 'rejectUnauthorized']],
    ['require', false, ['minVersion', 'rejectUnauthorized']],
  ])('%s asks for as much as it says', async (mode, isChecked, keys) => {
    const options = await tlsOptions(tlsConfigOf(fields.parse({ tls_mode: mode, tls_ca_file: caFile })));
    expect(options?.rejectUnauthorized).toBe(isChecked);
    expect(Object.keys(options ?? {}).sort()).toEqual(keys);
  });

  it('opens an encrypted key by its passphrase', async () => {
    const locked = authority.issue('somebody', [], { passphrase: 'open sesame' });
    const own = { tls_certificate_file: locked.certificateFile, tls_key_file: locked.keyFile };
    const options = await tlsOptions(tlsConfigOf(fields.parse({ ...own, tls_key_passphrase: 'open sesame' })));
    expect(options).toMatchObject({ cert: locked.certificate, key: locked.key, passphrase: 'open sesame' });
    for (const passphrase of [undefined, 'wrong']) {
      const failing = tlsOptions(tlsConfigOf(fields.parse({ ...own, tls_key_passphrase: passphrase })));
      await expect(failing).rejects.toMatchObject({ code: 'NETWORK_TLS_CLIENT' });
    }
  });

  it.each<[string, object, string, string]>([
    ['a file that is not there', { tls_ca_file: '/nowhere/ca.pem' }, 'NETWORK_TLS_FILE', 'tls_ca_file'],
    ['a file of something else', { tls_ca_file: client.keyFile }, 'NETWORK_TLS_PEM', 'tls_ca_file'],
    [
      'a certificate without a key',
      { ...files, tls_key_file: undefined },
      'NETWORK_TLS_CLIENT',
      'tls_certificate_file',
    ],
    ['a key without a certificate', { tls_key_file: client.keyFile }, 'NETWORK_TLS_CLIENT', 'tls_key_file'],
    ['a key of another', { ...files, tls_key_file: good.keyFile }, 'NETWORK_TLS_CLIENT', 'tls_key_file'],
  ])('refuses %s', async (_title, options, code, name) => {
    const failing = tlsOptions(tlsConfigOf(fields.parse(options)));
    await expect(failing).rejects.toMatchObject({ code, where: { path: [name] } });
  });

  it('refuses a certificate that is broken', async () => {
    const text = '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n';
    const failing = tlsOptions({ mode: 'verify-ca', ca: { option: 'ssl_ca', text } });
    await expect(failing).rejects.toMatchObject({ code: 'NETWORK_TLS_PEM', where: { path: ['ssl_ca'] } });
  });
});
