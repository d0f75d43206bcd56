/** The command runs from a bundle or from its sources: nobody can tell which, but by the clock. */
import { cpSync, mkdirSync, mkdtempSync, rmSync, statSync, utimesSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { isBundleFresh } from '#bin/bundle.js';
import { repository } from '#scripts/source-files.ts';
import { runScript } from '#test/kit/ropeway-command.ts';
import { csvJob, workspace } from '#test/kit/workspace.ts';

/** Said both ways: the tests themselves may be run with either. */
const fromBundle = { env: { ROPEWAY_SOURCES: '' } };
const fromSources = { env: { ROPEWAY_SOURCES: '1' } };

describe('the bundle', () => {
  it('is fresh when tests run', () => expect(isBundleFresh()).toBe(true));

  it.each([
    ['prints the version', ['--version'], {}],
    ['prints help', ['--help'], {}],
    ['shows an error with its place', ['run', 'config.yml'], { 'config.yml': csvJob().replace('csv', 'cvs') }],
    ['says what is wrong with the command line', ['run'], {}],
    ['describes a plugin', ['plugins', 'describe', 'csv'], {}],
    ['prints the schema', ['schema'], {}],
    ['prints the license', ['license'], {}],
    ['renders templates', ['lint', 'a.yml.liquid'], { 'a.yml.liquid': `${csvJob()}{% comment %}{% endcomment %}\n` }],
    ['guesses', ['guess', 'seed.yml'], { 'seed.yml': 'in: {type: file, path_prefix: in/}\nout: {type: stdout}\n' }],
  ])('%s as the sources do', async (_, args, files) => {
    await using place = await workspace({ ...files, 'in/a.csv': 'id,at\n1,2026-01-02\n2,2026-01-03\n' });
    const bundled = await place.ropeway(args, fromBundle);
    expect(bundled.stdout + bundled.stderr).not.toBe('');
    expect(await place.ropeway(args, fromSources)).toEqual(bundled);
  });

  it('loads the same bytes, in one thread and in several', async () => {
    const lines = Array.from({ length: 600_000 }, (_, row) => `${row},"text ${row} and ""more"""\n`).join('');
    const job = csvJob({ out: '  encoders: [{type: gzip}]\n' });
    const files = {
      'config.yml': job.replace('max_threads: 1', 'max_threads: 2'),
      'in/a.csv': lines,
      'in/b.csv': lines,
    };
    await using place = await workspace(files);
    const outputs = async (env: Readonly<Record<string, string>>): Promise<unknown[]> => {
      const run = await place.ropeway(['run', 'config.yml'], { env });
      expect(run.exitCode, run.stderr).toBe(0);
      expect(run.stderr).toContain('threads=2');
      const names = await place.outputs();
      return [names, ...(await Promise.all(names.map((name) => place.read(`out/${name}`))))];
    };
    const bundled = await outputs(fromBundle.env);
    expect(await outputs(fromSources.env)).toEqual(bundled);
  });
});

describe('bin/ropeway.js', () => {
  let folder = '';
  const path = (name: string): string => join(folder, name);

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'ropeway-checkout-'));
    cpSync(join(repository, 'bin'), path('bin'), { recursive: true });
    for (const name of ['cli', 'dist']) mkdirSync(path(name));
    writeFileSync(path('package.json'), '{"type": "module"}');
    writeFileSync(path('cli/main.ts'), "export const main = async () => (console.log('sources'), 0);\n");
    writeFileSync(path('dist/main.cjs'), "exports.main = async () => (console.log('bundle'), 0);\n");
    const { size, mtimeMs } = statSync(path('cli/main.ts'));
    writeFileSync(path('dist/manifest.json'), JSON.stringify({ sources: [['cli/main.ts', size, mtimeMs]] }));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  it.each<[string, string, () => void, Readonly<Record<string, string>>?]>([
    ['the bundle when it is fresh', 'bundle', () => {}],
    ['the bundle when there are no sources', 'bundle', () => rmSync(path('cli'), { recursive: true })],
    ['the sources when one has changed its size', 'sources', () => writeFileSync(path('cli/main.ts'), changedMain)],
    ['the sources when one was written again', 'sources', () => utimesSync(path('cli/main.ts'), 1, 1)],
    ['the sources when there is no manifest', 'sources', () => rmSync(path('dist/manifest.json'))],
    ['the sources when the manifest is cut off', 'sources', () => writeFileSync(path('dist/manifest.json'), '{"so')],
    ['the sources when one has gone', 'sources', () => writeFileSync(path('dist/manifest.json'), goneManifest)],
    ['the sources when it is told to', 'sources', () => {}, fromSources.env],
  ])('runs %s', async (_, expected, prepare, env = fromBundle.env) => {
    prepare();
    expect(await runScript(path('bin/ropeway.js'), [], { env })).toMatchObject({ stdout: `${expected}\n`, stderr: '' });
  });
});

const changedMain = "// Changed.\nexport const main = async () => (console.log('sources'), 0);\n";
const goneManifest = JSON.stringify({ sources: [['cli/gone.ts', 1, 1]] });
