/**
 * moto, a Python package that is a whole S3 in memory: another implementation than ours of what S3 does. `npm test`
 * installs it once, into a cache folder of the user.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

const VERSION = '5.2.5';

const cache: string = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const folder = join(cache, 'ropeway-tests', `moto-${VERSION}`);
/** Written when all is installed: an installation that was cut short is none. */
const marker = join(folder, 'complete');

/** The command that starts it, when it is there. */
export function motoServer(): string | undefined {
  return existsSync(marker) ? join(folder, 'bin', 'moto_server') : undefined;
}

/** Installs it unless it is there (a minute); true when it is there now. */
export function installMoto(): boolean {
  if (motoServer() !== undefined) return true;
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(dirname(folder), { recursive: true });
  const isDone =
    spawnSync('python3', ['-m', 'venv', folder], { stdio: 'ignore' }).status === 0 &&
    spawnSync(join(folder, 'bin', 'pip'), ['install', '-q', `moto[server]==${VERSION}`]).status === 0;
  if (isDone) writeFileSync(marker, '');
  return isDone;
}
