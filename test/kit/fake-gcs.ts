/**
 * fake-gcs-server, a Go program that is a Google Cloud Storage in memory: another implementation than ours of what it
 * does. `npm test` builds it once, into a cache folder of the user; it takes Go and its module proxy.
 */
import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, renameSync, rmSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

const VERSION = 'v1.56.1';

const cache: string = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
const folder = join(cache, 'ropeway-tests', `fake-gcs-server-${VERSION}`);
const command = join(folder, 'fake-gcs-server');
const GO_FOLDERS = [...(process.env['PATH'] ?? '').split(':'), '/usr/local/go/bin'];

/** The command that starts it, when it is there. */
export function fakeGcsServer(): string | undefined {
  return existsSync(command) ? command : undefined;
}

/** Builds it unless it is there (a minute); true when it is there now. */
export function installFakeGcs(): boolean {
  if (fakeGcsServer() !== undefined) return true;
  const go = GO_FOLDERS.map((path) => join(path, 'go')).find((path) => existsSync(path));
  if (go === undefined) return false;
  const work = join(folder, 'build');
  mkdirSync(work, { recursive: true });
  const env = { ...process.env, GOPATH: work, GOBIN: work, GOFLAGS: '-modcacherw', GOTOOLCHAIN: 'local' };
  const built = spawnSync(go, ['install', `github.com/fsouza/fake-gcs-server@${VERSION}`], { stdio: 'ignore', env });
  // A build that was cut short leaves no command.
  if (built.status === 0) renameSync(join(work, 'fake-gcs-server'), command);
  rmSync(work, { recursive: true, force: true });
  return built.status === 0;
}
