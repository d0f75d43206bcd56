/** What the pieces of a file are compressed with: codes learnt from its beginning. */
import { DeflateKernel } from './kernel.ts';
import { dynamicTables, encodedBits, fullTables, DISTANCE_SYMBOLS, SYMBOLS } from './tables.ts';
import type { CodeTables, SymbolCounts } from './tables.ts';

/** `fast` is a third faster and makes files about a tenth larger. */
export type DeflateLevel = 'default' | 'fast';

/** Plain JSON: goes to other threads. */
export interface DeflateModel {
  /** Lengths of the codes, a hexadecimal digit each. */
  readonly symbols: string;
  readonly distances: string;
  /** What to expect of data like the sample; 0 when there was none. */
  readonly bitsPerByte: number;
}

/** More of the sample is not looked at. */
export const SAMPLE_BYTES_MAX = 256 * 1024;

/** The same sample makes the same model. */
export function trainDeflate(sample: Uint8Array, level: DeflateLevel): DeflateModel {
  const kernel = new DeflateKernel();
  const run = level === 'fast' ? kernel.run.countFast : kernel.run.countDefault;
  const seen = sample.subarray(0, SAMPLE_BYTES_MAX);
  kernel.run.forget();
  kernel.symbolCounts.fill(0);
  kernel.distanceCounts.fill(0);
  let last: SymbolCounts = copyCounts(kernel);
  let lastBytes = 0;
  for (let at = 0; at < seen.length; at += lastBytes) {
    const part = seen.subarray(at, at + kernel.blockBytes);
    if (at > 0)
      kernel.bytes.copyWithin(
        kernel.history,
        kernel.block + kernel.blockBytes - (kernel.block - kernel.history),
        kernel.block + kernel.blockBytes,
      );
    kernel.bytes.set(part, kernel.block);
    last = copyCounts(kernel);
    run(kernel.block, kernel.block + part.length);
    lastBytes = part.length;
  }
  const counts = copyCounts(kernel);
  const tables = fullTables(counts);
  // Of the last part: it had something to refer to, as most of a file has.
  const bits = encodedBits(tables, difference(counts, last));
  return {
    symbols: digits(tables.symbolLengths),
    distances: digits(tables.distanceLengths),
    bitsPerByte: lastBytes === 0 ? 0 : bits / lastBytes,
  };
}

export function modelTables(model: DeflateModel): CodeTables {
  return dynamicTables(lengths(model.symbols, SYMBOLS), lengths(model.distances, DISTANCE_SYMBOLS));
}

function copyCounts(kernel: DeflateKernel): SymbolCounts {
  return { symbols: kernel.symbolCounts.slice(), distances: kernel.distanceCounts.slice() };
}

function difference(all: SymbolCounts, before: SymbolCounts): SymbolCounts {
  return {
    symbols: all.symbols.map((count, symbol) => count - (before.symbols[symbol] ?? 0)),
    distances: all.distances.map((count, symbol) => count - (before.distances[symbol] ?? 0)),
  };
}

function digits(codeLengths: Uint8Array): string {
  return Array.from(codeLengths, (length) => length.toString(16)).join('');
}

function lengths(text: string, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, symbol) => Number.parseInt(text[symbol] ?? '0', 16));
}
