import { describe, expect, it } from 'vitest';
import { at, filtered, schemaOf, filterContext } from '#test/kit/filter-cases.ts';
import type { Cell } from '#test/kit/filter-cases.ts';
import { workspace } from '#test/kit/workspace.ts';
import { typecastConfig } from './config.ts';
import { typecast } from './filter.ts';

function cast(from: string, to: string, cell: Cell): Cell {
  const config = typecastConfig.parse({ columns: [{ name: 'a', type: to }] });
  const { schema, rows, nulled } = filtered(typecast, config, `a:${from} b:string`, [[cell, 'x']]);
  expect(schema).toBe(`a:${to} b:string`);
  expect(rows[0]?.[1]).toBe('x');
  const value = rows[0]?.[0] ?? null;
  expect(nulled).toEqual(value === null && cell !== null ? ['TYPECAST_VALUE'] : []);
  return value === null && cell !== null ? 'nulled' : value;
}

const types = ['boolean', 'long', 'double', 'string', 'timestamp', 'json'];
const time = at('2026-01-02T03:04:05.123456789Z');

describe('typecast', () => {
  it.each<[string, Cell, readonly Cell[]]>([
    // Columns of the table: boolean, long, double, string, timestamp, json.
    ['boolean', true, [true, 1n, 'nulled', 'true', 'nulled', 'nulled']],
    ['boolean', false, [false, 0n, 'nulled', 'false', 'nulled', 'nulled']],
    ['long', 1n, [true, 1n, 1, '1', at('1970-01-01T00:00:01Z'), 'nulled']],
    ['long', 0n, [false, 0n, 0, '0', at('1970-01-01T00:00:00Z'), 'nulled']],
    ['long', -2n, ['nulled', -2n, -2, '-2', at('1969-12-31T23:59:58Z'), 'nulled']],
    [
      'long',
      9007199254740993n,
      ['nulled', 9007199254740993n, 9007199254740992, '9007199254740993', 'nulled', 'nulled'],
    ],
    ['double', 1.5, ['nulled', 1n, 1.5, '1.5', at('1970-01-01T00:00:01.5Z'), 'nulled']],
    ['double', -1.5, ['nulled', -1n, -1.5, '-1.5', at('1969-12-31T23:59:58.5Z'), 'nulled']],
    ['double', 1e300, ['nulled', 'nulled', 1e300, '1.0E300', 'nulled', 'nulled']],
    ['double', Number.NaN, ['nulled', 'nulled', Number.NaN, 'NaN', 'nulled', 'nulled']],
    [
      'double',
      Number.POSITIVE_INFINITY,
      ['nulled', 'nulled', Number.POSITIVE_INFINITY, 'Infinity', 'nulled', 'nulled'],
    ],
    ['string', 'yes', [true, 'nulled', 'nulled', 'yes', 'nulled', 'nulled']],
    ['string', 'OFF', [false, 'nulled', 'nulled', 'OFF', 'nulled', 'nulled']],
    ['string', '1', [true, 1n, 1, '1', 'nulled', '1']],
    ['string', '2', ['nulled', 2n, 2, '2', 'nulled', '2']],
    ['string', '1.5', ['nulled', 'nulled', 1.5, '1.5', 'nulled', '1.5']],
    [
      'string',
      '9223372036854775808',
      ['nulled', 'nulled', 9223372036854775808, '9223372036854775808', 'nulled', 'nulled'],
    ],
    ['string', '', ['nulled', 'nulled', 'nulled', '', 'nulled', 'nulled']],
    ['string', 'yEs', ['nulled', 'nulled', 'nulled', 'yEs', 'nulled', 'nulled']],
    [
      'string',
      '2026-01-02 03:04:05.123456789 +0000',
      ['nulled', 'nulled', 'nulled', '2026-01-02 03:04:05.123456789 +0000', time, 'nulled'],
    ],
    ['string', '{"a": [1, 2.0]} ', ['nulled', 'nulled', 'nulled', '{"a": [1, 2.0]} ', 'nulled', '{"a":[1,2.0]}']],
    ['string', '{} {}', ['nulled', 'nulled', 'nulled', '{} {}', 'nulled', 'nulled']],
    [
      'timestamp',
      time,
      ['nulled', 1767323045n, 1767323045.1234567, '2026-01-02 03:04:05.123456789 +0000', time, 'nulled'],
    ],
    ['json', '{"a":[1,"é"]}', ['nulled', 'nulled', 'nulled', '{"a":[1,"é"]}', 'nulled', '{"a":[1,"é"]}']],
    ['json', '"text"', ['nulled', 'nulled', 'nulled', 'text', 'nulled', '"text"']],
    ['json', '1', ['nulled', 'nulled', 'nulled', '1', 'nulled', '1']],
  ])('casts the %s %o', (from, cell, expected) => {
    expect(types.map((to) => cast(from, to, cell))).toEqual(expected);
  });

  it('keeps null in every type', () => {
    for (const from of types) for (const to of types) expect(cast(from, to, null)).toBeNull();
  });

  const json = '{"n":1,"d":-1.9,"s":"7","t":"yes","b":true,"o":{"x":1},"z":null,"l":[1,"x",null,2.5]}';

  it.each<[string, string, string, number]>([
    ['$.j.n', 'string', json.replace('"n":1', '"n":"1"'), 0],
    ['$.j.n', 'double', json.replace('"n":1', '"n":1.0'), 0],
    ['$.j.n', 'boolean', json.replace('"n":1', '"n":true'), 0],
    ['$.j.d', 'long', json.replace('-1.9', '-1'), 0],
    ['$.j.s', 'long', json.replace('"7"', '7'), 0],
    ["$['j']['t']", 'boolean', json.replace('"yes"', 'true'), 0],
    ['$.j.b', 'long', json.replace('"b":true', '"b":1'), 0],
    ['$.j.o', 'string', json.replace('{"x":1}', String.raw`"{\"x\":1}"`), 0],
    ['$.j.o', 'long', json.replace('{"x":1}', 'null'), 1],
    ['$.j.s', 'json', json.replace('"7"', '7'), 0],
    ['$.j.z', 'string', json, 0],
    ['$.j.l[*]', 'long', json.replace('[1,"x",null,2.5]', '[1,null,null,2]'), 1],
    ['$.j.l[1]', 'string', json, 0],
    ['$.j.none', 'string', json, 0],
  ])('casts %s to %s', (name, type, expected, nulled) => {
    const config = typecastConfig.parse({ columns: [{ name, type }] });
    const result = filtered(typecast, config, 'i:long j:json', [
      [1n, json],
      [2n, null],
    ]);
    expect(result.rows).toEqual([
      [1n, expected],
      [2n, null],
    ]);
    expect(result.nulled).toHaveLength(nulled);
  });

  it('goes on from column to path: a string becomes json, and a value in it another', () => {
    const config = typecastConfig.parse({
      columns: [
        { name: 'j', type: 'json' },
        { name: '$.j.a', type: 'string' },
        { name: '$.j.b', type: 'long' },
      ],
    });
    expect(filtered(typecast, config, 'j:string', [['{"a":1,"b":"2"}']]).rows).toEqual([['{"a":"1","b":2}']]);
  });

  it('uses formats, zones and dates of the column, then the defaults', () => {
    const config = typecastConfig.parse({
      columns: [
        { name: 'a', type: 'timestamp', format: '%H:%M', date: '2026-05-06', timezone: 'Asia/Tokyo' },
        { name: 'b', type: 'string', format: '%d.%m.%Y' },
      ],
      default_timezone: '+09:00',
    });
    const { rows } = filtered(typecast, config, 'a:string b:timestamp', [['09:30', at('2026-01-01T15:00:00Z')]]);
    expect(rows).toEqual([[at('2026-05-06T00:30:00Z'), '02.01.2026']]);
  });

  it('stops at the first bad value when told to', () => {
    const config = typecastConfig.parse({ columns: [{ name: 'a', type: 'long' }], stop_on_invalid_record: true });
    expect(() => filtered(typecast, config, 'a:string', [['1'], ['x']])).toThrow(
      expect.objectContaining({ code: 'TYPECAST_VALUE', message: '"x" of type string cannot be converted to long.' }),
    );
  });

  it.each([
    [{ name: 'z', type: 'long' }, 'TYPECAST_COLUMN'],
    [{ name: '$.j.a', type: 'timestamp' }, 'TYPECAST_COLUMN'],
    [{ name: '$.a.b', type: 'long' }, 'TYPECAST_COLUMN'],
    [{ name: '$.j', type: 'long' }, 'TYPECAST_COLUMN'],
    [{ name: '$.j..a', type: 'long' }, 'TYPECAST_COLUMN'],
    [{ name: 'a', type: 'timestamp', timezone: 'Nowhere' }, 'TIME_ZONE_UNKNOWN'],
  ])('refuses %j', (column, code) => {
    const config = typecastConfig.parse({ columns: [column] });
    const open = (): unknown => typecast.open(config, schemaOf('a:string j:json'), filterContext());
    expect(open).toThrow(expect.objectContaining({ code }));
  });

  it('runs in a job, the same for any chunks', async () => {
    await using place = await workspace({
      'in/a.csv': Array.from({ length: 50 }, (_, index) => `${index},${index % 7 === 0 ? 'x' : index}.5\n`).join(''),
      'config.yml': `in:
  type: file
  path_prefix: in/
  parser: {type: csv, columns: [{name: a, type: string}, {name: b, type: string}]}
filters:
- {type: typecast, columns: [{name: a, type: long}, {name: b, type: double}]}
out: {type: file, path_prefix: out/r_, file_ext: csv, formatter: {type: csv}}
exec: {max_threads: 1, min_output_tasks: 1}
`,
    });
    const whole = await place.ropeway(['run', 'config.yml']);
    expect(whole.exitCode, whole.stderr).toBe(0);
    expect(whole.stderr).toContain('Cells became null');
    expect(whole.stderr).toContain('cells=8');
    const expected = Array.from({ length: 50 }, (_, index) => `${index},${index % 7 === 0 ? '' : `${index}.5`}\r\n`);
    const [name = ''] = await place.outputs();
    expect(await place.read(`out/${name}`)).toBe(`a,b\r\n${expected.join('')}`);
    const chunked = await place.ropeway(['run', '-X', 'chunk_bytes=7', 'config.yml']);
    expect(chunked.stderr).toContain('cells=8');
    expect(await place.read(`out/${name}`)).toBe(`a,b\r\n${expected.join('')}`);
  });
});
