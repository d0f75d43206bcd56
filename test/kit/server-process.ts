/** `ropeway server` as a process of its own, on a data folder that it, or the next one, may take over after its end. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { makeClient } from '#api/client.ts';
import type { Client } from '#api/client.ts';
import { ropewayScript } from './ropeway-command.ts';

export interface ServerProcess extends AsyncDisposable {
  readonly pid: number;
  readonly url: string;
  readonly port: number;
  readonly client: Client;
  /** Administers the installation. */
  readonly token: string;
  /** What it has printed so far. */
  printed(): string;
  /** Sends the signal, and resolves with the exit code once it has ended. */
  end(signal: NodeJS.Signals): Promise<number | null>;
  /** Starts it again, on the same data and port; nothing happens while it runs. */
  restart(): Promise<void>;
}

export interface ServerProcessOptions {
  readonly dataFolder: string;
  /** Without it the database is embedded. */
  readonly databaseUrl?: string;
  /** 0, unless runners of a server before know another. */
  readonly port?: number;
  /** Divides all waits of the control plane and of its runners. */
  readonly divisor?: number;
  readonly seats?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export async function serverProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const output = { text: '' };
  let child: ChildProcess | undefined;
  const start = async (port: number): Promise<string> => {
    child = spawned(options, port);
    return address(child, output);
  };
  const url = await start(options.port ?? 0);
  const port = Number(new URL(url).port);
  const token = (await readFile(join(options.dataFolder, 'token'), 'utf8')).trim();
  const isRunning = (): boolean => child !== undefined && child.exitCode === null && child.signalCode === null;
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child !== undefined && isRunning()) {
      const ended = once(child, 'exit');
      child.kill(signal);
      await ended;
    }
    return child?.exitCode ?? null;
  };
  return {
    get pid() {
      return child?.pid ?? 0;
    },
    url,
    port,
    client: makeClient({ url, token }),
    token,
    printed: () => output.text,
    end,
    async restart() {
      if (!isRunning()) await start(port);
    },
    [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
  };
}

function spawned(options: ServerProcessOptions, port: number): ChildProcess {
  const { dataFolder, databaseUrl = '', divisor = 1, seats, args = [], env } = options;
  const more = seats === undefined ? args : ['--seats', String(seats), ...args];
  return spawn(
    process.execPath,
    [ropewayScript, 'server', '--data', dataFolder, '--port', String(port), '--log-level', 'warn', ...more],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      env: {
        ...process.env,
        NO_COLOR: '1',
        DATABASE_URL: databaseUrl,
        ROPEWAY_TIMER_DIVISOR: String(divisor),
        ...env,
      },
    },
  );
}

/** Where it is, as it says once it is there. */
async function address(child: ChildProcess, output: { text: string }): Promise<string> {
  const from = output.text.length;
  return new Promise<string>((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => {
      output.text += chunk.toString('utf8');
      const at = / is at (http:\S+)\n/.exec(output.text.slice(from))?.[1];
      if (at !== undefined) resolve(at);
    });
    child.once('exit', () => reject(new Error(`The server has ended: ${output.text.slice(from)}`)));
  });
}
