/** The database on a PostgreSQL server: a pool of connections, and one more for hints. */
import { Kysely, PostgresDialect } from 'kysely';
import pg from 'pg';
import type { ClientConfig, CustomTypesConfig } from 'pg';
import type { Logger } from '#spi/context.ts';
import { storeErrors } from './errors.ts';
import type { InTransaction, Session } from './migrations.ts';
import { postgresHints } from './postgres-hints.ts';
import type { PostgresHints } from './postgres-hints.ts';
import type { Tables } from './tables.ts';
import { parsers } from './values.ts';

const CONNECT_TIMEOUT_MS = 2000;
const STATEMENT_TIMEOUT_MS = 5000;
/** A transaction that was left open, because its process hangs, lets go of its locks. */
const IDLE_IN_TRANSACTION_TIMEOUT_MS = 10_000;
/** Beyond the server's: for when the server does not answer at all. */
const ANSWER_TIMEOUT_MS = 7000;
/** A migration may take its time, but does not wait for ever for others' locks. */
const MIGRATION_LOCK_TIMEOUT_MS = 60_000;
const POOL_MAX = 10;
const VERSION_MIN = 15;

export interface PostgresOptions {
  readonly databaseUrl: string;
  readonly poolMax?: number | undefined;
  readonly log: Logger;
}

export interface PostgresParts {
  readonly db: Kysely<Tables>;
  readonly hints: PostgresHints;
  readonly inTransaction: InTransaction;
  close(): Promise<void>;
}

const customTypes: CustomTypesConfig = {
  // The driver's declaration wants one type of all parsers.
  getTypeParser: (oid, format) => (parsers[oid] ?? pg.types.getTypeParser(oid, format)) as never,
};

export async function openPostgres({ databaseUrl, poolMax = POOL_MAX, log }: PostgresOptions): Promise<PostgresParts> {
  const config = clientConfig(databaseUrl);
  const pool = new pg.Pool({
    ...config,
    max: poolMax,
    query_timeout: ANSWER_TIMEOUT_MS,
    // Not in the connection's start: a PgBouncer refuses what it does not know there.
    onConnect: (client) => {
      // The pool listens to idle ones alone: one that breaks between two statements of a transaction would end the
      // process. The next statement fails, and says why.
      client.on('error', () => {});
      return prepare(client, STATEMENT_TIMEOUT_MS);
    },
  });
  // An idle connection that breaks is replaced when one is needed.
  pool.on('error', (error) => log.debug('an idle connection to the database broke', { reason: error.message }));
  try {
    await refuseOldServer(pool);
  } catch (error) {
    await pool.end();
    throw error;
  }
  const db = new Kysely<Tables>({ dialect: new PostgresDialect({ pool }) });
  const hints = postgresHints((extra) => new pg.Client({ ...config, ...extra }), log);
  return {
    db,
    hints,
    inTransaction: (work) => inTransaction(config, work),
    async close() {
      await hints.close();
      // Also when nothing was asked through it, of which it would not know to end the pool.
      await db.destroy();
      if (!pool.ended && !pool.ending) await pool.end();
    },
  };
}

function clientConfig(databaseUrl: string): ClientConfig {
  if (!/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw storeErrors.error('STORE_URL_INVALID', { reason: 'it does not begin with postgresql://' });
  }
  // The driver's own error would carry all of it, the password too.
  if (!URL.canParse(databaseUrl)) {
    throw storeErrors.error('STORE_URL_INVALID', {
      reason: 'special characters in names and passwords are written %xx',
    });
  }
  return {
    connectionString: databaseUrl,
    connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
    application_name: 'ropeway',
    keepAlive: true,
    types: customTypes,
  };
}

/** What our statements and parsers take for granted, whatever the role or the database is set to. */
async function prepare(client: pg.ClientBase, statementTimeoutMs: number): Promise<void> {
  await client.query(`set timezone = 'UTC'; set datestyle = 'ISO'; set intervalstyle = 'postgres';
    set bytea_output = 'hex'; set statement_timeout = ${statementTimeoutMs};
    set idle_in_transaction_session_timeout = ${IDLE_IN_TRANSACTION_TIMEOUT_MS}`);
}

async function refuseOldServer(pool: pg.Pool): Promise<void> {
  let version: string;
  try {
    const { rows } = await pool.query<{ server_version: string }>('show server_version');
    version = rows[0]?.server_version ?? '';
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw storeErrors.error('STORE_UNREACHABLE', { reason }, { cause: error });
  }
  if (Number.parseInt(version, 10) < VERSION_MIN) {
    throw storeErrors.error('STORE_SERVER_TOO_OLD', { version, needed: VERSION_MIN });
  }
}

async function inTransaction<T>(config: ClientConfig, work: (session: Session) => Promise<T>): Promise<T> {
  const client = new pg.Client(config);
  // What breaks the connection also fails the statement.
  client.on('error', () => {});
  try {
    await client.connect();
    await prepare(client, 0);
    await client.query(`set lock_timeout = ${MIGRATION_LOCK_TIMEOUT_MS}`);
    await client.query('begin');
    const result = await work({
      script: async (sql) => void (await client.query(sql)),
      query: async (sql, values = []) => (await client.query<Record<string, unknown>>(sql, [...values])).rows,
    });
    await client.query('commit');
    return result;
  } finally {
    // Ends the transaction too.
    await client.end();
  }
}
