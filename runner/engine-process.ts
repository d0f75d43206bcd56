/**
 * The engine in a process of its own, which leads a group of its own: whatever a plugin starts is in it, and goes with
 * it. Its memory has a limit, its environment nothing of ours, and its arguments and its disk nothing of the work.
 */
import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { getCompileCacheDir } from 'node:module';
import { fileURLToPath } from 'node:url';
import { processStart } from '#api/process-start.ts';
import type { EngineOrder, FromEngine, ToEngine } from './engine-protocol.ts';
import { DIVISOR } from './settings.ts';

/** Of the memory of a run, what JavaScript's heap may take: records lie beside it. */
const HEAP_SHARE = 0.75;
const HEAP_MB_MIN = 32;
/** What its process last said when nobody has read it as a log: enough to recognise why it died. */
const LAST_WORDS_MAX = 4096;
/** Taken over from the runner's environment. */
const INHERITED = [
  ...['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'TMPDIR', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'],
  ...['ROPEWAY_PROCESS_UID', DIVISOR],
];

export interface EngineOptions {
  readonly entry: URL;
  readonly memoryMb: number;
  /** Where it is written which process it is. */
  readonly engineFile: string | undefined;
  readonly stdout: (chunk: Buffer) => void;
  readonly stderr: (chunk: Buffer) => void;
  readonly said: (message: FromEngine) => void;
}

export interface EngineEnd {
  readonly exitCode: number | null;
  readonly signal: NodeJS.Signals | null;
  readonly isOutOfMemory: boolean;
  /** Why there was no process at all. */
  readonly error?: string;
}

export class EngineProcess {
  readonly #child: ChildProcess;
  /** Resolves when it has ended and everything that it printed has been read. */
  readonly ended: Promise<EngineEnd>;
  #lastWords = '';
  #hasEnded = false;

  constructor(options: EngineOptions) {
    const heapMb = Math.max(HEAP_MB_MIN, Math.floor(options.memoryMb * HEAP_SHARE));
    const cache = getCompileCacheDir();
    const child = spawn(process.execPath, [`--max-old-space-size=${heapMb}`, fileURLToPath(options.entry)], {
      detached: true,
      env: { ...inherited(), ...(cache === undefined ? {} : { NODE_COMPILE_CACHE: cache }) },
      stdio: ['ignore', 'pipe', 'pipe', 'ipc'],
    });
    this.#child = child;
    child.stdout?.on('data', options.stdout);
    child.stderr?.on('data', (chunk: Buffer) => {
      this.#lastWords = (this.#lastWords + chunk.toString('latin1', 0, LAST_WORDS_MAX)).slice(-LAST_WORDS_MAX);
      options.stderr(chunk);
    });
    // Only our own entry speaks on this channel.
    child.on('message', (message) => options.said(message as FromEngine));
    this.ended = this.#end();
    const start = child.pid === undefined ? undefined : processStart(child.pid);
    if (options.engineFile !== undefined && start !== undefined) {
      writeFileSync(options.engineFile, `${child.pid} ${start}\n`, { mode: 0o600 });
    }
  }

  get pid(): number | undefined {
    return this.#hasEnded ? undefined : this.#child.pid;
  }

  order(order: EngineOrder): void {
    this.#send({ type: 'order', order });
  }

  /** Asks it to give up and to clean up. */
  stop(): void {
    this.#send({ type: 'stop' });
  }

  permit(isGranted: boolean): void {
    this.#send({ type: 'permit', isGranted });
  }

  kept(): void {
    this.#send({ type: 'kept' });
  }

  /** Ends it and everything that it has started, at once. */
  kill(): void {
    const { pid } = this.#child;
    if (pid === undefined) return;
    try {
      // Its number is its group's for as long as there is anybody in it.
      process.kill(-pid, 'SIGKILL');
    } catch {
      // There is nobody any more.
    }
  }

  #send(message: ToEngine): void {
    // What cannot be said to a process that is ending is seen by its end.
    if (this.#child.connected) this.#child.send(message, () => undefined);
  }

  #end(): Promise<EngineEnd> {
    return new Promise((resolve) => {
      this.#child.once('error', (error) => {
        this.#hasEnded = true;
        resolve({ exitCode: null, signal: null, isOutOfMemory: false, error: error.message });
      });
      this.#child.once('exit', () => {
        this.#hasEnded = true;
        // Those that it left behind hold its pipes open.
        this.kill();
      });
      this.#child.once('close', (exitCode, signal) => {
        const isOutOfMemory = /heap out of memory|ENOMEM|Allocation failed/i.test(this.#lastWords);
        resolve({ exitCode, signal, isOutOfMemory });
      });
    });
  }
}

function inherited(): Record<string, string> {
  return Object.fromEntries(
    INHERITED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    }),
  );
}
