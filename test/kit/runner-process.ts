/** A runner as executors start it: a process of its own, its token on file descriptor 3. */
import { spawn } from 'node:child_process';
import { closeSync, openSync } from 'node:fs';
import { mkdir, mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { terminationMessage } from '#api/runner.ts';
import type { TerminationMessage } from '#api/runner.ts';
import { ropewayScript } from './ropeway-command.ts';
import { until } from './until.ts';

export const bootstrapToken = 'canary-bootstrap-token';

export interface RunnerProcess extends AsyncDisposable {
  readonly pid: number;
  /** Of the attempt: what it writes lies in it. */
  readonly folder: string;
  readonly ended: Promise<{ readonly exitCode: number | null; readonly signal: NodeJS.Signals | null }>;
  termination(): Promise<TerminationMessage>;
  printed(): Promise<string>;
  /** The engine's process, once there is one. */
  engine(): Promise<number>;
  kill(signal: NodeJS.Signals): void;
}

export interface RunnerProcessOptions {
  readonly url: string;
  readonly divisor?: number;
  readonly graceS?: number;
  readonly env?: Readonly<Record<string, string>>;
  readonly runId?: string;
}

export async function runnerProcess(options: RunnerProcessOptions): Promise<RunnerProcess> {
  const { url, divisor = 10, graceS = 30, runId = '01jd00000000000000000000ab', env } = options;
  const folder = await mkdtemp(join(tmpdir(), 'ropeway-runner-'));
  const [work, terminationFile, engineFile] = ['work', 'termination', 'engine'].map((name) => join(folder, name));
  await mkdir(work ?? '');
  const output = openSync(join(folder, 'output'), 'a');
  const child = spawn(process.execPath, [ropewayScript, 'runner'], {
    cwd: work,
    stdio: ['ignore', output, output, 'pipe'],
    env: {
      PATH: process.env['PATH'],
      TMPDIR: work,
      ROPEWAY_RUN_ID: runId,
      ROPEWAY_ATTEMPT_NO: '1',
      ROPEWAY_FENCE: '42',
      ROPEWAY_CONTROL_URL: url,
      ROPEWAY_RUNNER_PROTOCOL: '1',
      ROPEWAY_PROCESS_UID: 'process-1',
      ROPEWAY_GRACE_S: String(graceS),
      ROPEWAY_TERMINATION_FILE: terminationFile,
      ROPEWAY_ENGINE_FILE: engineFile,
      ROPEWAY_TIMER_DIVISOR: String(divisor),
      ...env,
    },
  });
  closeSync(output);
  const channel = child.stdio[3];
  if (channel !== null && channel !== undefined && 'end' in channel) {
    channel.on('error', () => undefined);
    channel.end(`${bootstrapToken}\n`);
  }
  const ended = new Promise<{ exitCode: number | null; signal: NodeJS.Signals | null }>((resolve) => {
    child.once('exit', (exitCode, signal) => resolve({ exitCode, signal }));
  });
  const read = (name: string): Promise<string> => readFile(join(folder, name), 'utf8');
  return {
    pid: child.pid ?? 0,
    folder,
    ended,
    termination: async () => terminationMessage.parse(JSON.parse(await read('termination'))),
    printed: () => read('output'),
    engine: () =>
      until('there is an engine', async () => {
        const text = await read('engine').catch(() => '');
        return text === '' ? undefined : Number(text.split(' ')[0]);
      }),
    kill: (signal) => void child.kill(signal),
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await ended;
      await rm(folder, { recursive: true, force: true });
    },
  };
}
