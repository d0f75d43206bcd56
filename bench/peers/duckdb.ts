/** DuckDB: `COPY (SELECT * FROM read_csv(…)) TO …`. Types are given, as they are to us. */
import type { ColumnType } from '#bench/generator.ts';
import type { DataFile } from '#bench/data.ts';
import type { Command } from '#bench/measure.ts';
import { importPeer, program, type NpmPeer } from './npm-peer.ts';

export const duckdb: NpmPeer = { package: '@duckdb/node-api', version: '1.5.6-r.1' };

const types: Record<ColumnType, string> = {
  long: 'BIGINT',
  double: 'DOUBLE',
  string: 'VARCHAR',
  boolean: 'BOOLEAN',
  timestamp: 'TIMESTAMP',
  json: 'JSON',
};

function source({ path, columns }: DataFile): string {
  const list = columns.map(({ name, type }) => `'${name}':'${types[type]}'`).join(',');
  const dialect = `header=true, auto_detect=false, delim=',', quote='"', escape='"'`;
  return `read_csv('${path}', columns={${list}}, ${dialect})`;
}

export function duckdbJson(data: DataFile, threads: number, out: string): Command {
  const compression = out.endsWith('.gz') ? 'gzip' : 'uncompressed';
  const statement = `COPY (SELECT * FROM ${source(data)}) TO '${out}' (FORMAT json, COMPRESSION ${compression})`;
  return program('duckdb', [String(threads), statement]);
}

/** Every column has to be parsed: the number of rows alone could be had without. */
export function duckdbParse(data: DataFile, threads: number): Command {
  const parsed = data.columns.map(({ name, type }) =>
    type === 'long' || type === 'double' ? `sum(${name})` : `sum(length(${name}::VARCHAR))`,
  );
  return program('duckdb', [String(threads), `SELECT count(*), ${parsed.join(', ')} FROM ${source(data)}`]);
}

interface DuckDb {
  readonly DuckDBInstance: {
    create(
      path: string,
      options: { threads: string },
    ): Promise<{
      connect(): Promise<{ runAndReadAll(sql: string): Promise<{ getRows(): readonly (readonly unknown[])[] }> }>;
    }>;
  };
}

if (import.meta.main) {
  const [threads = '2', statement = ''] = process.argv.slice(2);
  const { DuckDBInstance } = await importPeer<DuckDb>(duckdb);
  const instance = await DuckDBInstance.create(':memory:', { threads });
  const connection = await instance.connect();
  const result = await connection.runAndReadAll(statement);
  process.stdout.write(`${JSON.stringify({ rows: Number(result.getRows()[0]?.[0]) })}\n`);
}
