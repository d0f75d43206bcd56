import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#spi/json.ts';
import { parseFile } from '#test/kit/parsing.ts';

const columns = [
  { name: 'id', type: 'long' },
  { name: 'text', type: 'string' },
  { name: 'at', type: 'timestamp', format: '%Y-%m-%d' },
  { name: 'ok', type: 'boolean' },
  { name: 'data', type: 'json' },
];

async function read(text: string | Uint8Array, more: JsonObject = {}): Promise<unknown> {
  const { rows, rejected } = await parseFile('ltsv', { columns, ...more }, text);
  for (const pieceBytes of [1, 3, 7]) {
    expect(await parseFile('ltsv', { columns, ...more }, text, { pieceBytes })).toMatchObject({
      rows,
      rejected,
    });
  }
  return rejected.length === 0 ? rows : { rows, rejected };
}

const nulls = [null, null, null, null, null];

describe('ltsv parser', () => {
  it.each<[string, string, unknown]>([
    ['reads labels in any order, missing ones are null', 'text:a\tid:7\n', [[7n, 'a', null, null, null]]],
    ['reads colons in values', 'text:10:20:30', [[null, '10:20:30', null, null, null]]],
    ['ignores labels that are no columns', 'other:1\tid:2', [[2n, null, null, null, null]]],
    ['takes the last of several fields of one label', 'id:1\tid:2', [[2n, null, null, null, null]]],
    ['skips empty lines and empty fields', '\n\t\r\nid:1\t\ttext:b\t\n', [nulls, [1n, 'b', null, null, null]]],
    ['leaves a byte order mark out', '\ufeffid:1', [[1n, null, null, null, null]]],
    ['keeps an empty text, and takes other empty values for null', 'id:\ttext:\tdata:', [[null, '', null, null, null]]],
    [
      'reads every type',
      'id:-1\tat:2020-01-02\tok:yes\tdata:{"a": [1]}',
      [[-1n, null, { seconds: 1577923200, nanos: 0 }, true, '{"a":[1]}']],
    ],
  ])('%s', async (_title, text, rows) => expect(await read(text)).toEqual(rows));

  it.each([
    ['no label', '1:12 LTSV_NO_LABEL id:1\ttext:\tno label', 'id:1\ttext:\tno label'],
    ['a long', '1:8 CELL_TEXT other:\tid:x', 'other:\tid:x'],
    ['a timestamp', '1:1 CELL_TEXT at:2020-13-01', 'at:2020-13-01'],
    ['a boolean', '1:1 CELL_TEXT ok:maybe', 'ok:maybe'],
    ['json', '1:1 CELL_TEXT data:{} x', 'data:{} x'],
  ])('leaves a record out for %s, and tells where', async (_title, rejection, line) => {
    expect(await read(`${line}\nid:2`)).toEqual({ rows: [[2n, null, null, null, null]], rejected: [rejection] });
  });

  it('reads other delimiters, patterns for null, and empty texts as null', async () => {
    const more = { delimiter: '||', label_delimiter: '=>', null_value_pattern: '^(-|NULL)$', null_empty_string: true };
    expect(await read('id=>-||text=>NULL\nid=>1||text=>\ntext=>-x', more)).toEqual([
      nulls,
      [1n, null, null, null, null],
      [null, '-x', null, null, null],
    ]);
  });

  it('reads other charsets', async () => {
    const text = Buffer.from('746578743a8354835c0d0a', 'hex');
    expect(await read(text, { charset: 'MS932' })).toEqual([[null, 'サソ', null, null, null]]);
  });

  it('takes the words of the Embulk plugin: schema, time_format, newline', async () => {
    const schema = [{ name: 'at', type: 'timestamp', time_format: '%d/%b/%Y' }];
    const { rows, names } = await parseFile('ltsv', { schema, newline: 'CRLF' }, 'at:02/Jan/2020');
    expect({ rows, names }).toEqual({ rows: [[{ seconds: 1577923200, nanos: 0 }]], names: ['at:timestamp'] });
  });

  it.each<[JsonObject, string]>([
    [{ columns: [] }, 'columns'],
    [{ columns, schema: columns }, 'schema'],
    [{ columns, delimiter: '' }, 'delimiter'],
    [{ columns, null_value_pattern: '(' }, 'null_value_pattern'],
    [{ columns, charset: 'klingon' }, 'charset'],
  ])('refuses %j', async (config, option) => {
    const refused = parseFile('ltsv', config, '');
    await expect(refused).rejects.toMatchObject({ kind: 'config', where: { path: [option] } });
  });

  it('ends the run at the first bad record when it is to', async () => {
    const stopped = parseFile('ltsv', { columns, stop_on_invalid_record: true }, 'id:1\nid:x');
    await expect(stopped).rejects.toMatchObject({ code: 'CELL_TEXT', where: { file: '/file', line: 2, column: 1 } });
  });
});
