/** A MariaDB server for the length of the benchmark: throw-away, on a random port of this machine. */
import { spawn, spawnSync } from 'node:child_process';
import { chownSync, existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';

const program = '/usr/sbin/mariadbd';
const START_TRIES_MAX = 600;
const START_WAIT_MS = 50;
export const PASSWORD = 'bench';

export interface MariaDb {
  readonly port: number;
  /** Runs SQL with the server's own client; returns what it prints. */
  sql(text: string): string;
  stop(): Promise<void>;
}

/** Undefined where MariaDB is not installed. */
export async function startMariaDb(): Promise<MariaDb | undefined> {
  if (!existsSync(program)) return undefined;
  const folder = mkdtempSync(join(tmpdir(), 'ropeway-bench-mariadb-'));
  const id = (flag: string): number => Number(spawnSync('id', [flag, 'mysql'], { encoding: 'utf8' }).stdout);
  const owner = process.getuid?.() === 0 ? { uid: id('-u'), gid: id('-g') } : {};
  if (owner.uid !== undefined) chownSync(folder, owner.uid, owner.gid);
  const data = join(folder, 'data');
  const socket = join(folder, 'socket');
  const asRoot = ['--auth-root-authentication-method=normal', '--skip-test-db', '--no-defaults'];
  must('mariadb-install-db', [...asRoot, `--datadir=${data}`, ...(owner.uid === undefined ? [] : ['--user=mysql'])]);
  const port = await freePort();
  const place = [`--datadir=${data}`, `--socket=${socket}`, `--port=${port}`, '--bind-address=127.0.0.1'];
  // All tables in memory, all of a load in the log: clients are compared, not the disk.
  const memory = [
    '--innodb-buffer-pool-size=3G',
    '--innodb-log-file-size=1G',
    '--innodb-flush-log-at-trx-commit=2',
    '--local-infile=1',
  ];
  const args = ['--no-defaults', ...place, ...memory, '--character-set-server=utf8mb4', '--skip-log-bin'];
  const child = spawn(program, args, { ...owner, cwd: folder, stdio: 'ignore' });
  const client = ['--no-defaults', `--socket=${socket}`, '-uroot', '--local-infile=1', '-N', '-B'];
  const sql = (text: string): string => must('mariadb', [...client, '-e', text]);
  for (let tries = 0; spawnSync('mariadb', [...client, '-e', 'SELECT 1']).status !== 0; tries++) {
    if (tries >= START_TRIES_MAX || child.exitCode !== null) throw new Error('MariaDB does not start');
    await wait(START_WAIT_MS);
  }
  sql(`CREATE DATABASE bench; CREATE USER bench@'127.0.0.1' IDENTIFIED BY '${PASSWORD}';
    GRANT ALL ON bench.* TO bench@'127.0.0.1'`);
  return {
    port,
    sql,
    async stop() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      child.kill('SIGKILL');
      await ended;
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function must(command: string, args: readonly string[]): string {
  const { status, stdout, stderr, error } = spawnSync(command, args, { encoding: 'utf8', cwd: tmpdir() });
  if (status !== 0) throw new Error(`${command}: ${stderr ?? error?.message}`);
  return stdout;
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
