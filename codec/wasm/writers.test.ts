import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELL_PLAIN, CELL_SURROGATE, newVector, withSchema } from '#spi/batch.ts';
import type { Batch, Vector } from '#spi/batch.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { CsvWriter } from '#codec/csv/writer.ts';
import type { CsvWriterOptions } from '#codec/csv/writer.ts';
import { JsonLinesWriter } from '#codec/json/lines-writer.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { inKernel, randomBatches } from '#test/kit/random-batches.ts';
import { fuzz } from '#test/kit/fuzz.ts';
import { csvWriter } from './csv-writer-kernel.ts';
import { jsonLinesWriter } from './json-lines-kernel.ts';
import type { BatchWriter } from './json-lines-kernel.ts';
import { acquireKernel, kernelOf } from './kernel.ts';
import type { Kernel } from './kernel.ts';

const times = fc.record({
  format: fc.constantFrom(
    '%Y-%m-%d %H:%M:%S.%6N %z',
    '%FT%T.%L%:z',
    '%d/%m/%Y "%H\\%M"\n%S,%N%Z',
    '%3N|%Y',
    'T%9N',
    '%T%::z',
    '%s',
    '%b %e',
    '%Y%Y',
    '',
    '%Q雪%%%n',
    `%Y${'-'.repeat(74)}%S`,
    `%Y${'-'.repeat(75)}%S`,
  ),
  timezone: fc.constantFrom('UTC', '+09:00', '-03:30', 'Asia/Tokyo', 'America/New_York', 'Europe/London'),
});

const regionBytes = fc.constantFrom(0, 1, 17, 60, 200, 1000, 100_000);
/** Which columns lie in the kernel's memory, as bits. */
const placed = fc.oneof(fc.nat(127), fc.constantFrom(0, 127));

function withKernel(test: (kernel: Kernel) => void): void {
  const kernel = acquireKernel();
  if (kernel === undefined) throw new Error('These tests need WebAssembly with SIMD');
  try {
    test(kernel);
  } finally {
    kernel.release();
  }
}

function compare(
  batches: readonly Batch[],
  bits: number,
  kernel: Kernel,
  writers: { exact: CsvWriter | JsonLinesWriter; fast: BatchWriter },
): void {
  for (const batch of batches) {
    const moved = inKernel(batch, kernel, (column) => ((bits >> column) & 1) === 1);
    const expected = Buffer.from(writers.exact.write(batch)).toString('latin1');
    expect(Buffer.from(writers.fast.write(moved)).toString('latin1')).toBe(expected);
    // The arrays are known now.
    expect(Buffer.from(writers.fast.write(withSchema(moved, batch.schema))).toString('latin1')).toBe(expected);
    if (bits === 0) writers.fast.release();
  }
}

describe('jsonLinesWriter()', () => {
  it('writes any batch as the exact writer does', () => {
    const newline = fc.constantFrom('\n', '\r\n', '');
    const formats = fc.array(times, { minLength: 7, maxLength: 7 });
    const property = fc.property(
      fc.record({ table: randomBatches, newline, formats, regionBytes, placed }),
      ({ table: { schema, batches }, formats, placed, ...options }) => {
        const formatters = schema.columns.map(({ type }, index) => {
          const { format = '', timezone = 'UTC' } = formats[index] ?? {};
          return type === 'timestamp' ? timestampFormatter(format, timezone) : undefined;
        });
        const writerOptions = { schema, newline: options.newline, formatters };
        const exact = new JsonLinesWriter(writerOptions);
        const fast = jsonLinesWriter(writerOptions, { regionBytes: options.regionBytes, ownKernelCellsMin: 0 });
        withKernel((kernel) => compare(batches, placed, kernel, { exact, fast }));
      },
    );
    fc.assert(property, fuzz(500));
  });
});

const csvOptions = fc.record({
  delimiter: fc.constantFrom(',', ',', '\t', ';', '-', '0', '"', '雪', '\n'),
  quote: fc.constantFrom('"', '"', "'", '\\', '1', 'é'),
  escape: fc.constantFrom('"', '\\', 'a', 'é'),
  policy: fc.constantFrom<CsvWriterOptions['policy']>('MINIMAL', 'ALL', 'NONE'),
  nullText: fc.constantFrom('', '\\N', 'true', '0', '0.0', 'x'.repeat(20), '1970-01-01'),
  newlineInField: fc.constantFrom('\n', '\r\n', '\r', ''),
  newline: fc.constantFrom('\n', '\r\n'),
});

describe('csvWriter()', () => {
  it('writes any batch as the exact writer does', () => {
    const formats = fc.array(times, { minLength: 7, maxLength: 7 });
    const property = fc.property(
      fc.record({ table: randomBatches, options: csvOptions, formats, regionBytes, placed }),
      ({ table: { schema, batches }, options, formats, regionBytes, placed }) => {
        const formatters = schema.columns.map(({ type }, index) => {
          const { format = '', timezone = 'UTC' } = formats[index] ?? {};
          return type === 'timestamp' ? timestampFormatter(format, timezone) : undefined;
        });
        const exact = new CsvWriter({ ...options, formatters });
        const fast = csvWriter({ ...options, formatters }, schema, { regionBytes, ownKernelCellsMin: 0 });
        withKernel((kernel) => compare(batches, placed, kernel, { exact, fast }));
      },
    );
    fc.assert(property, fuzz(500));
  });
});

/** One column whose cells are set by the caller. */
function column(type: Column['type'], rowCount: number, arena: Uint8Array, set: (vector: Vector) => void): Batch {
  const vector = newVector(type, rowCount, arena);
  set(vector);
  return { schema: { columns: [{ name: 'a', type }] }, rowCount, vectors: [vector] };
}

const lines = (schema: Schema) => ({
  schema,
  newline: '\n',
  formatters: schema.columns.map(({ type }) =>
    type === 'timestamp' ? timestampFormatter('%F %T.%N', 'UTC') : undefined,
  ),
});
const comma = (schema: Schema): CsvWriterOptions => ({
  delimiter: ',',
  quote: '"',
  escape: '"',
  policy: 'MINIMAL',
  nullText: '',
  newlineInField: '\n',
  newline: '\n',
  formatters: lines(schema).formatters,
});

function expectSame(batch: Batch, kernel: Kernel): void {
  const { schema } = batch;
  const moved = inKernel(batch, kernel);
  const json = Buffer.from(new JsonLinesWriter(lines(schema)).write(batch));
  expect(json.equals(jsonLinesWriter(lines(schema)).write(moved))).toBe(true);
  const csv = Buffer.from(new CsvWriter(comma(schema)).write(batch));
  expect(csv.equals(csvWriter(comma(schema), schema).write(moved))).toBe(true);
}

describe('RecordWriter', () => {
  const MIB = 1024 * 1024;

  it.each([
    [32, 'plain', 'x', CELL_PLAIN],
    [32, 'that has to be looked at', 'x', 0],
    [8, 'of quotes', '"', 0],
    [3, 'of control characters', '\u0001', 0],
  ])('writes a cell of %i MiB %s', (size, _, unit, flags) => {
    const arena = Buffer.alloc(size * MIB, unit);
    const batch = column('string', 3, arena, ({ cells }) => {
      cells.set([0, 2 | flags, 0, arena.length | flags, 1, 3 | flags]);
    });
    withKernel((kernel) => expectSame(batch, kernel));
  });

  it('writes in the kernel, without copies', () => {
    withKernel((kernel) => {
      const batch = inKernel(
        column('boolean', 3, new Uint8Array(0), () => undefined),
        kernel,
      );
      expect(jsonLinesWriter(lines(batch.schema)).write(batch).buffer).toBe(kernel.bytes.buffer);
      expect(csvWriter(comma(batch.schema), batch.schema).write(batch).buffer).toBe(kernel.bytes.buffer);
    });
  });

  it('writes 100,000 columns with long names', () => {
    const columns = Array.from({ length: 100_000 }, (_, index): Column => ({
      name: index % 1000 === 0 ? 'n'.repeat(5000) : `column ${index}`,
      type: index % 2 === 0 ? 'long' : 'boolean',
    }));
    const vectors = columns.map(({ type }) => newVector(type, 2, new Uint8Array(0)));
    withKernel((kernel) => expectSame({ schema: { columns }, rowCount: 2, vectors }, kernel));
  });

  it('leaves the batch to the exact writer when the kernel has no room', () => {
    const arena = Buffer.from('text');
    const batch = column('string', 1, arena, ({ cells }) => cells.set([0, 4]));
    withKernel((kernel) => {
      const moved = inKernel(batch, kernel);
      for (const size of [16 * MIB, MIB, 64]) while (kernel.allocate(size) !== undefined) continue;
      const written = jsonLinesWriter(lines(batch.schema)).write(moved);
      expect(Buffer.from(written).toString()).toBe('{"a":"text"}\n');
      expect(written.buffer).not.toBe(kernel.bytes.buffer);
    });
  });

  it('follows a kernel to its next user, and batches from kernel to kernel', () => {
    const arena = Buffer.from('onetwo');
    const one = column('string', 1, arena, ({ cells }) => cells.set([0, 3]));
    const two = column('string', 1, arena, ({ cells }) => cells.set([3, 3]));
    const writer = jsonLinesWriter(lines(one.schema));
    const write = (batch: Batch): string => Buffer.from(writer.write(batch)).toString();
    withKernel((first) => {
      withKernel((second) => {
        const batches = [inKernel(one, first), inKernel(two, second)];
        for (let turn = 0; turn < 100; turn++) expect(batches.map(write).join('')).toBe('{"a":"one"}\n{"a":"two"}\n');
      });
    });
    withKernel((kernel) => {
      kernel.bytes.fill(255, 64 * 1024, MIB);
      expect(write(inKernel(two, kernel))).toBe('{"a":"two"}\n');
    });
  });

  it.each([0, 100, 3000])('stays within an output region of %i bytes', (regionBytes) => {
    const columns: Column[] = ['b', 'n'.repeat(5000), 'c'].map((name) => ({ name, type: 'string' }));
    const arena = Buffer.concat([Buffer.from([0xed, 0xa5, 0x81]), Buffer.alloc(50_000, 'x')]);
    const cells = Uint32Array.from([0, arena.length | CELL_SURROGATE, 3, 20, 0, arena.length | CELL_SURROGATE]);
    const vectors = columns.map((): Vector => ({ type: 'string', cells, arena }));
    const batch = { schema: { columns }, rowCount: 3, vectors };
    withKernel((kernel) => {
      const written = jsonLinesWriter(lines(batch.schema), { regionBytes }).write(inKernel(batch, kernel));
      expect(new JsonLinesWriter(lines(batch.schema)).write(batch)).toEqual(new Uint8Array(written));
    });
  });

  it('sees what has changed in arrays that it knows', () => {
    const arena = Buffer.from('onetwo');
    const batch = column('string', 1, arena, ({ cells }) => cells.set([0, 3]));
    const cells = batch.vectors[0]?.cells ?? new Uint32Array(2);
    const writer = jsonLinesWriter(lines(batch.schema), { ownKernelCellsMin: 0 });
    const write = (vectors: readonly Vector[]): string => Buffer.from(writer.write({ ...batch, vectors })).toString();
    expect(write(batch.vectors)).toBe('{"a":"one"}\n');
    cells[0] = 3;
    expect(write(batch.vectors)).toBe('{"a":"two"}\n');
    writer.release();
    withKernel((kernel) => {
      const [vector] = inKernel(batch, kernel).vectors;
      if (vector?.type !== 'string') throw new Error('The column is of strings');
      const start = vector.cells[0] ?? 0;
      vector.cells[0] = 0;
      expect(write([{ ...vector, arena: kernel.bytes.subarray(start) }])).toBe('{"a":"two"}\n');
      expect(write([{ ...vector, arena: kernel.bytes.subarray(start - 3) }])).toBe('{"a":"one"}\n');
    });
  });

  it('copies texts in any order', () => {
    const arena = Buffer.from('onetwo');
    const batch = column('string', 3, arena, ({ cells }) => cells.set([3, 3, 0, 3, 2, 2]));
    const writer = jsonLinesWriter(lines(batch.schema), { ownKernelCellsMin: 0 });
    expect(Buffer.from(writer.write(batch)).toString()).toBe('{"a":"two"}\n{"a":"one"}\n{"a":"et"}\n');
    writer.release();
  });

  it.each([
    // British Standard Time was all year's time: its name changed with the year, not with the offset.
    ['the name of a zone', 'Europe/London', '%T %Z', [-48_000_000, -16_000_000, -48_000_000]],
    [
      'both sides of a change',
      'America/New_York',
      '%T %z',
      [1_615_705_199, 1_615_705_200, 1_636_264_799, 1_636_264_800],
    ],
  ])('writes %s', (_, timezone, format, seconds) => {
    // The second half meets known stretches.
    const instants = [...seconds, ...seconds];
    const batch = column('timestamp', instants.length, new Uint8Array(0), (vector) => {
      if (vector.type === 'timestamp') vector.values.set(instants.map((second) => BigInt(second) * 1_000_000n));
    });
    const { schema } = batch;
    const options = { schema, newline: '\n', formatters: [timestampFormatter(format, timezone)] };
    withKernel((kernel) => {
      const written = jsonLinesWriter(options).write(inKernel(batch, kernel));
      expect(Buffer.from(written).toString()).toBe(Buffer.from(new JsonLinesWriter(options).write(batch)).toString());
    });
  });

  it('copies batches into a kernel of its own only when they are large', () => {
    const small = column('long', 10, new Uint8Array(0), () => undefined);
    const large = column('long', 4096, new Uint8Array(0), () => undefined);
    const writer = csvWriter(comma(small.schema), small.schema);
    expect(kernelOf(writer.write(small).buffer)).toBeUndefined();
    const kernel = kernelOf(writer.write(large).buffer);
    expect(kernel).toBeDefined();
    const epoch = kernel?.epoch ?? 0;
    writer.release();
    expect(kernel?.epoch).toBe(epoch + 1);
    expect(Buffer.from(writer.write(small)).toString()).toBe('0\n'.repeat(10));
  });
});
