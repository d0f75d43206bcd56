/** Files that are made in one go, although several threads could share the work: whole jobs with Parquet. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { catalog } from '#connectors/catalog.ts';
import type { FilesOutput } from '#engine/job.ts';
import { openTarget } from '#engine/target.ts';
import { duck } from '#test/kit/duckdb.ts';
import type { Duck } from '#test/kit/duckdb.ts';
import { workspace } from '#test/kit/workspace.ts';

let db: Duck;
beforeAll(async () => {
  db = await duck();
});
afterAll(() => db[Symbol.dispose]());

/** Large enough to be shared by threads. */
const RECORDS = 300_000;

function csv(): string {
  let text = 'a,b,c\n';
  for (let row = 1; row <= RECORDS; row++) text += `${row},"wörd-${row % 1000}",${row / 8}\n`;
  return text;
}

const toParquet = `in:
  type: file
  path_prefix: in/
  parser:
    type: csv
    skip_header_lines: 1
    columns: [{name: a, type: long}, {name: b, type: string}, {name: c, type: double}]
out:
  type: file
  path_prefix: out/r_
  file_ext: parquet
  formatter: {type: parquet}
exec: {max_threads: 2, min_output_tasks: 1}
`;

describe('openTarget()', () => {
  it.each([
    ['parquet', {}, false],
    ['jsonl', {}, true],
  ])('lets threads write parts of a file when the formatter does: %s', async (name, config, isShared) => {
    const output: FilesOutput = {
      kind: 'file_output',
      name: 'file',
      config: {},
      path: ['out'],
      formatter: { kind: 'formatter', name, config, path: ['out', 'formatter'] },
      encoders: [],
    };
    expect((await openTarget(output, catalog)).ranges !== undefined).toBe(isShared);
  });
});

describe('a job with Parquet', () => {
  it('writes one file that is whole, and reads it into what it came from', async () => {
    const text = csv();
    await using place = await workspace({ 'in/a.csv': text, 'config.yml': toParquet });
    const written = await place.ropeway(['run', 'config.yml']);
    expect(written.exitCode, written.stderr).toBe(0);
    expect(await place.outputs()).toEqual(['r_000.00.parquet']);
    const file = place.path('out/r_000.00.parquet');
    const n = BigInt(RECORDS);
    expect(await db.rows(`select count(*), sum(a)::bigint, count(distinct b), sum(c) from '${file}'`)).toEqual([
      [n, (n * (n + 1n)) / 2n, 1000n, Number((n * (n + 1n)) / 2n) / 8],
    ]);
    await place.write(
      'back.yml',
      `in:
  type: file
  path_prefix: out/r_
  parser:
    type: parquet
    columns: [{name: a, type: long}, {name: b, type: string}, {name: c, type: double}]
out:
  type: file
  path_prefix: out/back_
  file_ext: csv
  formatter: {type: csv, quote_policy: ALL}
exec: {max_threads: 2, min_output_tasks: 1}
`,
    );
    const back = await place.ropeway(['run', 'back.yml']);
    expect(back.exitCode, back.stderr).toBe(0);
    const again = `read_csv('${place.path('out/back_000.00.csv')}', header = true)`;
    const first = `read_csv('${place.path('in/a.csv')}', header = true)`;
    expect(await db.rows(`select count(*) from ${again}`)).toEqual([[n]]);
    expect(await db.rows(`(from ${again}) except (from ${first})`)).toEqual([]);
  });

  it('is guessed with its columns, and previewed', async () => {
    await using place = await workspace({
      'seed.yml': 'in: {type: file, path_prefix: in/}\nout: {type: stdout}\n',
      'in/.keep': '',
    });
    await db.rows(`copy (select 1 as id, date '2024-01-02' as day, [1, 2] as tags, 1.50::decimal(9, 2) as price)
      to '${place.path('in/a.parquet')}' (format parquet)`);
    const guessed = await place.ropeway(['guess', 'seed.yml', '-o', 'config.yml']);
    expect(guessed.exitCode, guessed.stderr).toBe(0);
    expect(await place.read('config.yml')).toContain(`  parser:
    type: parquet
    columns:
    - {name: id, type: long}
    - {name: day, type: timestamp}
    - {name: tags, type: json}
    - {name: price, type: string}
`);
    const preview = await place.ropeway(['preview', 'config.yml']);
    expect(preview.exitCode, preview.stderr).toBe(0);
    expect(preview.stdout).toContain('[1,2]');
    expect(preview.stdout).toContain('1.50');
  });

  it('says that the columns of a large file are to be written, when the sample ends before them', async () => {
    await using place = await workspace({
      'seed.yml': 'in: {type: file, path_prefix: in/}\nout: {type: stdout}\n',
      'in/.keep': '',
    });
    await db.rows(`copy (select hash(i) as a from range(20000) t(i)) to '${place.path('in/a.parquet')}'
      (format parquet, compression uncompressed)`);
    const guessed = await place.ropeway(['guess', 'seed.yml', '-o', 'config.yml']);
    expect(guessed.stderr).toContain('guess_sample_buffer_bytes');
    expect(await place.read('config.yml')).toContain('parser: {type: parquet}');
    const larger = `exec: {guess_sample_buffer_bytes: 1000000}\n${await place.read('seed.yml')}`;
    await place.write('seed.yml', larger);
    await place.ropeway(['guess', 'seed.yml', '-o', 'config.yml']);
    expect(await place.read('config.yml')).toContain('- {name: a, type: long}');
  });

  it('shows where the config is wrong: a repeated column, nanoseconds', async () => {
    const config = toParquet.replace('{name: c, type: double}', '{name: a, type: double}');
    await using place = await workspace({ 'in/a.csv': 'a,b,c\n1,x,2.5\n', 'config.yml': config });
    const repeated = await place.ropeway(['run', 'config.yml']);
    expect(repeated.exitCode).toBe(2);
    expect(repeated.stderr).toContain('error[PARQUET_COLUMNS]');
    expect(repeated.stderr).toContain('(out.formatter');
    const times = toParquet.replace('type: double}', 'type: timestamp, format: "%Y-%m-%d %H:%M:%S.%N"}');
    await place.write('config.yml', times);
    await place.write('in/a.csv', 'a,b,c\n1,x,2024-01-02 03:04:05.000000001\n');
    const finer = await place.ropeway(['run', 'config.yml']);
    expect(finer.exitCode).toBe(1);
    expect(finer.stderr).toContain('error[PARQUET_NANOSECONDS]');
    expect(finer.stderr).toContain('timestamp_unit: nanos');
    expect(await place.outputs()).toEqual([]);
  });
});
