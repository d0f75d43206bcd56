/**
 * `npm run fuzz -- MINUTES`: the kernels and the fast machines against the exact ones, splits of texts, and files in
 * chunks with wrong guesses, for longer than the tests have time. A failure prints its seed and the smallest text that
 * shows it: make that a case.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repository } from './source-files.ts';

const suites = ['codec/csv', 'codec/wasm', 'codec/compression', 'test/split/split.test.ts'];

const minutes = Number(process.argv[2] ?? 1);
if (!(minutes > 0 && minutes <= 24 * 60)) {
  console.error('Usage: npm run fuzz -- MINUTES (for each property; up to a day)');
  process.exit(2);
}
const { status } = spawnSync(
  process.execPath,
  [join(repository, 'node_modules/vitest/vitest.mjs'), 'run', ...suites, '--testTimeout=0'],
  {
    cwd: repository,
    stdio: 'inherit',
    env: { ...process.env, FUZZ_SECONDS: String(minutes * 60) },
  },
);
process.exitCode = status ?? 1;
