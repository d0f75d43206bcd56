/**
 * A server as the input sees it. A connection does one thing at a time; the one that was used last waits a moment for
 * what comes next, because logging in takes many steps.
 */
import { posix } from 'node:path';
import type { Context, Logger } from '#spi/context.ts';
import { Retries } from '#connectors/network/retry.ts';
import type { FtpServerConfig } from './config.ts';
import { ftpErrors } from './errors.ts';
import { FtpSession, portOf } from './session.ts';

/** Nobody has used the connection for so long: it ends. */
const IDLE_MS = 250;
const RETRY_WAITS = { initial_retry_interval_millis: 500, maximum_retry_interval_millis: 30_000 };

/** One store for all uses of a section with one signal. */
const stores = new WeakMap<AbortSignal, WeakMap<FtpServerConfig, FtpStore>>();

export function openStore(config: FtpServerConfig, ctx: Pick<Context, 'log' | 'signal'>): FtpStore {
  const ofSignal = stores.get(ctx.signal) ?? new WeakMap<FtpServerConfig, FtpStore>();
  stores.set(ctx.signal, ofSignal);
  const store = ofSignal.get(config) ?? new FtpStore(config, ctx);
  ofSignal.set(config, store);
  return store;
}

export class FtpStore implements Disposable {
  readonly #config: FtpServerConfig;
  readonly #log: Logger;
  readonly #signal: AbortSignal;
  #waiting: FtpSession | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(config: FtpServerConfig, { log, signal }: Pick<Context, 'log' | 'signal'>) {
    this.#config = config;
    this.#log = log;
    this.#signal = signal;
  }

  get server(): string {
    return `${this.#config.host}:${portOf(this.#config)}`;
  }

  urlOf(path: string): string {
    return `${this.#config.ssl ? 'ftps' : 'ftp'}://${this.server}${path}`;
  }

  /** The connection that waits, or a new one; it is the caller's until it is given back. */
  async take(): Promise<FtpSession> {
    clearTimeout(this.#idle);
    const waiting = this.#waiting;
    this.#waiting = undefined;
    return waiting === undefined || waiting.isClosed ? FtpSession.open(this.#config, this.#signal) : waiting;
  }

  giveBack(session: FtpSession): void {
    if (session.isClosed) return;
    if (this.#waiting !== undefined) session.close();
    else this.#waiting = session;
    clearTimeout(this.#idle);
    this.#idle = setTimeout(() => this[Symbol.dispose](), IDLE_MS);
  }

  /** Does something that can be done again: when the connection breaks it is made anew, after a wait. */
  async use<T>(work: (session: FtpSession) => Promise<T>): Promise<T> {
    const retries = this.retries();
    for (;;) {
      try {
        const session = await this.take();
        try {
          return await work(session);
        } finally {
          this.giveBack(session);
        }
      } catch (error) {
        await retries.pause(error);
      }
    }
  }

  retries(): Retries {
    const settings = { ...RETRY_WAITS, maximum_retries: this.#config.max_connection_retry };
    return new Retries(settings, { log: this.#log, signal: this.#signal, translate: stopped });
  }

  /** Ends the connection that waits. */
  [Symbol.dispose](): void {
    clearTimeout(this.#idle);
    this.#waiting?.close();
    this.#waiting = undefined;
  }
}

/** A path of the config as all of them are written: from the top, without detours. */
export function absolutePath(written: string, { home }: FtpSession): string {
  return posix.normalize(written.startsWith('/') ? written : `${home}/${written}`);
}

function stopped(error: unknown): unknown {
  const isStop = error instanceof Error && error.name === 'AbortError';
  return isStop ? ftpErrors.error('FTP_STOPPED', { action: 'waiting for another try' }) : error;
}
