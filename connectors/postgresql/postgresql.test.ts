/** The command against a real server: what is in a table comes out, and what is loaded is in the table. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import type { PostgresServer } from '#test/kit/postgres-server.ts';

let server: PostgresServer;

/** Runs a config; its sections are lines of YAML with two spaces before each. */
async function run(place: Workspace, config: string, args: readonly string[] = []): Promise<string> {
  await place.write('config.yml', config);
  const result = await place.ropeway(['run', 'config.yml', ...args]);
  expect(result.exitCode, result.stderr).toBe(0);
  return result.stderr;
}

async function fail(place: Workspace, config: string): Promise<string> {
  await place.write('config.yml', config);
  const result = await place.ropeway(['run', 'config.yml']);
  expect(result.exitCode, result.stderr).toBeGreaterThan(0);
  expect(result.exitCode, result.stderr).toBeLessThan(3);
  return result.stderr;
}

/** Options of both sides as lines. */
function lines(options: Readonly<Record<string, unknown>>): string {
  return Object.entries(options)
    .map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`)
    .join('');
}

function job(input: Readonly<Record<string, unknown>>, output: Readonly<Record<string, unknown>>): string {
  return `in:\n${server.yaml()}${lines(input)}out:\n${server.yaml()}${lines(output)}`;
}

const csvColumns = '[{name: id, type: long}, {name: name, type: string}]';

function csvToTable(output: Readonly<Record<string, unknown>>, exec = ''): string {
  return (
    `in:\n  type: file\n  path_prefix: in/\n  parser: {type: csv, columns: ${csvColumns}}\n` +
    `out:\n${server.yaml()}${lines(output)}${exec}`
  );
}

function tableToCsv(input: Readonly<Record<string, unknown>>): string {
  return (
    `in:\n${server.yaml()}${lines(input)}` +
    'out:\n  type: file\n  path_prefix: out/r_\n  file_ext: csv\n  formatter: {type: csv}\nexec: {min_output_tasks: 1}\n'
  );
}

/** Every type, at the ends of its range and with what is special to it. */
const torture = `
CREATE TYPE mood AS ENUM ('sad', 'it''s "ok"');
CREATE DOMAIN positive AS int4 CHECK (value > 0);
CREATE TABLE "Torture ""t" (
  i2 int2, i4 int4, i8 int8, f4 float4, f8 float8, n numeric, n2 numeric(10, 3), b bool,
  t text, v varchar(20), c char(5), u uuid, ip inet, e mood, x xml, iv interval, r int4range,
  j json, jb jsonb, ia int[], ta text[], d date, tm time, ts timestamp, tz timestamptz,
  by bytea, bi bit(5), vb varbit, m money, p positive, "Quoted ""col" text, ttz timetz);
INSERT INTO "Torture ""t" VALUES
  (-32768, -2147483648, -9223372036854775808, -3.4028235e38, -1.7976931348623157e308,
   -99999999999999999999.000000000000000001, -1234567.891, false, '', '', '', '00000000-0000-0000-0000-000000000000',
   '::1/128', 'sad', '<a>é</a>', '-178000000 years', 'empty', '{"a":1}', '{"b":[1,null]}', '{}', '{}',
   '4713-01-01 BC', '00:00', '4713-01-01 00:00:00 BC', '4713-01-01 00:00:00+00 BC', '\\x', B'00000', B'', -12.34, 1,
   'tab\\there', '00:00:00-15:59'),
  (32767, 2147483647, 9223372036854775807, 3.4028235e38, 1.7976931348623157e308, 1e100, 9999999.999, true,
   E'tab\\t newline\\n return\\r backslash\\\\ quote\\' "\\b\\f\\v \\\\N \\\\.', '日本語😀', 'ab',
   'ffffffff-ffff-ffff-ffff-ffffffffffff', '10.0.0.0/8', 'it''s "ok"', '<b/>', '178000000 years 1.000001 seconds',
   '[1,10)', '"\\u00e9 \\" \\\\"', '{"z":1.50}', '{{1,2},{NULL,4}}', ARRAY['a"b', NULL, 'c,d', E'\\\\'],
   '293000-12-31', '24:00', '293000-12-31 23:59:59.999999', '293000-12-31 23:59:59.999999+00',
   '\\x00ff5c090a', B'11111', B'10101', 92233720368547758.07, 2147483647, E'\\\\N', '23:59:59.999999+15:59'),
  (0, 0, 0, 1e-45, 5e-324, 0.1, 0, NULL, '\\N', 'N', '     ', NULL, NULL, NULL, NULL, '1 day', '(,)', 'null', 'null',
   ARRAY[1, NULL], ARRAY[''], '1970-01-01', '12:34:56.789', '1969-12-31 23:59:59.999999', '2024-02-29 12:00:00.5+09',
   NULL, NULL, NULL, NULL, NULL, '', NULL),
  (1, 1, 1, 'NaN', 'Infinity', 'NaN', 1, true, 'x', 'x', 'x', NULL, NULL, NULL, NULL, NULL, NULL, '[]', '{}', NULL, NULL,
   '0001-01-01', NULL, '0001-12-31 BC', '1582-10-15', NULL, NULL, NULL, NULL, NULL, NULL, NULL),
  (NULL, NULL, NULL, '-Infinity', '-NaN', NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL,
   NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL, NULL);
CREATE TABLE copied (LIKE "Torture ""t");`;

describe.skipIf(postgresMissing !== undefined)(
  `postgresql${postgresMissing === undefined ? '' : `: ${postgresMissing}`}`,
  () => {
    beforeAll(async () => {
      server = await postgresServer();
    }, 60_000);
    afterAll(async () => {
      await server[Symbol.asyncDispose]();
    });

    describe('input and output together', () => {
      it('bring every type through unchanged, at its extremes and as NULL', async () => {
        await using place = await workspace();
        await server.query(torture);
        const options = { n: { type: 'string' }, n2: { type: 'string' } };
        await run(place, job({ table: 'Torture "t', column_options: options }, { table: 'copied', mode: 'insert' }));
        const texts = async (table: string): Promise<unknown[][]> =>
          server.query(`SELECT t::text FROM ${table} AS t ORDER BY i8, f8`);
        const source = await texts('"Torture ""t"');
        expect(source).toHaveLength(5);
        expect(await texts('copied')).toEqual(source);
      });
    });

    describe('output', () => {
      it('creates a table from the columns of the input, and adds to it', async () => {
        await using place = await workspace({ 'in/a.csv': '1,"a\tb"\n2,\n', 'in/b.csv': '3,é\n' });
        for (const count of [3, 6]) {
          await run(place, csvToTable({ table: 'people', mode: 'insert' }));
          expect(await server.query('SELECT count(*)::int FROM people')).toEqual([[count]]);
        }
        expect(await server.query('SELECT DISTINCT id::int, name FROM people ORDER BY id')).toEqual([
          [1, 'a\tb'],
          [2, null],
          [3, 'é'],
        ]);
        expect(await leftovers()).toEqual([]);
      });
    });
  },
);

async function leftovers(): Promise<unknown[][]> {
  return server.query("SELECT relname FROM pg_class WHERE relname LIKE '%ropeway%' AND relkind = 'r'");
}
void tableToCsv;
void fail;
