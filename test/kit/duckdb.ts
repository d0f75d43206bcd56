/** DuckDB as the other side of our Parquet: it reads what we write, and writes what we read. */
import { DuckDBInstance } from '@duckdb/node-api';
import type { DuckDBConnection } from '@duckdb/node-api';

export interface Duck extends Disposable {
  /** The rows of a query; values as JavaScript has them, whole numbers of 64 bits as BigInts. */
  rows(sql: string): Promise<unknown[][]>;
}

export async function duck(): Promise<Duck> {
  const instance = await DuckDBInstance.create(':memory:', { threads: '1' });
  const connection: DuckDBConnection = await instance.connect();
  return {
    async rows(sql) {
      return (await connection.runAndReadAll(sql)).getRowsJS();
    },
    [Symbol.dispose]() {
      connection.closeSync();
      instance.closeSync();
    },
  };
}
