import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { JsonObject } from '#spi/json.ts';
import { parseFile } from '#test/kit/parsing.ts';
import { workbook } from '#test/kit/workbooks.ts';
import { zipFile } from '#test/kit/zip-files.ts';
import { SharedStrings } from './shared-strings.ts';

const fixture = (name: string): Buffer =>
  readFileSync(join(import.meta.dirname, '../../test/formats/excel', `${name}.xlsx`));

let tempDir = '';
beforeAll(() => {
  tempDir = mkdtempSync(join(tmpdir(), 'excel-test-'));
});
afterAll(() => rmSync(tempDir, { recursive: true }));

/** Columns c0, c1 … of such types. */
function columns(...types: readonly string[]): JsonObject[] {
  return types.map((type, index) => ({ name: `c${index}`, type }));
}

async function read(content: Uint8Array, config: JsonObject): Promise<unknown> {
  const { rows, rejected } = await parseFile('excel', config, content, { tempDir });
  return rejected.length === 0 ? rows : { rows, rejected };
}

const time = (text: string): { seconds: number; nanos: number } => ({ seconds: Date.parse(text) / 1000, nanos: 0 });

describe('excel parser', () => {
  it('reads what openpyxl has written: every type, gaps, formats within a text', async () => {
    const config = {
      skip_header_lines: 1,
      columns: columns('long', 'string', 'double', 'boolean', 'timestamp', 'string'),
    };
    expect(await read(fixture('openpyxl'), config)).toEqual({
      rows: [
        [1n, '言葉 & <tags>', 1.5, true, time('2020-01-02T03:04:05Z'), null],
        [12345678901n, null, -0.25, false, time('1900-01-01T00:00:00Z'), 'x'],
        [null, 'line\nbreak', 1e-7, null, time('9999-12-31T23:59:59Z'), 'abc'],
        [4n, null, null, null, null, 'after a gap'],
      ],
      rejected: ['8:1 CELL_TEXT five\ttext for a number\t\t\t\t'],
    });
  });

  it('gives merged cells the value of their first one, unless it is not to', async () => {
    const config = {
      sheets: ['Merged'],
      skip_header_lines: 1,
      columns: columns('string', 'string', 'long').slice(0, 2),
    };
    const filled = [
      ['first', 'first'],
      ['first', 'first'],
      ['first', 'first'],
      ['second', 'own'],
      ['second', null],
      [null, null],
    ];
    expect(await read(fixture('openpyxl'), config)).toEqual(filled);
    const plain = [
      ['first', null],
      [null, null],
      [null, null],
      ['second', 'own'],
      [null, null],
      [null, null],
    ];
    expect(await read(fixture('openpyxl'), { ...config, search_merged_cell: false })).toEqual(plain);
    // Only the second column is asked for: the values are those of the first one all the same.
    const second = [{ name: 'b', type: 'string', column_number: 'B' }];
    expect(await read(fixture('openpyxl'), { ...config, columns: second })).toEqual(filled.map(([, b]) => [b]));
  });

  it('leaves records out whose formulas were never calculated', async () => {
    expect(await read(fixture('openpyxl'), { sheets: ['日本語'], columns: columns('string') })).toEqual({
      rows: [['2']],
      rejected: ['1:1 EXCEL_NOT_CALCULATED '],
    });
  });

  it('reads sheets by wildcards, and where values come from', async () => {
    const own = [
      { name: 'v', type: 'long' },
      { name: 'sheet', type: 'string', value: 'sheet_name' },
      { name: 'row', type: 'long', value: 'row_number' },
      { name: 'letter', type: 'string', value: 'column_number' },
      { name: 'fixed', type: 'double', value: 'constant.1.5' },
      { name: 'none', type: 'json', value: 'constant' },
    ];
    expect(await read(fixture('openpyxl'), { sheets: ['????-*', 'empty'], columns: own })).toEqual([
      [1n, '2026-01', 1n, 'A', 1.5, null],
      [2n, '2026-02', 1n, 'A', 1.5, null],
    ]);
  });

  it.each(['xlsxwriter', 'xlsxwriter-1904', 'xlsxwriter-inline'])(
    'reads what XlsxWriter has written: %s',
    async (name) => {
      const config = { skip_header_lines: 1, columns: columns('long', 'string', 'timestamp', 'string') };
      expect(await read(fixture(name), config)).toEqual([
        [1n, 'same', time('2020-01-02T12:00:00Z'), 'true'],
        [2n, 'xy', null, 'true'],
        [null, 'plain  bold end', null, 'same'],
      ]);
    },
  );

  /** The values of one row, each as a column of that type. */
  async function row(cells: string, types: readonly string[], more: JsonObject = {}): Promise<unknown> {
    const own = columns(...types).map((column) => ({ ...column, ...more }));
    const rows = await read(workbook({ sheets: { s: `<row>${cells}</row>` } }), { columns: own });
    return Array.isArray(rows) ? (rows[0] as unknown) : rows;
  }

  it.each<[string, string, string, unknown]>([
    ['a number', '<c><v>1.5</v></c>', 'string', '1.5'],
    ['a whole number', '<c><v>12345678</v></c>', 'string', '12345678'],
    ['a number with an exponent', '<c><v>1E3</v></c>', 'long', 1000n],
    ['a number', '<c><v>2.5E-3</v></c>', 'double', 0.0025],
    ['a number', '<c><v>2</v></c>', 'boolean', true],
    ['a number', '<c><v>1.50</v></c>', 'json', '1.5'],
    ['true', '<c t="b"><v>1</v></c>', 'string', 'true'],
    ['true', '<c t="b"><v>1</v></c>', 'long', 1n],
    ['false', '<c t="b"><v>0</v></c>', 'double', 0],
    ['a text', '<c t="inlineStr"><is><t> a_x000D_b </t></is></c>', 'string', ' a\rb '],
    [
      'a text with its pronunciation',
      '<c t="inlineStr"><is><r><t>東</t></r><rPh><t>ヒガシ</t></rPh></is></c>',
      'string',
      '東',
    ],
    ['a number as text', '<c t="str"><v>12</v></c>', 'long', 12n],
    ['an empty text', '<c t="str"><v></v></c>', 'string', ''],
    ['json', '<c t="str"><v>{"a": 1}</v></c>', 'json', '{"a":1}'],
    [
      'a date as text',
      '<c t="d"><v>2020-01-02T03:04:05.5</v></c>',
      'timestamp',
      { seconds: 1577934245, nanos: 500_000_000 },
    ],
    ['a day with a style and nothing else', '<c s="3"/>', 'timestamp', null],
  ])('reads %s (%s) as %s', async (_title, cell, type, expected) => {
    expect(await row(cell, [type])).toEqual([expected]);
  });

  it.each([
    ['<c><v>2.5</v></c>', 'long', 'EXCEL_CELL_TYPE'],
    ['<c><v>1E300</v></c>', 'long', 'EXCEL_CELL_TYPE'],
    ['<c><v>-1</v></c>', 'timestamp', 'EXCEL_CELL_TYPE'],
    ['<c t="b"><v>1</v></c>', 'timestamp', 'EXCEL_CELL_TYPE'],
    ['<c t="str"><v>x</v></c>', 'double', 'CELL_TEXT'],
    ['<c t="str"><v>x</v></c>', 'timestamp', 'CELL_TEXT'],
    ['<c t="str"><v>perhaps</v></c>', 'boolean', 'CELL_TEXT'],
  ])('leaves the record of %s as %s out, or takes what is said instead', async (cell, type, code) => {
    expect(await row(cell, [type])).toEqual({ rows: [], rejected: [expect.stringContaining(`1:1 ${code}`)] });
    expect(await row(cell, [type], { on_convert_error: 'constant' })).toEqual([null]);
  });

  it.each<[string, unknown]>([
    ['constant', [null]],
    ['constant.-', ['-']],
    ['error_code', ['#DIV/0!']],
    ['exception', { rows: [], rejected: [expect.stringContaining('1:1 EXCEL_CELL_ERROR')] }],
  ])('takes errors as %s', async (rule, expected) => {
    expect(await row('<c t="e"><f>1/0</f><v>#DIV/0!</v></c>', ['string'], { on_cell_error: rule })).toEqual(expected);
  });

  it.each([
    [0, false, '1899-12-31T00:00:00Z'],
    [1.5, false, '1900-01-01T12:00:00Z'],
    [59, false, '1900-02-28T00:00:00Z'],
    [61, false, '1900-03-01T00:00:00Z'],
    [43_831.999_999_999, false, '2020-01-02T00:00:00Z'],
    [0, true, '1904-01-01T00:00:00Z'],
    [42_369.25, true, '2020-01-01T06:00:00Z'],
  ])('takes %d (from 1904: %s) for %s', async (serial, isFrom1904, expected) => {
    const content = workbook({ sheets: { s: `<row><c><v>${serial}</v></c></row>` }, isFrom1904 });
    expect(await read(content, { columns: columns('timestamp') })).toEqual([[time(expected)]]);
  });

  it('takes dates for those of the zone', async () => {
    const content = workbook({ sheets: { s: '<row><c><v>43831.5</v></c></row>' } });
    const config = { default_timezone: 'Asia/Tokyo', columns: columns('timestamp') };
    expect(await read(content, config)).toEqual([[time('2020-01-01T12:00:00+09:00')]]);
  });

  it('finds columns by letters, numbers, and from others on', async () => {
    const cells = [...'ABCDEFGH'].map((letter) => `<c r="${letter}1" t="str"><v>${letter}</v></c>`).join('');
    const content = workbook({ sheets: { s: `<row r="1">${cells}</row>` } });
    const places = ['C', undefined, 2, '+', '-1', '+3', '=c0', '-c1', '='];
    const own = places.map((place, index) => ({
      ...columns('string')[0],
      name: `c${index}`,
      ...(place === undefined ? {} : { column_number: place }),
    }));
    expect(await read(content, { columns: own })).toEqual([['C', 'D', 'B', 'C', 'B', 'E', 'C', 'C', 'C']]);
  });

  it('reads rows and cells without numbers, other prefixes, and skips empty rows when it is to', async () => {
    const rows =
      '<x:row xmlns:x="x"><x:c><x:v>1</x:v></x:c></x:row><row r="5"><c r="B5"><v>2</v></c></row><row/><row r="8"><c r="A8"/></row>';
    const content = workbook({ sheets: { s: rows } });
    const own = [...columns('long', 'long'), { name: 'row', type: 'long', value: 'row_number' }];
    const full = [
      [1n, null, 1n],
      [null, 2n, 5n],
    ];
    expect(await read(content, { columns: own })).toEqual([...full, [null, null, 6n], [null, null, 8n]]);
    expect(await read(content, { columns: own, skip_empty_rows: true })).toEqual(full);
  });

  it('reads many rows and shared strings, in any pieces', async () => {
    const count = 5000;
    const rows = Array.from({ length: count }, (_, index) => `<row><c t="s"><v>${index % 100}</v></c></row>`).join('');
    const strings = Array.from({ length: 100 }, (_, index) => `<si><t>text ${index}</t></si>`).join('');
    const content = workbook({ sheets: { s: rows }, strings });
    const expected = Array.from({ length: count }, (_, index) => [`text ${index % 100}`]);
    for (const pieceBytes of [1000, 1_000_000]) {
      const { rows: found } = await parseFile('excel', { columns: columns('string') }, content, {
        pieceBytes,
        tempDir,
      });
      expect(found).toEqual(expected);
    }
  });

  const plain = workbook({ sheets: { s: '<row><c t="s"><v>7</v></c></row>' }, strings: '<si><t>0</t></si>' });
  it.each<[string, Uint8Array, string]>([
    ['text', Buffer.from('a,b\n'), 'EXCEL_NOT_THIS'],
    ['another archive', zipFile([{ name: 'a.csv', content: '1' }]), 'EXCEL_NOT_THIS'],
    ['an old workbook', Buffer.from('d0cf11e0a1b11ae1000000', 'hex'), 'EXCEL_OLD_OR_ENCRYPTED'],
    ['a part of a workbook', plain.subarray(0, -30), 'EXCEL_DAMAGED'],
    ['a shared string that is not there', plain, 'EXCEL_DAMAGED'],
    ['a cell that is nowhere', workbook({ sheets: { s: '<row><c r="ABCD1"><v>1</v></c></row>' } }), 'EXCEL_DAMAGED'],
    ['a row that is none', workbook({ sheets: { s: '<row r="x"/>' } }), 'EXCEL_DAMAGED'],
    ['broken XML', workbook({ sheets: { s: '<row><c></row>' } }), 'XML_SYNTAX'],
  ])('refuses %s', async (_title, content, code) => {
    await expect(read(content, { columns: columns('string') })).rejects.toMatchObject({
      code,
      where: { file: expect.stringMatching(/^\/file/) },
    });
  });

  it('refuses sheets that are not there, and names those that are', async () => {
    await expect(read(fixture('openpyxl'), { sheets: ['Typs'], columns: columns('long') })).rejects.toMatchObject({
      code: 'EXCEL_SHEET_MISSING',
      hint: expect.stringContaining("'Types', 'Merged', '日本語'"),
    });
  });

  it.each<[JsonObject, string]>([
    [{ value: 'cell_style' }, 'value'],
    [{ column_number: 'A1' }, 'column_number'],
    [{ column_number: '-' }, 'column_number'],
    [{ column_number: '=nobody' }, 'column_number'],
    [{ column_number: 20_000 }, 'column_number'],
    [{ on_cell_error: 'ignore' }, 'on_cell_error'],
    [{ on_convert_error: 'error_code' }, 'on_convert_error'],
  ])('refuses %j', async (column, option) => {
    const refused = read(plain, { columns: [{ name: 'a', type: 'string', ...column }] });
    await expect(refused).rejects.toMatchObject({ kind: 'config', where: { path: ['columns', 0, option] } });
  });

  it('ends the run at the first bad record when it is to, and tells its cell', async () => {
    const config = { stop_on_invalid_record: true, columns: columns('long') };
    await expect(read(fixture('openpyxl'), config)).rejects.toMatchObject({
      where: { file: '/file#Types', line: 1, column: 1, field: 'c0' },
    });
  });
});

describe('SharedStrings', () => {
  it('finds texts in memory and in a file, and leaves nothing behind', async () => {
    const texts = Array.from({ length: 5000 }, (_, index) => `${index} ${'言😀x'.repeat(index % 40)}`);
    {
      using strings = new SharedStrings(tempDir, 10_000);
      for (const text of texts) {
        strings.add(text);
        await strings.makeRoom();
      }
      expect(readdirSync(tempDir)).toHaveLength(1);
      expect(texts.map((_, index) => strings.at(index))).toEqual(texts);
      expect([strings.at(5000), strings.at(-1), strings.at(0.5), strings.at(Number.NaN)]).toEqual(
        Array(4).fill(undefined),
      );
    }
    expect(readdirSync(tempDir)).toEqual([]);
  });
});
