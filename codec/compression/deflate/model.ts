/** What the pieces of a file are compressed with: a search and codes, learnt from its beginning. */
import { borrowKernel, returnKernel } from './kernel.ts';
import type { DeflateKernel, DeflateSearch } from './kernel.ts';
import { CodeTables, encodedBits, entropyBits, fullTables, DISTANCE_SYMBOLS, SYMBOLS } from './tables.ts';
import type { SymbolCounts } from './tables.ts';

/** `fast` is quicker and makes larger files. */
export type DeflateLevel = 'default' | 'fast';

/** Plain JSON: goes to other threads. A type and not an interface, so that it is one for the compiler as well. */
export type DeflateModel = {
  readonly search: DeflateSearch;
  /** Lengths of the codes, a hexadecimal digit each. */
  readonly symbols: string;
  readonly distances: string;
  /** What to expect of data like the sample; 0 when there was none. */
  readonly bitsPerByte: number;
};

/** More of the sample is not looked at. */
export const SAMPLE_BYTES_MAX = 256 * 1024;
/** What the dense search must save to be worth its time, as a part of the file. */
const DENSE_GAIN_MIN = 0.015;

/** What a search finds in the sample. */
interface Trial {
  readonly search: DeflateSearch;
  readonly counts: SymbolCounts;
  /** Of the part that tells what to expect, and its bytes. */
  readonly lastCounts: SymbolCounts;
  readonly lastBytes: number;
}

/** The same sample makes the same model; of an empty one nothing is to be expected. */
export function trainDeflate(sample: Uint8Array, level: DeflateLevel): DeflateModel {
  const kernel = borrowKernel();
  const { search, counts, lastCounts, lastBytes } = bestTrial(kernel, sample, level);
  returnKernel(kernel);
  const tables = fullTables(counts);
  const model = {
    search,
    symbols: digits(tables.symbolLengths),
    distances: digits(tables.distanceLengths),
    bitsPerByte: lastBytes === 0 ? 0 : encodedBits(tables, lastCounts) / lastBytes,
  };
  tablesOf.set(model, tables);
  return model;
}

function bestTrial(kernel: DeflateKernel, sample: Uint8Array, level: DeflateLevel): Trial {
  const usual = trial(kernel, sample, level);
  if (level === 'fast') return usual;
  const dense = trial(kernel, sample, 'dense');
  return entropyBits(dense.counts) < entropyBits(usual.counts) * (1 - DENSE_GAIN_MIN) ? dense : usual;
}

function trial(kernel: DeflateKernel, sample: Uint8Array, search: DeflateSearch): Trial {
  const { blockBytes } = kernel;
  const firstBytes = Math.min(sample.length, blockBytes);
  kernel.begin(search);
  kernel.load(sample.subarray(0, firstBytes));
  const first = kernel.count(0, firstBytes);
  // A shorter sample is most likely all of the file, and what follows its first block is not worth the time.
  if (sample.length < SAMPLE_BYTES_MAX) return { search, counts: first, lastCounts: first, lastBytes: firstBytes };
  kernel.slide();
  kernel.load(sample.subarray(blockBytes, 2 * blockBytes));
  const second = kernel.count(0, blockBytes);
  // The second block tells what to expect: it had something to refer to, as most of a file has.
  return { search, counts: sumOf(first, second), lastCounts: second, lastBytes: blockBytes };
}

/** Of models made or used in this thread. */
const tablesOf = new WeakMap<DeflateModel, CodeTables>();

/** The same for the same object: what is made of them lasts. */
export function modelTables(model: DeflateModel): CodeTables {
  const known = tablesOf.get(model);
  if (known !== undefined) return known;
  const tables = new CodeTables(lengths(model.symbols, SYMBOLS), lengths(model.distances, DISTANCE_SYMBOLS));
  tablesOf.set(model, tables);
  return tables;
}

function sumOf(left: SymbolCounts, right: SymbolCounts): SymbolCounts {
  return {
    symbols: left.symbols.map((count, symbol) => count + (right.symbols[symbol] ?? 0)),
    distances: left.distances.map((count, symbol) => count + (right.distances[symbol] ?? 0)),
  };
}

function digits(codeLengths: Uint8Array): string {
  let text = '';
  for (const length of codeLengths) text += length.toString(16);
  return text;
}

function lengths(text: string, count: number): Uint8Array {
  return Uint8Array.from({ length: count }, (_, symbol) => Number.parseInt(text[symbol] ?? '0', 16));
}
