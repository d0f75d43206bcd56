/** Before the tests: the bundle is made. Tests that start the command start what users start, and faster. */
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import type { TestProject } from 'vitest/node';

function build(): void {
  const script = join(import.meta.dirname, '..', '..', 'scripts', 'build.ts');
  // A process of its own: the bundler's threads would stay for as long as the tests run.
  const { status } = spawnSync(process.execPath, [script, '--if-stale'], { stdio: 'inherit' });
  if (status !== 0) throw new Error('The bundle cannot be built: see the lines above.');
}

export function setup(project: TestProject): void {
  build();
  project.onTestsRerun(build);
}
