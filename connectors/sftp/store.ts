/**
 * A server as inputs and outputs see it: one connection for all that a thread does with one section, made when it is
 * needed, made anew when it broke, and ended when nobody has used it for a moment.
 */
import { posix } from 'node:path';
import type { Context, Logger } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import { Retries } from '#connectors/network/retry.ts';
import { connectSsh } from '#connectors/ssh/client.ts';
import { sshErrors } from '#connectors/ssh/errors.ts';
import { wayTo } from '#connectors/ssh/way.ts';
import type { SftpServerConfig } from './config.ts';
import { sftpErrors } from './errors.ts';
import { SftpSession } from './session.ts';

/** Nobody has used the connection for so long: it ends. */
const IDLE_MS = 250;
/** As Embulk's plugins wait. */
const RETRY_WAITS = { initial_retry_interval_millis: 500, maximum_retry_interval_millis: 30_000 };

/** One store for all uses of a section with one signal. */
const stores = new WeakMap<AbortSignal, WeakMap<SftpServerConfig, SftpStore>>();

export function openStore(config: SftpServerConfig, ctx: Pick<Context, 'log' | 'signal'>): SftpStore {
  let ofSignal = stores.get(ctx.signal);
  if (ofSignal === undefined) {
    ofSignal = new WeakMap();
    stores.set(ctx.signal, ofSignal);
  }
  let store = ofSignal.get(config);
  if (store === undefined) {
    store = new SftpStore(config, ctx);
    ofSignal.set(config, store);
  }
  return store;
}

export class SftpStore implements AsyncDisposable {
  readonly #config: SftpServerConfig;
  readonly log: Logger;
  readonly #signal: AbortSignal;
  #session: Promise<SftpSession> | undefined;
  #root: string | undefined;
  #users = 0;
  #idle: NodeJS.Timeout | undefined;
  readonly #retries: Retries;
  #recovering: Promise<void> | undefined;

  constructor(config: SftpServerConfig, { log, signal }: Pick<Context, 'log' | 'signal'>) {
    this.#config = config;
    this.log = log;
    this.#signal = signal;
    const settings = { ...RETRY_WAITS, maximum_retries: config.max_connection_retry };
    this.#retries = new Retries(settings, { log, signal, translate: (error) => this.#stopped(error) });
  }

  /** A path as a person would find the file, without a password. */
  urlOf(path: string): string {
    const { host, port } = this.#config;
    return `sftp://${host}${port === 22 ? '' : `:${port}`}${path}`;
  }

  /** A path of the config as all of them are written: from the top, without detours. */
  path(written: string): string {
    return posix.normalize(`/${written}`);
  }

  /** Keeps the connection while something is open. Ended by `release`. */
  retain(): void {
    this.#users += 1;
    clearTimeout(this.#idle);
  }

  release(): void {
    this.#users -= 1;
    if (this.#users === 0) this.#idle = setTimeout(() => void this.#end(), IDLE_MS);
  }

  /** Does something that can be done again: when the connection breaks it is made anew, after a wait. */
  async use<T>(work: (session: SftpSession, remote: (path: string) => string) => Promise<T>): Promise<T> {
    this.retain();
    try {
      for (;;) {
        try {
          const session = await this.session();
          const result = await work(session, (path) => this.remote(path));
          this.achieved();
          return result;
        } catch (error) {
          await this.recover(error);
        }
      }
    } finally {
      this.release();
    }
  }

  /** The server has done something since the last failure. */
  achieved(): void {
    this.#retries.reset();
  }

  /** Waits before another try; throws when there is to be none. Many requests fail at once: they wait together. */
  recover(error: unknown): Promise<void> {
    this.#recovering ??= this.#retries.pause(error).finally(() => {
      this.#recovering = undefined;
    });
    return this.#recovering;
  }

  /** The connection as it is now. */
  async session(): Promise<SftpSession> {
    const current = this.#session;
    if (current !== undefined) {
      const session = await current;
      if (!session.isBroken) return session;
      if (this.#session === current) {
        this.#session = undefined;
        void session.close();
      }
    }
    this.#session ??= this.#connect();
    return this.#session;
  }

  /** A path as the server knows it; there has been a connection. */
  remote(path: string): string {
    return this.#root === undefined ? path : posix.join(this.#root, path);
  }

  /** Ends the connection now, unless something is open. */
  async [Symbol.asyncDispose](): Promise<void> {
    if (this.#users > 0) return;
    clearTimeout(this.#idle);
    await this.#end();
  }

  async #connect(): Promise<SftpSession> {
    try {
      return await this.#open();
    } catch (error) {
      this.#session = undefined;
      throw error;
    }
  }

  async #open(): Promise<SftpSession> {
    const timeout = { option: 'timeout', seconds: this.#config.timeout };
    const ctx = { log: this.log, signal: this.#signal };
    const openSocket = wayTo(this.#config, ctx);
    const ssh = await connectSsh(this.#config, { at: [], timeout, openSocket }, ctx);
    try {
      const session = await SftpSession.open(ssh, this.#config.timeout);
      if (this.#config.user_directory_is_root) {
        this.#root = await session.realpath('.', { action: 'looking up', file: this.urlOf('/') });
      }
      return session;
    } catch (error) {
      const broken = ssh.failure();
      await ssh.close();
      if (broken !== undefined) throw broken;
      if (isRopewayError(error) && error.code.startsWith('SFTP_')) throw error;
      const reason = error instanceof Error ? error.message : String(error);
      throw sftpErrors.error('SFTP_UNAVAILABLE', { server: ssh.server, reason }, { cause: error });
    }
  }

  async #end(): Promise<void> {
    const session = this.#session;
    this.#session = undefined;
    await session?.then((open) => open.close()).catch(() => {});
  }

  #stopped(error: unknown): unknown {
    if (!(error instanceof Error) || error.name !== 'AbortError') return error;
    const { host, port } = this.#config;
    return sshErrors.error('SSH_STOPPED', { server: `${host}:${port}` });
  }
}
