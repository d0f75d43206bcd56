/** The commands as their users see them: what is printed where, and the words of errors. */
import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { csvJob, workspace } from '#test/kit/workspace.ts';

const rows = 'id,name,at\n1,Aiko,2026-01-02 03:04:05\n2,"Zoë, the first",2026-01-03 00:00:00\n';
const seed = 'in: {type: file, path_prefix: in/}\nout: {type: stdout}\n';

describe('ropeway', () => {
  it('prints help and version without an error', async () => {
    await using place = await workspace();
    const help = await place.ropeway(['--help']);
    expect(help).toMatchObject({ exitCode: 0, stderr: '' });
    expect(help.stdout).toContain('guess');
    expect(await place.ropeway(['--version'])).toMatchObject({ exitCode: 0, stdout: '0.1.0\n' });
    expect(await place.ropeway(['-version'])).toMatchObject({ exitCode: 0, stdout: '0.1.0\n' });
  });

  it.each([
    [['rnu'], /Did you mean run/],
    [['run'], /missing required argument/],
    [['run', 'a.yml', '--nope'], /unknown option/],
    [['run', '-l', 'loud', 'a.yml'], /Allowed choices/],
    [['gem', 'install', 'x'], /does not exist here/],
  ])('refuses %j with exit code 2', async (args, words) => {
    await using place = await workspace();
    const run = await place.ropeway(args);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(words);
  });

  it('takes options before the command, as Embulk does', async () => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': '1,x\n' });
    const run = await place.ropeway(['-l', 'error', '-X', 'max_threads=1', 'run', 'config.yml']);
    expect(run).toMatchObject({ exitCode: 0, stdout: '', stderr: '' });
  });
});

describe('ropeway guess, preview, run', () => {
  it('find out, show, and load a file', async () => {
    await using place = await workspace({ 'seed.yml': seed, 'in/a.csv.gz': gzipSync(rows) });
    const guess = await place.ropeway(['guess', 'seed.yml']);
    expect(guess.exitCode, guess.stderr).toBe(0);
    expect(guess.stdout).toContain('- {name: id, type: long}\n    - {name: name, type: string}\n');
    expect(guess.stderr).toContain('The file is compressed with gzip.');
    expect(guess.stderr).toContain('told from 2 rows');

    await place.write('config.yml', guess.stdout);
    const preview = await place.ropeway(['preview', 'config.yml']);
    expect(preview.stdout).toBe(`+---------+----------------+-------------------------+
| id:long |    name:string |            at:timestamp |
+---------+----------------+-------------------------+
|       1 |           Aiko | 2026-01-02 03:04:05 UTC |
|       2 | Zoë, the first | 2026-01-03 00:00:00 UTC |
+---------+----------------+-------------------------+
`);
    const vertical = await place.ropeway(['preview', '-G', 'config.yml']);
    expect(vertical.stdout).toContain(
      '  id (     long) : 1\nname (   string) : Aiko\n  at (timestamp) : 2026-01-02T03:04:05Z\n',
    );

    const run = await place.ropeway(['run', 'config.yml']);
    expect(run.stdout).toBe('1,Aiko,2026-01-02 03:04:05\n2,Zoë, the first,2026-01-03 00:00:00\n');
  });

  it('shows only the rows asked for, from as many files as it takes', async () => {
    await using place = await workspace({
      'config.yml': csvJob({ top: 'preview_sample_rows: 2\n' }),
      'in/a.csv': '',
      'in/b.csv': '1,x\n',
      'in/c.csv': '2,y\n3,z\n',
    });
    const preview = await place.ropeway(['preview', '--json', 'config.yml']);
    expect(JSON.parse(preview.stdout)).toMatchObject({
      records: [
        [1, 'x'],
        [2, 'y'],
      ],
    });
  });

  it('read only newer files the next time', async () => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': '1,x\n' });
    expect((await place.ropeway(['run', '-c', 'diff.yml', 'config.yml'])).exitCode).toBe(0);
    expect(await place.read('diff.yml')).toBe('in: {last_path: in/a.csv}\nout: {}\n');
    await place.write('in/b.csv', '2,y\n');
    expect((await place.ropeway(['run', '-c', 'diff.yml', 'config.yml'])).exitCode).toBe(0);
    expect(await place.read('out/r_000.00.csv')).toBe('a,b\r\n2,y\r\n');
  });

  it('give events for machines', async () => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': '1,x\nbad,y\n' });
    const run = await place.ropeway(['run', '--json', 'config.yml']);
    const events = run.stderr
      .trim()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(events.at(-1)).toMatchObject({
      event: 'result',
      recordsWritten: 1,
      recordsSkipped: 1,
      skips: { CSV_LONG_INVALID: 1 },
    });
    expect(events).toContainEqual(
      expect.objectContaining({ event: 'log', code: 'CSV_LONG_INVALID', line: 2, text: 'bad,y' }),
    );
  });

  it('spread tasks over threads without changing a byte', async () => {
    const text = Array.from({ length: 300_000 }, (_, row) => `${row},"text, ${row} and ${'more '.repeat(4)}"\n`).join(
      '',
    );
    const files = { 'in/a.csv': text, 'in/b.csv': text, 'in/c.csv': text };
    const threads = (count: number): string => csvJob().replace('max_threads: 1', `max_threads: ${count}`);
    await using place = await workspace({ ...files, 'one.yml': threads(1), 'two.yml': threads(2) });
    await place.ropeway(['run', 'one.yml']);
    const names = await place.outputs();
    const alone = await Promise.all(names.map((name) => place.read(`out/${name}`)));
    const run = await place.ropeway(['run', 'two.yml']);
    expect(run.stderr).toContain('threads=2');
    expect(await Promise.all(names.map((name) => place.read(`out/${name}`)))).toEqual(alone);
  });

  it('fails when more records are skipped than allowed', async () => {
    const config = csvJob().replace('max_threads: 1', 'max_threads: 1, skipped_records_max: 1');
    await using place = await workspace({ 'config.yml': config, 'in/a.csv': 'x,1\n1,x\ny,1\n' });
    const run = await place.ropeway(['run', 'config.yml']);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('SKIPPED_RECORDS_LIMIT');
    expect(await place.outputs()).toEqual([]);
  });
});

describe('ropeway lint', () => {
  it('tells everything that is wrong at once, with places', async () => {
    await using place = await workspace({
      'config.yml': `in:
  type: file
  path_prefix: in/
  parser:
    type: cvs
filters:
- {type: rename, columms: {a: b}}
out:
  type: file
  path_prefix: out/
  formatter: {type: csv, quote_policy: SOME}
`,
    });
    const lint = await place.ropeway(['lint', 'config.yml']);
    expect(lint.exitCode).toBe(2);
    expect(lint.stderr).toBe(`error[PLUGIN_UNKNOWN]: There is no parser 'cvs'.
  --> config.yml:5:11 (in.parser.type)
   |
 5 |     type: cvs
   |           ^^^
   = help: Did you mean 'csv'?
warning[OPTION_UNKNOWN]: The option 'columms' is unknown to the filter 'rename' and has no effect.
  --> config.yml:7:18 (filters.0.columms)
   |
 7 | - {type: rename, columms: {a: b}}
   |                  ^^^^^^^
   = help: Did you mean 'columns'?
error[OPTION_REQUIRED]: The option 'file_ext' is required but not set.
  --> config.yml:8:1 (out.file_ext)
   |
 8 | out:
   | ^^^
   = help: Add it; it is a text.
error[OPTION_TYPE]: The option 'quote_policy' must be one of MINIMAL, ALL, NONE, but it is the text "SOME".
   --> config.yml:11:40 (out.formatter.quote_policy)
    |
 11 |   formatter: {type: csv, quote_policy: SOME}
    |                                        ^^^^
    = help: Choose one of them.
3 errors, 1 warning in 1 file.
`);
  });

  it('asks the plugins too, and praises by silence', async () => {
    await using place = await workspace({
      'bad.yml': csvJob({ out: '' }).replace('formatter: {type: csv}', 'formatter: {type: csv, delimiter: ab}'),
      'good.yml': csvJob(),
    });
    const bad = await place.ropeway(['lint', 'bad.yml']);
    expect(bad.stderr).toContain("'ab' is not one character");
    expect(await place.ropeway(['lint', 'good.yml'])).toMatchObject({
      exitCode: 0,
      stdout: '',
      stderr: '0 errors, 0 warnings in 1 file.\n',
    });
  });
});

describe('ropeway plugins, schema, example', () => {
  it('list and describe plugins', async () => {
    await using place = await workspace();
    const list = await place.ropeway(['plugins']);
    expect(list.stdout).toContain('Parsers (in.parser)\n  csv');
    const csv = await place.ropeway(['plugins', 'describe', 'csv']);
    expect(csv.stdout).toContain('skip_header_lines: integer, default 0');
    expect(csv.stdout).toContain('quote_policy: MINIMAL | ALL | NONE, default "MINIMAL"');
    expect(await place.ropeway(['plugins', 'describe', 'nope'])).toMatchObject({ exitCode: 2 });
  });

  it('print a JSON Schema', async () => {
    await using place = await workspace();
    const schema = JSON.parse((await place.ropeway(['schema'])).stdout) as { required: string[] };
    expect(schema.required).toEqual(['in', 'out']);
  });

  it('make an example that guesses, previews and runs', async () => {
    await using place = await workspace();
    expect((await place.ropeway(['example', 'demo'])).exitCode).toBe(0);
    expect((await place.ropeway(['guess', 'demo/seed.yml', '-o', 'demo/config.yml'])).exitCode).toBe(0);
    const run = await place.ropeway(['run', 'demo/config.yml']);
    expect(run.stdout.split('\n')).toHaveLength(5);
    expect(await place.ropeway(['example', 'demo'])).toMatchObject({ exitCode: 2 });
  });
});

describe('templates and dialects', () => {
  it('render Liquid with the environment', async () => {
    await using place = await workspace({
      'config.yml.liquid': csvJob().replace('in/', '{{ env.DIR }}/'),
      'data/a.csv': '1,x\n',
    });
    const run = await place.ropeway(['run', 'config.yml.liquid'], { env: { DIR: 'data' } });
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await place.read('out/r_000.00.csv')).toBe('a,b\r\n1,x\r\n');
  });

  it('read the older YAML dialect when told to', async () => {
    const config =
      'in: {type: config, columns: [{name: a, type: string}], values: [[[yes], [2015-01-02]]]}\nout: {type: stdout}\n';
    await using place = await workspace({ 'config.yml': config });
    expect((await place.ropeway(['run', 'config.yml'])).stdout).toBe('true\n1420156800000\n');
    expect((await place.ropeway(['run', '-X', 'yaml_dialect=0.11.3', 'config.yml'])).stdout).toBe('yes\n2015-01-02\n');
  });
});
