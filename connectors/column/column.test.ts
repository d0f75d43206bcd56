import { describe, expect, it } from 'vitest';
import { at, filterContext, filtered, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell, Filtered } from '#test/kit/filter-cases.ts';
import { workspace } from '#test/kit/workspace.ts';
import { columnConfig } from './config.ts';
import { column } from './filter.ts';

function run(config: object, columns: string, rows: readonly (readonly Cell[])[], batchRows?: number): Filtered {
  return filtered(column, columnConfig.parse(config), columns, rows, batchRows === undefined ? {} : { batchRows });
}

describe('column', () => {
  it('gives exactly the columns listed, in their order: copies, new names, constants', () => {
    const config = {
      columns: [{ name: 'b' }, { name: 'c', src: 'a' }, { name: 'a' }, { name: 'v', type: 'long', default: '7' }],
    };
    for (const batchRows of [1, 2, 3, 100]) {
      const { schema, rows } = run(
        config,
        'a:long b:string z:json',
        [
          [1n, 'x', '1'],
          [null, null, null],
          [3n, '', '[]'],
        ],
        batchRows,
      );
      expect(schema).toBe('b:string c:long a:long v:long');
      expect(rows).toEqual([
        ['x', 1n, 1n, 7n],
        [null, null, null, 7n],
        ['', 3n, 3n, 7n],
      ]);
    }
  });

  it.each<[string, string, Cell, Cell]>([
    ['boolean', 'TRUE', false, true],
    ['long', '-9223372036854775808', 5n, -9223372036854775808n],
    ['double', '1.5', 2.5, 1.5],
    ['string', '', 'x', ''],
    ['string', 'é\ud83d\ude00', 'x', 'é\ud83d\ude00'],
    ['timestamp', '2026-01-02 03:04:05.5 +0900', at('1970-01-01T00:00:00.123456789Z'), at('2026-01-01T18:04:05.5Z')],
    ['json', '{"a": [1.0, null]}', '{"b":2}', '{"a":[1.0,null]}'],
  ])('puts the default of type %s (%s) in place of null only', (type, preset, cell, value) => {
    const config = {
      columns: [
        { name: 'a', default: preset },
        { name: 'n', type, default: preset },
      ],
    };
    const { schema, rows } = run(config, `a:${type}`, [[cell], [null], [cell]]);
    expect(schema).toBe(`a:${type} n:${type}`);
    expect(rows).toEqual([
      [cell, value],
      [value, value],
      [cell, value],
    ]);
    expect(run(config, `a:${type}`, [[cell]]).rows).toEqual([[cell, value]]);
  });

  it('reads defaults of timestamps by their own format and zone, then by the defaults', () => {
    const config = {
      add_columns: [
        { name: 't', type: 'timestamp', default: '02.01.2026', format: '%d.%m.%Y', timezone: 'Asia/Tokyo' },
        { name: 'u', type: 'timestamp', default: '2026', timezone: '+01:00' },
      ],
      default_timestamp_format: '%Y',
    };
    expect(run(config, 'a:long', [[1n]]).rows).toEqual([[1n, at('2026-01-01T15:00:00Z'), at('2025-12-31T23:00:00Z')]]);
  });

  it('adds and drops; names to drop that no column has are ignored', () => {
    const config = {
      add_columns: [
        { name: 'd', src: 'b' },
        { name: 'e', type: 'string', default: 'x' },
      ],
      drop_columns: [{ name: 'b' }, { name: 'nothing' }],
    };
    const { schema, rows } = run(config, 'a:long b:double c:string', [[1n, 0.5, 'c']]);
    expect(schema).toBe('a:long c:string d:double e:string');
    expect(rows).toEqual([[1n, 'c', 0.5, 'x']]);
  });

  const json = '{"a":1,"b":{"x":1,"y":[10,20,30]},"a b":null,"c":[{"k":1,"l":2},{"l":3},5]}';

  it.each<[object, string]>([
    [
      { drop_columns: [{ name: '$.j.a' }, { name: "$.j['a b']" }] },
      '{"b":{"x":1,"y":[10,20,30]},"c":[{"k":1,"l":2},{"l":3},5]}',
    ],
    [{ drop_columns: [{ name: '$.j.b.y[0]' }, { name: '$.j.b.y[2]' }] }, json.replace('[10,20,30]', '[20]')],
    [{ drop_columns: [{ name: '$.j.c[*].l' }] }, json.replace(',"l":2', '').replace('"l":3', '')],
    [{ drop_columns: [{ name: '$.j.nothing.here' }] }, json],
    [{ add_columns: [{ name: '$.j.new', type: 'double', default: '1' }] }, json.replace('5]}', '5],"new":1.0}')],
    [{ add_columns: [{ name: '$.j.a', type: 'long', default: '9' }] }, json],
    [{ add_columns: [{ name: '$.j.b.y[3]', type: 'string', default: 'é"' }] }, json.replace('30]', '30,"é\\""]')],
    [{ add_columns: [{ name: '$.j.b.y[1]', type: 'long', default: '9' }] }, json],
    [{ add_columns: [{ name: '$.j.copy', src: '$.j.a' }] }, json.replace('5]}', '5],"copy":1}')],
    [{ add_columns: [{ name: '$.j.copy', src: '$.j.nothing' }] }, json.replace('5]}', '5],"copy":null}')],
    [{ add_columns: [{ name: '$.j.c[*].k', type: 'long', default: '0' }] }, json.replace('{"l":3}', '{"l":3,"k":0}')],
    [
      { add_columns: [{ name: '$.j.p.q[0].r', type: 'boolean', default: 'true' }] },
      json.replace('5]}', '5],"p":{"q":[{"r":true}]}}').replace('{"r":true}', '{"r":true}'),
    ],
    [{ add_columns: [{ name: '$.j.o', type: 'json', default: '{"z": 1}' }] }, json.replace('5]}', '5],"o":{"z":1}}')],
    [{ columns: [{ name: 'j' }, { name: '$.j.c' }, { name: '$.j.a' }] }, '{"c":[{"k":1,"l":2},{"l":3},5],"a":1}'],
    [{ columns: [{ name: '$.j.a' }, { name: '$.j.n' }] }, '{"a":1,"n":null}'],
    [
      {
        columns: [
          { name: '$.j.z', src: '$.j.a' },
          { name: '$.j.n', type: 'long', default: '2' },
        ],
      },
      '{"z":1,"n":2}',
    ],
    [{ columns: [{ name: '$.j.b.y[2]' }, { name: '$.j.b.y[0]' }] }, json.replace('[10,20,30]', '[30,10]')],
    [{ columns: [{ name: '$.j.b' }, { name: '$.j.b.x' }] }, '{"b":{"x":1}}'],
    [{ columns: [{ name: '$.j.c[*].l' }] }, json.replace('"k":1,', '')],
    [{ columns: [{ name: '$.j.a.deep' }] }, json],
  ])('inside json: %j', (config, expected) => {
    expect(run(config, 'j:json', [[json], [null]]).rows).toEqual([[expected], [null]]);
  });

  it.each([
    [{}, 'COLUMN_OPTIONS'],
    [{ columns: [{ name: 'a' }], drop_columns: [{ name: 'b' }] }, 'COLUMN_OPTIONS'],
    [{ columns: [{ name: 'z' }] }, 'COLUMN_SOURCE'],
    [{ columns: [{ name: 'z', type: 'long' }] }, 'COLUMN_SOURCE'],
    [{ columns: [{ name: 'z', default: '1' }] }, 'COLUMN_SOURCE'],
    [{ columns: [{ name: 'z', src: 'y', type: 'long', default: '1' }] }, 'COLUMN_SOURCE'],
    [{ add_columns: [{ name: 'a' }] }, 'COLUMN_SOURCE'],
    [{ add_columns: [{ name: 'z', src: 'y' }] }, 'COLUMN_SOURCE'],
    [{ columns: [{ name: 'a', default: '1.5' }] }, 'COLUMN_DEFAULT'],
    [{ columns: [{ name: 'j', default: '{' }] }, 'COLUMN_DEFAULT'],
    [{ add_columns: [{ name: 'n', type: 'timestamp', default: 'now' }] }, 'COLUMN_DEFAULT'],
    [{ add_columns: [{ name: 'n', type: 'timestamp', default: 'x', timezone: 'Nowhere' }] }, 'TIME_ZONE_UNKNOWN'],
    [{ columns: [{ name: 'a' }, { name: '$.j.x' }] }, 'COLUMN_PATH'],
    [{ add_columns: [{ name: '$.j.x', type: 'timestamp', default: 'x' }] }, 'COLUMN_PATH'],
    [{ add_columns: [{ name: '$.j.x', default: '1' }] }, 'COLUMN_PATH'],
    [{ add_columns: [{ name: '$.j.x', src: '$.j.y.z' }] }, 'COLUMN_PATH'],
    [{ add_columns: [{ name: '$.j.x', type: 'double', default: 'NaN' }] }, 'COLUMN_PATH'],
    [{ drop_columns: [{ name: '$.j[*]' }] }, 'COLUMN_PATH'],
    [{ drop_columns: [{ name: '$.j' }] }, 'COLUMN_PATH'],
    [{ drop_columns: [{ name: "$.j['a','b']" }] }, 'COLUMN_PATH'],
    [{ drop_columns: [{ name: '$.a.x' }] }, 'COLUMN_PATH'],
  ])('refuses %j', (config, code) => {
    const open = (): unknown => column.open(columnConfig.parse(config), schemaOf('a:long j:json'), filterContext());
    expect(open).toThrow(expect.objectContaining({ code }));
  });

  it('runs in a job, the same for any chunks', async () => {
    await using place = await workspace({
      'in/a.jsonl': Array.from(
        { length: 40 },
        (_, index) => `{"a":${index % 3 === 0 ? 'null' : index},"j":{"x":${index},"y":1}}\n`,
      ).join(''),
      'config.yml': `in:
  type: file
  path_prefix: in/
  parser: {type: jsonl, columns: [{name: a, type: long}, {name: j, type: json}]}
filters:
- type: column
  columns: [{name: j}, {name: a, default: -1}, {name: s, type: string, default: web}, {name: $.j.x}]
out: {type: file, path_prefix: out/r_, file_ext: jsonl, formatter: {type: jsonl}}
exec: {max_threads: 1, min_output_tasks: 1}
`,
    });
    const expected = Array.from(
      { length: 40 },
      (_, index) => `{"j":{"x":${index}},"a":${index % 3 === 0 ? -1 : index},"s":"web"}\n`,
    ).join('');
    for (const chunks of [[], ['-X', 'chunk_bytes=7']]) {
      const result = await place.ropeway(['run', ...chunks, 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      const [name = ''] = await place.outputs();
      expect(await place.read(`out/${name}`)).toBe(expected);
    }
  });
});
