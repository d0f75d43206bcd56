/**
 * One connection to a server. All of the driver is behind this file and `driver.ts`: it is loaded late, its errors
 * become ours, and a stopped run ends what the server does for it.
 */
import type { Connection } from 'mysql2';
import type { Tunnel } from '#connectors/ssh/tunnel.ts';
import type { Logger } from '#spi/context.ts';
import type { ErrorPlace } from '#spi/errors.ts';
import { connectionOptions, openTunnelTo, serverName } from './connection-settings.ts';
import type { ConnectionConfig } from './connection-settings.ts';
import { innards } from './driver.ts';
import { mysqlServerErrors } from './errors.ts';
import { LoadStream } from './load-stream.ts';
import type { LoadResult } from './load-stream.ts';
import { checkTypes, queryResult, resultField } from './results.ts';
import type { FieldDefinition, QueryResult, ResultField } from './results.ts';
import { RowStream } from './row-stream.ts';
import type { RowBytes } from './row-stream.ts';
import { translateError } from './vendor-errors.ts';

export interface SessionOptions {
  readonly log: Logger;
  /** Ends the session, and what the server does for it; undefined for work that a stop must not cut short. */
  readonly signal?: AbortSignal | undefined;
  /** What is loaded is taken strictly, and the server may ask for the rows of LOAD DATA. */
  readonly isLoading?: boolean;
}

export interface PreparedRows {
  readonly id: number;
  readonly fields: readonly ResultField[];
}

/** Seconds that asking the server to end a statement may take. */
const KILL_TIMEOUT_S = 5;
/** The end of a connection is waited for no longer. */
const END_TIMEOUT_MS = 5000;
// What the server sends must not depend on its settings. A slow job at the other end is no reason to hang up: only
// what waits longer than these seconds is.
const sessionSettings =
  "SET NAMES utf8mb4, time_zone = '+00:00', net_write_timeout = 3600, net_read_timeout = 3600, wait_timeout = 2073600";
/** Zero stays zero in AUTO_INCREMENT columns. Notes, too, tell of values that were cut. */
const loadSettings =
  "SET sql_mode = 'STRICT_ALL_TABLES,NO_AUTO_VALUE_ON_ZERO,NO_ENGINE_SUBSTITUTION,ERROR_FOR_DIVISION_BY_ZERO', sql_notes = 1";

interface SessionParts {
  readonly connection: Connection;
  readonly config: ConnectionConfig;
  readonly options: SessionOptions;
  readonly tunnel: Tunnel | undefined;
}

export class MySqlSession implements AsyncDisposable {
  readonly server: string;
  readonly #connection: Connection;
  readonly #config: ConnectionConfig;
  readonly #options: SessionOptions;
  readonly #onAbort = (): void => this.#stop();
  #isConnected = false;
  #silence: string | undefined;
  #isClosed = false;
  /** The end by force, once it has begun: whoever closes the session waits for it. */
  #cutting: Promise<void> | undefined;
  /** The first thing that broke the connection. */
  #breakage: unknown;

  readonly #tunnel: Tunnel | undefined;

  private constructor(parts: SessionParts) {
    this.#connection = parts.connection;
    this.#config = parts.config;
    this.#options = parts.options;
    this.#tunnel = parts.tunnel;
    this.server = serverName(parts.config);
  }

  static async open(config: ConnectionConfig, options: SessionOptions): Promise<MySqlSession> {
    const { default: mysql } = await import('mysql2');
    const tunnel = await openTunnelTo(config, options);
    try {
      const settings = await connectionOptions(config, tunnel, options.isLoading === true);
      const connection = mysql.createConnection(settings);
      const session = new MySqlSession({ connection, config, options, tunnel });
      await session.#connect();
      return session;
    } catch (error) {
      await tunnel?.[Symbol.asyncDispose]();
      throw tunnel?.failure() ?? error;
    }
  }

  async #connect(): Promise<void> {
    // A broken connection is told to whoever waits for it, and to the next one who wants it.
    this.#connection.on('error', (error) => {
      this.#breakage ??= error;
    });
    this.#options.signal?.addEventListener('abort', this.#onAbort);
    try {
      if (this.#options.signal?.aborted === true) throw new Error('stopped before it was open');
      await new Promise<void>((resolve, reject) => {
        this.#connection.connect((error) => (error === null ? resolve() : reject(error)));
      });
      this.#isConnected = true;
      await this.query(sessionSettings);
      if (this.#options.isLoading === true) await this.query(loadSettings);
    } catch (error) {
      await this.close();
      throw this.#translated(error);
    }
  }

  get threadId(): number {
    return this.#connection.threadId ?? 0;
  }

  /** One statement or several; of several the last one counts. */
  async query(sql: string, place?: ErrorPlace): Promise<QueryResult> {
    this.#options.log.debug('SQL', { sql });
    const answer = new Promise<QueryResult>((resolve, reject) => {
      this.#checkOpen();
      this.#connection.query({ sql, rowsAsArray: true }, (error, results, fields) => {
        if (error === null) resolve(queryResult(results, fields));
        else reject(error);
      });
    });
    return this.#waiting(answer, place);
  }

  /** The columns that a statement would return; it is not executed. */
  async prepare(sql: string): Promise<PreparedRows> {
    this.#options.log.debug('Prepared SQL', { sql });
    const answer = new Promise<PreparedRows>((resolve, reject) => {
      this.#checkOpen();
      this.#connection.prepare(sql, (error, statement) => {
        if (error !== null) {
          reject(error);
          return;
        }
        // The driver's types leave these members out.
        const { id, columns } = statement as unknown as { id: number; columns: readonly FieldDefinition[] };
        resolve({ id, fields: columns.map(resultField) });
      });
    });
    return this.#waiting(answer);
  }

  /** The rows of a prepared statement in binary form, in pieces of the reader's own. */
  async *rows({ id, fields }: PreparedRows): AsyncGenerator<RowBytes> {
    this.#checkOpen();
    const stream = new RowStream(id, (types) => checkTypes(fields, types));
    innards(this.#connection).addCommand(stream);
    for (;;) {
      const bytes = await this.#waiting(stream.next());
      if (bytes === undefined) return;
      yield bytes;
    }
  }

  /** Sends rows for a LOAD DATA LOCAL statement. */
  async load(sql: string, rows: Buffer, place: ErrorPlace): Promise<LoadResult> {
    this.#options.log.debug('SQL', { sql });
    return this.#run(new LoadStream(Buffer.from(sql, 'utf8'), rows), place);
  }

  /** A statement whose end are bytes. */
  async insert(sql: string, rest: Buffer, place: ErrorPlace): Promise<LoadResult> {
    this.#options.log.debug('SQL', { sql });
    return this.#run(new LoadStream(Buffer.concat([Buffer.from(sql, 'utf8'), rest]), undefined), place);
  }

  async #run(stream: LoadStream, place: ErrorPlace): Promise<LoadResult> {
    this.#checkOpen();
    innards(this.#connection).addCommand(stream);
    return this.#waiting(stream.result, place);
  }

  /** The connection does not keep the process alive. */
  unref(): void {
    innards(this.#connection).stream.unref();
  }

  /** Ends the session; an open transaction is rolled back. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#isClosed) {
      await this.#cutting;
      return;
    }
    this.#isClosed = true;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    const { stream } = innards(this.#connection);
    // The end of the connection is waited for.
    stream.ref();
    if (!this.#isConnected || this.#breakage !== undefined) {
      await this.#drop();
      return;
    }
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, END_TIMEOUT_MS);
    });
    const closed = new Promise<void>((resolve) => {
      stream.once('close', () => resolve());
      this.#connection.end(() => resolve());
    });
    await Promise.race([closed, limit]);
    clearTimeout(timer);
    await this.#drop();
  }

  async #drop(): Promise<void> {
    this.#connection.destroy();
    await this.#tunnel?.[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Ends the connection at once, and what the server does for it. */
  async abandon(): Promise<void> {
    if (!this.#isClosed) this.#cutting = this.#cut();
    await this.#cutting;
  }

  /** The statement is ended before its connection: else it would go on until it finds that nobody listens. */
  async #cut(): Promise<void> {
    this.#isClosed = true;
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    await this.#kill();
    await this.#drop();
  }

  #checkOpen(): void {
    if (this.#breakage !== undefined) throw this.#translated(this.#breakage);
    if (this.#isClosed) throw this.#translated(new Error('the connection is closed'));
  }

  async #waiting<T>(answer: Promise<T>, place?: ErrorPlace): Promise<T> {
    const seconds = this.#config.socket_timeout ?? 0;
    const timer = seconds === 0 ? undefined : setTimeout(() => this.#endSilence(seconds), seconds * 1000);
    try {
      return await answer;
    } catch (error) {
      throw this.#translated(error, place);
    } finally {
      clearTimeout(timer);
    }
  }

  #endSilence(seconds: number): void {
    this.#silence = `${seconds} seconds`;
    this.#stop();
  }

  /** Whoever waits is told at once; the server as soon as it answers. */
  #stop(): void {
    if (this.#isClosed) return;
    this.#cutting = this.#cut();
    innards(this.#connection).stream.destroy(new Error('the connection was cut'));
  }

  /**
   * Asks the server through another connection to end the session; a failure changes nothing for the run. Not the
   * statement alone: one that is still on its way would begin after the word to end it, and nobody would end it.
   */
  async #kill(): Promise<void> {
    if (!this.#isConnected || this.#breakage !== undefined) return;
    try {
      const { default: mysql } = await import('mysql2');
      const config = { ...this.#config, connect_timeout: KILL_TIMEOUT_S };
      const settings = await connectionOptions(config, this.#tunnel, false);
      const connection = mysql.createConnection(settings);
      await new Promise<void>((resolve, reject) => {
        connection.on('error', reject);
        connection.query(`KILL CONNECTION ${this.threadId}`, (error) => (error === null ? resolve() : reject(error)));
      }).finally(() => connection.destroy());
    } catch (error) {
      this.#options.log.debug('The session could not be ended.', { reason: String(error) });
    }
  }

  #translated(error: unknown, place?: ErrorPlace): Error {
    const { server } = this;
    if (this.#silence !== undefined) {
      return mysqlServerErrors.error('MYSQL_SOCKET_TIMEOUT', { server, reason: this.#silence }, { cause: error });
    }
    if (this.#options.signal?.aborted === true) {
      const reason = error instanceof Error ? error.message : String(error);
      return mysqlServerErrors.error('MYSQL_STOPPED', { server, reason }, { cause: error });
    }
    // What the driver says is a consequence, when the way to the server is to blame.
    return this.#tunnel?.failure() ?? translateError(error, server, place);
  }
}
