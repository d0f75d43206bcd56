/**
 * Values of eight bytes: longs, timestamps, doubles. They are handled as two words of 32 bits, low and high, which
 * spares a BigInt for each; a double is its bits, so that every NaN and the zero with a sign stay what they are.
 */
import { CELL_NULL } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import { encodings } from './format.ts';
import { IndexList } from './index-list.ts';
import { DICTIONARY_BYTES_MAX, DICTIONARY_ENTRIES_MAX, grown, isWorthless, PROBES_MAX } from './values.ts';
import type { Bounds, ColumnValues, DictionaryPage } from './values.ts';

const VALUE_BYTES = 8;
const ENTRIES_MAX = Math.min(DICTIONARY_ENTRIES_MAX, DICTIONARY_BYTES_MAX / VALUE_BYTES);
const SLOTS_MIN = 1024;
/** The look-up found no place for the value. */
const FULL = -1;

/** The words of all rows, null or not; borrowed until the next call. */
export type WordsOf = (vector: Vector, rowCount: number) => Int32Array;

export class FixedValues implements ColumnValues {
  readonly #wordsOf: WordsOf;
  readonly #bounds: LongBounds | DoubleBounds;
  /** Values of the page that are not in the dictionary. */
  #plain = new Int32Array(0);
  #plainCount = 0;
  readonly #page = new IndexList();
  /** Words of the entries, and where in them each value is: index plus one, by hash. */
  #entries = new Int32Array(0);
  #entryCount = 0;
  #slots = new Int32Array(SLOTS_MIN);
  #isDictionaryOpen = true;
  #dictionaryPages = 0;
  #valuesSeen = 0;

  constructor(type: 'long' | 'double', wordsOf: WordsOf) {
    this.#wordsOf = wordsOf;
    this.#bounds = type === 'double' ? new DoubleBounds() : new LongBounds();
  }

  add(vector: Vector, rowCount: number): number {
    const words = this.#wordsOf(vector, rowCount);
    const before = this.#valuesSeen;
    const from = this.#isDictionaryOpen ? this.#addIndexed(vector.cells, words, rowCount) : 0;
    if (from < rowCount) {
      this.#isDictionaryOpen = false;
      this.#addPlain(vector.cells, words, from, rowCount);
    } else if (isWorthless(this.#entryCount, this.#valuesSeen)) {
      this.#isDictionaryOpen = false;
    }
    if (!this.#isDictionaryOpen) this.#spellOut();
    return (this.#valuesSeen - before) * VALUE_BYTES;
  }

  writePage(sink: ByteSink): number {
    if (this.#page.count > 0) {
      this.#page.write(sink, this.#entryCount);
      this.#dictionaryPages += 1;
      return encodings.rleDictionary;
    }
    sink.writeBytes(new Uint8Array(this.#plain.buffer, 0, this.#plainCount * VALUE_BYTES));
    this.#plainCount = 0;
    return encodings.plain;
  }

  dictionary(): DictionaryPage | undefined {
    if (this.#dictionaryPages === 0) return undefined;
    const bytes = new Uint8Array(this.#entries.buffer, 0, this.#entryCount * VALUE_BYTES);
    return { bytes, count: this.#entryCount };
  }

  bounds(): Bounds | undefined {
    return this.#bounds.take();
  }

  clear(): void {
    this.#slots.fill(0);
    this.#entryCount = 0;
    this.#isDictionaryOpen = true;
    this.#dictionaryPages = 0;
    this.#valuesSeen = 0;
    this.#bounds.clear();
  }

  /** Returns the first row that found no place in the dictionary; `rowCount` when all did. */
  #addIndexed(cells: Uint32Array, words: Int32Array, rowCount: number): number {
    this.#page.reserve(rowCount);
    const { indexes } = this.#page;
    let { count } = this.#page;
    const countBefore = count;
    let row = 0;
    for (; row < rowCount; row++) {
      if ((cells[row * 2 + 1] as number) & CELL_NULL) continue; // bounded by the loop, as all indexes here
      const index = this.#indexOf(words[row * 2] as number, words[row * 2 + 1] as number);
      if (index === FULL) break;
      indexes[count++] = index;
    }
    this.#page.count = count;
    this.#valuesSeen += count - countBefore;
    return row;
  }

  #indexOf(low: number, high: number): number {
    const mask = this.#slots.length - 1;
    let slot = hashOf(low, high) & mask;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const entry = this.#slots[slot] as number; // within the mask
      if (entry === 0) return this.#newEntry(low, high, slot);
      if (this.#entries[entry * 2 - 2] === low && this.#entries[entry * 2 - 1] === high) return entry - 1;
      slot = (slot + 1) & mask;
    }
    return FULL;
  }

  #newEntry(low: number, high: number, slot: number): number {
    const index = this.#entryCount;
    if (index === ENTRIES_MAX) return FULL;
    this.#entries = grown(this.#entries, index * 2, index * 2 + 2);
    this.#entries[index * 2] = low;
    this.#entries[index * 2 + 1] = high;
    this.#slots[slot] = index + 1;
    this.#entryCount = index + 1;
    this.#bounds.see(low, high);
    if (this.#entryCount * 2 > this.#slots.length) this.#rehash();
    return index;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let index = 0; index < this.#entryCount; index++) {
      let slot = hashOf(this.#entries[index * 2] as number, this.#entries[index * 2 + 1] as number) & mask;
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }

  #addPlain(cells: Uint32Array, words: Int32Array, from: number, rowCount: number): void {
    // What the page holds as indexes comes first.
    this.#spellOut();
    this.#plain = grown(this.#plain, this.#plainCount * 2, (this.#plainCount + rowCount) * 2);
    const plain = this.#plain;
    const before = this.#plainCount;
    let at = before * 2;
    for (let row = from; row < rowCount; row++) {
      if ((cells[row * 2 + 1] as number) & CELL_NULL) continue; // bounded by the loop
      plain[at] = words[row * 2] as number;
      plain[at + 1] = words[row * 2 + 1] as number;
      at += 2;
    }
    this.#plainCount = at / 2;
    this.#bounds.seeAll(plain, before * 2, at);
    this.#valuesSeen += this.#plainCount - before;
  }

  /** Puts values in the place of the page's indexes. */
  #spellOut(): void {
    const { indexes, count } = this.#page;
    if (count === 0) return;
    this.#plain = grown(this.#plain, 0, count * 2);
    for (let at = 0; at < count; at++) {
      const index = indexes[at] as number; // bounded by the loop
      this.#plain[at * 2] = this.#entries[index * 2] as number;
      this.#plain[at * 2 + 1] = this.#entries[index * 2 + 1] as number;
    }
    this.#plainCount = count;
    this.#page.count = 0;
  }
}

function hashOf(low: number, high: number): number {
  const mixed = Math.imul(low, 0x9e3779b1) ^ Math.imul(high ^ (high >>> 15), 0x85ebca77);
  return mixed ^ (mixed >>> 15);
}

class LongBounds {
  #isEmpty = true;
  /** Words, the low one first. */
  readonly #min = new Int32Array(2);
  readonly #max = new Int32Array(2);

  see(low: number, high: number): void {
    if (this.#isEmpty || isLess(low, high, this.#min)) setWords(this.#min, low, high);
    if (this.#isEmpty || isGreater(low, high, this.#max)) setWords(this.#max, low, high);
    this.#isEmpty = false;
  }

  seeAll(words: Int32Array, from: number, to: number): void {
    for (let at = from; at < to; at += 2) this.see(words[at] as number, words[at + 1] as number); // bounded
  }

  take(): Bounds | undefined {
    if (this.#isEmpty) return undefined;
    return { min: bytesOf(this.#min.slice()), max: bytesOf(this.#max.slice()) };
  }

  clear(): void {
    this.#isEmpty = true;
  }
}

function setWords(bound: Int32Array, low: number, high: number): void {
  bound[0] = low;
  bound[1] = high;
}

// Bounds have two words.
function isLess(low: number, high: number, bound: Int32Array): boolean {
  const boundHigh = bound[1] as number;
  return high < boundHigh || (high === boundHigh && low >>> 0 < (bound[0] as number) >>> 0);
}

function isGreater(low: number, high: number, bound: Int32Array): boolean {
  const boundHigh = bound[1] as number;
  return high > boundHigh || (high === boundHigh && low >>> 0 > (bound[0] as number) >>> 0);
}

/** A NaN is greater than everything for some readers and nothing for others: a chunk with one has no bounds. */
class DoubleBounds {
  readonly #words = new Int32Array(2);
  readonly #value = new Float64Array(this.#words.buffer);
  #min = Infinity;
  #max = -Infinity;
  #hasNaN = false;
  #isEmpty = true;

  see(low: number, high: number): void {
    this.#words[0] = low;
    this.#words[1] = high;
    const value = this.#value[0] as number; // it has one
    this.#isEmpty = false;
    if (value < this.#min) this.#min = value;
    if (value > this.#max) this.#max = value;
    if (value !== value) this.#hasNaN = true;
  }

  seeAll(words: Int32Array, from: number, to: number): void {
    for (let at = from; at < to; at += 2) this.see(words[at] as number, words[at + 1] as number); // bounded
  }

  take(): Bounds | undefined {
    if (this.#isEmpty || this.#hasNaN) return undefined;
    // The zeros are equal, and readers may tell them apart: the bounds hold both.
    const min = this.#min === 0 ? -0 : this.#min;
    const max = this.#max === 0 ? 0 : this.#max;
    return { min: bytesOf(Float64Array.of(min)), max: bytesOf(Float64Array.of(max)) };
  }

  clear(): void {
    this.#min = Infinity;
    this.#max = -Infinity;
    this.#hasNaN = false;
    this.#isEmpty = true;
  }
}

function bytesOf(values: Int32Array | Float64Array): Uint8Array {
  return new Uint8Array(values.buffer);
}
