import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse } from 'yaml';
import { valueAt } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { TaskContext } from '#spi/context.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { canonicalizeJson } from '#codec/json/canonical.ts';
import type { Compression } from '#codec/parquet/format.ts';
import { columnsOfBytes, openParquet } from './client.ts';
import { naturalTypeOf } from './node-words.ts';
import { spool } from '#connectors/spool/spool.ts';
import type { RandomAccess } from '#connectors/spool/spool.ts';
import { duck } from '#test/kit/duckdb.ts';
import type { Duck } from '#test/kit/duckdb.ts';
import { batchesOf, parquetBytes, readParquet } from '#test/kit/parquet-files.ts';
import type { Cell } from '#test/kit/parquet-files.ts';
import { randomBatches } from '#test/kit/random-batches.ts';

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

/** What DuckDB makes of a query. */
async function duckFile(query: string, options = ''): Promise<Uint8Array> {
  const path = join(folder, 'duck.parquet');
  await db.rows(`copy (${query}) to '${path}' (format parquet${options})`);
  return readFileSync(path);
}

/** The columns that guessing would give. */
function naturalColumns(bytes: Uint8Array): Column[] {
  return (columnsOfBytes(bytes) ?? []).map((node) => ({ name: node.name, type: naturalTypeOf(node) }));
}

describe('parquetParser', () => {
  it.each<[sql: string, type: Column['type'], value: unknown]>([
    ['true', 'boolean', true],
    ['(-128)::tinyint', 'long', -128n],
    ['(-32768)::smallint', 'long', -32768n],
    ['(-2147483648)::integer', 'long', -2147483648n],
    ['(-9223372036854775808)::bigint', 'long', -(2n ** 63n)],
    ['255::utinyint', 'long', 255n],
    ['65535::usmallint', 'long', 65535n],
    ['4294967295::uinteger', 'long', 4294967295n],
    ['9223372036854775807::ubigint', 'long', 2n ** 63n - 1n],
    ['0.1::float', 'double', Math.fround(0.1)],
    ["'-inf'::double", 'double', -Infinity],
    ["'nan'::double", 'double', NaN],
    ["'é😀' || chr(0)", 'string', 'é😀\0'],
    ["'ab'::blob", 'string', 'ab'],
    ['-12.34::decimal(4,2)', 'string', '-12.34'],
    ['-0.05::decimal(9,2)', 'string', '-0.05'],
    ['123456789012.345::decimal(18,3)', 'string', '123456789012.345'],
    ['-12345678901234567890123456789.012345678::decimal(38,9)', 'string', '-12345678901234567890123456789.012345678'],
    ['-42::decimal(18,0)', 'long', -42n],
    ['42::decimal(30,0)', 'string', '42'],
    ["date '0001-02-03'", 'timestamp', { seconds: -62_132_745_600, nanos: 0 }],
    ["time '12:34:56.789012'", 'string', '12:34:56.789012'],
    ["timestamp '1969-12-31 23:59:59.999999'", 'timestamp', { seconds: -1, nanos: 999_999_000 }],
    ["timestamptz '2024-01-02 03:04:05.5+09'", 'timestamp', { seconds: 1_704_132_245, nanos: 500_000_000 }],
    ["'2024-01-02 03:04:05.123456789'::timestamp_ns", 'timestamp', { seconds: 1_704_164_645, nanos: 123_456_789 }],
    ["'2024-01-02 03:04:05.123'::timestamp_ms", 'timestamp', { seconds: 1_704_164_645, nanos: 123_000_000 }],
    ["'2024-01-02 03:04:05'::timestamp_s", 'timestamp', { seconds: 1_704_164_645, nanos: 0 }],
    ['interval 14 months + interval 2 days + interval 3 seconds', 'json', '{"months":14,"days":2,"millis":3000}'],
    ["'f47ac10b-58cc-4372-a567-0e02b2c3d479'::uuid", 'string', 'f47ac10b-58cc-4372-a567-0e02b2c3d479'],
    ["'red'::enum('red', 'blue')", 'string', 'red'],
    ['\'{"a" : [1, 2.50, "é"]}\'::json', 'json', '{"a":[1,2.5,"é"]}'],
    ['[1, null, 3]', 'json', '[1,null,3]'],
    ['[[1], [], null, [2, 3]]', 'json', '[[1],[],null,[2,3]]'],
    ["{'a': 1, 'b': 'x\"y', 'c': [1.5::double], 'd': null::int}", 'json', '{"a":1,"b":"x\\"y","c":[1.5],"d":null}'],
    ["[{'a': date '2024-01-02', 'b': 12.50::decimal(9,2)}]", 'json', '[{"a":"2024-01-02","b":"12.50"}]'],
    [
      "{'a': timestamp '2024-01-02 03:04:05.5', 'b': 'nan'::double}",
      'json',
      '{"a":"2024-01-02T03:04:05.500000Z","b":"NaN"}',
    ],
    ["map {'k': 1, 'l': null}", 'json', '{"k":1,"l":null}'],
    ["map {1: [{'z': true}], 2: []}", 'json', '{"1":[{"z":true}],"2":[]}'],
    ['map {}::map(varchar, integer)', 'json', '{}'],
    ['9223372036854775807::ubigint + 0::hugeint', 'double', 2 ** 63],
  ])('reads %s', async (sql, type, value) => {
    // A null before and behind, and often enough for a dictionary.
    const bytes = await duckFile(
      `select case when i % 3 = 0 then null else ${sql} end as x from range(0, 10) t(i) order by i`,
    );
    const columns = naturalColumns(bytes);
    expect(columns).toEqual([{ name: 'x', type }]);
    const expected = Array.from({ length: 10 }, (_, row) => [row % 3 === 0 ? null : value]);
    expect(await readParquet(bytes, columns)).toEqual({ rows: expected, rejected: [] });
  });

  it.each<[title: string, sql: string, values: unknown[]]>([
    ['lists', '[null, [], [null], [1], [2, null]]', [null, '[]', '[null]', '[1]', '[2,null]']],
    ['lists of lists', '[null, [], [null], [[]], [[null]]]::int[][][]', [null, '[]', '[null]', '[[]]', '[[null]]']],
    [
      'structs',
      "[null, {'a': null, 'b': 1}, {'a': {'c': null}, 'b': null}]",
      [null, '{"a":null,"b":1}', '{"a":{"c":null},"b":null}'],
    ],
    [
      'lists of structs',
      "[[{'a': 1}, null, {'a': null}], [null], null]",
      ['[{"a":1},null,{"a":null}]', '[null]', null],
    ],
    [
      'structs of lists',
      "[{'a': [1, null], 'b': null}, {'a': null, 'b': []}, {'a': [], 'b': [[2], null]}]::struct(a int[], b int[][])[]",
      ['{"a":[1,null],"b":null}', '{"a":null,"b":[]}', '{"a":[],"b":[[2],null]}'],
    ],
    [
      'maps',
      "[map {'a': [1, null], 'b': null}, null, map {}]::map(varchar, int[])[]",
      ['{"a":[1,null],"b":null}', null, '{}'],
    ],
  ])('tells what is null from what is empty: %s', async (_title, sql, values) => {
    const bytes = await duckFile(`select unnest(${sql}) as x`);
    const { rows, rejected } = await readParquet(bytes, [{ name: 'x', type: 'json' }]);
    expect(rejected).toEqual([]);
    expect(rows).toEqual(values.map((value) => [value]));
  });

  it.each<[string, Column['type'], unknown]>([
    ['1.5::double', 'string', '1.5'],
    ['1.5::double', 'json', '1.5'],
    ['3::double', 'long', 3n],
    ['7::bigint', 'double', 7],
    ['7::bigint', 'string', '7'],
    ['7::bigint', 'json', '7'],
    ['12.00::decimal(9,2)', 'long', 12n],
    ['12.34::decimal(9,2)', 'double', 12.34],
    ['12.34::decimal(9,2)', 'json', '"12.34"'],
    ['18446744073709551615::ubigint', 'string', '18446744073709551615'],
    ['true', 'string', 'true'],
    ["date '2024-01-02'", 'string', '2024-01-02'],
    ["timestamp '2024-01-02 03:04:05.5'", 'string', '2024-01-02T03:04:05.500000Z'],
    ["'2024-01-02 03:04:05.123456789'::timestamp_ns", 'json', '"2024-01-02T03:04:05.123456789Z"'],
    ["'a\"b'", 'json', '"a\\"b"'],
    ['\'{"a": 1}\'::json', 'string', '{"a": 1}'],
    ['[1, 2]', 'string', '[1,2]'],
  ])('reads %s as %s', async (sql, type, value) => {
    const bytes = await duckFile(`select ${sql} as x`);
    expect(await readParquet(bytes, [{ name: 'x', type }])).toEqual({ rows: [[value]], rejected: [] });
  });

  it.each<[string, Column['type']]>([
    ['18446744073709551615::ubigint', 'long'],
    ['1.5::double', 'long'],
    ["'inf'::double", 'long'],
    ['9007199254740993::bigint', 'double'],
    ['12.34::decimal(9,2)', 'long'],
    ["'\\xFF'::blob", 'string'],
    ["'\\xFF'::blob", 'json'],
  ])('leaves out a record whose value has no counterpart: %s as %s', async (sql, type) => {
    const bytes = await duckFile(`select unnest([null, ${sql}, null]) as x, unnest([1, 2, 3]) as n`);
    const columns: Column[] = [
      { name: 'n', type: 'long' },
      { name: 'x', type },
    ];
    const { rows, rejected } = await readParquet(bytes, columns);
    expect(rows).toEqual([
      [1n, null],
      [3n, null],
    ]);
    expect(rejected).toEqual([expect.stringMatching(/^2 PARQUET_VALUE The value \S+ of the column 'x' is not /)]);
  });

  it.each([
    ['snappy', ''],
    ['gzip', ''],
    ['zstd', ''],
    ['brotli', ''],
    ['lz4_raw', ''],
    ['uncompressed', ''],
    ['zstd', ', parquet_version v2'],
  ])('reads what DuckDB compresses: %s %s', async (compression, more) => {
    const query = `select i, i % 10 as few, 'text ' || i as s, case when i % 2 = 0 then [i] end as l,
      i / 8 as d from range(20000) t(i)`;
    const bytes = await duckFile(query, `, compression ${compression}, row_group_size 8192${more}`);
    const columns = naturalColumns(bytes);
    const { rows, rejected } = await readParquet(bytes, columns);
    expect(rejected).toEqual([]);
    expect(rows.length).toBe(20_000);
    const wrong = rows.findIndex(
      ([i, few, s, l, d], row) =>
        i !== BigInt(row) ||
        few !== BigInt(row % 10) ||
        s !== `text ${row}` ||
        l !== (row % 2 === 0 ? `[${row}]` : null) ||
        d !== row / 8,
    );
    expect(wrong).toBe(-1);
  });

  it('takes columns in any order, and those only', async () => {
    const bytes = await duckFile(`select 1 as a, 'x' as b, 2.5::double as "c.d"`);
    const columns: Column[] = [
      { name: 'c.d', type: 'double' },
      { name: 'a', type: 'long' },
      { name: 'a', type: 'string' },
    ];
    expect((await readParquet(bytes, columns)).rows).toEqual([[2.5, 1n, '1']]);
  });

  it('tells the columns of the file, as a config has them, when one is missing', async () => {
    const bytes = await duckFile(`select 1 as a, [1] as "b: c"`);
    const failure = await readParquet(bytes, [{ name: 'z', type: 'long' }]).catch((error: unknown) => error);
    expect(failure).toMatchObject({ code: 'PARQUET_COLUMN_MISSING', where: { file: '/a.parquet' } });
    // An error of ours has a hint.
    const { hint } = failure as { hint: string };
    expect(parse(hint.slice(hint.indexOf('[')))).toEqual([
      { name: 'a', type: 'long' },
      { name: 'b: c', type: 'json' },
    ]);
  });

  it('says which type a column is when the one of the config is another', async () => {
    const bytes = await duckFile(`select date '2024-01-02' as a`);
    await expect(readParquet(bytes, [{ name: 'a', type: 'long' }])).rejects.toMatchObject({
      code: 'PARQUET_COLUMN_TYPE',
      message: "The column 'a' is DATE in the Parquet file, which cannot be read as long.",
    });
  });

  it.each<[string, (bytes: Uint8Array) => Uint8Array]>([
    ['cut off', (bytes) => bytes.subarray(0, -20)],
    ['no Parquet', () => Buffer.from('a,b\n1,2\n3,4\n5,6\n')],
    ['too short', (bytes) => bytes.subarray(0, 5)],
    ['a footer of zeros', (bytes) => Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(100), bytes.subarray(-8)])],
    ['pages of noise', (bytes) => Buffer.concat([bytes.subarray(0, 4), Buffer.alloc(60, 0x5a), bytes.subarray(64)])],
  ])('refuses a file that is not whole: %s', async (_title, damage) => {
    const bytes = await duckFile(`select i as a from range(1000) t(i)`, ', compression zstd');
    await expect(readParquet(damage(bytes), [{ name: 'a', type: 'long' }])).rejects.toMatchObject({
      code: 'PARQUET_UNREADABLE',
      where: { file: '/a.parquet' },
    });
  });

  it('reads files that do not stay in memory, and removes what it put aside', async () => {
    const columns: Column[] = [{ name: 's', type: 'string' }];
    function* cells(): Generator<Cell[]> {
      for (let row = 0; row < 90_000; row++) yield [`${row}`.padStart(100, 'x')];
    }
    const bytes = parquetBytes({ columns }, batchesOf({ columns }, cells()), { compression: 'none' });
    expect(bytes.length).toBeGreaterThan(8_000_000);
    const { rows } = await readParquet(bytes, columns);
    expect(rows.length).toBe(90_000);
    expect(rows.findIndex(([s], row) => s !== `${row}`.padStart(100, 'x'))).toBe(-1);
    expect((await readParquet(bytes, columns, { rowsMax: 1 })).rows.length).toBe(1024);
    await expect(readParquet(bytes.subarray(0, -9), columns)).rejects.toMatchObject({ code: 'PARQUET_UNREADABLE' });
  });

  it('reads every digit of nanoseconds that we write', async () => {
    const columns: Column[] = [{ name: 't', type: 'timestamp' }];
    const cells: Cell[][] = [[{ seconds: 1, nanos: 123_456_789 }], [null], [{ seconds: -1, nanos: 1 }]];
    const bytes = parquetBytes({ columns }, batchesOf({ columns }, cells), { timestampUnit: 'nanos' });
    expect((await readParquet(bytes, columns)).rows).toEqual(cells);
  });

  it('reads back what the formatter writes, whatever it is', async () => {
    const way = fc.record({
      compression: fc.constantFrom<Compression>('none', 'snappy', 'gzip', 'zstd'),
      rowGroupBytes: fc.constantFrom(1, 100, 16 * 1024 * 1024),
    });
    await fc.assert(
      fc.asyncProperty(randomBatches, way, async ({ schema, batches }, options) => {
        const named: Schema = {
          columns: schema.columns.map(({ name, type }, index) => ({ name: `${name.toWellFormed()} ${index}`, type })),
        };
        const whole = batches.map(withoutNanos);
        const { rows, rejected } = await readParquet(parquetBytes(named, whole, options), named.columns);
        const expected = whole.flatMap(expectedRows);
        // Random JSON holds whole numbers that ours does not.
        const good = expected.filter((row) => !row.includes(undefined));
        expect(rows).toEqual(good);
        expect(rejected.length).toBe(expected.length - good.length);
      }),
      { numRuns: 80 },
    );
  });
});

/** Rows whose values repeat more and less, with more and fewer nulls: dictionaries come to an end anywhere. */
const phases = fc.array(
  fc.record({
    rows: fc.integer({ min: 1, max: 6000 }),
    distinct: fc.constantFrom(1, 2, 100, 3000, 1_000_000),
    nullEvery: fc.constantFrom(1, 2, 10, 1_000_000),
  }),
  { minLength: 1, maxLength: 5 },
);

describe('ParquetWriter', () => {
  it('writes what is read back, wherever dictionaries and row groups end', async () => {
    const columns: Column[] = [
      { name: 'l', type: 'long' },
      { name: 's', type: 'string' },
      { name: 'd', type: 'double' },
      { name: 'b', type: 'boolean' },
    ];
    const rowGroupBytes = fc.constantFrom(200_000, 1_000_000, 16 * 1024 * 1024);
    await fc.assert(
      fc.asyncProperty(phases, rowGroupBytes, async (parts, bytesMax) => {
        const rows = parts.flatMap(({ rows: count, distinct, nullEvery }) =>
          Array.from({ length: count }, (_, row): Cell[] => {
            const value = Math.imul(row, 0x9e3779b1) % distinct;
            if (row % nullEvery === nullEvery - 1) return [null, null, null, null];
            return [BigInt(value) << 20n, 'v'.repeat(Math.abs(value) % 40) + value, value / 8, value > 0];
          }),
        );
        const bytes = parquetBytes({ columns }, batchesOf({ columns }, rows), {
          rowGroupBytes: bytesMax,
          compression: 'snappy',
        });
        const back = await readParquet(bytes, columns);
        expect(back.rows.length).toBe(rows.length);
        const wrong = rows.findIndex((row, index) => row.some((cell, at) => !Object.is(cell, back.rows[index]?.[at])));
        expect(wrong).toBe(-1);
      }),
      { numRuns: 30 },
    );
  });
});

describe('openParquet()', () => {
  it.each(['', ', parquet_version v2'])('reads row groups in parts, if they are large: %s', async (options) => {
    const query = `select case when i % 5 > 0 then i end as n, case when i % 3 > 0 then [i, null] end as l, 't' || i % 7 as s
      from range(30000) t(i)`;
    const bytes = await duckFile(query, `, row_group_size 20480${options}`);
    const source: RandomAccess = {
      sizeBytes: bytes.length,
      read: async (start, end) => Uint8Array.from(bytes.subarray(start, end)).buffer,
      async [Symbol.asyncDispose]() {},
    };
    const columns = ['n', 'l', 's'];
    const file = await openParquet(source, 1_000_000);
    const ranges = file.ranges(columns);
    expect(ranges.length).toBeGreaterThan(4);
    expect(ranges.map(([from]) => from)).toEqual([0, ...ranges.slice(0, -1).map(([, to]) => to)]);
    expect(ranges.at(-1)?.[1]).toBe(30_000);
    // One column is less, and needs fewer parts.
    expect(file.ranges(['s']).length).toBeLessThan(ranges.length);
    for (const range of ranges) {
      const [n, l, s] = await Promise.all(columns.map((column) => file.read(column, range)));
      const [from, to] = range;
      const rows = Array.from({ length: to - from }, (_, row) => [
        n?.[row] ?? null,
        l?.[row] ?? null,
        String(s?.[row]),
      ]);
      const expected = rows.map((_row, index) => {
        const i = BigInt(from + index);
        const text = Buffer.from(`t${i % 7n}`).join(',');
        return [i % 5n > 0n ? i : null, i % 3n > 0n ? [i, null] : null, text];
      });
      expect(
        rows.map((row) => row.map((cell) => (Array.isArray(cell) ? cell.map((x: unknown) => x ?? null) : cell))),
      ).toEqual(expected);
    }
  });
});

describe('spool()', () => {
  it('says where there is no room for a large file', async () => {
    const bytes = new Uint8Array(5_000_000);
    async function* once(): AsyncGenerator<Uint8Array> {
      yield bytes;
    }
    // Nothing else of the context is used.
    const ctx = { tempDir: async () => '/nowhere' } as TaskContext;
    await expect(spool(once(), ctx)).rejects.toMatchObject({
      code: 'SPOOL_NO_ROOM',
      message: 'No copy of the file can be kept in /nowhere: it does not exist.',
    });
  });
});

/** Microseconds are what files have by default. */
function withoutNanos(batch: Batch): Batch {
  const vectors = batch.vectors.map((vector): Vector =>
    vector.type === 'timestamp' ? { ...vector, nanos: new Uint16Array(vector.nanos.length) } : vector,
  );
  return { ...batch, vectors };
}

/** Lone surrogates cannot be UTF-8; JSON is read in canonical form. */
function expectedRows(batch: Batch): unknown[][] {
  return Array.from({ length: batch.rowCount }, (_, row) =>
    batch.vectors.map((vector) => {
      const value = valueAt(vector, row);
      if (typeof value !== 'string') return value;
      return vector.type === 'json' ? canonical(value.toWellFormed()) : value.toWellFormed();
    }),
  );
}

function canonical(json: string): string | undefined {
  const sink = new ByteSink();
  const bytes = Buffer.from(json);
  return canonicalizeJson(bytes, 0, bytes.length, sink) < 0 ? undefined : Buffer.from(sink.view()).toString();
}
