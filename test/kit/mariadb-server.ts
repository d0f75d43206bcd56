/**
 * A MariaDB server of its own for one test file: a throw-away data folder, on a random port of 127.0.0.1. It refuses to
 * run as root, so that it runs as the user `mysql` of Debian's package then. A new data folder takes seconds to make;
 * it is made once and copied.
 */
import { spawn, spawnSync } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { chownSync, copyFileSync, existsSync, mkdtempSync, renameSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import mysql from 'mysql2/promise';
import { assert } from '#spi/assert.ts';

const program = ['/usr/sbin/mariadbd', '/usr/libexec/mariadbd', '/usr/local/bin/mariadbd'].find((path) =>
  existsSync(path),
);
const password = "pass'word";
/** Asking again whether the server has come up: how often, and how long after the time before. */
const START_TRIES_MAX = 1200;
const START_WAIT_MS = 25;

export interface ServerConnection extends AsyncDisposable {
  /** Rows as lists of values as texts; of the last statement when there are several. */
  query(sql: string): Promise<(string | null)[][]>;
}

export interface MariaDbServer extends AsyncDisposable {
  readonly port: number;
  /** The connection options of a config. */
  readonly options: Readonly<Record<string, string | number>>;
  /** For TLS: the file of the authority of a certificate for the name `localhost` alone. */
  readonly authority: string;
  /** Rows as lists of values as texts; of the last statement when there are several. */
  query(sql: string): Promise<(string | null)[][]>;
  /** Another connection, for what must not wait for others. */
  connect(): Promise<ServerConnection>;
  /**
   * Makes tables like one of MyISAM, by copying its files: the server itself makes some hundred a second. Names are of
   * lower-case letters, digits and underscores.
   */
  copyTable(database: string, table: string, names: readonly string[]): void;
  /** Ends the server as a crash would, and starts it again on the same data and port. */
  restart(): Promise<void>;
}

/** Why there can be no server here, as the end of a title; empty when there can. */
export const mariadbMissing: string =
  program === undefined ? ' (no mariadbd here: install the package mariadb-server)' : '';

export async function mariadbServer(settings: readonly string[] = []): Promise<MariaDbServer> {
  assert(program, 'a test without a server is skipped');
  const folder = mkdtempSync(join(tmpdir(), 'ropeway-mariadb-'));
  const owner = process.getuid?.() === 0 ? { uid: idOf('-u'), gid: idOf('-g') } : {};
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  run('cp', ['-a', newData(owner), data]);
  const authority = join(folder, 'server.crt');
  const key = join(folder, 'server.key');
  const request = ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '1'];
  const name = ['-subj', '/CN=localhost', '-addext', 'subjectAltName=DNS:localhost'];
  run('openssl', [...request, ...name, '-keyout', key, '-out', authority], owner);
  const port = await freePort();
  const files = [`--datadir=${data}`, `--socket=${join(folder, 'socket')}`, `--pid-file=${join(folder, 'pid')}`];
  const tls = [`--ssl-cert=${authority}`, `--ssl-key=${key}`];
  const quick = ['--innodb-flush-log-at-trx-commit=0', '--innodb-buffer-pool-size=64M', '--innodb-log-file-size=8M'];
  const network = [`--port=${port}`, '--bind-address=127.0.0.1', '--skip-name-resolve', '--max-connections=200'];
  const args = ['--no-defaults', ...files, ...tls, ...quick, ...network, '--character-set-server=utf8mb4', ...settings];
  const start = (): ChildProcess => spawn(program, args, { ...owner, cwd: folder, stdio: 'ignore' });
  let child = start();
  const root = { host: '127.0.0.1', port, user: 'root', rowsAsArray: true, multipleStatements: true } as const;
  let connection = await connected(root, child);
  await connection.query(
    `CREATE DATABASE ropeway; CREATE USER ropeway@'127.0.0.1' IDENTIFIED BY 'pass\\'word'; GRANT ALL ON *.* TO ropeway@'127.0.0.1' WITH GRANT OPTION; USE ropeway`,
  );
  const stop = async (signal: NodeJS.Signals): Promise<void> => {
    connection.destroy();
    const ended = new Promise((resolve) => child.once('exit', resolve));
    child.kill(signal);
    await ended;
  };
  return {
    port,
    options: { type: 'mysql', host: '127.0.0.1', port, user: 'ropeway', password, database: 'ropeway' },
    authority,
    query: (sql) => queryRows(connection, sql),
    async connect() {
      const other = await mysql.createConnection({ ...root, database: 'ropeway' });
      return {
        query: (sql) => queryRows(other, sql),
        [Symbol.asyncDispose]: async () => other.destroy(),
      };
    },
    copyTable(database, table, names) {
      for (const name of names) {
        for (const end of ['MYD', 'MYI', 'frm']) {
          const copy = join(data, database, `${name}.${end}`);
          copyFileSync(join(data, database, `${table}.${end}`), copy);
          if (owner.uid !== undefined) chownSync(copy, owner.uid, owner.gid);
        }
      }
    },
    async restart() {
      await stop('SIGKILL');
      child = start();
      connection = await connected(root, child);
      await connection.query('USE ropeway');
    },
    async [Symbol.asyncDispose]() {
      // Nobody needs the data any more.
      await stop('SIGKILL');
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

async function queryRows(connection: mysql.Connection, sql: string): Promise<(string | null)[][]> {
  const typeCast = (field: { string(): string | null }): string | null => field.string();
  const [results, fields] = await connection.query({ sql, typeCast });
  const isMany = Array.isArray(fields) && fields.some((field) => field === undefined || Array.isArray(field));
  // Several statements give a list of results.
  const last = (isMany ? (results as unknown[]).at(-1) : results) as (string | null)[][];
  return Array.isArray(last) ? last : [];
}

/** A data folder as it is when the server has just been installed. */
function newData(owner: { readonly uid?: number; readonly gid?: number }): string {
  const kept = join(tmpdir(), 'ropeway-mariadb-new');
  if (existsSync(kept)) return kept;
  const folder = mkdtempSync(join(tmpdir(), 'ropeway-mariadb-making-'));
  if (owner.uid !== undefined && owner.gid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const small = ['--innodb-log-file-size=8M', '--innodb-data-file-path=ibdata1:4M:autoextend', '--skip-test-db'];
  run('mariadb-install-db', [
    '--no-defaults',
    `--datadir=${data}`,
    ...small,
    '--auth-root-authentication-method=normal',
    ...(owner.uid === undefined ? [] : ['--user=mysql']),
  ]);
  try {
    renameSync(data, kept);
  } catch (error) {
    // Another test file was quicker.
    if (!existsSync(kept)) throw error;
  }
  rmSync(folder, { recursive: true, force: true });
  return kept;
}

function run(command: string, args: readonly string[], owner: { uid?: number; gid?: number } = {}): void {
  const { status, stderr, error } = spawnSync(command, args, { ...owner, cwd: tmpdir() });
  assert(status === 0, `${command} does its work: ${String(stderr ?? error)}`);
}

function idOf(flag: '-u' | '-g'): number {
  return Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout);
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}

async function connected(options: mysql.ConnectionOptions, child: ChildProcess): Promise<mysql.Connection> {
  for (let tries = 0; ; tries++) {
    try {
      const connection = await mysql.createConnection(options);
      connection.on('error', () => {});
      return connection;
    } catch (error) {
      if (tries >= START_TRIES_MAX || child.exitCode !== null) throw error;
      await wait(START_WAIT_MS);
    }
  }
}
