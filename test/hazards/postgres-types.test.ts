/**
 * Every type of PostgreSQL, at its extremes, out to a file of each format and back into a table of the same types. What
 * comes back as something else is on the list in docs/losses.md, and nothing else is.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TaskContext } from '#spi/context.ts';
import type { Schema } from '#spi/schema.ts';
import { postgresqlInputConfig } from '#connectors/postgresql/config.ts';
import { postgresqlInput } from '#connectors/postgresql/input.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { succeed, tableToTable } from '#test/kit/postgres-jobs.ts';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import type { PostgresServer } from '#test/kit/postgres-server.ts';
import { everyType } from '#test/kit/postgres-types.ts';
import { workspace } from '#test/kit/workspace.ts';

let server: PostgresServer;
const SOURCE = 'Torture "t';

interface Loss {
  readonly type: string;
  readonly from: string;
  readonly to: string;
}

/** The values of a table by row and column, as the server writes them. */
async function valuesOf(table: string): Promise<readonly (readonly (string | null)[])[]> {
  const columns = await columnsOf();
  const list = columns.map(([name]) => `"${name.replaceAll('"', '""')}"::text`).join(', ');
  // Columns of texts, nulls among them.
  return (await server.query(`SELECT ${list} FROM ${table} ORDER BY ctid`)) as (string | null)[][];
}

/** Names and types. */
async function columnsOf(): Promise<readonly (readonly [string, string])[]> {
  const rows = await server.query(
    `SELECT attname, format_type(atttypid, atttypmod) FROM pg_attribute
     WHERE attrelid = 'copied'::regclass AND attnum > 0 ORDER BY attnum`,
  );
  return rows.map(([name, type]) => [String(name), String(type)]);
}

async function losses(): Promise<readonly Loss[]> {
  const columns = await columnsOf();
  const [before, after] = [await valuesOf('"Torture ""t"'), await valuesOf('copied')];
  expect(after).toHaveLength(before.length);
  return columns.flatMap(([, type], column) =>
    before.flatMap((row, index): Loss[] => {
      const [from, to] = [row[column] ?? null, after[index]?.[column] ?? null];
      return from === to ? [] : [{ type, from: from ?? 'NULL', to: to ?? 'NULL' }];
    }),
  );
}

/** The records that the input gives, which a parser has to be told. */
async function schemaOf(): Promise<Schema> {
  const { type: _, ...own } = server.options;
  const ctx: TaskContext = {
    log: keptLog().log,
    signal: new AbortController().signal,
    tempDir: async () => '/nowhere',
    transactionTime: new Date(),
    isPreview: false,
    taskIndex: 0,
    reject: () => {},
    progress: () => {},
  };
  return (await postgresqlInput.plan(postgresqlInputConfig.parse({ ...own, table: SOURCE }), ctx)).schema;
}

interface Format {
  readonly formatter: object;
  readonly parser: (schema: Schema) => object;
}

/** Column names and types alone: a parser's own formats are those of the formatter. */
function typed({ columns }: Schema): object[] {
  return columns.map(({ name, type }) => ({ name, type }));
}

const formats: Readonly<Record<string, Format>> = {
  CSV: {
    formatter: { type: 'csv', newline: 'LF', escape: '"', newline_in_field: 'LF' },
    parser: (schema) => ({ type: 'csv', newline: 'LF', skip_header_lines: 1, escape: null, columns: typed(schema) }),
  },
  'JSON lines': {
    formatter: { type: 'jsonl' },
    parser: (schema) => ({
      type: 'jsonl',
      default_timestamp_format: '%Y-%m-%dT%H:%M:%S.%N%z',
      columns: typed(schema),
    }),
  },
  Parquet: { formatter: { type: 'parquet' }, parser: (schema) => ({ type: 'parquet', columns: typed(schema) }) },
};

async function throughFile({ formatter, parser }: Format): Promise<void> {
  await using place = await workspace();
  const input = { ...server.options, table: SOURCE };
  const file = { type: 'file', path_prefix: 'out/r_', file_ext: 'x', formatter };
  await succeed(place, JSON.stringify({ in: input, out: file, exec: { min_output_tasks: 1 } }));
  const output = { ...server.options, table: 'copied', mode: 'truncate_insert' };
  const back = { type: 'file', path_prefix: 'out/r_', parser: parser(await schemaOf()) };
  const told = await succeed(place, JSON.stringify({ in: back, out: output, exec: { min_output_tasks: 1 } }));
  expect(told).not.toContain('skipped');
}

const escapes: Readonly<Record<string, string>> = {
  '\t': '\\t',
  '\n': '\\n',
  '\r': '\\r',
  '\b': '\\b',
  '\f': '\\f',
  '\v': '\\v',
};

function cell(text: string): string {
  return `\`${text.replaceAll('|', '\\|').replaceAll(/[\b\f\v\t\n\r]/g, (character) => escapes[character] ?? '')}\``;
}

/** Losses of all ways in one table: a row each, with the ways that have it. */
function markdown(found: ReadonlyMap<string, readonly Loss[]>): string {
  const ways = new Map<string, string[]>();
  for (const [way, list] of found) {
    for (const { type, from, to } of list) {
      const key = `| ${type} | ${cell(from)} | ${cell(to)} |`;
      ways.set(key, [...(ways.get(key) ?? []), way]);
    }
  }
  const rows = [...ways].map(([key, list]) => `${key} ${list.length === found.size ? 'all' : list.join(', ')} |`);
  return ['| type | value | comes back as | through |', '| --- | --- | --- | --- |', ...rows.sort()].join('\n');
}

/** The table as written, without the spaces that only line its columns up. */
function documented(): string {
  const text = readFileSync(join(import.meta.dirname, '..', '..', 'docs', 'losses.md'), 'utf8');
  const rows = text.split('\n').filter((line) => line.startsWith('|'));
  return rows.map((row) => row.replace(/ +\|/g, ' |').replace(/-{3,}/g, '---')).join('\n');
}

describe.skipIf(postgresMissing !== '')(`types of PostgreSQL${postgresMissing}`, () => {
  beforeAll(async () => {
    server = await postgresServer();
    await server.query(everyType);
  });
  afterAll(async () => {
    await server[Symbol.asyncDispose]();
  });

  it('come back the same, but for what is on the list', async () => {
    const found = new Map<string, readonly Loss[]>();
    await using place = await workspace();
    await succeed(place, tableToTable(server, { table: SOURCE }, { table: 'copied', mode: 'truncate_insert' }));
    found.set('a table', await losses());
    for (const [name, format] of Object.entries(formats)) {
      await throughFile(format);
      found.set(name, await losses());
    }
    expect(documented()).toBe(markdown(found));
  });
});
