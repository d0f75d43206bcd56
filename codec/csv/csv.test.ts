import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { valueAt } from '#spi/batch.ts';
import { acquireKernel } from '#codec/wasm/kernel.ts';
import { timestampParser } from '#codec/time/timestamp-parser.ts';
import { fuzz } from '#test/kit/fuzz.ts';
import { CsvBatchReader } from './batch-reader.ts';
import type { CsvReaderOptions } from './batch-reader.ts';
import { defaultDialect } from './dialect.ts';
import type { CsvDialect } from './dialect.ts';
import { splitLines } from './line-tokenizer.ts';

type Options = Partial<Omit<CsvReaderOptions, 'dialect' | 'reject' | 'kernel'>> & {
  readonly dialect?: Partial<CsvDialect>;
  readonly isKernel?: boolean;
};

/** What a text reads as: rows as JSON, and what was left out as `line code`. */
function read(
  text: string | Uint8Array,
  options: Options = {},
  cuts: readonly number[] = [],
): { rows: string[]; skipped: string[] } {
  const bytes = typeof text === 'string' ? new TextEncoder().encode(text) : text;
  const skipped: string[] = [];
  const kernel = options.isKernel === true ? acquireKernel() : undefined;
  expect(kernel !== undefined).toBe(options.isKernel === true);
  const reader = new CsvBatchReader({
    kernel,
    columns: [
      { name: 'a', type: 'string' },
      { name: 'b', type: 'string' },
    ],
    nullString: null,
    allowOptionalColumns: false,
    allowExtraColumns: false,
    skipHeaderLines: 0,
    ...options,
    dialect: { ...defaultDialect, ...options.dialect },
    reject: (reason, line, shown) => skipped.push(`${line} ${reason.code} ${shown}`),
  });
  const rows: string[] = [];
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  for (const [index, edge] of edges.slice(1).entries()) {
    const piece = bytes.subarray(Math.min(edges[index] ?? 0, edge), edge);
    for (const batch of reader.read(piece, index === edges.length - 2)) {
      for (let row = 0; row < batch.rowCount; row++) {
        rows.push(
          JSON.stringify(
            batch.vectors.map((vector) => valueAt(vector, row)),
            (_, v: unknown) => (typeof v === 'bigint' ? `${v}n` : v),
          ),
        );
      }
    }
  }
  kernel?.release();
  return { rows, skipped };
}

describe.each([
  ['without a kernel', false],
  ['with a kernel', true],
])('CsvBatchReader %s', (_name, isKernel) => {
  it.each<[string, Options, string, string[], string[]]>([
    ['unquoted empty is null, quoted is not', {}, 'x,\n,""\n"",z\n', ['["x",null]', '[null,""]', '["","z"]'], []],
    [
      'null_string wins over quotes',
      { nullString: '\\N' },
      'x,\n\\N,"\\N"\n"",z\n',
      ['["x",""]', '[null,null]', '["","z"]'],
      [],
    ],
    ['an empty null_string', { nullString: '' }, 'x,\n"",z\n', ['["x",null]', '[null,"z"]'], []],
    [
      'escapes inside quotes only',
      {},
      '"a\\"b","c\\\\d"\n"a\\nb",c\\"d\n',
      ['["a\\"b","c\\\\d"]', '["a\\\\nb","c\\\\\\"d"]'],
      [],
    ],
    [
      'no escape',
      { dialect: { escape: null } },
      '"a\\"b",c\n"a\\\\b",d\n',
      ['["a\\\\\\\\b","d"]'],
      ['1 CSV_AFTER_QUOTE "a\\"b",c'],
    ],
    ['no quote', { dialect: { quote: null } }, '"a,b"\n', ['["\\"a","b\\""]'], []],
    ['breaks in quotes become the newline', { dialect: { newline: '\r' } }, '"a\nb",c\n', ['["a\\rb","c"]'], []],
    [
      'an open quote gives up its first line',
      {},
      'x,y\n"a\nb,c\nd,e\n',
      ['["x","y"]', '["b","c"]', '["d","e"]'],
      ['2 CSV_QUOTE_UNCLOSED "a'],
    ],
    ['blanks behind a closing quote', {}, '"a"  ,b\n  "c",d\n', ['["a","b"]', '["  \\"c\\"","d"]'], []],
    [
      'trim',
      { dialect: { trimIfNotQuoted: true } },
      '  a  ,  b c  \n  "c  "  ,  d\n , \n',
      ['["a","b c"]', '["c  ","d"]', '[null,null]'],
      [],
    ],
    [
      'comments',
      { dialect: { commentLineMarker: '#' } },
      '#a,b\nx,y\n #c,d\n"#e",f\n',
      ['["x","y"]', '[" #c","d"]', '["#e","f"]'],
      [],
    ],
    ['blank lines', {}, '\n\na,b\n\n  \nc,d\n', ['["a","b"]', '["c","d"]'], ['5 CSV_TOO_FEW_COLUMNS   ']],
    ['a long delimiter', { dialect: { delimiter: '||' } }, 'c|d||e\n', ['["c|d","e"]'], []],
    [
      'the limit of quoted values',
      { dialect: { maxQuotedSizeLimit: 5 } },
      '"ab\ncd\nef",x\n"abc",y\n',
      ['["ef\\"","x"]', '["abc","y"]'],
      ['1 CSV_QUOTED_TOO_LONG "ab', '2 CSV_TOO_FEW_COLUMNS cd'],
    ],
    ['NUL ends a line', {}, 'a\0b,c\nd,e\n', ['["d","e"]'], ['1 CSV_TOO_FEW_COLUMNS a\0b,c']],
    ['header lines are physical lines', { skipHeaderLines: 1 }, '"h\n1",h2\na,b\n', ['["1\\"","h2"]', '["a","b"]'], []],
    [
      'missing and surplus columns',
      {},
      'a\na,b,c\nd,e\n',
      ['["d","e"]'],
      ['1 CSV_TOO_FEW_COLUMNS a', '2 CSV_TOO_MANY_COLUMNS a,b,c'],
    ],
    [
      'both allowed',
      { allowOptionalColumns: true, allowExtraColumns: true },
      'a\na,b,c\n',
      ['["a",null]', '["a","b"]'],
      [],
    ],
    ['all line breaks', {}, 'a,b\rc,d\r\ne,f\ng,h', ['["a","b"]', '["c","d"]', '["e","f"]', '["g","h"]'], []],
    ['nothing', {}, '', [], []],
  ])('reads %s', (_title, options, text, rows, skipped) => {
    expect(read(text, { ...options, isKernel })).toEqual({ rows, skipped });
  });

  it('converts every type, and leaves out a record whose cell cannot be', () => {
    const parser = timestampParser('%Y-%m-%d', { timezone: 'UTC', date: '1970-01-01' });
    const columns = [
      { name: 'l', type: 'long' },
      { name: 'd', type: 'double' },
      { name: 'b', type: 'boolean' },
      { name: 't', type: 'timestamp', parser, formatText: '%Y-%m-%d' },
      { name: 'j', type: 'json' },
    ] as const;
    const text =
      '1,1.5,yes,1970-01-02,"{""a"": 1}"\nx,1,1,1970-01-01,1\n1,x,1,1970-01-01,1\n1,1,1,x,1\n1,1,1,1970-01-01,{\n,,,,\n';
    expect(read(text, { columns, isKernel })).toEqual({
      rows: ['["1n",1.5,true,{"seconds":86400,"nanos":0},"{\\"a\\":1}"]', '[null,null,null,null,null]'],
      skipped: [
        '2 CSV_LONG_INVALID x,1,1,1970-01-01,1',
        '3 CSV_DOUBLE_INVALID 1,x,1,1970-01-01,1',
        '4 CSV_TIMESTAMP_INVALID 1,1,1,x,1',
        '5 CSV_JSON_INVALID 1,1,1,1970-01-01,{',
      ],
    });
  });

  it('says how long a line may be', () => {
    const reader = new CsvBatchReader({
      columns: [{ name: 'a', type: 'string' }],
      dialect: defaultDialect,
      nullString: null,
      allowOptionalColumns: false,
      allowExtraColumns: false,
      skipHeaderLines: 0,
      reject: () => {},
      kernel: isKernel ? acquireKernel() : undefined,
    });
    const piece = new Uint8Array(16 * 1024 * 1024).fill(0x61);
    const readAll = (): void => {
      for (let count = 0; count < 8; count++) for (const _ of reader.read(piece, false)) expect.unreachable();
    };
    expect(readAll).toThrow(expect.objectContaining({ code: 'CSV_RECORD_TOO_LONG' }));
  });
});

/** Texts of the characters that matter, in unlucky combinations. */
const soup = fc
  .array(
    fc.constantFrom('"', '""', ',', '\n', '\r', '\r\n', '\\', ' ', 'a', 'bc', '#', '\0', 'é', '😀', '\t', ';;', "'"),
    { maxLength: 60 },
  )
  .map((parts) => parts.join(''));

const dialects = fc.record({
  delimiter: fc.constantFrom(',', '\t', ';;', ';'),
  quote: fc.constantFrom('"', "'", null),
  escape: fc.constantFrom('\\', '"', null),
  newline: fc.constantFrom('\n', '\r\n'),
  trimIfNotQuoted: fc.boolean(),
  strayQuotes: fc.boolean(),
  maxQuotedSizeLimit: fc.constantFrom(3, 131_072),
  commentLineMarker: fc.constantFrom(null, '#'),
  lineDelimiterRecognized: fc.constantFrom(null, null, 'LF' as const, 'CR' as const, 'CRLF' as const),
});

const options = fc.record({
  dialect: dialects,
  nullString: fc.constantFrom(null, '', 'a'),
  allowOptionalColumns: fc.boolean(),
  allowExtraColumns: fc.boolean(),
  skipHeaderLines: fc.constantFrom(0, 0, 1, 2),
});

const machines = fc.constantFrom({ isFast: false }, { isFast: true }, { isKernel: true });

describe('CsvBatchReader on soups of special characters', () => {
  it('reads on the fast way what the exact machine reads', () => {
    fc.assert(
      fc.property(soup, options, (text, chosen) => {
        const exact = read(text, { ...chosen, isFast: false });
        expect(read(text, chosen)).toEqual(exact);
        expect(read(text, { ...chosen, isKernel: true })).toEqual(exact);
      }),
      fuzz(3000),
    );
  });

  it('reads the same whatever the pieces of the text', () => {
    fc.assert(
      fc.property(soup, options, fc.array(fc.nat(80), { maxLength: 6 }), machines, (text, chosen, cuts, machine) => {
        const length = new TextEncoder().encode(text).length;
        const edges = cuts.map((cut) => Math.min(cut, length));
        // Pieces of a reader are cut between characters.
        const bytes = new TextEncoder().encode(text);
        const whole = edges.filter((edge) => edge === length || ((bytes[edge] ?? 0) & 0xc0) !== 0x80);
        expect(read(text, { ...chosen, ...machine }, whole)).toEqual(read(text, { ...chosen, ...machine }));
      }),
      fuzz(3000),
    );
  });
});

describe('splitLines()', () => {
  it.each([
    [null, 'a\r\nb\rc\nd', ['a', 'b', 'c', 'd']],
    [null, 'a\n', ['a']],
    ['LF', 'a\r\nb\nc\n', ['a\r\nb', 'c', '']],
    ['CR', 'a\r\nb\rc', ['a\r\nb', 'c']],
    ['CRLF', 'a\r\nb\rc\nd', ['a', 'b\rc\nd']],
  ] as const)('%s: %j', (recognized, text, lines) => expect(splitLines(text, recognized)).toEqual(lines));
});
