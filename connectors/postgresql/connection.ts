/**
 * What a server can be asked before a job relies on it. The checks go as far as a job would: to the rows of a table,
 * and to a table of its own. A right that is missing is no fault of a connection, for inputs need other rights than
 * outputs: such a check is skipped, and says so.
 */
import type { Socket } from 'node:net';
import { randomBytes } from 'node:crypto';
import { connectStep, resolveStep } from '#connectors/network/reachability.ts';
import type { Endpoint } from '#connectors/network/reachability.ts';
import { tlsStep } from '#connectors/network/tls-check.ts';
import { assert } from '#spi/assert.ts';
import { checksOf } from '#spi/connections.ts';
import type { CheckStep, Connection, Untried } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { browse } from './browse.ts';
import { PgSession, tlsConfigOf } from './client.ts';
import type { PostgresqlConnectionConfig } from './config.ts';
import { postgresServerErrors } from './errors.ts';
import { quoteName, quoteTable } from './sql.ts';
import { openWay } from './way.ts';
import type { Way } from './way.ts';

export const postgresqlConnection: Connection<PostgresqlConnectionConfig> = {
  async *test(config, ctx) {
    const checks = stepsOf(config, ctx);
    try {
      yield* checksOf(checks.steps);
    } finally {
      await checks.close();
    }
  },

  browse,
};

interface Steps {
  readonly steps: readonly CheckStep[];
  close(): Promise<void>;
}

function stepsOf(config: PostgresqlConnectionConfig, ctx: Context): Steps {
  const { host, port, ssh_tunnel: tunnel } = config;
  const patience = { timeoutMs: config.connect_timeout * 1000, signal: ctx.signal };
  const secured = { ...patience, prepare: askForTls, serverName: host };
  let open: PgSession | undefined;
  let way: Way | undefined;
  const session = (): PgSession => {
    assert(open, 'after a failure nothing is tried');
    return open;
  };
  const logIn = async (): Promise<string> => {
    open = await PgSession.open(config, ctx);
    const { rows } = await open.query(
      `SELECT current_user, current_database(), current_setting('server_version'), pg_encoding_to_char(encoding)
       FROM pg_database WHERE datname = current_database()`,
    );
    const [user, database, version, encoding] = rows[0] ?? [];
    return `${user} is let in to the database ${database} (${encoding}) of PostgreSQL ${version}.`;
  };
  const throughTunnel = async (): Promise<string> => {
    way = await openWay(config, ctx.log, ctx.signal);
    return `${host}:${port} accepts connections, through ${tunnel?.host}.`;
  };
  const steps: readonly CheckStep[] = [
    resolveStep(tunnel ?? endpointOf(config), patience),
    tunnel === undefined ? connectStep(endpointOf(config), patience) : { name: 'connect', run: throughTunnel },
    { name: 'tls', run: () => tlsStep(endpointOf(way ?? config), tlsConfigOf(config), secured).run() },
    { name: 'log_in', run: logIn },
    { name: 'list', run: () => list(session(), config.schema) },
    { name: 'read', run: () => read(session(), config.schema) },
    { name: 'write', run: () => write(session(), config.schema) },
  ];
  const close = async (): Promise<void> => {
    await open?.close();
    await way?.[Symbol.asyncDispose]();
  };
  return { steps, close };
}

/** A host that is a path is the folder of a socket, as in libpq. */
function endpointOf({ host, port }: { readonly host: string; readonly port: number }): Endpoint {
  return host.startsWith('/') ? { path: `${host}/.s.PGSQL.${port}` } : { host, port };
}

/** The request that precedes TLS: its length, and a number that stands for it. */
const tlsRequest = Buffer.from([0, 0, 0, 8, 0x04, 0xd2, 0x16, 0x2f]);
const YES = 0x53;

async function askForTls(socket: Socket): Promise<void> {
  const target = `${socket.remoteAddress}:${socket.remotePort}`;
  const answer = await new Promise<Buffer>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', resolve);
    socket.once('end', () => resolve(Buffer.alloc(0)));
    socket.write(tlsRequest);
  });
  socket.pause();
  // More than one byte before the handshake is not from the server that we asked.
  if (answer[0] === YES && answer.length === 1) return;
  const reason = 'the server does not offer TLS';
  throw postgresServerErrors.error('PG_TLS', { server: target, reason });
}

const readable = "relkind IN ('r', 'p', 'v', 'm', 'f')";

async function list(session: PgSession, schema: string): Promise<string> {
  const { server } = session;
  const found = await session.query("SELECT has_schema_privilege(oid, 'USAGE') FROM pg_namespace WHERE nspname = $1", [
    schema,
  ]);
  const mayUse = found.rows[0]?.[0];
  if (mayUse === undefined) {
    throw postgresServerErrors.error('PG_SCHEMA_MISSING', { server, reason: `schema "${schema}" does not exist` });
  }
  if (mayUse !== 't') {
    const reason = `the user has no USAGE on the schema "${schema}"`;
    throw postgresServerErrors.error('PG_PRIVILEGE_MISSING', { server, reason });
  }
  const { rows } = await session.query(
    `SELECT count(*) FROM pg_class WHERE relnamespace = $1::regnamespace AND ${readable}`,
    [quoteName(schema)],
  );
  return `The schema ${schema} has ${rows[0]?.[0]} tables and views.`;
}

/** Reads a row of the smallest table: of a large one, or a view, the first row may be far away. */
async function read(session: PgSession, schema: string): Promise<string | Untried> {
  const { rows } = await session.query(
    `SELECT relname, has_any_column_privilege(oid, 'SELECT') FROM pg_class
     WHERE relnamespace = $1::regnamespace AND ${readable}
     ORDER BY 2 DESC, relkind NOT IN ('r', 'p'), relpages, relname LIMIT 1`,
    [quoteName(schema)],
  );
  const [table, mayRead] = rows[0] ?? [];
  if (table === undefined || table === null) return { because: `The schema ${schema} has no table to read.` };
  if (mayRead !== 't') return { because: `This user may read no table of the schema ${schema}, as an input has to.` };
  // Without columns: rights may be on some of them only.
  const { count } = await session.query(`SELECT FROM ${quoteTable(schema, table)} LIMIT 1`);
  return count === 0 ? `${table} can be read; it has no rows.` : `${table} can be read.`;
}

/** Makes a table as outputs do, puts a row into it, and takes it away, all in one transaction that is not committed. */
async function write(session: PgSession, schema: string): Promise<string | Untried> {
  const { rows } = await session.query(
    `SELECT has_schema_privilege($1, 'CREATE'), current_setting('transaction_read_only')`,
    [schema],
  );
  const [mayCreate, isReadOnly] = rows[0] ?? [];
  if (isReadOnly === 'on')
    return { because: 'The server only lets itself be read; an output needs the primary server.' };
  if (mayCreate !== 't') {
    return { because: `This user may not create tables in the schema ${schema}, as an output has to.` };
  }
  const table = quoteTable(schema, `ropeway_check_${randomBytes(4).toString('hex')}`);
  await session.query('BEGIN');
  try {
    await session.query(`CREATE TABLE ${table} (n int); INSERT INTO ${table} VALUES (1); DROP TABLE ${table}`);
  } finally {
    await session.query('ROLLBACK');
  }
  return `A table can be made in the schema ${schema} and filled.`;
}
