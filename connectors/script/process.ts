/** The process of a script, from the side of the filter: asked and answered one frame at a time, ended at its limits. */
import { spawn } from 'node:child_process';
import type { ChildProcessByStdio } from 'node:child_process';
import { dirname } from 'node:path';
import type { Readable, Writable } from 'node:stream';
import { fileURLToPath } from 'node:url';
import { scriptErrors } from './errors.ts';
import { FrameReader, frameOf } from './frames.ts';
import { FRAME_BYTES_MAX, GRACE_MS, LAST_WORDS_MAX } from './limits.ts';

const isBundle = !import.meta.url.endsWith('.ts');
const entry = fileURLToPath(new URL(isBundle ? './script-child.cjs' : './child.ts', import.meta.url));
/** What the process may read until it has loaded its module. */
const readable = isBundle ? dirname(entry) : dirname(dirname(dirname(entry)));

export interface ProcessLimits {
  readonly timeoutMs: number;
  readonly memoryMb: number;
}

interface Question {
  readonly resolve: (answer: string | undefined) => void;
  readonly reject: (error: Error) => void;
  /** Records that it is about. */
  readonly count: number;
}

export class ScriptProcess {
  readonly #limits: ProcessLimits;
  readonly #child: ChildProcessByStdio<Writable, Readable, Readable>;
  readonly #frames = new FrameReader(FRAME_BYTES_MAX);
  readonly #ended: Promise<void>;
  #question: Question | undefined;
  #lastWords = '';
  /** Why it was ended, or came to its end; undefined while it lives. */
  #death: (() => Error) | undefined;

  constructor(limits: ProcessLimits) {
    this.#limits = limits;
    const child = spawn(process.execPath, [...processFlags(limits), entry], {
      env: {},
      stdio: ['pipe', 'pipe', 'pipe'],
      windowsHide: true,
    });
    this.#child = child;
    child.stdout.on('data', (chunk: Buffer) => this.#receive(chunk));
    child.stderr.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString('latin1')).slice(-LAST_WORDS_MAX);
    });
    // A pipe that breaks is the end of the process, which is told below.
    child.stdin.on('error', () => {});
    this.#ended = new Promise((resolve) => {
      child.on('error', (error) => {
        this.#death ??= () => died(error.message);
        this.#fail();
        resolve();
      });
      child.on('close', (code, signal) => {
        this.#death ??= () => this.#causeOfDeath(code, signal);
        this.#fail();
        resolve();
      });
    });
  }

  /** It can be asked. */
  get isAlive(): boolean {
    return this.#death === undefined;
  }

  /** The answer to a frame that is about so many records; undefined when the run is stopped meanwhile. */
  async ask(text: string, count: number, signal: AbortSignal): Promise<string | undefined> {
    if (signal.aborted) return undefined;
    const frame = frameOf(text);
    const onAbort = (): void => {
      this.#question?.resolve(undefined);
      this.#kill(() => died('the run was stopped'));
    };
    signal.addEventListener('abort', onAbort, { once: true });
    const { timeoutMs } = this.#limits;
    // The process watches the time of the script itself; this is for what its watch cannot stop.
    const timer = setTimeout(() => this.#kill(() => this.timedOut(count)), timeoutMs + GRACE_MS);
    try {
      return await new Promise<string | undefined>((resolve, reject) => {
        this.#question = { resolve, reject, count };
        if (this.#death === undefined) this.#child.stdin.write(frame);
        else this.#fail();
      });
    } finally {
      this.#question = undefined;
      clearTimeout(timer);
      signal.removeEventListener('abort', onAbort);
    }
  }

  timedOut(count: number): Error {
    const what = count === 0 ? 'before the first record' : `for ${count} records`;
    return scriptErrors.error('SCRIPT_TIMEOUT', { seconds: this.#limits.timeoutMs / 1000, what });
  }

  /** Ends it, and waits until it is gone. */
  async close(): Promise<void> {
    this.#kill(() => died('it was ended'));
    await this.#ended;
  }

  #kill(death: () => Error): void {
    this.#death ??= death;
    this.#child.kill('SIGKILL');
  }

  #receive(chunk: Buffer): void {
    try {
      const text = this.#frames.push(chunk);
      if (text !== undefined) this.#question?.resolve(text);
    } catch (error) {
      if (!(error instanceof RangeError)) throw error;
      this.#kill(() => died(`it gave ${error.message}`));
    }
  }

  #fail(): void {
    if (this.#death !== undefined) this.#question?.reject(this.#death());
  }

  #causeOfDeath(code: number | null, signal: NodeJS.Signals | null): Error {
    if (/heap out of memory|Allocation failed|out of memory/i.test(this.#lastWords)) {
      return scriptErrors.error('SCRIPT_MEMORY', { megabytes: this.#limits.memoryMb });
    }
    const last = this.#lastWords.trim().split('\n').at(-1) ?? '';
    return died(`${signal ?? `exit code ${code}`}${last === '' ? '' : `, ${last}`}`);
  }
}

function died(reason: string): Error {
  return scriptErrors.error('SCRIPT_DIED', { reason });
}

/**
 * No files, connections, processes, threads, addons; no code out of texts, in no realm; the objects of the process
 * itself cannot be changed. The heap is as large as the script may be, and a little.
 */
export function processFlags({ memoryMb }: Pick<ProcessLimits, 'memoryMb'>): string[] {
  return [
    '--permission',
    `--allow-fs-read=${readable}`,
    '--disallow-code-generation-from-strings',
    '--frozen-intrinsics',
    '--no-warnings',
    `--max-old-space-size=${memoryMb}`,
  ];
}
