/**
 * vsftpd for one test file: throw-away, on a random port of 127.0.0.1. It has one user, `anonymous` with a password,
 * and needs no accounts of the machine; as root it would need more of it than tests should, so that it is `nobody` then.
 */
import { spawn } from 'node:child_process';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createConnection, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const program = '/usr/sbin/vsftpd';
const NOBODY = 65_534;
const password = "pass'word é";
/** Asking again whether the server has come up: how often, and how long after the time before. */
const START_TRIES_MAX = 400;
const START_WAIT_MS = 25;

/** Why there can be no server here, as the end of a title; empty when there can. */
export const ftpMissing: string = existsSync(program) ? '' : ` (no server at ${program}: install the package vsftpd)`;

export interface FtpServer extends AsyncDisposable {
  readonly port: number;
  /** The folder that is the user's directory; paths of the server are those of this machine. */
  readonly home: string;
  /** The login options of a config. */
  readonly options: Readonly<Record<string, string | number>>;
}

export interface FtpServerSettings {
  /** Turns TLS on: files of the certificate and its key. */
  readonly tls?: { readonly certificateFile: string; readonly keyFile: string };
  /** Lines of its configuration. */
  readonly lines?: readonly string[];
}

export async function ftpServer({ tls, lines = [] }: FtpServerSettings = {}): Promise<FtpServer> {
  const folder = mkdtempSync(join(tmpdir(), 'ropeway-ftp-'));
  const owner = process.getuid?.() === 0 ? { uid: NOBODY, gid: NOBODY } : {};
  const own = (path: string): string => {
    if (owner.uid !== undefined) chownSync(path, owner.uid, owner.gid);
    return path;
  };
  own(folder);
  chmodSync(folder, 0o755);
  const [home, empty] = [join(folder, 'home'), join(folder, 'empty')] as const;
  for (const path of [home, empty]) {
    mkdirSync(path);
    own(path);
  }
  const passwords = join(folder, 'passwords');
  writeFileSync(passwords, `${password}\n`);
  const port = await freePort();
  const config = [
    ...['listen=YES', 'listen_address=127.0.0.1', `listen_port=${port}`, 'background=NO', 'run_as_launching_user=YES'],
    ...['local_enable=NO', 'anonymous_enable=YES', 'ftp_username=nobody', `anon_root=${home}`],
    ...['secure_email_list_enable=YES', `email_password_file=${passwords}`, `secure_chroot_dir=${empty}`],
    ...['anon_world_readable_only=NO', 'write_enable=YES', 'anon_upload_enable=YES', 'anon_other_write_enable=YES'],
    ...['connect_from_port_20=NO', 'seccomp_sandbox=NO', 'isolate_network=NO', 'xferlog_enable=NO'],
    ...(tls === undefined
      ? []
      : [
          ...['ssl_enable=YES', 'allow_anon_ssl=YES', 'force_anon_logins_ssl=YES', 'force_anon_data_ssl=YES'],
          ...[`rsa_cert_file=${tls.certificateFile}`, `rsa_private_key_file=${tls.keyFile}`],
        ]),
    ...lines,
  ];
  writeFileSync(join(folder, 'vsftpd.conf'), `${config.join('\n')}\n`);
  own(join(folder, 'vsftpd.conf'));
  const child = spawn(program, [join(folder, 'vsftpd.conf')], { ...owner, cwd: '/', stdio: 'ignore' });
  await listening(port, () => child.exitCode !== null);
  return {
    port,
    home,
    options: { host: '127.0.0.1', port, user: 'anonymous', password },
    async [Symbol.asyncDispose]() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      if (child.exitCode === null) {
        child.kill('SIGTERM');
        await ended;
      }
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  // A server that listens to TCP has such an address.
  const { port } = probe.address() as AddressInfo;
  await new Promise((resolve) => probe.close(resolve));
  return port;
}

/** It does not say when it is ready. */
async function listening(port: number, hasEnded: () => boolean): Promise<void> {
  for (let tries = 0; tries < START_TRIES_MAX && !hasEnded(); tries++) {
    const socket = createConnection({ host: '127.0.0.1', port });
    const isOpen = await new Promise<boolean>((resolve) => {
      socket.on('connect', () => resolve(true)).on('error', () => resolve(false));
    });
    socket.destroy();
    if (isOpen) return;
    await wait(START_WAIT_MS);
  }
  throw new Error('vsftpd does not start.');
}
