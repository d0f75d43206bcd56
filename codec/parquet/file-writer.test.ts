/** What we write, as another reader sees it. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Column, ColumnType, Schema } from '#spi/schema.ts';
import type { Compression } from './format.ts';
import { ParquetWriter } from './file-writer.ts';
import { DICTIONARY_ENTRIES_MAX } from './values.ts';
import { duck } from '#test/kit/duckdb.ts';
import type { Duck } from '#test/kit/duckdb.ts';
import { batchesOf, parquetBytes, parquetDefaults } from '#test/kit/parquet-files.ts';
import type { Cell } from '#test/kit/parquet-files.ts';

let db: Duck;
let folder: string;
beforeAll(async () => {
  db = await duck();
  folder = mkdtempSync(join(tmpdir(), 'parquet-'));
});
afterAll(() => {
  db[Symbol.dispose]();
  rmSync(folder, { recursive: true });
});

let files = 0;

/** Writes the rows; the name of the file in quotes, for SQL. */
function written(schema: Schema, rows: Iterable<readonly Cell[]>, options: Parameters<typeof parquetBytes>[2]): string {
  const path = join(folder, `${files++}.parquet`);
  writeFileSync(path, parquetBytes(schema, batchesOf(schema, rows), options));
  return `'${path}'`;
}

function one(type: ColumnType): Schema {
  return { columns: [{ name: 'x', type }] };
}

const all: Schema = {
  columns: [
    { name: 'b', type: 'boolean' },
    { name: 'l', type: 'long' },
    { name: 'd', type: 'double' },
    { name: 's', type: 'string' },
    { name: 't', type: 'timestamp' },
    { name: 'j', type: 'json' },
  ],
};
const compressions: readonly Compression[] = ['none', 'snappy', 'gzip', 'zstd'];
const max = 2n ** 63n - 1n;

describe('ParquetWriter', () => {
  it('declares the types', async () => {
    const file = written(all, [], {});
    const told = await db.rows(`select name, type, converted_type, logical_type from parquet_schema(${file})`);
    expect(told.slice(1)).toEqual([
      ['b', 'BOOLEAN', null, null],
      ['l', 'INT64', null, null],
      ['d', 'DOUBLE', null, null],
      ['s', 'BYTE_ARRAY', 'UTF8', 'StringType()'],
      ['t', 'INT64', 'TIMESTAMP_MICROS', expect.stringMatching(/isAdjustedToUTC=1.*MICROS/)],
      ['j', 'BYTE_ARRAY', 'JSON', 'JsonType()'],
    ]);
    expect(await db.rows(`select count(*) from ${file}`)).toEqual([[0n]]);
  });

  it.each(compressions)('writes every type, extremes, nulls and empty texts: %s', async (compression) => {
    const rows: Cell[][] = [
      [true, max, 1.5, 'é😀\0雪', { seconds: 0, nanos: 0 }, '{"a":[1,2]}'],
      [false, -max - 1n, -0, '', { seconds: -62_135_596_800, nanos: 1000 }, 'null'],
      [null, null, null, null, null, null],
      [true, 0n, Number.MAX_VALUE, 'x'.repeat(70_000), { seconds: 253_402_300_799, nanos: 999_999_000 }, '""'],
      [null, -1n, Number.MIN_VALUE, null, null, null],
      [false, 2n ** 32n, Infinity, '\ud800', { seconds: -1, nanos: 999_999_000 }, '[]'],
    ];
    const file = written(all, rows, { compression });
    const sql = `select b, l, d, s, epoch_us(t), j::varchar from ${file}`;
    expect(await db.rows(sql)).toEqual([
      [true, max, 1.5, 'é😀\0雪', 0n, '{"a":[1,2]}'],
      [false, -max - 1n, -0, '', -62_135_596_799_999_999n, 'null'],
      [null, null, null, null, null, null],
      [true, 0n, Number.MAX_VALUE, 'x'.repeat(70_000), 253_402_300_799_999_999n, '""'],
      [null, -1n, Number.MIN_VALUE, null, null, null],
      [false, 2n ** 32n, Infinity, '\ufffd', -1n, '[]'],
    ]);
    const codecs = await db.rows(`select distinct compression from parquet_metadata(${file})`);
    expect(codecs).toEqual([[compression === 'none' ? 'UNCOMPRESSED' : compression.toUpperCase()]]);
  });

  it.each([
    ['boolean', 2, (row: number) => row % 2 === 0],
    ['long', 5, (row: number) => BigInt(row % 5)],
    ['double', 7, (row: number) => (row % 7) / 8],
    ['string', 9, (row: number) => `word ${row % 9}`],
    ['timestamp', 11, (row: number) => ({ seconds: row % 11, nanos: 0 })],
    ['json', 13, (row: number) => `[${row % 13}]`],
  ] as const)('writes nothing but nulls in a row group, and none in the next: %s', async (type, distinct, valueOf) => {
    const half = 300_000;
    function* rows(): Generator<Cell[]> {
      for (let row = 0; row < half; row++) yield [null];
      for (let row = 0; row < half; row++) yield [valueOf(row)];
    }
    const file = written(one(type), rows(), {});
    const [told] = await db.rows(`select count(*), count(x), count(distinct x::varchar) from ${file}`);
    expect(told).toEqual([600_000n, 300_000n, BigInt(distinct)]);
    const groups = await db.rows(`select row_group_num_rows, stats_null_count from parquet_metadata(${file})`);
    expect(groups).toEqual([
      [262_144n, 262_144n],
      [262_144n, 37_856n],
      [75_712n, 0n],
    ]);
  });

  it('uses a dictionary where values repeat, and gives it up where they do not or are too many', async () => {
    const columns: Column[] = ['few', 'none', 'late', 'text', 'unique', 'big'].map((name, index) => ({
      name,
      type: index < 3 ? 'long' : 'string',
    }));
    const count = 100_000;
    const late = (row: number): bigint => BigInt(row < 70_000 ? row % 100 : row);
    function* rows(): Generator<Cell[]> {
      for (let row = 0; row < count; row++) {
        yield [
          BigInt(row % 1000),
          BigInt(row) * 7919n,
          late(row),
          `t${row % 500}`,
          `u${row}`,
          `${row % 2000}`.padStart(1000, '-'),
        ];
      }
    }
    const file = written({ columns }, rows(), { rowGroupBytes: 2 ** 30 });
    const chunks = await db.rows(
      `select path_in_schema, encodings, dictionary_page_offset is not null from parquet_metadata(${file})`,
    );
    expect(chunks).toEqual([
      ['few', 'RLE, RLE_DICTIONARY, PLAIN', true],
      ['none', 'RLE, PLAIN', false],
      ['late', 'RLE, RLE_DICTIONARY, PLAIN', true],
      ['text', 'RLE, RLE_DICTIONARY, PLAIN', true],
      ['unique', 'RLE, PLAIN', false],
      ['big', 'RLE, PLAIN', false],
    ]);
    const [told] = await db.rows(
      `select sum(few)::bigint, sum(none)::bigint, sum(late)::bigint, count(distinct text), count(distinct unique),
        count(distinct big), count(*) from ${file}`.replaceAll('unique', '"unique"'),
    );
    let lateSum = 0n;
    for (let row = 0; row < count; row++) lateSum += late(row);
    const n = BigInt(count);
    expect(told).toEqual([(n / 1000n) * 499_500n, (7919n * n * (n - 1n)) / 2n, lateSum, 500n, n, 2000n, n]);
  });

  it('fills a dictionary to its last entry', async () => {
    const count = DICTIONARY_ENTRIES_MAX;
    function* rows(): Generator<Cell[]> {
      for (let row = 0; row < count * 3; row++) yield [`${Math.floor(row / 3)}`];
      yield ['one too many'];
    }
    const file = written(one('string'), rows(), {});
    expect(await db.rows(`select count(*), count(distinct x), max(x) from ${file}`)).toEqual([
      [BigInt(count * 3 + 1), BigInt(count + 1), 'one too many'],
    ]);
  });

  it('ends row groups by their bytes', async () => {
    const rows = Array.from({ length: 10_000 }, (_, row): Cell[] => [`${row}`.padStart(100, '.')]);
    const file = written(one('string'), rows, { rowGroupBytes: 256 * 1024 });
    const groups = await db.rows(`select row_group_num_rows from parquet_metadata(${file})`);
    expect(groups.length).toBe(4);
    expect(await db.rows(`select count(distinct x), min(x), max(x) from ${file}`)).toEqual([
      [10_000n, '0'.padStart(100, '.'), '9999'.padStart(100, '.')],
    ]);
  });

  it.each<[string, ColumnType, Cell[], unknown]>([
    ['longs', 'long', [5n, -3n, null, 2n ** 40n, 7n], ['-3', '1099511627776', 1n]],
    ['longs of equal high words', 'long', [2n ** 31n, 1n, 2n ** 32n - 1n], ['1', '4294967295', 0n]],
    ['doubles', 'double', [1.5, -2.5, null], ['-2.5', '1.5', 1n]],
    ['zeros', 'double', [0, -0], ['-0.0', '0.0', 0n]],
    ['doubles with a NaN', 'double', [1.5, NaN], [null, null, 0n]],
    ['texts by bytes', 'string', ['b', 'é', 'ab', ''], ['', 'é', 0n]],
    ['long texts', 'string', ['b', 'x'.repeat(300)], [null, null, 0n]],
    ['booleans', 'boolean', [true, null, true], ['true', 'true', 1n]],
    ['nulls', 'long', [null, null], [null, null, 2n]],
  ])('tells the least, the greatest, and how many are null: %s', async (_title, type, cells, expected) => {
    const file = written(
      one(type),
      cells.map((cell) => [cell]),
      {},
    );
    const sql = `select stats_min_value, stats_max_value, stats_null_count from parquet_metadata(${file})`;
    expect(await db.rows(sql)).toEqual([expected]);
  });

  it('writes nanoseconds when it is to, and refuses what the unit cannot hold', async () => {
    const rows: Cell[][] = [[{ seconds: 1, nanos: 123_456_789 }], [null], [{ seconds: -1, nanos: 1 }]];
    const file = written(one('timestamp'), rows, { timestampUnit: 'nanos' });
    // DuckDB's instants are cut to microseconds; the reader's test sees all digits.
    expect(await db.rows(`select epoch_us(x) from ${file}`)).toEqual([[1_123_456n], [null], [-999_999n]]);
    const told = await db.rows(`select logical_type from parquet_schema(${file}) where name = 'x'`);
    expect(told).toEqual([[expect.stringMatching(/isAdjustedToUTC=1.*NANOS/)]]);
    expect(() => written(one('timestamp'), rows, {})).toThrow(
      expect.objectContaining({ code: 'PARQUET_NANOSECONDS', message: expect.stringContaining("column 'x'") }),
    );
    expect(() =>
      written(one('timestamp'), [[{ seconds: 9_300_000_000, nanos: 0 }]], { timestampUnit: 'nanos' }),
    ).toThrow(expect.objectContaining({ code: 'PARQUET_TIMESTAMP_RANGE' }));
  });

  it.each([
    ['none', []],
    ['two of a name', ['a', 'a']],
    ['two that are the same as UTF-8', ['\ud800', '\ufffd']],
  ])('refuses columns: %s', (_title, names) => {
    const columns = names.map((name): Column => ({ name, type: 'long' }));
    expect(() => new ParquetWriter({ columns }, parquetDefaults)).toThrow(
      expect.objectContaining({ code: 'PARQUET_COLUMNS', kind: 'config' }),
    );
  });
});
