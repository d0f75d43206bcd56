/** Sends the chunks of the spool, one after the other, each until it has arrived. */
import type { LogsQuery, RunnerLogLine } from '#api/runner.ts';
import { Unreachable } from '#runner/control-client.ts';
import type { ControlClient, Reply } from '#runner/control-client.ts';
import type { RunnerSettings } from '#runner/settings.ts';
import { setTimeout as wait } from 'node:timers/promises';
import type { Gap } from './gap.ts';
import { packLines } from './packer.ts';
import type { Chunk, Spool } from './spool.ts';

export interface LogSenderOptions {
  readonly client: ControlClient;
  readonly settings: RunnerSettings;
  readonly token: string;
  readonly query: Omit<LogsQuery, 'seq' | 'line_count'>;
  readonly spool: Spool;
}

export class LogSender {
  readonly #options: LogSenderOptions;
  readonly #end = new AbortController();
  readonly #done: Promise<void>;
  #seq = 0;
  #idle: (() => void) | undefined;

  constructor(options: LogSenderOptions) {
    this.#options = options;
    this.#done = this.#run();
  }

  /** Waits until everything has been sent, but not for ever. True when it has. */
  async flush(msMax: number): Promise<boolean> {
    const { spool } = this.#options;
    const end = new AbortController();
    const idle = new Promise<void>((resolve) => (this.#idle = resolve));
    if (!spool.isEmpty && !this.#end.signal.aborted) {
      await Promise.race([idle, wait(msMax, undefined, { signal: end.signal }).catch(() => undefined)]);
    }
    end.abort();
    return spool.isEmpty;
  }

  async close(): Promise<void> {
    this.#end.abort();
    await this.#done;
  }

  async #run(): Promise<void> {
    const { spool, settings } = this.#options;
    const { signal } = this.#end;
    let failures = 0;
    while (!signal.aborted) {
      await spool.filled(signal);
      const first = await spool.first();
      if (first === undefined || signal.aborted) continue;
      const reply = await this.#send('gap' in first ? await gapChunk(first.gap) : first);
      if (reply !== undefined && reply.status < 500 && reply.status !== 429) {
        failures = 0;
        // The claim is gone: nobody wants them any more.
        if (reply.status === 410) this.#end.abort();
        else await this.#next();
        if (spool.isEmpty || signal.aborted) this.#idle?.();
        continue;
      }
      failures += 1;
      const pauseMs = Math.min(settings.retryMsMax, settings.retryMsMin * 2 ** Math.min(failures, 10));
      await wait(Math.max(pauseMs, reply?.retryAfterMs ?? 0), undefined, { signal }).catch(() => undefined);
    }
    this.#idle?.();
  }

  /** What was not taken for its own sake is not taken the next time either. */
  async #next(): Promise<void> {
    this.#seq += 1;
    await this.#options.spool.remove();
  }

  async #send({ packed, lineCount }: Chunk): Promise<Reply | undefined> {
    const { client, token, query } = this.#options;
    const fields = { ...query, seq: this.#seq, line_count: lineCount };
    const text = new URLSearchParams(Object.entries(fields).map(([name, value]) => [name, String(value)])).toString();
    const options = { token, signal: this.#end.signal, contentType: 'application/gzip' };
    return client.ask(`logs?${text}`, packed, options).catch((error: unknown) => {
      if (error instanceof Unreachable) return undefined;
      throw error;
    });
  }
}

function gapChunk(gap: Gap): Promise<Chunk> {
  return packLines([`${JSON.stringify(gapLine(gap))}\n`]);
}

export function gapLine({ lines, bytes }: Gap): RunnerLogLine {
  const at = new Date().toISOString();
  return { at, level: 'warn', message: 'Lines are missing here.', fields: { gap: { lines, bytes } } };
}
