import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { JsonLinesWriter } from '#codec/json/lines-writer.ts';
import { fuzz } from '#test/kit/fuzz.ts';
import { CsvBatchReader } from './batch-reader.ts';
import type { CsvReaderOptions } from './batch-reader.ts';
import { defaultDialect } from './dialect.ts';

const columns = [
  { name: 'l', type: 'long' },
  { name: 'd', type: 'double' },
  { name: 's', type: 'string' },
  { name: 'm', type: 'long' },
] as const;

const writer = new JsonLinesWriter({ schema: { columns }, newline: '\n', formatters: [] });

type Options = Pick<CsvReaderOptions, 'dialect' | 'nullString' | 'isFast'>;

/** What the text reads as, as a writer sees it: values, and texts that may be copied. */
function read(text: string, options: Options, cut = 0): { lines: string; skipped: string[] } {
  const skipped: string[] = [];
  const reader = new CsvBatchReader({
    ...options,
    columns,
    allowOptionalColumns: true,
    allowExtraColumns: false,
    skipHeaderLines: 0,
    reject: (reason, line, shown) => skipped.push(`${line} ${reason.code} ${reason.message} ${shown}`),
  });
  const bytes = Buffer.from(text);
  let lines = '';
  for (const isLast of [false, true]) {
    const piece = isLast ? bytes.subarray(cut) : bytes.subarray(0, cut);
    for (const batch of reader.read(piece, isLast)) lines += Buffer.from(writer.write(batch)).toString();
  }
  return { lines, skipped };
}

const number = fc.oneof(
  fc.stringMatching(/^[-+]?\d{0,20}$/),
  fc.stringMatching(/^-?\d{0,10}\.?\d{0,10}$/),
  fc.stringMatching(/^ ?-?[0-2]{0,2}\.?[0-2]{0,3}[e"'\0]?[-1]? ?$/),
);
const soup = fc
  .array(fc.tuple(number, fc.constantFrom(',', ',', ',', '\n', '\r\n', '\r', '"', '0', '-', '.', "'", '\t')), {
    maxLength: 12,
  })
  .map((parts) => parts.flat().join(''));

/** With characters, too, that numbers are made of. */
const options = fc.record({
  dialect: fc
    .record({
      delimiter: fc.constantFrom(',', ',', ',', '\t', '0', '1', '-', '.'),
      quote: fc.constantFrom('"', '"', "'", '1', '-', '.', null),
      escape: fc.constantFrom('\\', '"', '1', 'e', null),
      trimIfNotQuoted: fc.boolean(),
      maxQuotedSizeLimit: fc.constantFrom(3, 131_072),
    })
    .map((chosen) => ({ ...defaultDialect, ...chosen })),
  nullString: fc.constantFrom(null, '', '1', '-1', '0.0', '-', '1e', 'a'),
});

describe('CsvBatchReader on soups of numbers', () => {
  it('reads on the fast way what the exact machine reads, cut anywhere', () => {
    fc.assert(
      fc.property(soup, options, fc.nat(60), (text, chosen, cut) => {
        const exact = read(text, { ...chosen, isFast: false });
        expect(read(text, chosen)).toEqual(exact);
        expect(read(text, chosen, Math.min(cut, text.length))).toEqual(exact);
      }),
      fuzz(3000),
    );
  });
});
