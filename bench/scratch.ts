/** Where outputs go: memory if it has room, so that no disk is measured. */
import { existsSync, mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export interface Scratch {
  readonly folder: string;
  /** For the notes. */
  readonly about: string;
}

const MEMORY_FOLDER = '/dev/shm';

export function makeScratch(bytesNeeded: number): Scratch {
  const isMemory = existsSync(MEMORY_FOLDER) && freeBytes(MEMORY_FOLDER) > bytesNeeded;
  const folder = mkdtempSync(join(isMemory ? MEMORY_FOLDER : tmpdir(), 'ropeway-bench-'));
  return { folder, about: isMemory ? 'memory (tmpfs)' : 'the folder for temporary files' };
}

function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
