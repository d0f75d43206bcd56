/**
 * The lock of a data folder: an embedded database that two processes write is lost. It is a file that says who holds
 * it; whoever comes and finds its owner dead takes the next number. A number is made once only (`link` fails when the
 * name is taken, and brings the content with it), and the highest stays for ever: so of two that find the same dead
 * owner one succeeds, and who was slow finds the number gone or itself not the highest.
 */
import { linkSync, readFileSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { hostname } from 'node:os';
import { join } from 'node:path';
import { randomUUID } from 'node:crypto';
import { storeErrors } from './errors.ts';
import { bootId, processStart } from './process-start.ts';

/** Others that come at the same time: each try sees a later one of them. */
const TRIES_MAX = 100;

interface Owner {
  readonly host: string;
  readonly boot: string;
  readonly pid: number;
  readonly start: string;
  readonly released?: boolean;
}

export interface FolderLock {
  release(): void;
}

/** Takes the folder for this process, or throws `STORE_FOLDER_IN_USE`. */
export function lockFolder(folder: string): FolderLock {
  const own: Owner = { host: hostname(), boot: bootId(), pid: process.pid, start: processStart(process.pid) ?? '' };
  for (let tries = 0; tries < TRIES_MAX; tries++) {
    const highest = numbers(folder).at(-1) ?? 0;
    if (highest > 0) refuseWhenHeld(folder, highest);
    const file = fileOf(folder, highest + 1);
    if (!make(file, own)) continue;
    const all = numbers(folder);
    if (all.at(-1) !== highest + 1) {
      // What was the highest is gone meanwhile, for a later one.
      rmSync(file, { force: true });
      continue;
    }
    for (const number of all.slice(0, -1)) rmSync(fileOf(folder, number), { force: true });
    return { release: () => replace(file, { ...own, released: true }) };
  }
  throw storeErrors.error('STORE_FOLDER_UNUSABLE', { folder, reason: `its lock changed ${TRIES_MAX} times` });
}

const fileOf = (folder: string, number: number): string => join(folder, `lock-${number}`);

/** Ascending. */
function numbers(folder: string): number[] {
  return readdirSync(folder)
    .flatMap((name) => /^lock-(\d+)$/.exec(name)?.[1] ?? [])
    .map(Number)
    .sort((a, b) => a - b);
}

/** False when the file is there already. */
function make(file: string, owner: Owner): boolean {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(owner), { flag: 'wx' });
  try {
    linkSync(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    rmSync(draft, { force: true });
  }
}

function replace(file: string, owner: Owner): void {
  const draft = `${file}.${randomUUID()}`;
  writeFileSync(draft, JSON.stringify(owner), { flag: 'wx' });
  renameSync(draft, file);
}

function refuseWhenHeld(folder: string, number: number): void {
  const file = fileOf(folder, number);
  let owner: Owner;
  try {
    // It was written by `make`.
    owner = JSON.parse(readFileSync(file, 'utf8')) as Owner;
  } catch (error) {
    // Gone for a later one: the next try sees that.
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw storeErrors.error('STORE_FOLDER_UNUSABLE', { folder, reason: `${file} says nothing` }, { cause: error });
  }
  if (owner.released === true) return;
  const { pid, host } = owner;
  if (host !== hostname()) throw storeErrors.error('STORE_FOLDER_LOCK_FOREIGN', { folder, pid, host, file });
  if (owner.boot === bootId() && processStart(pid) === owner.start) {
    throw storeErrors.error('STORE_FOLDER_IN_USE', { folder, pid, host });
  }
}
