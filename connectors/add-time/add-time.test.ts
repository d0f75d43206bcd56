import { describe, expect, it } from 'vitest';
import { at, filterContext, filtered, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell } from '#test/kit/filter-cases.ts';
import { workspace } from '#test/kit/workspace.ts';
import { addTimeConfig } from './config.ts';
import { addTime } from './filter.ts';

function added(config: object, column: string, cells: readonly Cell[], batchRows = 1024): ReturnType<typeof filtered> {
  return filtered(
    addTime,
    addTimeConfig.parse(config),
    column,
    cells.map((cell) => [cell]),
    { batchRows },
  );
}

const to = { to_column: { name: 'time' } };

describe('add_time from_column', () => {
  it.each<[string, object, object, Cell, Cell]>([
    ['long', {}, {}, 5n, at('1970-01-01T00:00:05Z')],
    ['long', { unix_timestamp_unit: 'milli' }, {}, -1500n, at('1969-12-31T23:59:58.5Z')],
    ['long', { unix_timestamp_unit: 'milli' }, { type: 'long' }, -1500n, -1n],
    ['long', { unix_timestamp_unit: 'nano' }, { type: 'long', unix_timestamp_unit: 'micro' }, 1999n, 1n],
    ['long', {}, { type: 'long', unix_timestamp_unit: 'milli' }, 2n, 2000n],
    ['long', {}, { type: 'string' }, 5n, '1970-01-01 00:00:05 +0000'],
    ['long', {}, { type: 'string', timestamp_format: '%Y/%m/%d %H', timezone: 'Asia/Tokyo' }, 54000n, '1970/01/02 00'],
    ['timestamp', {}, { type: 'long' }, at('1969-12-31T23:59:58.5Z'), -2n],
    ['timestamp', {}, {}, at('2026-01-02T03:04:05.123456789Z'), at('2026-01-02T03:04:05.123456789Z')],
    ['string', {}, {}, '2026-01-02 09:00:00 +0900', at('2026-01-02T00:00:00Z')],
    ['string', { timestamp_format: '%Y-%m-%d', timezone: 'Asia/Tokyo' }, {}, '2026-01-02', at('2026-01-01T15:00:00Z')],
    ['string', { timestamp_format: '%H', default_date: '2026-01-02' }, { type: 'long' }, '01', 1767315600n],
    ['json', { json_key: 't' }, {}, '{"t":5}', at('1970-01-01T00:00:05Z')],
    ['json', { json_key: "it's", timestamp_format: '%Y' }, {}, '{"it\'s":"2026"}', at('2026-01-01T00:00:00Z')],
    ['json', { json_key: 't' }, {}, '{"x":5}', null],
    ['json', { json_key: 't' }, {}, '{"t":null}', null],
    ['json', { json_key: 't' }, {}, '[1]', null],
    ['string', {}, {}, null, null],
  ])('%s with %j to %j: %o becomes %o', (type, from, target, cell, expected) => {
    const config = { to_column: { name: 'time', ...target }, from_column: { name: 'a', ...from } };
    const result = added(config, `a:${type}`, [cell]);
    expect(result).toMatchObject({ rows: [[cell, expected]], rejected: [], nulled: [] });
  });

  it('leaves out records whose text is not a time; inside json the cell is null', () => {
    const texts = added({ ...to, from_column: { name: 'a', timestamp_format: '%Y' } }, 'a:string', [
      '2026',
      'x',
      '2027',
      null,
    ]);
    expect(texts.rows.map(([cell]) => cell)).toEqual(['2026', '2027', null]);
    expect(texts.rejected).toEqual(['ADD_TIME_VALUE']);
    const longs = added({ ...to, from_column: { name: 'a' } }, 'a:long', [2n ** 62n]);
    expect(longs).toMatchObject({ rows: [], rejected: ['ADD_TIME_VALUE'] });
    const json = ['{"t":"x"}', '{"t":1.5}', '{"t":[]}', '{"t":1}'];
    const result = added({ ...to, from_column: { name: 'a', json_key: 't' } }, 'a:json', json);
    expect(result.rows.map(([, time]) => time)).toEqual([null, null, null, at('1970-01-01T00:00:01Z')]);
    expect(result.nulled).toHaveLength(3);
  });

  it('lets columns of the name give way', () => {
    const config = addTimeConfig.parse({ ...to, from_column: { name: 'time' } });
    const { schema } = addTime.open(config, schemaOf('time:long time_:long a:long'), filterContext());
    expect(schema.columns.map(({ name }) => name)).toEqual(['time__', 'time_', 'a', 'time']);
  });
});

describe('add_time from_value', () => {
  it.each<[object, object, Cell]>([
    [{ value: '2026-01-02 03:04:05 +0000' }, {}, at('2026-01-02T03:04:05Z')],
    [{ value: '1500', unix_timestamp_unit: 'milli' }, {}, at('1970-01-01T00:00:01.5Z')],
    [{ value: '20260102', timestamp_format: '%Y%m%d' }, { type: 'long' }, 1767312000n],
    [{ mode: 'upload_time' }, {}, at('2026-01-02T03:04:05.678Z')],
    [{ mode: 'upload_time' }, { type: 'long', unix_timestamp_unit: 'milli' }, 1767323045678n],
  ])('%j to %j gives %o to every record', (value, target, expected) => {
    const config = { to_column: { name: 'time', ...target }, from_value: value };
    for (const batchRows of [1, 100]) {
      expect(added(config, 'a:long', [1n, 2n], batchRows).rows).toEqual([
        [1n, expected],
        [2n, expected],
      ]);
    }
  });

  it('goes up by a second from record to record, and around', () => {
    const config = {
      to_column: { name: 'time', type: 'long' },
      from_value: { mode: 'incremental_time', from: '10', to: '12' },
    };
    for (const batchRows of [1, 2, 100]) {
      const { rows } = added(config, 'a:long', [0n, 0n, 0n, 0n, 0n], batchRows);
      expect(rows.map(([, time]) => time)).toEqual([10n, 11n, 12n, 10n, 11n]);
    }
  });
});

describe('add_time', () => {
  it.each([
    [{}, 'ADD_TIME_OPTION'],
    [{ from_column: { name: 's' }, from_value: { value: '1' } }, 'ADD_TIME_OPTION'],
    [{ from_column: { name: 'z' } }, 'ADD_TIME_OPTION'],
    [{ from_column: { name: 'd' } }, 'ADD_TIME_OPTION'],
    [{ from_column: { name: 'j' } }, 'ADD_TIME_OPTION'],
    [{ from_column: { name: 's', timezone: 'Nowhere' } }, 'TIME_ZONE_UNKNOWN'],
    [{ from_column: { name: 's', default_date: 'x' } }, 'TIME_DATE_INVALID'],
    [{ from_value: {} }, 'ADD_TIME_OPTION'],
    [{ from_value: { value: 'x' } }, 'ADD_TIME_OPTION'],
    [{ from_value: { mode: 'incremental_time', from: '1' } }, 'ADD_TIME_OPTION'],
    [{ from_value: { mode: 'incremental_time', from: '2', to: '1' } }, 'ADD_TIME_OPTION'],
    [{ from_value: { value: 'x', timestamp_format: 'java:[' } }, 'TIME_FORMAT_INVALID'],
  ])('refuses %j', (config, code) => {
    const open = (): unknown =>
      addTime.open(addTimeConfig.parse({ ...to, ...config }), schemaOf('s:string d:double j:json'), filterContext());
    expect(open).toThrow(expect.objectContaining({ code }));
  });

  it('runs in a job, the same for any chunks: times that go up keep their order', async () => {
    await using place = await workspace({
      'in/a.csv': Array.from({ length: 40 }, (_, index) => `${index}\n`).join(''),
      'config.yml': `in:
  type: file
  path_prefix: in/
  parser: {type: csv, columns: [{name: a, type: long}]}
filters:
- {type: add_time, to_column: {name: up, type: long}, from_value: {mode: incremental_time, from: 100, to: 1000}}
- {type: add_time, to_column: {name: a}, from_column: {name: a}}
out: {type: file, path_prefix: out/r_, file_ext: csv, formatter: {type: csv, newline: LF, default_timestamp_format: '%s'}}
exec: {max_threads: 1, min_output_tasks: 1}
`,
    });
    const rows = Array.from({ length: 40 }, (_, index) => `${index},${100 + index},${index}\n`);
    for (const chunks of [[], ['-X', 'chunk_bytes=7']]) {
      const result = await place.ropeway(['run', ...chunks, 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      const [name = ''] = await place.outputs();
      expect(await place.read(`out/${name}`)).toBe(`a_,up,a\n${rows.join('')}`);
    }
  });
});
