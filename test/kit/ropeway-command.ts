/** The command as its users run it: a process of its own. */
import { spawn } from 'node:child_process';
import { dirname, join, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';

const repository = resolve(dirname(fileURLToPath(import.meta.url)), '..', '..');
export const ropewayScript: string = join(repository, 'bin', 'ropeway.js');

export interface CommandResult {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface CommandOptions {
  readonly cwd?: string;
  readonly env?: Readonly<Record<string, string>>;
  readonly stdin?: string;
  /** A command that hangs is ended after this time. */
  readonly timeoutMs?: number;
  /** Called once the process is there, e.g. to send it a signal. */
  readonly started?: (pid: number) => void;
  /** Called with each piece of its output. */
  readonly printed?: (text: string, pid: number) => void;
}

/** By default a command that hangs fails its test instead of the whole suite. */
const TIMEOUT_MS = 120_000;

export function ropeway(args: readonly string[], options: CommandOptions = {}): Promise<CommandResult> {
  return runScript(ropewayScript, args, options);
}

/** Any script of ours, under the Node that runs the tests. */
export async function runScript(
  script: string,
  args: readonly string[],
  options: CommandOptions = {},
): Promise<CommandResult> {
  const child = spawn(process.execPath, [script, ...args], {
    cwd: options.cwd,
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined, ...options.env },
    timeout: options.timeoutMs ?? TIMEOUT_MS,
  });
  if (child.pid !== undefined) options.started?.(child.pid);
  child.stdin.end(options.stdin ?? '');
  const stdout: Buffer[] = [];
  const stderr: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => {
    stdout.push(chunk);
    if (child.pid !== undefined) options.printed?.(chunk.toString('utf8'), child.pid);
  });
  child.stderr.on('data', (chunk: Buffer) => stderr.push(chunk));
  return new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', (exitCode, signal) => {
      const text = (chunks: Buffer[]): string => Buffer.concat(chunks).toString('utf8');
      done({ exitCode, signal, stdout: text(stdout), stderr: text(stderr) });
    });
  });
}
