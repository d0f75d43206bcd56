import { describe, expect, it } from 'vitest';
import { at, filterContext, filtered, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell, Filtered } from '#test/kit/filter-cases.ts';
import { workspace } from '#test/kit/workspace.ts';
import { expandJsonConfig } from './config.ts';
import { expandJson } from './filter.ts';

function expand(columns: readonly object[], cells: readonly Cell[], more: object = {}, type = 'json'): Filtered {
  const config = expandJsonConfig.parse({ json_column_name: 'j', expanded_columns: columns, ...more });
  const rows = cells.map((cell, index): Cell[] => [BigInt(index), cell, 'z']);
  return filtered(expandJson, config, `a:long j:${type} z:string`, rows);
}

describe('expand_json', () => {
  it('puts the columns in the place of the JSON column', () => {
    const columns = [
      { name: 'id', type: 'long' },
      { name: 'user.name', type: 'string' },
      { name: 'tags[1]', type: 'string' },
    ];
    const json = '{"id":1,"user":{"name":"é"},"tags":["a","b"]}';
    for (const type of ['json', 'string']) {
      const { schema, rows } = expand(columns, [json, null, '{}'], {}, type);
      expect(schema).toBe('a:long id:long user.name:string tags[1]:string z:string');
      expect(rows).toEqual([
        [0n, 1n, 'é', 'b', 'z'],
        [1n, null, null, null, 'z'],
        [2n, null, null, null, 'z'],
      ]);
    }
    const kept = expand(columns, [json], { keep_expanding_json_column: true });
    expect(kept.schema).toBe('a:long j:json id:long user.name:string tags[1]:string z:string');
    expect(kept.rows).toEqual([[0n, json, 1n, 'é', 'b', 'z']]);
  });

  it('takes an empty text for no object, and starts where root says', () => {
    expect(expand([{ name: 'x', type: 'long' }], [''], {}, 'string').rows).toEqual([[0n, null, 'z']]);
    const { rows } = expand([{ name: 'x', type: 'long' }], ['{"p":{"x":5}}'], { root: '$.p.' });
    expect(rows).toEqual([[0n, 5n, 'z']]);
  });

  it.each<[string, string, Cell]>([
    ['string', '"a\\n"', 'a\n'],
    ['string', '1.0', '1.0'],
    ['string', '1e10', '1.0E10'],
    ['string', '9223372036854775807', '9223372036854775807'],
    ['string', 'true', 'true'],
    ['string', '{"a":[1,"x"]}', '{"a":[1,"x"]}'],
    ['boolean', '"TRUE"', true],
    ['boolean', 'true', true],
    ['boolean', '"yes"', false],
    ['boolean', '1', false],
    ['long', '"12"', 12n],
    ['long', '12.9', 12n],
    ['long', '"-12.9"', -12n],
    ['long', '9007199254740993', 9007199254740993n],
    ['long', '"x"', 'rejected'],
    ['long', 'true', 'rejected'],
    ['long', '1e30', 'rejected'],
    ['double', '1', 1],
    ['double', '"1.5"', 1.5],
    ['double', '[]', 'rejected'],
    ['timestamp', '"2026-01-02 03:04:05.5 +0000"', at('2026-01-02T03:04:05.5Z')],
    ['timestamp', '1', 'rejected'],
    ['json', '{"b": 1}', '{"b":1}'],
    ['json', '"[1, 2]"', '[1,2]'],
    ['json', '"x"', 'rejected'],
  ])('reads a %s from %s', (type, value, expected) => {
    const result = expand([{ name: 'v', type }], [`{"v":${value}}`, '{"v":null}']);
    const good = expected === 'rejected' ? [] : [[0n, expected, 'z']];
    expect(result.rows).toEqual([...good, [1n, null, 'z']]);
    expect(result.rejected).toEqual(expected === 'rejected' ? ['EXPAND_JSON_VALUE'] : []);
  });

  it('leaves bad records out as a whole, or stops', () => {
    const columns = [
      { name: 's', type: 'string' },
      { name: 'n', type: 'long' },
    ];
    const cells = ['{"s":"a","n":1}', 'not json', '{"s":"b","n":"x"}', '{"s":"c","n":2} {}', '{"s":"d","n":3}'];
    const result = expand(columns, cells, {}, 'string');
    expect(result.rows).toEqual([
      [0n, 'a', 1n, 'z'],
      [4n, 'd', 3n, 'z'],
    ]);
    expect(result.rejected).toEqual(['EXPAND_JSON_TEXT', 'EXPAND_JSON_VALUE', 'EXPAND_JSON_TEXT']);
    expect(expand(columns, ['x'], {}, 'string').rows).toEqual([]);
    expect(() => expand(columns, cells, { stop_on_invalid_record: true }, 'string')).toThrow('not JSON');
  });

  it('uses formats, zones and dates', () => {
    const columns = [{ name: 't', type: 'timestamp', format: '%H:%M', timezone: 'Asia/Tokyo' }];
    const { rows } = expand(columns, ['{"t":"09:30"}'], { default_date: '2026-05-06' });
    expect(rows).toEqual([[0n, at('2026-05-06T00:30:00Z'), 'z']]);
  });

  it.each([
    [{ json_column_name: 'nothing' }, 'EXPAND_JSON_OPTION'],
    [{ json_column_name: 'a' }, 'EXPAND_JSON_OPTION'],
    [{ time_zone: 'UTC' }, 'EXPAND_JSON_OPTION'],
    [
      {
        expanded_columns: [
          { name: 'x', type: 'long' },
          { name: 'x', type: 'long' },
        ],
      },
      'EXPAND_JSON_OPTION',
    ],
    [{ expanded_columns: [{ name: '.x', type: 'long' }] }, 'EXPAND_JSON_OPTION'],
    [{ expanded_columns: [{ name: 'x[*]', type: 'long' }] }, 'EXPAND_JSON_OPTION'],
    [{ expanded_columns: [{ name: 'x', type: 'timestamp', timezone: 'Nowhere' }] }, 'TIME_ZONE_UNKNOWN'],
  ])('refuses %j', (options, code) => {
    const config = expandJsonConfig.parse({ json_column_name: 'j', expanded_columns: [], ...options });
    const open = (): unknown => expandJson.open(config, schemaOf('a:long j:json'), filterContext());
    expect(open).toThrow(expect.objectContaining({ code }));
  });

  it('runs in a job, the same for any chunks; records left out are told', async () => {
    const lines = Array.from({ length: 60 }, (_, index) => `{"j":{"n":${index % 10 === 3 ? '"bad"' : index}}}\n`);
    await using place = await workspace({
      'in/a.jsonl': lines.join(''),
      'config.yml': `in:
  type: file
  path_prefix: in/
  parser: {type: jsonl, columns: [{name: j, type: json}]}
filters: [{type: expand_json, json_column_name: j, expanded_columns: [{name: n, type: long}]}]
out: {type: file, path_prefix: out/r_, file_ext: csv, formatter: {type: csv, header_line: false, newline: LF}}
exec: {max_threads: 1, min_output_tasks: 1}
`,
    });
    const expected = lines.flatMap((_, index) => (index % 10 === 3 ? [] : [`${index}\n`])).join('');
    for (const chunks of [[], ['-X', 'chunk_bytes=7']]) {
      const result = await place.ropeway(['run', ...chunks, 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      const [name = ''] = await place.outputs();
      expect(await place.read(`out/${name}`)).toBe(expected);
      expect(result.stderr).toContain('skipped=6');
    }
  });
});
