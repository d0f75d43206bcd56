/** `ropeway test` and `ropeway discover` as their users see them. */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '#scripts/source-files.ts';
import { ropewayScript } from '#test/kit/ropeway-command.ts';
import { csvJob, workspace } from '#test/kit/workspace.ts';

const env = { ROPEWAY_PLUGINS: join(repository, 'test', 'kit', 'faulty-connection') };

function job(options: string): string {
  return `in: {type: faulty, password: "hidden!word", ${options}}\nout: {type: stdout}\n`;
}

function events(text: string): Record<string, unknown>[] {
  return text
    .trim()
    .split('\n')
    .map((line): Record<string, unknown> => JSON.parse(line));
}

describe('ropeway test', () => {
  it('tells check by check what works, for both sides', async () => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': '1,x\n' });
    const run = await place.ropeway(['test', 'config.yml']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr.replaceAll(/\d+ ms/g, 'N ms').replaceAll(/ +/g, ' ')).toBe(`input file
 ✓ list N ms ${place.path('in')} has 1 name.
 ✓ read N ms ${place.path('in')}/a.csv can be read.
 – write Not needed here.
output file
 ✓ list N ms ${place.path('out')} has 0 names beginning with r_.
 – read Not needed here.
 ✓ write N ms A file was written to ${place.path('out')} and removed again.

4 checks passed, 0 failed, 2 skipped.
`);
    expect(await place.outputs()).toEqual([]);
  });

  it('says where it ends, why, and what to do, but no secret', async () => {
    await using place = await workspace({ 'config.yml': job('fails_at: log_in') });
    const run = await place.ropeway(['test', 'config.yml'], { env });
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toContain('✗ log in');
    expect(run.stderr).toContain('The server refuses ***.');
    expect(run.stderr).toContain('= help: Ask the test for ***.');
    expect(run.stderr).toContain('Not tried, because log_in failed.');
    expect(run.stderr + run.stdout).not.toContain('hidden!word');
  });

  it('gives a line of JSON per check', async () => {
    await using place = await workspace({ 'config.yml': job('fails_at: list') });
    const run = await place.ropeway(['test', '--json', '--only', 'in', 'config.yml'], { env });
    expect(run.exitCode).toBe(1);
    const lines = events(run.stdout);
    expect(lines).toHaveLength(7);
    expect(lines[4]).toMatchObject({
      side: 'in',
      type: 'faulty',
      check: 'list',
      outcome: 'failed',
      error: { code: 'FAULTY_REFUSED', kind: 'connector' },
    });
    expect(events(run.stderr).at(-1)).toEqual({ event: 'result', passed: 4, failed: 1, skipped: 2 });
  });

  it.each<[string, string, readonly string[], number, RegExp]>([
    ['a type without a connection', job(''), ['--only', 'out'], 2, /CONNECTION_NONE[^]*Types that have one: f/],
    ['a wrong option', job('fails_at: 5'), [], 2, /OPTION_TYPE[^]*config\.yml:1:5/],
    ['an unknown type', 'in: {type: flie}\n', [], 2, /Did you mean 'file'/],
    ['a bug of the plugin', job('breaks_at: read'), [], 70, /PLUGIN_BROKEN[^]*no way in with \*\*\*/],
    ['an empty config', '', ['--only', 'in'], 2, /YAML/],
  ])('tells of %s', async (_, config, args, exitCode, words) => {
    await using place = await workspace({ 'config.yml': config });
    const run = await place.ropeway(['test', ...args, 'config.yml'], { env });
    expect(run.stderr).toMatch(words);
    expect(run.exitCode).toBe(exitCode);
  });
});

describe('ropeway discover', () => {
  it('lists folders and files', async () => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': '1,x\n', 'in/2026/b.csv': '' });
    const top = await place.ropeway(['discover', 'config.yml']);
    expect(top.stdout).toMatch(/^2026\/ {2}folder\na\.csv {2}file {4}size=4 {2}changed=\S+\n$/);
    const below = await place.ropeway(['discover', 'config.yml', '2026', '--json']);
    expect(events(below.stdout)).toMatchObject([{ name: 'b.csv', kind: 'file', details: { size: 0 } }]);
  });

  it('lists 50,000 tables, or as many as it is asked for, and says that there are more', async () => {
    await using place = await workspace({ 'config.yml': job('') });
    const all = await place.ropeway(['discover', '--all', '--json', 'config.yml'], { env });
    expect(all.stdout.split('\n')).toHaveLength(50_001);
    expect(events(all.stderr)).toEqual([{ event: 'result', entries: 50_000, hasMore: false }]);
    const some = await place.ropeway(['discover', '--limit', '3', '--prefix', 'table_0001', 'config.yml'], { env });
    expect(some.stdout.split('\n')[0]).toBe('table_000100/  table  rows=100');
    expect(some.stderr).toContain('3 names, and there are more');
  });

  it('shows no control characters of names', async () => {
    await using place = await workspace({ 'config.yml': job('') });
    const run = await place.ropeway(['discover', 'config.yml', 'table_000001'], { env });
    expect(run.stdout).toBe('"id\\u001b[2J of table_000001"  column\n');
  });

  it('stops within a second of Ctrl-C, even when the system hears nothing', async () => {
    await using place = await workspace({ 'config.yml': job('manner: deaf') });
    let stoppedAt = 0;
    const run = await place.ropeway(['discover', '--all', 'config.yml'], {
      env,
      printed: (text, pid) => {
        if (!text.includes('table_000999')) return;
        stoppedAt = performance.now();
        process.kill(pid, 'SIGINT');
      },
    });
    // The stop itself takes well under a second; the bound only tells it from a wait without an end.
    expect(performance.now() - stoppedAt).toBeLessThan(60_000);
    expect(run.exitCode).toBe(130);
    expect(run.stderr).toContain('CONNECTION_CANCELLED');
  });

  it('stops within a second of Ctrl-C, even when nobody takes what it prints', async () => {
    await using place = await workspace({ 'config.yml': job('') });
    const child = spawn(process.execPath, [ropewayScript, 'discover', '--all', place.path('config.yml')], {
      env: { ...process.env, ...env },
    });
    // What is read are the first names; a pipe holds few of those that follow.
    await once(child.stdout, 'readable');
    const stoppedAt = performance.now();
    child.kill('SIGINT');
    const [exitCode] = (await once(child, 'exit')) as [number | null];
    expect(performance.now() - stoppedAt).toBeLessThan(60_000);
    expect(exitCode).toBe(130);
  });

  it.each([
    [['--limit', '0'], 2, 'LIMIT_INVALID'],
    [['--of', 'out'], 2, 'CONNECTION_NONE'],
    [['--of', 'in'], 1, 'FAULTY_REFUSED'],
  ])('%j ends with %i', async (args, exitCode, code) => {
    await using place = await workspace({ 'config.yml': job('manner: refusing') });
    const run = await place.ropeway(['discover', ...args, 'config.yml'], { env });
    expect(run.stderr).toContain(code);
    expect(run.stderr).not.toContain('hidden!word');
    expect(run.exitCode).toBe(exitCode);
  });
});
