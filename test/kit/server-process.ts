/** `ropeway server` as its users start it: a process of its own with an embedded database in a folder. */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { ropewayScript } from './ropeway-command.ts';

export interface ServerProcess extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** Ends it at once, as a crash does, and waits until it is gone. */
  kill(): Promise<void>;
}

/** The first start makes the database. */
const START_MS_MAX = 60_000;
/** What a server that was told to stop may take. */
const STOP_MS_MAX = 30_000;

export async function serverProcess(data: string, port = 0): Promise<ServerProcess> {
  const child = spawn(process.execPath, [ropewayScript, 'server', '--data', data, '--port', String(port)], {
    env: {
      PATH: process.env['PATH'],
      HOME: process.env['HOME'],
      TMPDIR: process.env['TMPDIR'],
      NO_COLOR: '1',
      ROPEWAY_TIMER_DIVISOR: '10',
    },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = new Promise<void>((resolve) => void child.once('exit', () => resolve()));
  const url = await addressOf(child);
  return {
    url,
    port: Number(new URL(url).port),
    async kill() {
      child.kill('SIGKILL');
      await ended;
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS_MAX);
      await ended;
      clearTimeout(timer);
    },
  };
}

function addressOf(child: ChildProcess): Promise<string> {
  return new Promise((resolve, reject) => {
    let said = '';
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`The server has not started within ${START_MS_MAX} ms:\n${said}`));
    }, START_MS_MAX);
    child.stderr?.on('data', (chunk: Buffer) => {
      said += chunk.toString('utf8');
      const [, url] = /Ropeway \S+ is at (http:\S+)/.exec(said) ?? [];
      if (url === undefined) return;
      clearTimeout(timer);
      resolve(url);
      // Only its address was wanted; what else it says must not fill the pipe.
      said = '';
    });
    child.once('exit', (code) => {
      clearTimeout(timer);
      reject(new Error(`The server has ended with ${String(code)}:\n${said}`));
    });
  });
}
