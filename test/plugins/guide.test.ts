/** The guide for authors of plugins shows nothing that is not run: its samples are pieces of files, and those work. */
import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync } from 'node:fs';
import { cp } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { repository } from '#scripts/source-files.ts';
import { workspace } from '#test/kit/workspace.ts';

const guide = readFileSync(join(repository, 'docs', 'plugin-authors.md'), 'utf8');
const samples = [...guide.matchAll(/<!-- sample: (\S+) -->\n\n```\w+\n([^]+?)```/g)].map(
  ([, file = '', text = '']): [string, string] => [file, text],
);

/** The example in a folder elsewhere, as if it were somebody's. */
const example = join(repository, 'examples', 'plugin-access-log');

/** A sample begins anywhere in its file. */
function unindented(text: string): string {
  return text.replaceAll(/^ +/gm, '');
}

describe('docs/plugin-authors.md', () => {
  it('has samples of every file that a plugin has', () => {
    const shown = new Set(samples.map(([file]) => file).filter((file) => file.startsWith('examples/')));
    for (const name of ['package.json', 'plugins.ts', 'config.ts', 'errors.ts', 'parser.ts', 'cases.ts']) {
      expect(shown).toContain(`examples/plugin-access-log/${name}`);
    }
    expect(guide.match(/```(ts|json)/g)).toHaveLength(samples.length);
  });

  it.each(samples)('shows %s as it is', (file, text) => {
    expect(unindented(readFileSync(join(repository, file), 'utf8'))).toContain(unindented(text).trim());
  });

  it('names commands and options that there are', async () => {
    await using place = await workspace();
    const help = await place.ropeway(['new', 'plugin', '--help']);
    const check = await place.ropeway(['plugins', 'check', '--help']);
    expect(help.stdout + check.stdout).toMatch(/--kind[^]*--plugins/);
  });
});

describe('examples/plugin-access-log', () => {
  it('keeps all rules', async () => {
    await using place = await workspace();
    const check = await place.ropeway(['plugins', 'check', example]);
    expect(check.stderr).toMatch(/17 rules passed, 0 failed, 0 skipped/);
  });

  it('reads a log through the command', async () => {
    const log = '::1 - - [10/Oct/2000:13:55:36 -0700] "GET /a?secret HTTP/1.1" 200 12 "-" "é"\nbad\n';
    const config = `in: {type: file, path_prefix: in/, parser: {type: access_log, with_query: false}}\nout: {type: stdout}\n`;
    await using place = await workspace({ 'config.yml': config, 'in/access.log': log });
    const run = await place.ropeway(['run', 'config.yml', '--plugins', example]);
    expect(run.stdout).toBe('::1,,2000-10-10 20:55:36.000000 +0000,GET,/a,200,12,,é\n');
    expect(run.stderr).toContain('ACCESS_LOG_LINE');
  });
});

describe('tests of the example and of the templates', () => {
  const kinds = readdirSync(join(repository, 'templates', 'plugin')).filter((name) => name !== 'common');
  it.each([example, ...kinds.map((kind) => join(repository, 'templates', 'plugin', kind))])('%s', async (folder) => {
    const copy = mkdtempSync(join(tmpdir(), 'ropeway-template-'));
    try {
      await cp(folder, copy, { recursive: true });
      mkdirSync(join(copy, 'node_modules'));
      symlinkSync(join(repository, 'node_modules', 'zod'), join(copy, 'node_modules', 'zod'));
      symlinkSync(repository, join(copy, 'node_modules', 'ropeway'));
      const { status, stdout, stderr } = spawnSync(process.execPath, ['--test'], { cwd: copy, encoding: 'utf8' });
      expect(status, stdout + stderr).toBe(0);
      expect(stdout).toMatch(/pass [1-9]/);
    } finally {
      rmSync(copy, { recursive: true });
    }
  });
});
