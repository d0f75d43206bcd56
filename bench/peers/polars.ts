/** polars: a lazy scan into a JSON lines file, or the whole frame in memory and gzip by Node. */
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { DataFile } from '#bench/data.ts';
import type { Command } from '#bench/measure.ts';
import { gzipFile } from './json-lines.ts';
import { importPeer, program, type NpmPeer } from './npm-peer.ts';

export const polars: NpmPeer = { package: 'nodejs-polars', version: '0.26.1' };

const PIECE_BYTES = 1 << 20;

export function polarsJson(data: DataFile, threads: number, out: string): Command {
  return program('polars', [data.path, out], { POLARS_MAX_THREADS: String(threads) });
}

interface Polars {
  readonly default: {
    readCSV(path: string, options: object): { writeJSON(options: { format: 'lines' }): Buffer };
    scanCSV(path: string, options: object): { sinkNdJson(path: string): { collect?(): Promise<unknown> } | undefined };
  };
}

if (import.meta.main) {
  const [input = '', out = ''] = process.argv.slice(2);
  const { default: library } = await importPeer<Polars>(polars);
  const options = { hasHeader: true, inferSchemaLength: 1000, quoteChar: '"' };
  if (out.endsWith('.gz')) {
    const lines = library.readCSV(input, options).writeJSON({ format: 'lines' });
    const { entry, done } = gzipFile(out);
    await pipeline(Readable.from(pieces(lines)), entry);
    await done;
  } else {
    // Some releases write at once, others when collected.
    await library.scanCSV(input, options).sinkNdJson(out)?.collect?.();
  }
}

function* pieces(bytes: Buffer): Generator<Buffer> {
  for (let start = 0; start < bytes.length; start += PIECE_BYTES) yield bytes.subarray(start, start + PIECE_BYTES);
}
