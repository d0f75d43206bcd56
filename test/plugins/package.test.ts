/** The published package, as somebody who writes a plugin has it: packed, installed, built against, and run. */
import { spawnSync } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { repository } from '#scripts/source-files.ts';
import { runScript } from '#test/kit/ropeway-command.ts';
import type { CommandResult } from '#test/kit/ropeway-command.ts';

let folder = '';
const path = (...names: string[]): string => join(folder, ...names);

function must(command: string, args: readonly string[], cwd: string): string {
  const { status, stdout, stderr } = spawnSync(command, args, { cwd, encoding: 'utf8' });
  expect(status, `${command} ${args.join(' ')}\n${stdout}${stderr}`).toBe(0);
  return stdout;
}

/** Unpacks what `npm pack` makes of a folder into node_modules: what `npm install` of the file does, but offline. */
function install(source: string, name: string): void {
  const packed = JSON.parse(
    must('npm', ['pack', '--ignore-scripts', '--json', '--pack-destination', folder], source),
  ) as readonly { readonly filename: string }[] | Readonly<Record<string, { readonly filename: string }>>;
  const [file] = Object.values(packed);
  const target = path('node_modules', name);
  mkdirSync(target, { recursive: true });
  must('tar', ['-xzf', path(file?.filename ?? ''), '--strip-components=1', '-C', target], folder);
}

/** The command of the installed package. */
function installed(args: readonly string[]): Promise<CommandResult> {
  return runScript(path('node_modules', 'ropeway', 'bin', 'ropeway.js'), args, { cwd: folder });
}

beforeAll(() => {
  folder = mkdtempSync(join(tmpdir(), 'ropeway-package-'));
  install(repository, 'ropeway');
  // What a registry would give: the packages that the published one asks for, and the compiler.
  mkdirSync(path('node_modules', '@types'));
  for (const name of ['zod', 'typescript', '@types/node', 'undici-types']) {
    symlinkSync(join(repository, 'node_modules', name), path('node_modules', name));
  }
});
afterAll(() => rmSync(folder, { recursive: true }));

describe('the published package', () => {
  it('holds the bundle, the interface with its types, and the templates, but no sources', () => {
    const names = must('find', ['.', '-type', 'f'], path('node_modules', 'ropeway')).split('\n');
    expect(names).toEqual(
      expect.arrayContaining(['./dist/main.cjs', './dist/spi/plugin.js', './dist/spi/plugin.d.ts', './LICENSE']),
    );
    expect(names).toContain('./templates/plugin/common/gitignore');
    expect(names.filter((name) => name.endsWith('.ts') && !/^\.\/(dist\/spi|templates)\//.test(name))).toEqual([]);
    expect(names.filter((name) => name.includes('.test.') && !name.startsWith('./templates/'))).toEqual([]);
  });

  it.each([
    ['filter', 'type: mine\n  column: b'],
    ['parser', undefined],
  ])('makes a %s, which is type-checked, tested, built, packed, installed and run', async (kind, filter) => {
    const name = filter === undefined ? 'other' : 'mine';
    const source = path(`ropeway-plugin-${name}`);
    expect((await installed(['new', 'plugin', name, '--kind', kind])).exitCode).toBe(0);
    const compiler = path('node_modules', 'typescript', 'bin', 'tsc');
    // Strictly: the declarations of the package are read, too.
    must(process.execPath, [compiler, '--skipLibCheck', 'false', '--noEmit'], source);
    must(process.execPath, ['--test'], source);
    must(process.execPath, [compiler], source);
    install(source, `ropeway-plugin-${name}`);
    rmSync(source, { recursive: true });

    const check = await installed(['plugins', 'check', `ropeway-plugin-${name}`]);
    expect(check.exitCode, check.stderr).toBe(0);
    const filters = filter === undefined ? '' : `filters:\n- ${filter}\n`;
    const parser =
      filter === undefined ? 'type: other' : 'type: csv, columns: [{name: a, type: long}, {name: b, type: string}]';
    writeFileSync(path('in.txt'), filter === undefined ? 'a: x\n' : '1,x\n');
    writeFileSync(
      path('config.yml'),
      `in: {type: file, path_prefix: in.txt, parser: {${parser}}}\n${filters}out: {type: stdout}\n`,
    );
    const run = await installed(['run', 'config.yml', '--plugins', `ropeway-plugin-${name}`]);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stdout).toBe(filter === undefined ? 'a,x\n' : '1,X\n');
  });

  it('runs TypeScript of a folder that has installed nothing', async () => {
    expect((await installed(['new', 'plugin', 'fresh', '--kind', 'decoder'])).exitCode).toBe(0);
    const elsewhere = mkdtempSync(join(tmpdir(), 'ropeway-fresh-'));
    try {
      cpSync(path('ropeway-plugin-fresh'), elsewhere, { recursive: true });
      expect(readFileSync(join(elsewhere, '.gitignore'), 'utf8')).toContain('dist');
      const check = await installed(['plugins', 'check', elsewhere]);
      expect(check.exitCode, check.stderr).toBe(0);
    } finally {
      rmSync(elsewhere, { recursive: true });
    }
  });
});
