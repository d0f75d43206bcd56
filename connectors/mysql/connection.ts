/**
 * What a server can be asked before a job relies on it. The checks go as far as a job would: to the rows of a table,
 * and to a table of its own. A right that is missing is no fault of a connection, for inputs need other rights than
 * outputs: such a check is skipped, and says so.
 */
import { randomBytes } from 'node:crypto';
import { connectStep, resolveStep } from '#connectors/network/reachability.ts';
import type { Endpoint } from '#connectors/network/reachability.ts';
import { tlsStep } from '#connectors/network/tls-check.ts';
import { openTunnel } from '#connectors/ssh/tunnel.ts';
import type { Tunnel } from '#connectors/ssh/tunnel.ts';
import { assert } from '#spi/assert.ts';
import { checksOf } from '#spi/connections.ts';
import type { CheckStep, Connection, ConnectionUse, Untried } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import { browse } from './browse.ts';
import { MySqlSession } from './client.ts';
import type { MysqlConnectionConfig } from './connection-config.ts';
import { tlsConfigOf } from './connection-settings.ts';
import { askForTls } from './ask-for-tls.ts';
import { quoteName, quoteTable, quoteText } from './sql.ts';

export const mysqlConnection: Connection<MysqlConnectionConfig> = {
  async *test(config, ctx, use) {
    const trial = new Trial(config, ctx, use);
    try {
      yield* checksOf(trial.steps());
    } finally {
      await trial.close();
    }
  },

  browse,
};

class Trial {
  readonly #config: MysqlConnectionConfig;
  readonly #ctx: Context;
  readonly #use: ConnectionUse | undefined;
  #tunnel: Tunnel | undefined;
  #session: MySqlSession | undefined;

  constructor(config: MysqlConnectionConfig, ctx: Context, use: ConnectionUse | undefined) {
    this.#config = config;
    this.#ctx = ctx;
    this.#use = use;
  }

  steps(): readonly CheckStep[] {
    const config = this.#config;
    const patience = { timeoutMs: config.connect_timeout * 1000, signal: this.#ctx.signal };
    const { ssh_tunnel: tunnel } = config;
    const server = endpointOf(config);
    const reach: readonly CheckStep[] =
      tunnel === undefined
        ? [resolveStep(server, patience), connectStep(server, patience)]
        : [resolveStep(tunnel, patience), { name: 'connect', run: () => this.#openTunnel() }];
    const tls: CheckStep = {
      name: 'tls',
      run: () => {
        const way = this.#tunnel === undefined ? server : { host: this.#tunnel.host, port: this.#tunnel.port };
        const options = { ...patience, prepare: askForTls, serverName: config.host };
        return tlsStep(way, tlsConfigOf(config), options).run();
      },
    };
    return [
      ...reach,
      tls,
      { name: 'log_in', run: () => this.#logIn() },
      { name: 'list', run: () => this.#list() },
      { name: 'read', run: () => this.#read() },
      { name: 'write', run: () => this.#write() },
    ];
  }

  async close(): Promise<void> {
    await this.#session?.close();
    await this.#tunnel?.[Symbol.asyncDispose]();
  }

  async #openTunnel(): Promise<string> {
    const { ssh_tunnel: tunnel, host, port } = this.#config;
    assert(tunnel, 'the step is there with a tunnel only');
    this.#tunnel = await openTunnel(tunnel, { host, port }, this.#ctx);
    return `${tunnel.host}:${tunnel.port} leads to ${host}:${port}.`;
  }

  get #open(): MySqlSession {
    assert(this.#session, 'after a failure nothing is tried');
    return this.#session;
  }

  async #logIn(): Promise<string> {
    this.#session = await MySqlSession.open(this.#config, this.#ctx);
    const { rows } = await this.#open.query('SELECT current_user(), version(), @@character_set_server');
    const [user, version, charset] = rows[0] ?? [];
    return `${user} is let in to ${/mariadb/i.test(version ?? '') ? 'MariaDB' : 'MySQL'} ${version} (${charset}).`;
  }

  async #list(): Promise<string> {
    const { database } = this.#config;
    const where = database === undefined ? '' : ` WHERE table_schema = ${quoteText(database)}`;
    const { rows } = await this.#open.query(`SELECT count(*) FROM information_schema.tables${where}`);
    const count = rows[0]?.[0];
    return database === undefined
      ? `This user sees ${count} tables and views in all databases.`
      : `The database ${database} has ${count} tables and views.`;
  }

  /** Reads a row of the smallest table: of a large one, or a view, the first row may be far away. */
  async #read(): Promise<string | Untried> {
    const { database } = this.#config;
    if (database === undefined) return { because: 'No `database` is named.' };
    const { rows } = await this.#open.query(
      `SELECT table_name FROM information_schema.tables WHERE table_schema = ${quoteText(database)}
       ORDER BY table_type <> 'BASE TABLE', data_length, table_name LIMIT 1`,
    );
    const table = rows[0]?.[0];
    if (table === undefined || table === null) return { because: `The database ${database} has no table to read.` };
    try {
      const { count } = await this.#open.query(`SELECT 1 FROM ${quoteTable(database, table)} LIMIT 1`);
      return count === 0 ? `${table} can be read; it has no rows.` : `${table} can be read.`;
    } catch (error) {
      return lackingRight(error, `This user may not read ${table}, as an input has to.`);
    }
  }

  /** Makes a table as outputs do, puts a row into it, and takes it away. */
  async #write(): Promise<string | Untried> {
    const { database } = this.#config;
    if (this.#use === 'in') return { because: 'An input writes nothing.' };
    if (database === undefined) return { because: 'No `database` is named.' };
    const { rows } = await this.#open.query('SELECT @@read_only');
    const table = quoteTable(database, `ropeway_check_${randomBytes(4).toString('hex')}`);
    try {
      await this.#open.query(`CREATE TABLE ${table} (n int)`);
    } catch (error) {
      const isReadOnly = rows[0]?.[0] !== '0' && isRopewayError(error) && error.code === 'MYSQL_UNAVAILABLE';
      if (isReadOnly) return { because: 'The server only lets itself be read; an output needs the primary server.' };
      return lackingRight(error, `This user may not create tables in ${quoteName(database)}, as an output has to.`);
    }
    try {
      await this.#open.query(`INSERT INTO ${table} VALUES (1)`);
    } finally {
      await this.#open.query(`DROP TABLE ${table}`);
    }
    return `A table can be made in the database ${database} and filled.`;
  }
}

function lackingRight(error: unknown, because: string): Untried {
  if (isRopewayError(error) && error.code === 'MYSQL_PRIVILEGE_MISSING') return { because };
  throw error;
}

function endpointOf({ host, port }: MysqlConnectionConfig): Endpoint {
  return host.startsWith('/') ? { path: host } : { host, port };
}
