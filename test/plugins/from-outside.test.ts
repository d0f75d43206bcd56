/** Plugins that do not come with Ropeway, through the command. */
import { describe, expect, it } from 'vitest';
import { shoutModule, writePlugins } from '#test/kit/plugin-folder.ts';
import type { PluginFolder } from '#test/kit/plugin-folder.ts';
import { csvJob, workspace } from '#test/kit/workspace.ts';

const shouting = csvJob({ top: 'filters: [{type: shout}]\n' });

describe('a plugin from outside', () => {
  it.each([
    ['a folder', 'plugins/shout', ['--plugins', 'plugins/shout'], {}],
    ['a folder of the environment', 'plugins/shout', [], { ROPEWAY_PLUGINS: './plugins/shout' }],
    ['an installed package', 'node_modules/ropeway-plugin-shout', ['--plugins', 'ropeway-plugin-shout'], {}],
    ['both ways at once', 'p', ['--plugins', 'p'], { ROPEWAY_PLUGINS: 'p' }],
  ])('is used from %s', async (_, folder, args, env) => {
    await using place = await workspace({ 'config.yml': shouting, 'in/a.csv': '1,x\n' });
    await writePlugins(place, folder, { name: 'ropeway-plugin-shout' });
    const run = await place.ropeway(['run', 'config.yml', ...args], { env });
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await place.read('out/r_000.00.csv')).toBe('a,b\r\n1,X\r\n');
  });

  it('works as TypeScript in worker threads, from the bundle as from the sources', async () => {
    const lines = Array.from({ length: 500_000 }, (_, row) => `${row},text of the row ${row}\n`).join('');
    const config = shouting.replace('max_threads: 1', 'max_threads: 2');
    await using place = await workspace({ 'config.yml': config, 'in/a.csv': lines });
    await writePlugins(place, 'shout', { ropeway: { spi: 1, source: './plugins.ts' } });
    const typed = shoutModule.replace('open(_config, schema)', 'open(_config: object, schema: Schema)');
    await place.write('shout/plugins.ts', `import type { Schema } from 'ropeway/spi/schema.js';\n${typed}`);
    const outputs: string[] = [];
    for (const ROPEWAY_SOURCES of ['', '1']) {
      const run = await place.ropeway(['run', 'config.yml', '--plugins', 'shout'], { env: { ROPEWAY_SOURCES } });
      expect(run.exitCode, run.stderr).toBe(0);
      expect(run.stderr).toContain('threads=2');
      outputs.push(await place.read('out/r_000.00.csv'));
    }
    expect(outputs[0]?.endsWith('499999,TEXT OF THE ROW 499999\r\n')).toBe(true);
    expect(outputs[1] === outputs[0]).toBe(true);
  });

  it('is listed, described, linted and completed like any other', async () => {
    await using place = await workspace({ 'config.yml': shouting });
    await writePlugins(place, 'shout');
    const ask = async (...args: string[]): Promise<string> => {
      const { stdout, stderr } = await place.ropeway([...args, '--plugins', 'shout']);
      return stdout + stderr;
    };
    expect(await ask('plugins')).toContain('From ropeway-plugin-shout');
    expect(await ask('plugins', 'describe', 'shout')).toContain('shout — Shout (filter, stable)');
    expect(await ask('schema')).toContain('"const": "shout"');
    expect(await ask('lint', 'config.yml')).toContain('0 errors, 0 warnings');
    expect((await place.ropeway(['lint', 'config.yml'])).stderr).toContain("There is no filter 'shout'");
  });
});

describe('plugins from outside that cannot be used', () => {
  const clash = shoutModule.replace("name: 'shout'", "name: 'rename'").replace('type: shout', 'type: rename');
  it.each<[string, PluginFolder, RegExp]>([
    ['declare nothing', { ropeway: undefined }, /PLUGIN_FOLDER_UNDECLARED[^]*it has no "ropeway"/],
    ['name no module', { ropeway: { spi: 1 } }, /neither "plugins" nor "source"/],
    ['name a module that is not there', { ropeway: { spi: 1, plugins: './x.js' } }, /x\.js does not exist/],
    ['were not built', { ropeway: { spi: 1, plugins: './x.js', source: './x.ts' } }, /build the package/],
    ['lead out of their folder', { ropeway: { spi: 1, plugins: '../x.js' } }, /leads out of the folder/],
    ['say no version', { ropeway: { plugins: './plugins.js' } }, /"spi" must be the number/],
    ['are newer', { ropeway: { spi: 99, plugins: './plugins.js' } }, /PLUGIN_SPI_VERSION[^]*Install a newer Ropeway/],
    ['are older', { ropeway: { spi: 0, plugins: './plugins.js' } }, /Install a version of ropeway-plugin-shout/],
    ['do not load', { module: "import 'nothing-there';" }, /PLUGIN_MODULE_FAILED[^]*npm install/],
    ['break while they load', { module: "throw new Error('oh dear');" }, /oh dear \(.*plugins\.js:1:7\)/],
    ['have no list', { module: 'export const plugin = 1;' }, /there is no list `plugins`/],
    ['are no plugins', { module: 'export const plugins = [{}];' }, /PLUGIN_DECLARATION[^]*its name undefined/],
    ['are of no kind', { module: shoutModule.replace("'filter'", "'sieve'") }, /the kind of 'shout' is "sieve"/],
    ['have a name that is taken', { module: clash }, /'rename' is there twice: from Ropeway itself, and from rope/],
  ])('%s', async (_, parts, words) => {
    await using place = await workspace({ 'config.yml': shouting });
    await writePlugins(place, 'shout', parts);
    const run = await place.ropeway(['run', 'config.yml', '--plugins', 'shout']);
    expect(run.stderr).toMatch(words);
    expect(run.exitCode).toBe(2);
  });

  it('are not where they are said to be', async () => {
    await using place = await workspace({ 'config.yml': shouting });
    for (const name of ['./nowhere', 'ropeway-plugin-nowhere']) {
      const run = await place.ropeway(['lint', 'config.yml', '--plugins', name]);
      expect(run.stderr).toContain('PLUGIN_FOLDER_UNREADABLE');
      expect(run.exitCode).toBe(2);
    }
  });

  it('are named when they break at work, in whichever thread', async () => {
    const lines = Array.from({ length: 500_000 }, (_, row) => `${row},text of the row ${row}\n`).join('');
    const config = shouting.replace('max_threads: 1', 'max_threads: 2');
    await using place = await workspace({ 'config.yml': config, 'in/a.csv': lines });
    const module = shoutModule.replace('builder.begin(batch.rowCount);', 'builder.end(batch.rowCount);');
    await writePlugins(place, 'shout', { module });
    const run = await place.ropeway(['run', 'config.yml', '--plugins', 'shout']);
    expect(run.stderr).toMatch(/PLUGIN_BROKEN[^]*inside ropeway-plugin-shout: builder.end is not a function/);
    expect(run.exitCode).toBe(70);
  });

  it('name each other when two packages have the same plugin', async () => {
    await using place = await workspace({ 'config.yml': shouting });
    await writePlugins(place, 'one');
    await writePlugins(place, 'two');
    const run = await place.ropeway(['lint', 'config.yml', '--plugins', 'one', '--plugins', 'two']);
    expect(run.stderr).toMatch(/PLUGIN_NAME_TAKEN[^]*from ropeway-plugin-one \(.*\), and from ropeway-plugin-two/);
  });

  it('are TypeScript below node_modules, which Node does not run', async () => {
    await using place = await workspace({ 'config.yml': shouting });
    const folder = 'node_modules/ropeway-plugin-shout';
    await writePlugins(place, folder, { ropeway: { spi: 1, plugins: './plugins.ts' } });
    await place.write(`${folder}/plugins.ts`, shoutModule);
    const run = await place.ropeway(['lint', 'config.yml', '--plugins', 'ropeway-plugin-shout']);
    expect(run.stderr).toContain('the package must hold JavaScript');
  });
});

describe('ropeway new plugin', () => {
  it.each(['input', 'output', 'filter', 'parser', 'formatter', 'decoder', 'encoder'])(
    'makes a %s that passes all rules at once',
    async (kind) => {
      await using place = await workspace();
      const made = await place.ropeway(['new', 'plugin', 'access-log', '--kind', kind]);
      expect(made.stdout).toContain(`Made ropeway-plugin-access-log, with the ${kind} 'access_log'.`);
      const check = await place.ropeway(['plugins', 'check', 'ropeway-plugin-access-log']);
      expect(check.stderr).toMatch(/\d rules passed, 0 failed/);
      expect(check.stderr).not.toContain('The case has no');
      expect(check.exitCode).toBe(0);
    },
  );

  it.each([
    [['new', 'plugin', 'Access', '--kind', 'filter'], 'PLUGIN_NAME'],
    [['new', 'plugin', 'file', '--kind', 'input'], "The input 'file' is there already, from Ropeway itself."],
    [['new', 'plugin', 'access', '--kind', 'filter', '--dir', '.'], 'SCAFFOLD_EXISTS'],
    [['new', 'plugin', 'access', '--kind', 'filter', '--dir', 'file.txt/x'], 'SCAFFOLD_UNWRITABLE'],
    [['new', 'plugin', 'access'], "required option '--kind"],
    [['new', 'java-filter', 'access'], "unknown command 'java-filter'"],
  ])('refuses %j', async (args, words) => {
    await using place = await workspace({ 'file.txt': '' });
    const made = await place.ropeway(args);
    expect(made.stderr).toContain(words);
    expect(made.exitCode).toBe(2);
  });
});

describe('ropeway plugins check', () => {
  it('tells which rules are broken, and ends with 1', async () => {
    await using place = await workspace();
    await writePlugins(place, 'shout', { module: shoutModule.replace('capitals.', 'capitals') });
    const check = await place.ropeway(['plugins', 'check', 'shout', '--json']);
    expect(check.exitCode).toBe(1);
    const lines = check.stdout
      .trim()
      .split('\n')
      .map((line): Record<string, unknown> => JSON.parse(line));
    expect(lines.filter(({ outcome }) => outcome === 'failed')).toMatchObject([
      { plugin: 'filter shout', rule: expect.stringContaining('is told in words') },
    ]);
    expect(JSON.parse(check.stderr)).toMatchObject({ event: 'result', failed: 1 });
  });

  it('wants cases to be a list', async () => {
    await using place = await workspace({ 'shout/cases.js': 'export const cases = {};' });
    await writePlugins(place, 'shout', { ropeway: { spi: 1, plugins: './plugins.js', cases: './cases.js' } });
    const check = await place.ropeway(['plugins', 'check', 'shout']);
    expect(check.stderr).toContain('CASES_UNDECLARED');
    expect(check.exitCode).toBe(2);
  });
});
