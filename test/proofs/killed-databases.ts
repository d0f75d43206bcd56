/** The databases whose loads are killed, and what the proof must know of each. */
import type { Options } from '#test/kit/postgres-jobs.ts';
import { mariadbMissing, mariadbServer } from '#test/kit/mariadb-server.ts';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';

export interface KilledDatabase extends AsyncDisposable {
  readonly options: Options;
  /** Of the output, for merges by `id`. */
  readonly mergeOptions: Options;
  query(sql: string): Promise<readonly (readonly unknown[])[]>;
  /** Finds the names of what a killed run left and the next one must have taken away. */
  leftoversSql(table: string): string;
}

export interface KilledDatabaseEntry {
  readonly name: string;
  /** Why it cannot be had here; empty when it can. */
  readonly missing: string;
  readonly start: () => Promise<KilledDatabase>;
}

export const killedDatabases: readonly KilledDatabaseEntry[] = [
  {
    name: 'postgresql',
    missing: postgresMissing,
    start: async () => ({
      ...(await postgresServer()),
      mergeOptions: { merge_keys: ['id'] },
      // The mark of a commit whose run was killed before its end is kept for a day: it has no rows.
      leftoversSql: (table) =>
        `SELECT relname FROM pg_class WHERE relkind = 'r' AND relname ~ '^${table}_.*_ropeway_[0-9]+$'`,
    }),
  },
  {
    name: 'mysql',
    missing: mariadbMissing,
    start: async () => ({
      // What a killed run has changed is taken back in memory.
      ...(await mariadbServer(['--innodb-buffer-pool-size=512M', '--innodb-log-file-size=128M'])),
      mergeOptions: { create_table_constraint: 'PRIMARY KEY (id)' },
      leftoversSql: (table) =>
        `SELECT table_name FROM information_schema.tables WHERE table_name REGEXP '^${table}_.*_ropeway_'`,
    }),
  },
];
