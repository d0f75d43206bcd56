/** A database whose connection can be lost before a statement is sent, or after it was executed and not answered. */
import { CompiledQuery, Kysely, PostgresAdapter, PostgresIntrospector, PostgresQueryCompiler } from 'kysely';
import type { DatabaseConnection, Dialect, Driver, QueryResult } from 'kysely';

/** Called before a statement is sent, and after it was executed: what it throws is what the caller gets. */
export type StatementHook = (when: 'before' | 'after', statement: string) => void | Promise<void>;

/** The same database, behind the hook. It does not own its connections. */
export function faultyDb<T>(inner: Kysely<T>, hook: StatementHook): Kysely<T> {
  const dialect: Dialect = {
    createAdapter: () => new PostgresAdapter(),
    createDriver: () => new FaultyDriver(inner as Kysely<unknown>, hook),
    createIntrospector: (db) => new PostgresIntrospector(db),
    createQueryCompiler: () => new PostgresQueryCompiler(),
  };
  return new Kysely<T>({ dialect });
}

class FaultyConnection implements DatabaseConnection {
  readonly #inner: DatabaseConnection;
  readonly #hook: StatementHook;
  readonly release: () => void;

  constructor(inner: DatabaseConnection, hook: StatementHook, release: () => void) {
    this.#inner = inner;
    this.#hook = hook;
    this.release = release;
  }

  async executeQuery<R>(query: CompiledQuery): Promise<QueryResult<R>> {
    await this.#hook('before', query.sql);
    const result = await this.#inner.executeQuery<R>(query);
    await this.#hook('after', query.sql);
    return result;
  }

  /** What a server does with a connection that is gone. */
  async rollback(): Promise<void> {
    await this.#inner.executeQuery(CompiledQuery.raw('rollback'));
  }

  streamQuery<R>(): AsyncIterableIterator<QueryResult<R>> {
    throw new Error('nothing here reads streams');
  }
}

class FaultyDriver implements Driver {
  readonly #inner: Kysely<unknown>;
  readonly #hook: StatementHook;

  constructor(inner: Kysely<unknown>, hook: StatementHook) {
    this.#inner = inner;
    this.#hook = hook;
  }

  async init(): Promise<void> {}

  async acquireConnection(): Promise<DatabaseConnection> {
    return new Promise((resolve, reject) => {
      this.#inner
        .getExecutor()
        .provideConnection(async (connection) => {
          await new Promise<void>((release) => resolve(new FaultyConnection(connection, this.#hook, release)));
        })
        .catch(reject);
    });
  }

  async beginTransaction(connection: DatabaseConnection): Promise<void> {
    try {
      await connection.executeQuery(CompiledQuery.raw('begin'));
    } catch (error) {
      // Whoever began nothing rolls nothing back: the next one would work in a transaction that nobody commits.
      await (connection as FaultyConnection).rollback();
      throw error;
    }
  }

  async commitTransaction(connection: DatabaseConnection): Promise<void> {
    await connection.executeQuery(CompiledQuery.raw('commit'));
  }

  async rollbackTransaction(connection: DatabaseConnection): Promise<void> {
    await (connection as FaultyConnection).rollback();
  }

  async releaseConnection(connection: DatabaseConnection): Promise<void> {
    (connection as FaultyConnection).release();
  }

  async destroy(): Promise<void> {}
}
