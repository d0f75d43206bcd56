/** What people get wrong in a config: a clear error each, with its place, and no output touched. */
import { describe, expect, it } from 'vitest';
import { csvJob, workspace } from '#test/kit/workspace.ts';

interface BadConfig {
  readonly title: string;
  readonly config: string;
  /** The first line of the message. */
  readonly head: RegExp;
  /** Line and column of the place, when the config itself is wrong. */
  readonly at?: string;
}

const badConfigs: readonly BadConfig[] = [
  {
    title: 'an unknown plugin, with a guess at the one that was meant',
    config: csvJob().replace('type: csv\n    columns', 'type: cvs\n    columns'),
    head: /cvs/,
    at: 'config.yml:5:11',
  },
  {
    title: 'a wrong type',
    config: csvJob({ parser: '    skip_header_lines: many\n' }),
    head: /skip_header_lines|many/,
    at: 'config.yml:7:',
  },
  {
    title: 'a missing required option',
    config: csvJob().replace('  path_prefix: in/\n', ''),
    head: /path_prefix/,
  },
  {
    title: 'a missing section',
    config: csvJob().replace(/^out:[\s\S]*?(?=exec:)/m, ''),
    head: /out/,
  },
  {
    title: 'an empty delimiter',
    config: csvJob({ parser: "    delimiter: ''\n" }),
    head: /delimiter/i,
    at: 'config.yml:7:',
  },
  {
    title: 'an unknown charset',
    config: csvJob({ parser: '    charset: nope\n' }),
    head: /nope/,
    at: 'config.yml:7:',
  },
  {
    title: 'an unknown time zone',
    config: csvJob({ parser: '    default_timezone: Mars/Olympus\n' }).replace(
      'name: b, type: string',
      'name: b, type: timestamp',
    ),
    head: /Mars/,
    at: 'config.yml:7:',
  },
  {
    title: 'an unquoted null as type',
    config: 'in: {type: config, columns: [{name: a, type: long}], values: []}\nout: {type: null}\n',
    head: /null|type/,
    at: 'config.yml:2:',
  },
  {
    title: 'one name for several outputs',
    config: csvJob()
      .replace('min_output_tasks: 1', 'min_output_tasks: 2')
      .replace('file_ext', "sequence_format: ''\n  file_ext"),
    head: /same|all 2 outputs/,
    at: 'config.yml:',
  },
  { title: 'YAML that is none', config: 'in: [\n', head: /./, at: 'config.yml:' },
  { title: 'a list at the top', config: '- 1\n', head: /mapping/i },
];

describe('ropeway run refuses', () => {
  it.each(badConfigs)('$title', async ({ config, head, at }) => {
    await using place = await workspace({ 'config.yml': config, 'in/a.csv': '1,x\n', 'out/r_000.00.csv': 'old' });
    const run = await place.ropeway(['run', 'config.yml']);
    expect(run.exitCode, run.stderr).toBe(2);
    const [firstError = ''] = run.stderr.split('\n').filter((line) => line.startsWith('error['));
    expect(firstError).toMatch(head);
    if (at !== undefined) expect(run.stderr).toContain(`--> ${at}`);
    expect(run.stderr).toContain('help: ');
    expect(run.stderr).not.toMatch(/\n\s+at .*\(.*:\d+:\d+\)/);
    expect(await place.read('out/r_000.00.csv')).toBe('old');
    expect(await place.outputs()).toEqual(['r_000.00.csv']);
  });

  it('a file that is not there', async () => {
    await using place = await workspace();
    const run = await place.ropeway(['run', 'nowhere.yml']);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toContain('nowhere.yml');
  });

  it('an unknown option, when told to be strict; without it, it warns and runs', async () => {
    await using place = await workspace({
      'config.yml': csvJob({ parser: "    delimeter: ','\n" }),
      'in/a.csv': '1,x\n',
    });
    const strict = await place.ropeway(['run', '--strict', 'config.yml']);
    expect(strict.exitCode).toBe(2);
    expect(strict.stderr).toContain("'delimiter'");
    expect(await place.outputs()).toEqual([]);
    const run = await place.ropeway(['run', 'config.yml']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr).toContain("'delimiter'");
    expect(await place.outputs()).toEqual(['r_000.00.csv']);
  });
});
