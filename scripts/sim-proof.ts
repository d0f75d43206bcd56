/**
 * `npm run proof:sim`: the simulation of dispatchers, runners and an executor that all fail (test/sim) with 5,000
 * seeds. `-- SEEDS FIRST` are other ones.
 */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { repository } from './source-files.ts';

const [seeds = '5000', first = '1'] = process.argv.slice(2);

// Its databases belong to a test file, whose end removes them.
const { status } = spawnSync(
  process.execPath,
  [join(repository, 'node_modules', 'vitest', 'vitest.mjs'), 'run', 'test/sim/simulation.test.ts'],
  { stdio: 'inherit', cwd: repository, env: { ...process.env, ROPEWAY_SEEDS: seeds, ROPEWAY_SEED: first } },
);
process.exitCode = status ?? 1;
