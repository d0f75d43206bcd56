import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Batch } from '#spi/batch.ts';
import { JsonLinesWriter } from '#codec/json/lines-writer.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { timestampParser } from '#codec/time/timestamp-parser.ts';
import { acquireKernel } from '#codec/wasm/kernel.ts';
import { fuzz } from '#test/kit/fuzz.ts';
import { CsvBatchReader } from './batch-reader.ts';
import type { CsvColumn } from './cell-columns.ts';
import { defaultDialect } from './dialect.ts';

const time = (format: string, timezone = 'UTC'): Partial<CsvColumn> => ({
  parser: timestampParser(format, { timezone, date: '1970-01-01' }),
  formatText: format,
});

const columns: readonly CsvColumn[] = [
  { name: 's', type: 'string' },
  { name: 'l', type: 'long' },
  { name: 'd', type: 'double' },
  { name: 'b', type: 'boolean' },
  { name: 'j', type: 'json' },
  { name: 't1', type: 'timestamp', ...time('%Y-%m-%d %H:%M:%S') },
  { name: 't2', type: 'timestamp', ...time('%Y-%m-%dT%H:%M:%S.%N%z', 'Asia/Tokyo') },
  { name: 't3', type: 'timestamp', ...time('%d/%m/%Y', 'America/New_York') },
];

/** What the text reads as, in the form in which a writer sees it: values, and texts that may be copied. */
function read(text: string, isKernel: boolean, cuts: readonly number[] = []): { lines: string; skipped: string[] } {
  const skipped: string[] = [];
  const kernel = isKernel ? acquireKernel() : undefined;
  expect(kernel !== undefined).toBe(isKernel);
  const reader = new CsvBatchReader({
    columns,
    dialect: defaultDialect,
    nullString: null,
    allowOptionalColumns: true,
    allowExtraColumns: false,
    skipHeaderLines: 0,
    reject: (reason, line, shown) => skipped.push(`${line} ${reason.code} ${reason.message} ${shown}`),
    kernel,
  });
  const formatter = timestampFormatter('%Y-%m-%dT%H:%M:%S.%9N%:z', 'UTC');
  const writer = new JsonLinesWriter({
    schema: { columns },
    newline: '\n',
    formatters: columns.map(({ type }) => (type === 'timestamp' ? formatter : undefined)),
  });
  let lines = '';
  const take = (batches: Iterable<Batch>): void => {
    for (const batch of batches) lines += Buffer.from(writer.write(batch)).toString('utf8');
  };
  const bytes = Buffer.from(text);
  const edges = [0, ...cuts, bytes.length].sort((a, b) => a - b);
  for (const [index, edge] of edges.slice(1).entries()) {
    take(reader.read(bytes.subarray(edges[index], edge), index === edges.length - 2));
  }
  kernel?.release();
  return { lines, skipped };
}

const digits = fc.stringMatching(/^\d{0,20}$/);
const long = fc.tuple(fc.constantFrom('', '-', '+'), digits).map(([sign, text]) => sign + text);
const double = fc
  .tuple(long, fc.constantFrom('', '.', 'e', 'E-', '.0', '.50', 'd'), digits)
  .map((parts) => parts.join(''));
const two = fc.nat(65).map((value) => String(value).padStart(2, '0'));
const clock = fc
  .tuple(fc.constantFrom('2020', '1999', '0000', '1900', '9999', '12020', '99'), two, two, two, two, two)
  .map(([year, month, day, hour, minute, second]) => ({ year, month, day, hour, minute, second }));
const zone = fc.constantFrom('', 'Z', 'z', 'UTC', '+09:00', '-0330', '+1800', '+1759', '+9', ' JST', 'x');
const stamp = fc.oneof(
  clock.map((c) => `${c.year}-${c.month}-${c.day} ${c.hour}:${c.minute}:${c.second}`),
  fc
    .tuple(clock, digits, zone)
    .map(([c, nanos, name]) => `${c.year}-${c.month}-${c.day}T${c.hour}:${c.minute}:${c.second}.${nanos}${name}`),
  clock.map((c) => `${c.day}/${c.month}/${c.year}`),
);
const json = fc.constantFrom('{"a":1}', '[1, 2.50,"x"]', '{', '" "', '1e3', 'null', ' ', '{"a":{"b":"é\\n"}}', '-0');
const word = fc.constantFrom('true', 'TRUE', 'yes', 'on', '1', 't', 'no', 'false', 'tru', 'truee', '', ' ', 'é', '"');
const cell = fc.oneof(long, double, stamp, json, word);
const fitting = fc.tuple(
  fc.string({ maxLength: 40 }),
  fc.oneof(long, fc.maxSafeInteger().map(String)),
  fc.oneof(double, fc.double({ noNaN: true, noDefaultInfinity: true }).map(String)),
  word,
  json,
  stamp,
  stamp,
  stamp,
);

/** A record: each cell quoted or not, some of another column's kind, some missing. */
const record = fc
  .tuple(
    fitting,
    fc.array(fc.boolean(), { minLength: 8, maxLength: 8 }),
    fc.option(fc.tuple(fc.nat(7), cell)),
    fc.nat(20),
    fc.constantFrom('\n', '\n', '\r\n', '\r', '\n\n'),
  )
  .map(([cells, quoted, odd, count, end]) => {
    const texts: string[] = cells.map((text, index) => (odd !== null && odd[0] === index ? odd[1] : text));
    const shown = texts.map((text, index) => (quoted[index] === true ? `"${text.replaceAll('"', '""')}"` : text));
    return shown.slice(0, count < 7 ? count + 1 : 8).join(',') + end;
  });

describe('CsvBatchReader on typed soups', () => {
  it('reads with a kernel what it reads without, whatever the pieces', () => {
    fc.assert(
      fc.property(fc.array(record, { maxLength: 12 }), fc.array(fc.nat(600), { maxLength: 3 }), (records, cuts) => {
        const text = records.join('');
        const bytes = Buffer.from(text);
        const between = cuts.filter((cut) => cut < bytes.length && ((bytes[cut] ?? 0) & 0xc0) !== 0x80);
        const exact = read(text, false);
        expect(read(text, true)).toEqual(exact);
        expect(read(text, true, between)).toEqual(exact);
      }),
      fuzz(3000),
    );
  });

  it('goes on quickly behind many bad records', () => {
    const text = Array.from({ length: 20_000 }, (_, row) => (row % 3 === 0 ? 'x,bad\n' : `x,${row}\n`)).join('');
    const exact = read(text, false);
    expect(exact.skipped).toHaveLength(6667);
    expect(read(text, true)).toEqual(exact);
  });
});
