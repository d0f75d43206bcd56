/** Every golden job through the command line: the same bytes as the original engine, or as the case's rule says. */
import { cpSync, mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { bunzip2 } from '#test/kit/bunzip2.ts';
import { ropeway } from '#test/kit/ropeway-command.ts';
import { goldenCases, goldenFolder, readTree } from './golden-case.ts';
import type { GoldenCase } from './golden-case.ts';
import { compareFiles, compareStdout } from './golden-compare.ts';

const cases = goldenCases();
const isCi = process.env['CI'] === 'true';

describe('golden jobs', () => {
  it('are there', ({ skip }) => {
    // A checkout of the repository alone has no golden set beside it; under CI there must be one.
    if (cases.length === 0 && !isCi) skip(`no golden cases in ${goldenFolder}: nothing is compared`);
    expect(cases.length, `no golden cases in ${goldenFolder}`).toBeGreaterThan(0);
  });

  it.concurrent.for(cases.map((golden) => [golden.name, golden] as const))('%s', async ([, golden]) => {
    expect(await differencesOf(golden)).toEqual([]);
  });
});

/** Files in CSV are read in chunks: tiny ones, with guesses that are wrong, and without kernels, must not show. */
describe.each([
  ['in chunks of 1 byte, guesses wrong', ['chunk_bytes=1', 'spoil_guesses=true', 'kernels=true']],
  ['in chunks of 7 bytes', ['chunk_bytes=7', 'kernels=true']],
  ['in chunks of 64 bytes, guesses wrong, without kernels', ['chunk_bytes=64', 'spoil_guesses=true', 'kernels=false']],
])('golden jobs %s', (_title, properties) => {
  const args = properties.flatMap((property) => ['-X', property]);
  it.concurrent.for(cases.filter(readsCsv).map((golden) => [golden.name, golden] as const))(
    '%s',
    async ([, golden]) => {
      expect(await differencesOf(golden, args)).toEqual([]);
    },
  );
});

function readsCsv({ command, folder, config }: GoldenCase): boolean {
  return command === 'run' && /type: *["']?csv/.test(readFileSync(join(folder, config), 'utf8'));
}

async function differencesOf(golden: GoldenCase, more: readonly string[] = []): Promise<string[]> {
  const temporary = realpathSync(mkdtempSync(join(tmpdir(), 'golden-')));
  try {
    const folder = join(temporary, 'case');
    prepare(golden, folder);
    const before = readTree(folder);
    const run = await ropeway([golden.command, golden.config, ...golden.args, ...more], {
      cwd: folder,
      env: { TZ: 'UTC', LC_ALL: 'C.UTF-8' },
    });
    const expected = readTree(join(golden.folder, 'expected'));
    const differences: string[] = [];
    if ((run.exitCode !== 0) !== (golden.exit !== 0)) {
      differences.push(`exit ${run.exitCode}, want ${golden.exit}: ${run.stderr.slice(0, 2000)}`);
    }
    const trees = { expected, before, after: readTree(folder) };
    differences.push(...(await compareFiles(golden, trees, { bzip2: bunzip2 })));
    differences.push(...compareStdout(golden.stdout, expected.get('stdout.txt')?.toString() ?? '', run.stdout));
    return differences;
  } finally {
    rmSync(temporary, { recursive: true });
  }
}

function prepare(golden: GoldenCase, folder: string): void {
  cpSync(golden.folder, folder, {
    recursive: true,
    verbatimSymlinks: true,
    filter: (source) => !['expected', 'case.json'].some((name) => source === join(golden.folder, name)),
  });
  mkdirSync(join(folder, 'out'), { recursive: true });
  for (const [link, target] of Object.entries(golden.symlinks)) {
    mkdirSync(dirname(join(folder, link)), { recursive: true });
    symlinkSync(target, join(folder, link));
  }
}
