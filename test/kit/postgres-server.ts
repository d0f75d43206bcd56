/**
 * A PostgreSQL server of its own for one test file: a throw-away cluster in a temporary folder, on a random port of
 * 127.0.0.1. It refuses to run as root, so that it runs as the user `postgres` of Debian's package then.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { chownSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import pg from 'pg';
import { assert } from '#spi/assert.ts';

const versionsFolder = '/usr/lib/postgresql';
const user = 'ropeway';
const password = "pass'word";
/** Asking again whether the server has come up: how often, and how long after the time before. */
const START_TRIES_MAX = 400;
const START_WAIT_MS = 25;

export interface PostgresServer extends AsyncDisposable {
  readonly port: number;
  /** The connection options of a config. */
  readonly options: Readonly<Record<string, string | number>>;
  /** Rows as lists of what the driver makes of values; of the last statement when there are several. */
  query(sql: string): Promise<unknown[][]>;
  /** Crashes, as if the power had failed, and comes up again once `meanwhile` is over. */
  crash(meanwhile?: () => Promise<void>): Promise<void>;
  /** Turns TLS on, with a certificate for the name `localhost` alone; returns the file of its authority. */
  enableTls(): Promise<string>;
}

/** The folder of the newest server's programs, or undefined when there is none. */
function programs(): string | undefined {
  try {
    const versions = readdirSync(versionsFolder).sort((a, b) => Number(a) - Number(b));
    return versions.length === 0 ? undefined : join(versionsFolder, versions.at(-1) ?? '', 'bin');
  } catch {
    return undefined;
  }
}

/** Why there can be no server here, as the end of a title; empty when there can. */
export const postgresMissing: string =
  programs() === undefined ? ` (no server below ${versionsFolder}: install the package postgresql)` : '';

export async function postgresServer(): Promise<PostgresServer> {
  const bin = programs();
  assert(bin, 'a test without a server is skipped');
  const folder = mkdtempSync(join(tmpdir(), 'ropeway-pg-'));
  const owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const passwordFile = join(folder, 'password');
  writeFileSync(passwordFile, `${password}\n`);
  if (owner.uid !== undefined) chownSync(passwordFile, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const options: SpawnOptions = { ...owner, cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] };
  const init = ['-D', data, '-U', user, `--pwfile=${passwordFile}`, '-A', 'scram-sha-256', '-E', 'UTF8', '--no-sync'];
  const { status, stderr } = spawnSync(join(bin, 'initdb'), [...init, '--locale=C.UTF-8'], options);
  if (status !== 0) throw new Error(`initdb failed: ${String(stderr)}`);
  const port = await freePort();
  const settings = [
    'listen_addresses=127.0.0.1',
    'fsync=off',
    'synchronous_commit=off',
    'full_page_writes=off',
    'max_connections=200',
  ];
  const args = ['-D', data, '-p', String(port), '-k', folder, ...settings.flatMap((setting) => ['-c', setting])];
  // The folder of the socket is this one, and nobody else's.
  const start = (): ChildProcess => spawn(join(bin, 'postgres'), args, { ...options, stdio: 'ignore' });
  let child = start();
  let client = await connected(port, child);
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  return {
    port,
    options: { type: 'postgresql', host: '127.0.0.1', port, user, password, database: 'postgres' },
    async query(sql) {
      const result: unknown = await client.query({ text: sql, rowMode: 'array' });
      // Several statements give a list of results.
      return ((Array.isArray(result) ? result.at(-1) : result) as pg.QueryArrayResult<unknown[]>).rows;
    },
    async crash(meanwhile = () => Promise.resolve()) {
      // What would be an "immediate shutdown": the next start recovers.
      await stop('SIGQUIT');
      await meanwhile();
      child = start();
      client = await connected(port, child);
    },
    async enableTls() {
      const [key, certificate] = [join(data, 'server.key'), join(data, 'server.crt')];
      const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
      const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
      const files = ['-keyout', key, '-out', certificate];
      const made = spawnSync('openssl', [...request, ...name, ...files], { ...owner, cwd: folder });
      assert(made.status === 0, `openssl makes a certificate: ${String(made.stderr)}`);
      await client.query('ALTER SYSTEM SET ssl = on');
      await client.query('SELECT pg_reload_conf()');
      // The server reads its settings when it comes to it.
      await (await connected(port, child, { rejectUnauthorized: false })).end();
      return certificate;
    },
    async [Symbol.asyncDispose]() {
      await client.end();
      // What would be an "immediate shutdown": nobody needs its files in order.
      await stop('SIGQUIT');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function idOf(flag: '-u' | '-g'): number {
  return Number(spawnSync('id', [flag, 'postgres'], { encoding: 'utf8' }).stdout);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function connected(port: number, child: ChildProcess, ssl: pg.ClientConfig['ssl'] = false): Promise<pg.Client> {
  for (let tries = 0; ; tries++) {
    const client = new pg.Client({ host: '127.0.0.1', port, user, password, database: 'postgres', ssl });
    client.on('error', () => {});
    try {
      await client.connect();
      return client;
    } catch (error) {
      if (tries >= START_TRIES_MAX || child.exitCode !== null) throw error;
      await wait(START_WAIT_MS);
    }
  }
}
