/** `ropeway server` as a process of its own, that a proof may kill and start again on the same data and port. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { appendFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { repository } from '#scripts/source-files.ts';
import { makeClient } from '#api/client.ts';
import type { Client } from '#api/client.ts';

export interface ControlProcessOptions {
  readonly dataFolder: string;
  /** Without it the database is embedded. */
  readonly databaseUrl?: string;
  /** Divides all waits of the dispatcher and of runners. */
  readonly divisor?: number;
  readonly seats?: number;
}

export interface ControlProcess extends AsyncDisposable {
  readonly url: string;
  readonly pid: number | undefined;
  client(): Promise<Client>;
  start(): Promise<void>;
  kill(signal: NodeJS.Signals): Promise<void>;
}

/** A first start makes a database. */
const START_MS_MAX = 120_000;
const LOOK_MS = 50;

export async function controlProcess(options: ControlProcessOptions): Promise<ControlProcess> {
  const port = await freePort();
  const url = `http://127.0.0.1:${port}`;
  let child: ChildProcess | undefined;
  const { dataFolder, databaseUrl, divisor = 1, seats = 8 } = options;
  const start = async (): Promise<void> => {
    const args = ['server', '--data', dataFolder, '--port', String(port), '--seats', String(seats), '-l', 'warn'];
    const env = { ...process.env, ROPEWAY_TIMER_DIVISOR: String(divisor), DATABASE_URL: databaseUrl ?? '' };
    const started = spawn(process.execPath, [join(repository, 'bin', 'ropeway.js'), ...args], {
      env,
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    child = started;
    started.stderr.on('data', (text: Buffer) => appendFileSync(join(dataFolder, 'server.log'), text));
    const startedAt = performance.now();
    for (;;) {
      const isUp = await fetch(`${url}/readyz`).then(
        ({ ok }) => ok,
        () => false,
      );
      if (isUp) return;
      if (started.exitCode !== null || started.signalCode !== null) return;
      if (performance.now() - startedAt > START_MS_MAX) throw new Error('the server does not become ready');
      await wait(LOOK_MS);
    }
  };
  const kill = async (signal: NodeJS.Signals): Promise<void> => {
    const killed = child;
    if (killed === undefined || killed.exitCode !== null || killed.signalCode !== null) return;
    const ended = new Promise((resolve) => killed.once('exit', resolve));
    killed.kill(signal);
    await ended;
  };
  return {
    url,
    get pid() {
      return child?.pid;
    },
    async client() {
      const token = (await readFile(join(dataFolder, 'token'), 'utf8')).trim();
      return makeClient({ url, token });
    },
    start,
    kill,
    [Symbol.asyncDispose]: () => kill('SIGTERM'),
  };
}

async function freePort(): Promise<number> {
  const probe = createServer().listen(0, '127.0.0.1');
  await new Promise((resolve) => probe.once('listening', resolve));
  const address = probe.address();
  await new Promise((resolve) => probe.close(resolve));
  return typeof address === 'object' && address !== null ? address.port : 0;
}
