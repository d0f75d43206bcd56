/** Rows of COPY by the kernel and without it: the same records, for any texts and any split of the bytes. */
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import type { Batch, Timestamp } from '#spi/batch.ts';
import { BatchBuilder } from '#spi/batch-builder.ts';
import type { Schema } from '#spi/schema.ts';
import { JsonLinesWriter } from '#codec/json/lines-writer.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { useKernels } from '#codec/wasm/kernel-switch.ts';
import type { KernelWriterOptions } from '#codec/wasm/record-writer.ts';
import { fuzz } from '#test/kit/fuzz.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { CopyReader } from './copy-reader.ts';
import { CopyWriter } from './copy-writer.ts';
import type { SourceKind } from './source-types.ts';
import type { TargetColumn, WriteKind } from './target-columns.ts';

type ColumnType = Schema['columns'][number]['type'];

const words = (...texts: readonly string[]): fc.Arbitrary<string> => fc.constantFrom(...texts);
const text = fc
  .array(
    fc.constantFrom('a', '\\', '\t', '\n', '\r', '\b', '\f', '\v', '"', 'é', '😀', 'N', '\x01', 'words of a text '),
    {
      maxLength: 12,
    },
  )
  .map((parts) => parts.join(''));
const long = fc.oneof(
  fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(String),
  fc.integer({ min: -9999, max: 9999 }).map(String),
);
const double = fc.oneof(
  fc.double().map((value) => String(value)),
  fc.integer({ min: -99_999, max: 99_999 }).map((value) => String(value / 100)),
  words('0', '-0', '1e+20', '1.5e-05', 'NaN', 'Infinity', '-Infinity', '0.001', '1234567.5', '12345678.5'),
);
const decimal = fc.oneof(
  fc.tuple(fc.integer(), fc.nat(999)).map(([whole, part]) => `${whole}.${String(part).padStart(3, '0')}`),
  words('0.00', '-0.50', '12345678901234567890.123456789012345', '100', '0.0010', '999999999999999'),
);
const moment = fc.oneof(
  fc.date({ noInvalidDate: true, min: new Date('0001-01-01'), max: new Date('9999-12-31') }).map((date) =>
    date
      .toISOString()
      .replace('T', ' ')
      .replace(/\.?0*Z$/, ''),
  ),
  words(
    '2024-02-29 23:59:59.123456',
    '0044-03-15 00:00:00 BC',
    '20240-01-01 00:00:00',
    'infinity',
    '1969-12-31 23:59:59.9',
  ),
);
const instant = moment.map((value) => value.replace(/^([^ ]+ [^ ]+)/, '$1+00'));
const date = moment.map((value) => value.replace(/ \d\d:\S+/, ''));
const clock = words('00:00:00', '24:00:00', '23:59:59.999999', '12:30:00.5');

const kinds: readonly (readonly [SourceKind, ColumnType, fc.Arbitrary<string>])[] = [
  ['long', 'long', long],
  ['long', 'string', long],
  ['long', 'double', long],
  ['long', 'boolean', long],
  ['double', 'double', double],
  ['float', 'double', double],
  ['decimal', 'double', decimal],
  ['decimal', 'string', decimal],
  ['boolean', 'boolean', words('t', 'f')],
  ['boolean', 'long', words('t', 'f')],
  ['string', 'string', text],
  ['string', 'long', long],
  ['json', 'string', words('{"a": 1}', '[1, "\\n"]')],
  ['json', 'json', words('{"a": 1}', '[1, "\\n"]', '1e5', ' null ')],
  ['timestamp', 'timestamp', fc.oneof(moment, instant)],
  ['timestamp', 'string', moment],
  ['date', 'timestamp', date],
  ['time', 'timestamp', clock],
];
const schema: Schema = { columns: kinds.map(([kind, type], index) => ({ name: `${index} ${kind}`, type })) };
const rows = fc.array(fc.tuple(...kinds.map(([, , cell]) => fc.option(cell, { freq: 8 }))), { maxLength: 12 });

const letters: Readonly<Record<string, string>> = {
  '\\': '\\\\', '\b': '\\b', '\f': '\\f', '\n': '\\n', '\r': '\\r', '\t': '\\t', '\v': '\\v',
}; // prettier-ignore

function copyText(list: readonly (readonly (string | null)[])[]): Buffer {
  // oxlint-disable-next-line no-control-regex -- what the server escapes
  const cell = (value: string | null): string =>
    value?.replace(/[\\\b\f\n\r\t\v]/g, (mark) => letters[mark] ?? '') ?? '\\N';
  return Buffer.from(list.map((row) => `${row.map(cell).join('\t')}\n`).join(''));
}

interface Copied {
  readonly lines: string;
  readonly lastRow: readonly (string | null)[] | undefined;
  readonly warned: readonly string[];
}

/** What writers see of the records: values, and texts that may be copied. */
function read(bytes: Uint8Array, kernels: 'always' | 'never', cuts: readonly number[] = []): Copied {
  useKernels(kernels);
  const { log, lines: warned } = keptLog();
  const spec = { format: '%d/%m/%Y %H:%M:%S', timezone: 'UTC', infiniteDates: 'null' } as const;
  const reader = new CopyReader(
    schema,
    kinds.map(([kind, type], index) => ({ ...spec, name: schema.columns[index]?.name ?? '', type, kind })),
    log,
  );
  const formatter = timestampFormatter('%Y-%m-%dT%H:%M:%S.%9N%:z', 'UTC');
  const formatters = schema.columns.map(({ type }) => (type === 'timestamp' ? formatter : undefined));
  const writer = new JsonLinesWriter({ schema, newline: '\n', formatters });
  let lines = '';
  const edges = [0, ...cuts.filter((cut) => cut < bytes.length), bytes.length].sort((a, b) => a - b);
  for (const [index, edge] of edges.slice(1).entries()) {
    reader.feed(bytes.subarray(edges[index], edge));
    for (let batch = reader.next(); batch !== undefined; batch = reader.next()) {
      lines += Buffer.from(writer.write(batch)).toString('utf8');
    }
  }
  reader.end();
  const lastRow = reader.lastRow();
  reader.close();
  return { lines, lastRow, warned };
}

afterEach(() => {
  useKernels('auto');
});

describe('CopyReader', () => {
  it('reads by the kernel what it reads without', () => {
    fc.assert(
      fc.property(rows, fc.array(fc.nat(3000), { maxLength: 4 }), (list, cuts) => {
        const bytes = copyText(list);
        const expected = read(bytes, 'never');
        expect(expected.lines.split('\n')).toHaveLength(list.length + 1);
        expect(expected.lastRow).toEqual(list.at(-1));
        expect(read(bytes, 'always', cuts)).toEqual(expected);
        expect(read(bytes, 'never', cuts)).toEqual(expected);
      }),
      fuzz(150),
    );
  });
});

interface Target {
  readonly type: ColumnType;
  readonly kind: WriteKind;
  readonly format?: string;
  readonly timezone?: string;
}

const targets: readonly Target[] = [
  { type: 'string', kind: 'text' },
  { type: 'json', kind: 'json' },
  { type: 'long', kind: 'integer' },
  { type: 'long', kind: 'boolean' },
  { type: 'double', kind: 'float' },
  { type: 'double', kind: 'boolean' },
  { type: 'boolean', kind: 'boolean' },
  { type: 'boolean', kind: 'integer' },
  { type: 'string', kind: 'null' },
  { type: 'timestamp', kind: 'timestamptz', timezone: 'Asia/Tokyo' },
  { type: 'timestamp', kind: 'timestamp', timezone: 'Europe/Berlin' },
  { type: 'timestamp', kind: 'date', timezone: 'America/New_York' },
  { type: 'timestamp', kind: 'time' },
  { type: 'timestamp', kind: 'text', format: '%d\\%m%t%Y %H:%M:%S.%3N %Z' },
];
const written: Schema = { columns: targets.map(({ type }, index) => ({ name: `${index}`, type })) };
const targetColumns = targets.map(({ kind, format = '%Y', timezone = 'UTC' }, source): TargetColumn => {
  return { name: `${source}`, source, sqlType: '', kind, format, timezone };
});

const seconds = fc.oneof(
  fc.integer({ min: -70_000_000_000, max: 260_000_000_000 }),
  fc.integer({ min: -8_600_000_000_000, max: 8_600_000_000_000 }),
  // The years 0 and 1, and the end of a day.
  fc.integer({ min: -62_170_000_000, max: -62_130_000_000 }),
  fc.constant(86_400),
);
const values: Readonly<Record<ColumnType, fc.Arbitrary<Value>>> = {
  string: text,
  json: words('{"a":"\\n"}', '[1.0,"\u00e9"]'),
  long: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  double: fc.double(),
  boolean: fc.boolean(),
  timestamp: fc.record({ seconds, nanos: fc.oneof(fc.nat(999_999_999), fc.constant(0)) }),
};
type Value = string | bigint | number | boolean | Timestamp;
const valueRows = fc.array(fc.tuple(...targets.map(({ type }) => fc.option(values[type], { freq: 8 }))), {
  maxLength: 12,
});

function batchOf(list: readonly (readonly (Value | null)[])[]): Batch | undefined {
  const builder = new BatchBuilder(written);
  for (const row of list) {
    for (const [column, value] of row.entries()) {
      if (value === null) continue;
      if (typeof value === 'string') builder.setString(column, value);
      else if (typeof value === 'bigint') builder.setLong(column, value);
      else if (typeof value === 'number') builder.setDouble(column, value);
      else if (typeof value === 'boolean') builder.setBoolean(column, value);
      else builder.setTimestamp(column, value.seconds, value.nanos);
    }
    builder.endRow();
  }
  return builder.take();
}

function write(batch: Batch, kernels: 'always' | 'never', options: KernelWriterOptions = {}): string {
  useKernels(kernels);
  const writer = new CopyWriter(written, targetColumns, { ownKernelCellsMin: 0, ...options });
  // Twice: the second time the kernel knows the stretches of zones that it has met.
  const first = Buffer.from(writer.write(batch)).toString();
  expect(Buffer.from(writer.write(batch)).toString()).toBe(first);
  writer.release();
  expect(writer.rows).toBe(batch.rowCount * 2);
  return first;
}

describe('CopyWriter', () => {
  it('writes by the kernel what it writes without', () => {
    fc.assert(
      fc.property(valueRows, fc.constantFrom(256, 4096), (list, regionBytes) => {
        const batch = batchOf(list);
        if (batch === undefined) return;
        expect(write(batch, 'always', { regionBytes })).toBe(write(batch, 'never'));
      }),
      fuzz(150),
    );
  });

  it.each(['always', 'never'] as const)('names the place of a NUL, kernels %s', (kernels) => {
    const row = targets.map(() => null);
    const batch = batchOf([row, ['a text of more than a few bytes \0', ...row.slice(1)]]);
    expect(batch).toBeDefined();
    if (batch === undefined) return;
    try {
      write(batch, kernels);
      expect.unreachable();
    } catch (error) {
      expect(error).toMatchObject({ code: 'PG_NUL_IN_TEXT', where: { record: 2, field: '0' } });
    }
  });
});
