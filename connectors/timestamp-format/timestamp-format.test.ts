import { describe, expect, it } from 'vitest';
import { at, filterContext, filtered, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell } from '#test/kit/filter-cases.ts';
import { workspace } from '#test/kit/workspace.ts';
import { timestampFormatConfig } from './config.ts';
import { timestampFormat } from './filter.ts';

const time = at('2026-01-02T03:04:05.123456789Z');

function converted(from: string, column: object, cell: Cell, defaults: object = {}): Cell {
  const config = timestampFormatConfig.parse({ columns: [{ name: 'a', ...column }], ...defaults });
  const { rows, nulled, schema } = filtered(timestampFormat, config, `x:long a:${from}`, [
    [7n, cell],
    [8n, null],
  ]);
  expect(schema).toBe(`x:long a:${config.columns[0]?.type ?? ''}`);
  expect([rows[0]?.[0], rows[1]]).toEqual([7n, [8n, null]]);
  const value = rows[0]?.[1] ?? null;
  expect(nulled).toEqual(value === null ? ['TIMESTAMP_FORMAT_VALUE'] : []);
  return value;
}

describe('timestamp_format', () => {
  it.each<[string, object, Cell, Cell]>([
    ['string', {}, '2026-01-02 03:04:05.123456789 +0000', '2026-01-02 03:04:05.123456 +0000'],
    ['string', { to_format: '%Y/%m/%d', to_timezone: 'Asia/Tokyo' }, '2026-01-02 20:00:00.0 +0000', '2026/01/03'],
    ['string', { from_format: ['%d.%m.%Y', '%Y-%m-%d'], type: 'timestamp' }, '2026-01-02', at('2026-01-02T00:00:00Z')],
    [
      'string',
      { from_format: ['%Y-%m-%d %H:%M'], from_timezone: '+09:00', type: 'long' },
      '2026-01-02 09:00',
      1767312000n,
    ],
    ['string', { from_format: ['%Y-%m-%d'], type: 'double', to_unit: 'ms' }, '1969-12-31', -86400000],
    ['string', { from_format: ['%Y-%m-%d'] }, '02.01.2026', null],
    ['string', { from_format: ['yyyy/MM/dd'], to_format: "dd MMM yyyy 'x'" }, '2026/01/02', '02 Jan 2026 x'],
    ['string', { from_format: ['yyyy/MM/dd', 'yyyyMMdd'], type: 'long' }, '20260102', 1767312000n],
    // Once there is a % anywhere, the others are not tried.
    ['string', { from_format: ['yyyy/MM/dd', '%Y-%m-%d'], type: 'long' }, '2026/01/02', null],
    ['string', { from_format: ['java:uuuu/MM/dd'], type: 'long' }, '2026/01/02', 1767312000n],
    ['timestamp', {}, time, '2026-01-02 03:04:05.123456 +0000'],
    ['timestamp', { type: 'timestamp' }, time, time],
    ['timestamp', { type: 'long' }, time, 1767323045n],
    ['timestamp', { type: 'long', to_unit: 'MilliSecond' }, time, 1767323045123n],
    ['timestamp', { type: 'long', to_unit: 'micro_second' }, time, 1767323045123456n],
    ['timestamp', { type: 'long', to_unit: 'NANO' }, time, 1767323045123456789n],
    ['timestamp', { type: 'long' }, at('1969-12-31T23:59:58.5Z'), -2n],
    ['timestamp', { type: 'long', to_unit: 'ns' }, at('2600-01-01T00:00:00Z'), null],
    ['timestamp', { type: 'double', to_unit: 'ms' }, time, 1767323045123.4568],
    ['long', {}, 1767323045n, '2026-01-02 03:04:05.000000 +0000'],
    ['long', { type: 'timestamp', from_unit: 'usec' }, 1767323045123456n, at('2026-01-02T03:04:05.123456Z')],
    ['long', { type: 'long', from_unit: 'ms' }, -1500n, -1n],
    ['long', { type: 'long', to_unit: 'ms' }, 9223372036854775807n, null],
    ['long', { type: 'double', from_unit: 'ms' }, 1500n, 1.5],
    ['long', {}, 10000000000n, '2286-11-20 17:46:40.000000 +0000'],
    ['double', { type: 'timestamp' }, -0.5, at('1969-12-31T23:59:59.5Z')],
    ['double', { type: 'long', to_unit: 'ms' }, 1.5, 1500n],
    ['double', { type: 'string', from_unit: 'ms' }, 1500.25, '1970-01-01 00:00:01.500250 +0000'],
    ['double', {}, Number.NaN, null],
  ])('makes of %s with %j: %o to %o', (from, column, cell, expected) => {
    expect(converted(from, column, cell)).toEqual(expected);
  });

  // The four conversions of UNIX times, in every unit.
  it.each<[string, bigint, string]>([
    ['second', 1767323045n, '2026-01-02 12:04:05.000000000'],
    ['ms', 1767323045123n, '2026-01-02 12:04:05.123000000'],
    ['us', 1767323045123456n, '2026-01-02 12:04:05.123456000'],
    ['ns', 1767323045123456789n, '2026-01-02 12:04:05.123456789'],
    ['ms', -1n, '1970-01-01 08:59:59.999000000'],
    ['ns', -9223372036854775808n, '1677-09-21 09:31:42.145224192'],
  ])('converts UNIX times in %s: %o is %s in Tokyo', (unit, number, text) => {
    const instant = converted('long', { type: 'timestamp', from_unit: unit }, number);
    const format = '%Y-%m-%d %H:%M:%S.%9N';
    const tokyo = { to_format: format, to_timezone: 'Asia/Tokyo' };
    expect(converted('timestamp', tokyo, instant)).toBe(text);
    expect(converted('timestamp', { type: 'long', to_unit: unit }, instant)).toBe(number);
    expect(converted('long', { ...tokyo, from_unit: unit }, number)).toBe(text);
    const back = { type: 'long', from_format: ['%Y-%m-%d %H:%M:%S.%N'], from_timezone: 'Asia/Tokyo', to_unit: unit };
    expect(converted('string', back, text)).toBe(number);
  });

  it('takes what the column does not say from the defaults', () => {
    const defaults = {
      default_from_timestamp_format: ['%Y'],
      default_from_timezone: '+01:00',
      default_to_timestamp_format: '%Y-%m-%d %H %z',
      default_to_timezone: 'Asia/Tokyo',
      default_from_timestamp_unit: 'ms',
      default_to_timestamp_unit: 'us',
    };
    expect(converted('string', {}, '2026', defaults)).toBe('2026-01-01 08 +0900');
    expect(converted('long', { type: 'long' }, 1500n, defaults)).toBe(1500000n);
  });

  it('goes inside json; booleans, nulls, objects and arrays stay', () => {
    const config = timestampFormatConfig.parse({
      columns: [
        { name: '$.j.a', type: 'long', from_format: ['%Y-%m-%d'] },
        { name: '$.j.l[*]', from_unit: 'ms', to_format: '%H:%M:%S.%L' },
      ],
    });
    const rows = [['{"a":"1970-01-02","l":[1500,2.5,true,null,{"x":1},"no"],"z":1.0}'], ['{"a":"no"}'], [null]];
    const result = filtered(timestampFormat, config, 'j:json', rows);
    expect(result.rows).toEqual([
      ['{"a":86400,"l":["00:00:01.500","00:00:00.002",true,null,{"x":1},null],"z":1.0}'],
      ['{"a":null}'],
      [null],
    ]);
    expect(result.nulled).toHaveLength(2);
  });

  it('stops at the first bad text when told to', () => {
    const config = timestampFormatConfig.parse({ columns: [{ name: 'a' }], stop_on_invalid_record: true });
    expect(() => filtered(timestampFormat, config, 'a:string', [['x']])).toThrow(
      '"x" is not a time in the format %Y-%m-%d %H:%M:%S.%N %z.',
    );
  });

  it.each([
    [{ name: 'z' }, 'TIMESTAMP_FORMAT_COLUMN'],
    [{ name: 'b' }, 'TIMESTAMP_FORMAT_COLUMN'],
    [{ name: 'j' }, 'TIMESTAMP_FORMAT_COLUMN'],
    [{ name: '$.j.a', type: 'timestamp' }, 'TIMESTAMP_FORMAT_COLUMN'],
    [{ name: '$.s.a' }, 'TIMESTAMP_FORMAT_COLUMN'],
    [{ name: 's', from_unit: 'week' }, 'TIMESTAMP_FORMAT_UNIT'],
    [{ name: 's', from_timezone: 'Nowhere' }, 'TIME_ZONE_UNKNOWN'],
    [{ name: 's', to_timezone: 'Nowhere' }, 'TIME_ZONE_UNKNOWN'],
    [{ name: 's', from_format: ['xxxx'] }, 'TIME_FORMAT_INVALID'],
    [{ name: 's', to_format: 'xxxx' }, 'TIME_FORMAT_INVALID'],
  ])('refuses %j', (column, code) => {
    const config = timestampFormatConfig.parse({ columns: [column] });
    const open = (): unknown => timestampFormat.open(config, schemaOf('s:string b:boolean j:json'), filterContext());
    expect(open).toThrow(expect.objectContaining({ code }));
  });

  it('runs in a job, the same for any chunks; many bad cells are counted', async () => {
    const lines = Array.from({ length: 90 }, (_, index) => (index % 2 === 0 ? 'x' : `2026-01-${10 + (index % 20)}`));
    await using place = await workspace({
      'in/a.csv': lines.map((text) => `${text}\n`).join(''),
      'config.yml': `in:
  type: file
  path_prefix: in/
  parser: {type: csv, columns: [{name: a, type: string}]}
filters: [{type: timestamp_format, columns: [{name: a, from_format: ['%Y-%m-%d'], to_format: '%d.%m.%Y'}]}]
out: {type: file, path_prefix: out/r_, file_ext: jsonl, formatter: {type: jsonl}}
exec: {max_threads: 1, min_output_tasks: 1}
`,
    });
    const expected = lines
      .map((text) => (text === 'x' ? '{"a":null}\n' : `{"a":"${text.slice(8)}.01.2026"}\n`))
      .join('');
    for (const chunks of [[], ['-X', 'chunk_bytes=7'], ['-X', 'chunk_bytes=600']]) {
      const result = await place.ropeway(['run', ...chunks, 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      const [name = ''] = await place.outputs();
      expect(await place.read(`out/${name}`)).toBe(expected);
      expect(result.stderr).toContain('only counted');
      expect(result.stderr).toContain('cells=45');
    }
  });
});
