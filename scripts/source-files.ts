/** The files that git knows, by kind: what the project's own checks look at. */
import { execFileSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { join } from 'node:path';

export const repository: string = join(import.meta.dirname, '..');

/** Folders with source code; each has a README. */
export const folders: readonly string[] = [
  'spi',
  'codec',
  'connectors',
  'engine',
  'api',
  'control',
  'runner',
  'cli',
  'conformance',
  'test',
  'scripts',
  'bench',
];

/** Tracked and new files (but not ignored ones), relative to the repository. */
export function projectFiles(): readonly string[] {
  const list = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard'], { cwd: repository });
  return list
    .toString()
    .split('\n')
    .filter((file) => file !== '' && existsSync(join(repository, file)));
}
