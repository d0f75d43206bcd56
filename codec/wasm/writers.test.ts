import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { withSchema } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import { CsvWriter } from '#codec/csv/writer.ts';
import type { CsvWriterOptions } from '#codec/csv/writer.ts';
import { JsonLinesWriter } from '#codec/json/lines-writer.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { inKernel, randomBatches } from '#test/kit/random-batches.ts';
import { csvWriter } from './csv-writer-kernel.ts';
import { jsonLinesWriter } from './json-lines-kernel.ts';
import type { BatchWriter } from './json-lines-kernel.ts';
import { acquireKernel } from './kernel.ts';
import type { Kernel } from './kernel.ts';

const runs = Number(process.env['FUZZ_RUNS'] ?? 2000);

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
    fc.assert(property, { numRuns: runs });
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
    fc.assert(property, { numRuns: runs });
  });
});
