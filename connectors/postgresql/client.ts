/**
 * One connection to a server. All of the driver is behind this file: it is loaded late, its errors become ours, and a
 * stopped run ends what the server does for it.
 */
import { isIP } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import type { Client, ClientConfig } from 'pg';
import type { SshTunnelConfig } from '#connectors/ssh/config-fields.ts';
import { pemFile, tlsOptions } from '#connectors/network/tls-config.ts';
import type { TlsConfig } from '#connectors/network/tls-config.ts';
import type { Logger } from '#spi/context.ts';
import type { ErrorPlace } from '#spi/errors.ts';
import { borrowingSocket } from './borrowing-socket.ts';
import { postgresServerErrors } from './errors.ts';
import { quoteName } from './sql.ts';
import { translateError } from './vendor-errors.ts';
import { openWay } from './way.ts';
import type { Way } from './way.ts';

/** What connecting needs: the connection options of a config. */
export interface ConnectionConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database: string;
  readonly schema: string;
  readonly ssl: boolean;
  readonly sslmode?: 'disable' | 'require' | 'verify-ca' | 'verify-full' | undefined;
  readonly sslrootcert?: string | undefined;
  readonly sslcert?: string | undefined;
  readonly sslkey?: string | undefined;
  readonly sslpassword?: string | undefined;
  readonly ssh_tunnel?: SshTunnelConfig | undefined;
  readonly application_name: string;
  readonly connect_timeout: number;
  readonly socket_timeout?: number | undefined;
  readonly statement_timeout_millis?: number | undefined;
  readonly role_name?: string | undefined;
}

export interface SessionOptions {
  readonly log: Logger;
  /** Ends the session, and what the server does for it; undefined for work that a stop must not cut short. */
  readonly signal?: AbortSignal | undefined;
}

/** Values of a result as the texts that the server sent. */
export type TextRow = readonly (string | null)[];

export interface QueryResult {
  readonly rows: readonly TextRow[];
  /** Rows that the statement touched. */
  readonly count: number;
}

/** A column of a described statement. */
export interface ResultField {
  readonly name: string;
  readonly typeOid: number;
}

/** Rows on their way into a table. */
export interface CopyRows {
  /** Takes a copy. */
  write(bytes: Uint8Array): Promise<void>;
  /** Ends the COPY; returns the number of rows. */
  finish(): Promise<number>;
}

/** Seconds that asking the server to end a statement may take. */
const CANCEL_TIMEOUT_S = 5;
/** The end of a connection is waited for no longer. */
const END_TIMEOUT_MS = 5000;

// What the server sends must not depend on settings of the database, the role or the environment.
const sessionSettings = `
SET client_encoding = 'UTF8'; SET datestyle = 'ISO, YMD'; SET intervalstyle = 'postgres'; SET timezone = 'UTC';
SET bytea_output = 'hex'; SET extra_float_digits = 1; SET xmloption = 'content'; SET synchronize_seqscans = off;`;

// The server notices within this time that its client has gone while it computes: a process that is stopped or killed
// may not be there any more to say so. Versions before 14 do not know the setting, and some platforms refuse it.
const watchClient = "SET client_connection_check_interval = '250ms'";

export class PgSession implements AsyncDisposable {
  readonly server: string;
  readonly #client: Client;
  readonly #config: ConnectionConfig;
  readonly #options: SessionOptions;
  readonly #way: Way;
  readonly #onAbort = (): void => this.#stop();
  #pid = 0;
  /** Under way through the same tunnel. */
  #cancelling: Promise<void> = Promise.resolve();
  #silence: string | undefined;
  #isClosed = false;

  private constructor(client: Client, config: ConnectionConfig, options: SessionOptions, way: Way) {
    this.#client = client;
    this.#way = way;
    this.#config = config;
    this.#options = options;
    this.server = `${config.host}:${config.port}/${config.database}`;
  }

  static async open(config: ConnectionConfig, options: SessionOptions): Promise<PgSession> {
    const { default: pg } = await import('pg');
    const settings = await tlsOptions(tlsConfigOf(config));
    const way = await openWay(config, options.log, options.signal);
    const session = new PgSession(new pg.Client(clientConfig(config, way, settings)), config, options, way);
    await session.#connect();
    return session;
  }

  async #connect(): Promise<void> {
    const { schema, role_name: role, statement_timeout_millis: timeout } = this.#config;
    // A broken connection is told to whoever waits for it, and to the next one who wants it.
    this.#client.on('error', () => {});
    this.#client.on('notice', (notice) => {
      if (notice.severity === 'WARNING') this.#options.log.warn('The server warns.', { message: notice.message });
    });
    this.#options.signal?.addEventListener('abort', this.#onAbort);
    try {
      if (this.#options.signal?.aborted === true) throw new Error('stopped before it was open');
      await this.#client.connect();
      const own = role === undefined ? [] : [`SET ROLE ${quoteName(role)};`];
      if (timeout !== undefined) own.push(`SET statement_timeout = ${timeout};`);
      await this.#client.query(`${sessionSettings} SET search_path TO ${quoteName(schema)}; ${own.join(' ')}`);
      await this.#client.query(watchClient).catch((error: unknown) => {
        this.#options.log.debug('The server does not watch over its client.', { reason: String(error) });
      });
      const { rows } = await this.query('SELECT pg_backend_pid()');
      this.#pid = Number(rows[0]?.[0]);
    } catch (error) {
      await this.close();
      throw this.#translated(error);
    }
  }

  /** One statement with parameters `$1`…; or, without them, several statements. */
  async query(sql: string, values?: readonly unknown[], place?: ErrorPlace): Promise<QueryResult> {
    this.#options.log.debug('SQL', { sql });
    const query = {
      text: sql,
      rowMode: 'array' as const,
      types: { getTypeParser: () => (text: string) => text },
      ...(values === undefined ? {} : { values: [...values] }),
    };
    const result: unknown = await this.#waiting(this.#client.query(query), place);
    // Several statements give a list of results: the last one counts.
    const last = (Array.isArray(result) ? result.at(-1) : result) as { rows: TextRow[]; rowCount: number | null };
    return { rows: last.rows, count: last.rowCount ?? 0 };
  }

  /** The columns that a statement would return; it is not executed. */
  async describe(sql: string): Promise<readonly ResultField[]> {
    const { DescribeStatement } = await import('./describe.ts');
    const statement = new DescribeStatement(sql);
    this.#client.query(statement);
    return this.#waiting(statement.fields);
  }

  /** The bytes of a COPY … TO STDOUT, in pieces of the reader's own. */
  async *copyOut(sql: string): AsyncGenerator<Buffer> {
    const { CopyOut } = await import('./copy-out.ts');
    this.#options.log.debug('SQL', { sql });
    const copy = new CopyOut(sql);
    this.#client.query(copy);
    for (;;) {
      const rows = await this.#waiting(copy.next());
      if (rows === undefined) return;
      yield rows;
    }
  }

  async copyIn(sql: string, place: ErrorPlace): Promise<CopyRows> {
    const { CopyIn } = await import('./copy-in.ts');
    this.#options.log.debug('SQL', { sql });
    const copy = new CopyIn(sql);
    this.#client.query(copy);
    await this.#waiting(copy.begun(), place);
    return {
      write: async (bytes) => {
        const sent = copy.write(bytes);
        if (sent !== undefined) await this.#waiting(sent, place);
      },
      finish: () => this.#waiting(copy.finish(), place),
    };
  }

  /** The connection does not keep the process alive. */
  unref(): void {
    this.#socket.unref();
  }

  get #socket(): { ref(): void; unref(): void } {
    // The driver's types leave these methods out.
    return this.#client as unknown as { ref(): void; unref(): void };
  }

  /** Ends the session; an open transaction is rolled back. Safe to call twice. */
  async close(): Promise<void> {
    if (this.#isClosed) return;
    this.#isClosed = true;
    // The end of the connection is waited for.
    if (this.#pid !== 0) this.#socket.ref();
    this.#options.signal?.removeEventListener('abort', this.#onAbort);
    let timer: NodeJS.Timeout | undefined;
    const limit = new Promise<void>((resolve) => {
      timer = setTimeout(resolve, END_TIMEOUT_MS);
    });
    // The driver ends a connection that is at work by force; one that is broken may have told its end already.
    await Promise.race([this.#client.end().catch(() => {}), limit]);
    clearTimeout(timer);
    await this.#cancelling;
    await this.#way[Symbol.asyncDispose]();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  /** Ends the connection at once, and what the server does for it. */
  async abandon(): Promise<void> {
    if (this.#isClosed) return;
    this.#cancelling = this.#cancel();
    await this.#cancelling;
    await this.close();
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

  #stop(): void {
    this.#cancelling = this.#cancel();
    void this.close();
  }

  /**
   * Asks the server through another connection to end the session; a failure changes nothing for the run. Not the
   * statement alone: one that is still on its way would begin after the word to end it, and nobody would end it.
   */
  async #cancel(): Promise<void> {
    if (this.#pid === 0) return;
    try {
      const { default: pg } = await import('pg');
      const settings = await tlsOptions(tlsConfigOf(this.#config));
      const config = { ...this.#config, connect_timeout: CANCEL_TIMEOUT_S };
      const client = new pg.Client(clientConfig(config, this.#way, settings));
      client.on('error', () => {});
      await client.connect();
      await client.query('SELECT pg_terminate_backend($1)', [this.#pid]);
      await client.end();
    } catch (error) {
      this.#options.log.debug('The session could not be ended.', { reason: String(error) });
    }
  }

  #translated(error: unknown, place?: ErrorPlace): Error {
    const { server } = this;
    if (this.#silence !== undefined) {
      return postgresServerErrors.error('PG_SOCKET_TIMEOUT', { server, reason: this.#silence }, { cause: error });
    }
    if (this.#options.signal?.aborted === true) {
      const reason = error instanceof Error ? error.message : String(error);
      return postgresServerErrors.error('PG_STOPPED', { server, reason }, { cause: error });
    }
    return this.#way.failure() ?? translateError(error, server, place);
  }
}

function clientConfig(config: ConnectionConfig, way: Way, tls: ConnectionOptions | undefined): ClientConfig {
  // The name in the certificate is the server's, also when the driver connects to a tunnel.
  const name = isIP(config.host) === 0 ? { servername: config.host } : { host: config.host };
  return {
    host: way.host,
    port: way.port,
    user: config.user,
    // As a function, so that the driver looks neither into the environment nor into a password file.
    password: () => config.password,
    database: config.database,
    ssl: tls === undefined ? false : { ...tls, ...name },
    application_name: config.application_name,
    connectionTimeoutMillis: config.connect_timeout * 1000,
    keepAlive: true,
    // One under TLS reads for itself.
    ...(tls === undefined ? { stream: borrowingSocket } : {}),
  };
}

/** As in libpq: without an authority `require` takes any certificate, with one it checks who issued it. */
export function tlsConfigOf(config: ConnectionConfig): TlsConfig {
  const { ssl, sslmode, sslrootcert } = config;
  const mode = sslmode ?? (ssl ? 'require' : 'disable');
  return {
    mode: sslmode === 'require' && sslrootcert !== undefined ? 'verify-ca' : mode,
    ca: pemFile('sslrootcert', sslrootcert),
    certificate: pemFile('sslcert', config.sslcert),
    key: pemFile('sslkey', config.sslkey),
    passphrase: config.sslpassword,
  };
}
