/** The databases whose tables are listed, with as many as are wanted. */
import { mariadbMissing, mariadbServer } from '#test/kit/mariadb-server.ts';
import type { Options } from '#test/kit/postgres-jobs.ts';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';

export interface DiscoveredDatabase extends AsyncDisposable {
  readonly options: Options;
  /** Names of containers that lead to the tables. */
  readonly path: readonly string[];
  makeTables(names: readonly string[]): Promise<void>;
}

export interface DiscoveredDatabaseEntry {
  readonly name: string;
  /** Why it cannot be had here; empty when it can. */
  readonly missing: string;
  readonly start: () => Promise<DiscoveredDatabase>;
}

/** Tables of one transaction: each holds locks until its end. */
const TABLES_AT_ONCE = 1000;

export const discoveredDatabases: readonly DiscoveredDatabaseEntry[] = [
  {
    name: 'postgresql',
    missing: postgresMissing,
    start: async () => {
      const server = await postgresServer();
      return {
        ...server,
        path: ['postgres', 'many'],
        async makeTables(names) {
          await server.query('CREATE SCHEMA many');
          for (let at = 0; at < names.length; at += TABLES_AT_ONCE) {
            const some = names.slice(at, at + TABLES_AT_ONCE);
            await server.query(some.map((name) => `CREATE TABLE many.${name} ()`).join(';'));
          }
        },
      };
    },
  },
  {
    name: 'mysql',
    missing: mariadbMissing,
    start: async () => {
      const server = await mariadbServer();
      return {
        ...server,
        path: ['many'],
        async makeTables([first = '', ...others]) {
          await server.query(`CREATE DATABASE many; CREATE TABLE many.${first} (a int) ENGINE=MyISAM`);
          server.copyTable('many', first, others);
        },
      };
    },
  },
];
