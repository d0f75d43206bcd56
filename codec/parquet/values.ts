/** What the values of a column are collected in, until a page and then a column chunk of them is complete. */
import type { ByteSink } from '#spi/byte-sink.ts';
import type { Vector } from '#spi/batch.ts';

/** The least and the greatest value, as PLAIN encoding writes them without a length. */
export interface Bounds {
  readonly min: Uint8Array;
  readonly max: Uint8Array;
}

export interface DictionaryPage {
  /** The entries in PLAIN encoding. */
  readonly bytes: Uint8Array;
  readonly count: number;
}

export interface ColumnValues {
  /** Takes the values of the rows that are not null. Returns their size in PLAIN encoding. */
  add(vector: Vector, rowCount: number): number;
  /** Appends the page of the values since the last one. Returns its encoding. */
  writePage(sink: ByteSink): number;
  /** What pages of the chunk refer to, if they do. */
  dictionary(): DictionaryPage | undefined;
  /** Of the whole chunk; undefined when nothing safe can be said. */
  bounds(): Bounds | undefined;
  /** Starts the next chunk. */
  clear(): void;
}

/** Entries of a dictionary at most: their indexes fit into 16 bits. */
export const DICTIONARY_ENTRIES_MAX = 64 * 1024;
/** Bytes of a dictionary at most: readers hold it, and look values up in the second-level cache. */
export const DICTIONARY_BYTES_MAX = 1024 * 1024;
/** After so many values it shows whether a dictionary is worth its while. */
const DICTIONARY_TRIAL_VALUES = 4096;
/** Steps from the slot that a hash names, at most: values made to collide end the dictionary, not the run's progress. */
export const PROBES_MAX = 128;

/** A dictionary is given up when every second value is a new one. */
export function isWorthless(entries: number, values: number): boolean {
  return values >= DICTIONARY_TRIAL_VALUES && entries * 2 > values;
}

/** The array, or a larger one with its beginning. */
export function grown<T extends Int32Array | Uint32Array | Uint8Array>(array: T, used: number, needed: number): T {
  if (needed <= array.length) return array;
  // An array of its own kind.
  const larger = new (array.constructor as new (length: number) => T)(Math.max(needed, array.length * 2, 256));
  larger.set(array.subarray(0, used));
  return larger;
}
