import { describe, expect, it } from 'vitest';
import type { JsonObject } from '#spi/json.ts';
import { parseFile } from '#test/kit/parsing.ts';

const document = `{
  "count": 2,
  "results": [
    {"id": 1, "names": ["John", "Lennon"], "at": "2020-01-02", "tags": [{"t": "a"}, {"t": 2}]},
    {"id": 2.5, "names": [], "tags": []},
    7,
    {"id": "3", "names": [null, "P\\"M"], "at": "never"},
    {"id": "4", "names": {"0": "x"}, "tags": "none"}
  ]
}`;

const columns = [
  { name: 'id', type: 'long' },
  { name: 'first', type: 'string', path: 'names[0]' },
  { name: 'last', type: 'string', path: "$['names'][1]" },
  { name: 'at', type: 'timestamp', format: '%Y-%m-%d' },
  { name: 'tags', type: 'json', path: 'tags[*].t' },
];

describe('jsonpath parser', () => {
  it('reads values by paths, and leaves bad records out with their places', async () => {
    const expected = {
      names: ['id:long', 'first:string', 'last:string', 'at:timestamp', 'tags:json'],
      rows: [
        [1n, 'John', 'Lennon', { seconds: 1577923200, nanos: 0 }, '["a",2]'],
        [4n, null, null, null, '[]'],
      ],
      rejected: [
        expect.stringMatching(/^5:#2 JSON_NUMBER {"id":2.5/),
        '6:#3 JSON_NOT_AN_OBJECT 7',
        expect.stringMatching(/^7:#4 JSON_TIMESTAMP {"id":"3"/),
      ],
    };
    for (const pieceBytes of [1, 5, 1000]) {
      expect(await parseFile('jsonpath', { root: '$.results', columns }, document, { pieceBytes })).toEqual(expected);
    }
  });

  it('takes the words of the Embulk plugin, and reads records that are arrays', async () => {
    const schema = [
      { name: 'a', type: 'double', path: '[0]' },
      { name: 'b', type: 'string', path: '$' },
    ];
    const { rows } = await parseFile('jsonpath', { schema }, '[[1,2],["3.5"],[]]');
    expect(rows).toEqual([
      [1, '[1,2]'],
      [3.5, '["3.5"]'],
      [null, '[]'],
    ]);
  });

  it('reads the records themselves without columns', async () => {
    expect(await parseFile('jsonpath', { root: '$.a[*].b' }, '{"a":[{"b":{"x": 1}},{"b":[2]}]}')).toEqual({
      names: ['record:json'],
      rows: [['{"x":1}'], ['[2]']],
      rejected: [],
    });
  });

  it('reads UTF-16, and as far as it goes in a preview', async () => {
    const config = { columns: [{ name: 'a', type: 'string' }] };
    const { rows } = await parseFile('jsonpath', config, Buffer.from('\ufeff[{"a":"言"}]', 'utf16le'));
    expect(rows).toEqual([['言']]);
    expect((await parseFile('jsonpath', config, '[{"a":"x"},{"a', { isPreview: true })).rows).toEqual([['x']]);
  });

  it.each<[JsonObject, string]>([
    [{ root: 'results' }, 'root'],
    [{ root: '$..a' }, 'root'],
    [{ root: '$.a[1:2]' }, 'root'],
    [{ columns: [{ name: 'a', type: 'string', path: '$.a[?(@.b)]' }] }, 'columns.0.path'],
    [{ columns: [{ name: 'a', type: 'long', path: 'a[*]' }] }, 'columns.0.path'],
    [{ schema: [{ name: 'a', type: 'timestamp', timezone: 'Mars' }] }, 'schema.0.timezone'],
    [{ columns: [], schema: [] }, 'schema'],
  ])('refuses %j', async (config, place) => {
    const refused = parseFile('jsonpath', config, '');
    await expect(refused).rejects.toMatchObject({ kind: 'config', where: { path: place.split('.').map(key) } });
  });

  it('ends the run at the first bad record when it is to', async () => {
    const stopped = parseFile('jsonpath', { columns, stop_on_invalid_record: true }, '[{"id":1},{"id":"x"}]');
    await expect(stopped).rejects.toMatchObject({ code: 'JSON_NUMBER', where: { file: '/file', record: 2 } });
  });
});

function key(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}
