/** COPY's text format without a server: what the writer writes, the reader reads. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { copyBatch, valueAt } from '#spi/batch.ts';
import type { Batch, Timestamp } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { Schema } from '#spi/schema.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { CopyReader } from './copy-reader.ts';
import { CopyWriter } from './copy-writer.ts';
import type { SourceKind } from './source-types.ts';
import type { TargetColumn, WriteKind } from './target-columns.ts';

const kinds: readonly (readonly [string, Schema['columns'][number]['type'], SourceKind, WriteKind])[] = [
  ['long', 'long', 'long', 'integer'],
  ['double', 'double', 'double', 'float'],
  ['text', 'string', 'string', 'text'],
  ['instant', 'timestamp', 'timestamp', 'timestamptz'],
  ['clock', 'timestamp', 'timestamp', 'timestamp'],
];
const schema: Schema = { columns: kinds.map(([name, type]) => ({ name, type })) };
const columns = kinds.map(([name, , , kind], source): TargetColumn => {
  return { name, source, sqlType: '', kind, format: '', timezone: 'UTC' };
});

function reader(): CopyReader {
  const { log } = keptLog();
  const spec = { format: '', timezone: 'UTC', infiniteDates: 'error' } as const;
  const specs = kinds.map(([name, type, kind]) => ({ ...spec, name, type, kind }));
  return new CopyReader(schema, specs, log);
}

interface Row {
  readonly long: bigint | null;
  readonly double: number | null;
  readonly text: string | null;
  readonly instant: Timestamp | null;
  readonly clock: Timestamp | null;
}

const moment = fc.record({
  // From 4713 before Christ to the year 293,000; PostgreSQL keeps microseconds.
  seconds: fc.integer({ min: -210_866_803_200, max: 9_199_999_999_999 }),
  nanos: fc.integer({ min: 0, max: 999_999 }).map((micros) => micros * 1000),
});
const rows = fc.array(
  fc.record({
    long: fc.option(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n })),
    double: fc.option(fc.double()),
    text: fc.option(fc.string({ unit: 'grapheme' }).map((text) => text.replaceAll('\0', '\\N\t'))),
    instant: fc.option(moment),
    clock: fc.option(moment),
  }),
  { maxLength: 20 },
);

function batchOf(list: readonly Row[]): Batch | undefined {
  const builder = new BatchBuilder(schema);
  for (const { long, double, text, instant, clock } of list) {
    if (long !== null) builder.setLong(0, long);
    if (double !== null) builder.setDouble(1, double);
    if (text !== null) builder.setString(2, text);
    if (instant !== null) builder.setTimestamp(3, instant.seconds, instant.nanos);
    if (clock !== null) builder.setTimestamp(4, clock.seconds, clock.nanos);
    builder.endRow();
  }
  return builder.take();
}

function written(list: readonly Row[]): Uint8Array {
  const writer = new CopyWriter(schema, columns);
  const batch = batchOf(list);
  return batch === undefined ? new Uint8Array(0) : writer.write(batch).slice();
}

function valuesOf(batch: Batch): unknown[][] {
  return Array.from({ length: batch.rowCount }, (_, row) => batch.vectors.map((vector) => valueAt(vector, row)));
}

describe('CopyReader', () => {
  it('reads what CopyWriter wrote, for any split of the bytes', () => {
    fc.assert(
      fc.property(rows, fc.array(fc.nat(2000), { maxLength: 8 }), (list, cuts) => {
        const bytes = written(list);
        const edges = [...new Set([...cuts.filter((at) => at < bytes.length), bytes.length])].sort((a, b) => a - b);
        const copy = reader();
        const batches: Batch[] = [];
        let from = 0;
        for (const edge of edges) {
          copy.feed(bytes.slice(from, edge));
          from = edge;
          for (let batch = copy.next(); batch !== undefined; batch = copy.next()) batches.push(copyBatch(batch));
        }
        copy.end();
        copy.close();
        const expected = list.map((row) => [row.long, row.double, row.text, row.instant, row.clock]);
        expect(batches.flatMap(valuesOf)).toEqual(expected);
      }),
    );
  });

  it('remembers the last row as texts', () => {
    const copy = reader();
    expect(copy.lastRow()).toBeUndefined();
    copy.feed(Buffer.from('1\t1\ta\t\\N\t\\N\n2\t0.5\ta\\tb\\\\\\n\t\\N\t2024-01-01 00:00:00\n'));
    expect(copy.next()?.rowCount).toBe(2);
    expect(copy.lastRow()).toEqual(['2', '0.5', 'a\tb\\\n', null, '2024-01-01 00:00:00']);
  });

  it.each([
    ['too few cells', '1\t2\n'],
    ['too many cells', '1\t2\ta\t\\N\t\\N\tx\n'],
    ['a row without its end', '1\t2'],
  ])('refuses %s', (_title, text) => {
    const copy = reader();
    copy.feed(Buffer.from(text));
    expect(() => [copy.next(), copy.end()]).toThrow('does not have 5 columns');
  });
});

describe('CopyWriter', () => {
  it.each<[string, WriteKind, number, string]>([
    ['a day before Christ', 'date', -62_167_219_201, '0002-12-31 BC'],
    ['a year of six digits', 'date', 8_000_000_000_000, '255479-11-28'],
    ['the time before 1970', 'time', -1, '23:59:59.000000'],
    ['the end of a day', 'time', 86_400, '24:00:00'],
    ['the end of another day', 'time', 172_800, '00:00:00.000000'],
  ])('writes %s', (_title, kind, seconds, expected) => {
    const time: Schema = { columns: [{ name: 't', type: 'timestamp' }] };
    const builder = new BatchBuilder(time);
    builder.setTimestamp(0, seconds, 0);
    builder.endRow();
    const target = { name: 't', source: 0, sqlType: '', kind, format: '', timezone: 'UTC' };
    const writer = new CopyWriter(time, [target]);
    const batch = builder.take();
    expect(Buffer.from(batch === undefined ? '' : writer.write(batch)).toString()).toBe(`${expected}\n`);
  });
});
