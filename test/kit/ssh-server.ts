/**
 * OpenSSH's own server for one test file: throw-away, on a random port of 127.0.0.1, with keys of its own. Logins are
 * those of the user it runs as, by key; as root that would be everybody's files, so that it runs as `nobody` then.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import {
  appendFileSync,
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir, userInfo } from 'node:os';
import { join } from 'node:path';
import { assert } from '#spi/assert.ts';

const program = '/usr/sbin/sshd';
const NOBODY = 65_534;

/** Why there can be no server here, as the end of a title; empty when there can. */
export const sshMissing: string = existsSync(program)
  ? ''
  : ` (no server at ${program}: install the package openssh-server)`;

export interface SshServer extends AsyncDisposable {
  readonly port: number;
  readonly user: string;
  /** The login options of a config, with the fingerprint of the host key. */
  readonly options: Readonly<Record<string, string | number>>;
  /** SHA256 fingerprints of its host keys, by type. */
  readonly fingerprints: Readonly<Record<'ed25519' | 'rsa', string>>;
  /** A file of known hosts with its keys. */
  readonly knownHosts: string;
  /** The folder that is the user's directory. */
  readonly home: string;
  /** Path of a private key that it lets in, made by ssh-keygen. */
  readonly keyFile: string;
  /** Makes a key that it does not let in unless it is allowed to. */
  makeKey(name: string, args?: readonly string[]): string;
  allow(keyFile: string, restrictions?: string): void;
}

export interface SshServerSettings {
  /** Lines of its configuration. */
  readonly lines?: readonly string[];
  /** Arguments of its SFTP part. */
  readonly sftpArgs?: string;
}

export async function sshServer({ lines = [], sftpArgs = '' }: SshServerSettings = {}): Promise<SshServer> {
  const place = new Place();
  const home = place.path('home');
  mkdirSync(home);
  place.own(home);
  const hostKeys = {
    ed25519: place.own(place.makeKey('host_ed25519')),
    rsa: place.own(place.makeKey('host_rsa', ['-t', 'rsa', '-b', '2048', '-N', ''])),
  };
  const keyFile = place.makeKey('key');
  place.allow(keyFile);
  const port = await freePort();
  const config = [
    ...['ListenAddress 127.0.0.1', `Port ${port}`, 'PidFile none', 'UseDNS no'],
    ...Object.values(hostKeys).map((file) => `HostKey ${file}`),
    ...[`AuthorizedKeysFile ${place.authorizedKeys}`, 'StrictModes no'],
    // Without it a server that cannot read the passwords of accounts takes all of them for locked.
    ...['UsePAM yes', 'PasswordAuthentication no', 'KbdInteractiveAuthentication no'],
    `Subsystem sftp internal-sftp -d ${home} ${sftpArgs}`,
    ...lines,
  ];
  writeFileSync(place.path('sshd_config'), `${config.join('\n')}\n`);
  const child = spawn(program, ['-D', '-e', '-f', place.path('sshd_config')], {
    ...place.owner,
    cwd: '/',
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  await listening(child);
  const publicKeys = Object.values(hostKeys).map((file) => readFileSync(`${file}.pub`, 'utf8'));
  const knownHosts = place.path('known_hosts');
  writeFileSync(knownHosts, publicKeys.map((key) => `[127.0.0.1]:${port} ${key}`).join(''));
  const fingerprints = { ed25519: fingerprint(hostKeys.ed25519), rsa: fingerprint(hostKeys.rsa) };
  const login = { host: '127.0.0.1', port, user: place.user, secret_key_file: keyFile };
  return {
    ...{ port, user: place.user, fingerprints, knownHosts, home, keyFile },
    options: { ...login, host_key_fingerprint: fingerprints.ed25519 },
    makeKey: (name, args) => place.makeKey(name, args),
    allow: (file, restrictions) => place.allow(file, restrictions),
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await ended;
      }
      rmSync(place.folder, { recursive: true, force: true });
    },
  };
}

/** A folder of the user that the server runs as. */
class Place {
  readonly folder = mkdtempSync(join(tmpdir(), 'ropeway-ssh-'));
  readonly owner: { readonly uid?: number; readonly gid?: number };
  readonly user: string;
  readonly authorizedKeys = this.path('authorized_keys');

  constructor() {
    const isRoot = process.getuid?.() === 0;
    this.owner = isRoot ? { uid: NOBODY, gid: NOBODY } : {};
    this.user = isRoot ? 'nobody' : userInfo().username;
    this.own(this.folder);
    chmodSync(this.folder, 0o755);
    writeFileSync(this.authorizedKeys, '');
    this.own(this.authorizedKeys);
  }

  path(name: string): string {
    return join(this.folder, name);
  }

  own(path: string): string {
    const { uid, gid } = this.owner;
    if (uid !== undefined && gid !== undefined) chownSync(path, uid, gid);
    return path;
  }

  makeKey(name: string, args: readonly string[] = ['-t', 'ed25519', '-N', '']): string {
    const { status, stderr } = spawnSync('ssh-keygen', ['-q', '-f', this.path(name), '-C', name, ...args]);
    assert(status === 0, `ssh-keygen makes a key: ${String(stderr)}`);
    return this.path(name);
  }

  allow(keyFile: string, restrictions = ''): void {
    const line = [restrictions, readFileSync(`${keyFile}.pub`, 'utf8')].join(' ').trimStart();
    appendFileSync(this.authorizedKeys, line);
  }
}

function fingerprint(keyFile: string): string {
  const { stdout } = spawnSync('ssh-keygen', ['-l', '-f', `${keyFile}.pub`], { encoding: 'utf8' });
  return /SHA256:\S+/.exec(stdout)?.[0] ?? '';
}

/** It says so when it is ready. The stream is read on, so that the process never waits. */
function listening(child: ChildProcess): Promise<void> {
  return new Promise((done, fail) => {
    let said = '';
    child.on('error', fail);
    child.on('exit', (code) => fail(new Error(`sshd ended with exit code ${String(code)}: ${said}`)));
    child.stderr?.on('data', (chunk: Buffer) => {
      if (said.length > 10_000) return;
      said += chunk.toString();
      if (said.includes('Server listening on')) done();
    });
  });
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  // A server that listens to TCP has such an address.
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}
