/** What the pieces of a file are compressed with: codes learnt from its beginning. */
import { DeflateKernel } from './kernel.ts';
import type { DeflateLevel } from './kernel.ts';
import { dynamicTables, encodedBits, fullTables, DISTANCE_SYMBOLS, SYMBOLS } from './tables.ts';
import type { CodeTables, SymbolCounts } from './tables.ts';

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

/** The same sample makes the same model; of an empty one nothing is to be expected. */
export function trainDeflate(sample: Uint8Array, level: DeflateLevel): DeflateModel {
  const kernel = new DeflateKernel(level);
  const { blockBytes } = kernel;
  kernel.run.forget();
  const isLong = sample.length >= SAMPLE_BYTES_MAX;
  const length = isLong ? blockBytes : Math.min(sample.length, blockBytes);
  kernel.load(sample.subarray(0, length));
  const half = isLong ? length : length >> 1;
  const first = kernel.count(0, half);
  if (isLong) {
    kernel.slide();
    kernel.load(sample.subarray(blockBytes, 2 * blockBytes));
  }
  const second = kernel.count(isLong ? 0 : half, length);
  const tables = fullTables(sumOf(first, second));
  // Of the second half: it had something to refer to, as most of a file has.
  const bits = encodedBits(tables, second);
  return {
    symbols: digits(tables.symbolLengths),
    distances: digits(tables.distanceLengths),
    bitsPerByte: length === 0 ? 0 : bits / (isLong ? length : length - half),
  };
}

export function modelTables(model: DeflateModel): CodeTables {
  return dynamicTables(lengths(model.symbols, SYMBOLS), lengths(model.distances, DISTANCE_SYMBOLS));
}

function sumOf(left: SymbolCounts, right: SymbolCounts): SymbolCounts {
  return {
    symbols: left.symbols.map((count, symbol) => count + (right.symbols[symbol] ?? 0)),
    distances: left.distances.map((count, symbol) => count + (right.distances[symbol] ?? 0)),
  };
}

function digits(codeLengths: Uint8Array): string {
  return Array.from(codeLengths, (length) => length.toString(16)).join('');
}

function lengths(text: string, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, symbol) => Number.parseInt(text[symbol] ?? '0', 16));
}
