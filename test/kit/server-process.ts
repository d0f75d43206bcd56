/** `ropeway server` as a process of its own, on a data folder that the next one may take over. */
import { spawn } from 'node:child_process';
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
}

export interface ServerProcessOptions {
  readonly dataFolder: string;
  /** 0, unless runners of a server before know another. */
  readonly port?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
}

export async function serverProcess(options: ServerProcessOptions): Promise<ServerProcess> {
  const { dataFolder, port = 0, args = [], env } = options;
  const child = spawn(
    process.execPath,
    [ropewayScript, 'server', '--data', dataFolder, '--port', String(port), '--log-level', 'warn', ...args],
    { stdio: ['ignore', 'ignore', 'pipe'], env: { ...process.env, NO_COLOR: '1', DATABASE_URL: '', ...env } },
  );
  const ended = once(child, 'exit');
  let text = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const at = / is at (http:\S+)\n/.exec(text)?.[1];
      if (at !== undefined) resolve(at);
    });
    void ended.then(() => reject(new Error(`The server has ended: ${text}`)));
  });
  const token = (await readFile(join(dataFolder, 'token'), 'utf8')).trim();
  const end = async (signal: NodeJS.Signals): Promise<number | null> => {
    if (child.exitCode === null && child.signalCode === null) child.kill(signal);
    await ended;
    return child.exitCode;
  };
  return {
    pid: child.pid ?? 0,
    url,
    port: Number(new URL(url).port),
    client: makeClient({ url, token }),
    token,
    printed: () => text,
    end,
    [Symbol.asyncDispose]: async () => void (await end('SIGKILL')),
  };
}
