import { describe, expect, it } from 'vitest';
import { at, filterContext, filtered, schemaOf } from '#test/kit/filter-cases.ts';
import type { Cell } from '#test/kit/filter-cases.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { workspace } from '#test/kit/workspace.ts';
import { speedometerConfig } from './config.ts';
import { speedometer } from './filter.ts';
import { Meter } from './meter.ts';

const SECOND = 1_000_000;

describe('Meter', () => {
  it('lets records come at the speed that is allowed, whoever brings them', () => {
    const memory = Meter.memory();
    const options = { bytesPerSecondMax: 1000, reportIntervalSeconds: 10 };
    const [one, other] = [new Meter(memory, options), new Meter(memory, options)];
    expect(one.count(1, 500, 100 * SECOND)).toBe(100.5 * SECOND);
    expect(other.count(1, 250, 100 * SECOND)).toBe(100.75 * SECOND);
    expect(one.count(1, 1000, 200 * SECOND)).toBe(201 * SECOND);
    const free = new Meter(Meter.memory(), { ...options, bytesPerSecondMax: 0 });
    expect(free.count(1, 1_000_000, 5)).toBe(5);
  });

  it('reports once in an interval', () => {
    const memory = Meter.memory();
    const options = { bytesPerSecondMax: 0, reportIntervalSeconds: 10 };
    const [one, other] = [new Meter(memory, options), new Meter(memory, options)];
    one.count(1, 1, SECOND);
    expect(
      [2, 10.9, 11, 11, 20, 21].map((second) => one.isReportDue(second * SECOND) || other.isReportDue(second * SECOND)),
    ).toEqual([false, false, true, false, false, true]);
  });

  it.each([
    [
      13_500_000,
      269_748,
      111,
      { total: '13.5mb', sec: '1:51', speed: '121kb/s', records: '269,748', 'record-speed': '2,430/s' },
    ],
    [512, 3, 0, { total: '512b', sec: '0:00', speed: '512b/s', records: '3', 'record-speed': '3/s' }],
    [
      5e12,
      1e9,
      7201,
      { total: '5.0tb', sec: '2:00:01', speed: '694mb/s', records: '1,000,000,000', 'record-speed': '138,869/s' },
    ],
  ])('says %d bytes, %d records, %d seconds in words', (bytes, records, seconds, report) => {
    const meter = new Meter(Meter.memory(), { bytesPerSecondMax: 0, reportIntervalSeconds: 10 });
    meter.enter();
    meter.count(records, bytes, SECOND);
    expect(meter.report((seconds + 1) * SECOND)).toEqual({ active: 1, ...report });
    expect(meter.leave()).toBe(0);
  });
});

describe('speedometer', () => {
  it.each<[string, readonly Cell[], number]>([
    ['a:string b:string', ['é', 'xyz'], 2 + 1 + 3 + 1],
    ['a:long b:double c:boolean d:boolean', [-12n, 1e7, true, false], 3 + 1 + 5 + 1 + 4 + 1 + 5 + 1],
    ['a:timestamp b:json', [at('2026-01-02T03:04:05Z'), '{"a":1}'], 32 + 1 + 7 + 1],
    ['a:long b:string', [null, null], 1 + 1],
  ])('counts the size of %s %o as %d, and changes nothing', (columns, cells, size) => {
    const lines: unknown[] = [];
    const log = { ...keptLog().log, info: (_: string, fields?: object) => lines.push(fields) };
    const input = schemaOf(columns);
    const config = speedometerConfig.parse({ label: 'L' });
    const stream = speedometer.open(config, input, { ...filterContext(), log });
    const seen = { ...speedometer, open: () => stream };
    expect(filtered(seen, config, columns, [cells]).rows).toEqual([cells]);
    expect(stream.hold?.()).toBeUndefined();
    void stream.close?.();
    expect(lines).toEqual([expect.objectContaining({ label: 'L', active: 0, records: '1', total: `${size}b` })]);
  });

  it('gives up waiting when the run is stopped', async () => {
    const stop = new AbortController();
    const config = speedometerConfig.parse({ speed_limit: 1 });
    const stream = speedometer.open(config, schemaOf('a:string'), { ...filterContext(), signal: stop.signal });
    filtered({ ...speedometer, open: () => stream }, config, 'a:string', [['x'.repeat(100_000)]]);
    const hold = stream.hold?.();
    expect(hold).toBeInstanceOf(Promise);
    stop.abort();
    await hold;
  });

  it('measures and slows down all tasks of a job together', async () => {
    const file = Array.from({ length: 50 }, () => '12345678,\n').join('');
    await using place = await workspace({
      'in/a.csv': file,
      'in/b.csv': file,
      'config.yml': `in:
  type: file
  path_prefix: in/
  parser: {type: csv, columns: [{name: a, type: long}, {name: b, type: string}]}
filters: [{type: speedometer, speed_limit: 4000, label: both}]
out: {type: file, path_prefix: out/r_, file_ext: csv, formatter: {type: csv, header_line: false, newline: LF}}
exec: {max_threads: 2, min_output_tasks: 1}
`,
    });
    for (const chunks of [[], ['-X', 'chunk_bytes=7']]) {
      const start = performance.now();
      const result = await place.ropeway(['run', ...chunks, 'config.yml']);
      expect(result.exitCode, result.stderr).toBe(0);
      // 100 records of ten bytes, at 4,000 bytes a second.
      expect(performance.now() - start).toBeGreaterThan(240);
      expect(result.stderr).toMatch(/Speed of the records\. label=both active=0 total=1\.0kb .*records=100/);
      const texts = await Promise.all((await place.outputs()).map((name) => place.read(`out/${name}`)));
      expect(texts).toEqual([file, file]);
    }
  });
});
