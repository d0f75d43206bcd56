/**
 * The second half of the yardstick "same pipeline on Node's zlib": a file of JSON lines, compressed by as many threads
 * as there are outputs, each its part of the file in pieces of 1 MiB, every piece a member of its gzip file.
 */
import { closeSync, openSync, readSync, statSync, writeSync } from 'node:fs';
import { isMainThread, Worker, workerData } from 'node:worker_threads';
import { gzipSync } from 'node:zlib';
import type { Command } from '#bench/measure.ts';
import { program } from './npm-peer.ts';

const PIECE_BYTES = 1 << 20;

export function nodeZlib(input: string, outputs: readonly string[]): Command {
  return program('node-zlib', [input, ...outputs]);
}

interface Part {
  readonly input: string;
  readonly start: number;
  readonly end: number;
  readonly output: string;
}

function compress({ input, start, end, output }: Part): void {
  const source = openSync(input, 'r');
  const target = openSync(output, 'w');
  const piece = Buffer.alloc(PIECE_BYTES);
  for (let position = start; position < end;) {
    const length = readSync(source, piece, 0, Math.min(PIECE_BYTES, end - position), position);
    if (length === 0) throw new Error(`the file ends at ${position} instead of ${end}`);
    writeSync(target, gzipSync(piece.subarray(0, length), { level: 1, memLevel: 9 }));
    position += length;
  }
  closeSync(source);
  closeSync(target);
}

// workerData is undefined where this file is only imported, by the benchmark itself.
if (!isMainThread && workerData?.input !== undefined) compress(workerData as Part);

if (import.meta.main && isMainThread) {
  const [input = '', ...outputs] = process.argv.slice(2);
  const { size } = statSync(input);
  const border = (part: number): number => Math.floor((size * part) / outputs.length);
  for (const [part, output] of outputs.entries()) {
    const work: Part = { input, start: border(part), end: border(part + 1), output };
    // The last part is this thread's own.
    if (part === outputs.length - 1) compress(work);
    else new Worker(new URL(import.meta.url), { workerData: work }).on('error', fail);
  }
}

function fail(error: unknown): void {
  throw error;
}
