/** JSON lines of a file, made by Ropeway before anything is measured, for programs that only compress. */
import { closeSync, mkdirSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import type { DataFile } from './data.ts';
import { measure } from './measure.ts';
import { outputFile, ropewayJob } from './ropeway.ts';

/** In one file, and cut, anywhere, into one piece for each thread. */
export interface Lines {
  readonly whole: string;
  readonly pieces: readonly string[];
}

const COPY_BYTES = 1 << 20;

export async function prepareLines(data: DataFile, scratchFolder: string, threads: number): Promise<Lines> {
  const folder = join(scratchFolder, 'lines');
  mkdirSync(folder);
  await measure([[ropewayJob(data, folder, { threads, target: 'jsonl' })]], folder);
  const whole = join(folder, outputFile('jsonl'));
  const { size } = statSync(whole);
  const pieces = Array.from({ length: threads }, (_, index) => {
    const piece = join(folder, `piece-${index}`);
    copyRange(whole, piece, Math.floor((size * index) / threads), Math.floor((size * (index + 1)) / threads));
    return piece;
  });
  return { whole, pieces };
}

function copyRange(from: string, to: string, start: number, end: number): void {
  const source = openSync(from, 'r');
  const target = openSync(to, 'w');
  const buffer = Buffer.alloc(COPY_BYTES);
  for (let position = start; position < end;) {
    const length = readSync(source, buffer, 0, Math.min(COPY_BYTES, end - position), position);
    if (length === 0) throw new Error(`the file ends at ${position} instead of ${end}`);
    writeSync(target, buffer, 0, length);
    position += length;
  }
  closeSync(source);
  closeSync(target);
}
