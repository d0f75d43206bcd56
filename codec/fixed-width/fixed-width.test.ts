import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseFile } from '#test/kit/parsing.ts';

const columns = [
  { name: 'id', type: 'long', width: 4 },
  { name: 'name', type: 'string', width: 6 },
  { name: 'day', type: 'timestamp', format: '%Y%m%d', width: 8 },
];

async function read(text: string | Uint8Array, config: Record<string, unknown> = {}): Promise<unknown> {
  const whole = { columns, ...config } as never;
  const { rows, rejected } = await parseFile('fixed_width', whole, text);
  for (const pieceBytes of [1, 3, 7]) {
    expect(await parseFile('fixed_width', whole, text, { pieceBytes })).toMatchObject({ rows, rejected });
  }
  return rejected.length === 0 ? rows : { rows, rejected };
}

const day = { seconds: 1577923200, nanos: 0 };

describe('fixed_width parser', () => {
  it.each<[string, string, unknown]>([
    ['reads columns one behind the other', '0007ab  cd20200102\n', [[7n, 'ab  cd', day]]],
    ['trims blanks of any width', '   7 \u3000ab\t 20200102', [[7n, 'ab', day]]],
    ['takes blanks for null', '                  ', [[null, null, null]]],
    ['counts characters, not bytes or UTF-16 units', '   1言😀é　　z20200102', [[1n, '言😀é　　z', day]]],
    ['skips empty lines', '\n\r\n   1a     20200102\r\n\r\n', [[1n, 'a', day]]],
    ['leaves a byte order mark out', '\ufeff   1a     20200102', [[1n, 'a', day]]],
    ['ignores blanks behind the last column', '   1a     20200102   \n', [[1n, 'a', day]]],
  ])('%s', async (_title, text, rows) => expect(await read(text)).toEqual(rows));

  it.each([
    ['a number that is none', '  x1a     20200102', '1:1 CELL_TEXT'],
    ['a day that is none', '   1a     20201302', '1:11 CELL_TEXT'],
    ['a short line', '   1a     2020', '1 FIXED_WIDTH_SHORT'],
    ['a long line', '   1a     20200102x', '1 FIXED_WIDTH_LONG'],
  ])('leaves a record out for %s, and tells where', async (_title, line, place) => {
    expect(await read(`${line}\n   1a     20200102`)).toEqual({
      rows: [[1n, 'a', day]],
      rejected: [`${place} ${line}`],
    });
  });

  it('reads short and long lines when it is to', async () => {
    const config = { allow_optional_columns: true, allow_extra_columns: true };
    expect(await read('   1ab\n 2\n   3abc   20200102 and more', config)).toEqual([
      [1n, 'ab', null],
      [2n, null, null],
      [3n, 'abc', day],
    ]);
  });

  it('skips headers and comments', async () => {
    const config = { skip_header_lines: 2, comment_line_marker: '#' };
    expect(await read('id\n\n# x\n   1a     20200102', config)).toEqual([[1n, 'a', day]]);
  });

  it('reads columns in any order, overlapping ones too', async () => {
    const own = [
      { name: 'last', type: 'string', start: 4, width: 2 },
      { name: 'all', type: 'string', start: 1, width: 5, trim: 'none' },
      { name: 'first', type: 'long', start: 1, width: 1 },
    ];
    expect(await read('1 言 \u3000x', { columns: own, allow_extra_columns: true })).toEqual([
      [null, '1 言 \u3000', 1n],
    ]);
  });

  it.each([
    ['both', 'a'],
    ['start', 'a '],
    ['end', ' a'],
    ['none', ' a '],
  ])('trims at %s', async (trim, expected) => {
    expect(await read(' a ', { columns: [{ name: 'x', type: 'string', width: 3 }], trim })).toEqual([[expected]]);
  });

  it('takes one text for null, and blanks for an empty string, when it is to', async () => {
    const own = { columns: [{ name: 'x', type: 'string', width: 4 }], null_string: 'NULL' };
    expect(await read('NULL\n    \nnull', own)).toEqual([[null], [''], ['null']]);
  });

  it('reads records without line breaks, by characters', async () => {
    const config = { record_length: 18, charset: 'UTF-16' };
    const text = '   1言😀    20200102   2\n     20200102';
    const bytes = Buffer.from(`\ufeff${text}\n`, 'utf16le');
    expect(await read(bytes, config)).toEqual([
      [1n, '言😀', day],
      [2n, '\n', day],
    ]);
  });

  it('fails when the file ends in the middle of a record', async () => {
    const cut = parseFile('fixed_width', { columns, record_length: 18 }, '   1a     20200102   2言');
    await expect(cut).rejects.toMatchObject({
      code: 'FIXED_WIDTH_CUT',
      message: expect.stringContaining('after 5 of'),
    });
  });

  const japanese = Buffer.from('20834a835e836a81403230323030313032', 'hex');
  it('counts bytes of the charset of the file', async () => {
    const config = { unit: 'bytes', charset: 'MS932', allow_optional_columns: true };
    const own = [
      { name: 'a', type: 'string', width: 1 },
      { name: 'b', type: 'string', width: 4 },
      { name: 'c', type: 'string', width: 4 },
    ];
    expect(await read(japanese, { ...config, columns: own, allow_extra_columns: true })).toEqual([
      [null, 'カタ', 'ニ'],
    ]);
  });

  it('leaves a record out whose column cuts a character apart', async () => {
    const config = { unit: 'bytes', charset: 'MS932', columns: [{ name: 'a', type: 'string', width: 2 }] };
    const bytes = Buffer.concat([Buffer.from([0x20]), japanese.subarray(1, 3), Buffer.from('\nab')]);
    expect(await read(bytes, { ...config, allow_extra_columns: true })).toEqual({
      rows: [['ab']],
      rejected: ['1:1 FIXED_WIDTH_SPLIT  カ'],
    });
  });

  it('reads records without line breaks, by bytes', async () => {
    const config = { unit: 'bytes', record_length: 5, columns: [{ name: 'a', type: 'string', width: 5 }] };
    expect(await read('言ab\nc言\r\n', { ...config, trim: 'none' })).toEqual([['言ab'], ['\nc言']]);
  });

  it.each([
    [{ charset: 'klingon' }, 'charset'],
    [{ unit: 'bytes', charset: 'UTF-16LE' }, 'unit'],
    [{ unit: 'bytes', charset: 'ISO-2022-JP' }, 'unit'],
    [{ record_length: 17 }, 'record_length'],
  ])('refuses %j', async (config, option) => {
    const refused = parseFile('fixed_width', { columns, ...config }, '');
    await expect(refused).rejects.toMatchObject({ kind: 'config', where: { path: [option] } });
  });

  it('reads back what was written, cut anywhere', async () => {
    const cell = fc.string({ unit: fc.constantFrom('a', '言', '😀', 'é'), minLength: 1, maxLength: 6 });
    await fc.assert(
      fc.asyncProperty(
        fc.array(cell, { minLength: 1, maxLength: 8 }),
        fc.integer({ min: 1, max: 9 }),
        async (cells, size) => {
          const text = cells.map((value) => value + ' '.repeat(6 - Array.from(value).length)).join('\n');
          const own = { columns: [{ name: 'a', type: 'string', width: 6 }] } as never;
          const { rows } = await parseFile('fixed_width', own, text, { pieceBytes: size });
          expect(rows).toEqual(cells.map((value) => [value]));
        },
      ),
      { numRuns: 50 },
    );
  });
});
