/**
 * `npm run fuzz -- MINUTES`: the CSV reader's fast way against the exact machine, and splits of the text, for longer
 * than the tests have time. A failure prints its seed and the smallest text that shows it: make that a case.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repository } from './source-files.ts';

/** Texts per minute and property on two cores, about; it only sizes the run. */
const RUNS_PER_MINUTE = 400_000;

const minutes = Number(process.argv[2] ?? 5);
if (!(minutes > 0 && minutes <= 24 * 60)) {
  console.error('Usage: npm run fuzz -- MINUTES (up to a day)');
  process.exit(2);
}
const { status } = spawnSync(
  process.execPath,
  [join(repository, 'node_modules/vitest/vitest.mjs'), 'run', 'codec/csv', '--testTimeout=0', '-t', 'soups'],
  {
    cwd: repository,
    stdio: 'inherit',
    env: { ...process.env, FUZZ_RUNS: String(Math.round(minutes * RUNS_PER_MINUTE)) },
  },
);
process.exitCode = status ?? 1;
