/** Texts: strings and json, as UTF-8 behind their lengths. */
import { CELL_LENGTH_MASK, CELL_NULL, CELL_SURROGATE } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import { copyPiece, viewOf } from '#spi/byte-copy.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { encodings } from './format.ts';
import { IndexList } from './index-list.ts';
import { DICTIONARY_BYTES_MAX, DICTIONARY_ENTRIES_MAX, grown, isWorthless, PROBES_MAX } from './values.ts';
import type { Bounds, ColumnValues, DictionaryPage } from './values.ts';

const LENGTH_BYTES = 4;
const SLOTS_MIN = 1024;
/** The hash takes words from the beginning, so many, and the last one: long texts differ there as a rule. */
const HASHED_BYTES_MAX = 32;
/** Longer texts are not worth being kept in the statistics. */
const BOUND_BYTES_MAX = 256;
const FULL = -1;

export class ByteValues implements ColumnValues {
  readonly #bounds = new TextBounds();
  /** Values of the page that are not in the dictionary, in PLAIN encoding. */
  readonly #plain = new ByteSink(4096);
  readonly #page = new IndexList();
  /** The entries in PLAIN encoding; where each begins; its hash; and by hash its index plus one. */
  readonly #entries = new ByteSink(4096);
  #starts = new Uint32Array(0);
  #hashes = new Int32Array(0);
  #slots = new Int32Array(SLOTS_MIN);
  #entryCount = 0;
  #isDictionaryOpen = true;
  #dictionaryPages = 0;
  #valuesSeen = 0;
  readonly #repaired = new ByteSink(256);

  add(vector: Vector, rowCount: number): number {
    const { cells } = vector;
    const arena = viewOf(vector.arena);
    if (this.#isDictionaryOpen) this.#page.reserve(rowCount);
    let size = 0;
    for (let row = 0; row < rowCount; row++) {
      const word = cells[row * 2 + 1] as number; // bounded by the loop, as all indexes here
      if (word & CELL_NULL) continue;
      const start = cells[row * 2] as number;
      const length = word & CELL_LENGTH_MASK;
      if (word & CELL_SURROGATE) {
        this.#repair(arena, start, start + length);
        this.#addText(this.#repaired.data, 0, this.#repaired.length);
        size += LENGTH_BYTES + this.#repaired.length;
      } else {
        this.#addText(arena, start, length);
        size += LENGTH_BYTES + length;
      }
    }
    if (this.#isDictionaryOpen && isWorthless(this.#entryCount, this.#valuesSeen)) this.#closeDictionary();
    return size;
  }

  writePage(sink: ByteSink): number {
    if (this.#page.count > 0) {
      this.#page.write(sink, this.#entryCount);
      this.#dictionaryPages += 1;
      return encodings.rleDictionary;
    }
    sink.writeBytes(this.#plain.view());
    this.#plain.clear();
    return encodings.plain;
  }

  dictionary(): DictionaryPage | undefined {
    return this.#dictionaryPages === 0 ? undefined : { bytes: this.#entries.view(), count: this.#entryCount };
  }

  bounds(): Bounds | undefined {
    return this.#bounds.take();
  }

  clear(): void {
    this.#slots.fill(0);
    this.#entries.clear();
    this.#entryCount = 0;
    this.#isDictionaryOpen = true;
    this.#dictionaryPages = 0;
    this.#valuesSeen = 0;
    this.#bounds.clear();
  }

  #addText(source: DataView, start: number, length: number): void {
    this.#valuesSeen += 1;
    if (this.#isDictionaryOpen) {
      const index = this.#indexOf(source, start, length);
      if (index !== FULL) {
        this.#page.indexes[this.#page.count++] = index;
        return;
      }
      this.#closeDictionary();
    }
    appendPlain(this.#plain, source, start, length);
    this.#bounds.see(source, start, length);
  }

  #indexOf(source: DataView, start: number, length: number): number {
    const hash = hashOf(source, start, length);
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    for (let probe = 0; probe < PROBES_MAX; probe++) {
      const entry = this.#slots[slot] as number; // within the mask
      if (entry === 0) {
        if (this.#isFullFor(length)) return FULL;
        this.#slots[slot] = this.#entryCount + 1;
        return this.#newEntry(hash, source, start, length);
      }
      if (this.#hashes[entry - 1] === hash && this.#isEntry(entry - 1, source, start, length)) return entry - 1;
      slot = (slot + 1) & mask;
    }
    return FULL;
  }

  #isFullFor(length: number): boolean {
    const bytes = this.#entries.length + LENGTH_BYTES + length;
    return this.#entryCount === DICTIONARY_ENTRIES_MAX || bytes > DICTIONARY_BYTES_MAX;
  }

  #isEntry(index: number, source: DataView, start: number, length: number): boolean {
    const at = this.#starts[index] as number; // entries have starts
    const { data } = this.#entries;
    return data.getUint32(at, true) === length && equalTexts(data, at + LENGTH_BYTES, source, start, length);
  }

  #newEntry(hash: number, source: DataView, start: number, length: number): number {
    const index = this.#entryCount;
    this.#starts = grown(this.#starts, index, index + 1);
    this.#hashes = grown(this.#hashes, index, index + 1);
    this.#starts[index] = this.#entries.length;
    this.#hashes[index] = hash;
    appendPlain(this.#entries, source, start, length);
    this.#entryCount = index + 1;
    this.#bounds.see(source, start, length);
    if (this.#entryCount * 2 > this.#slots.length) this.#rehash();
    return index;
  }

  #rehash(): void {
    const slots = new Int32Array(this.#slots.length * 2);
    const mask = slots.length - 1;
    for (let index = 0; index < this.#entryCount; index++) {
      let slot = (this.#hashes[index] as number) & mask; // entries have hashes
      while (slots[slot] !== 0) slot = (slot + 1) & mask;
      slots[slot] = index + 1;
    }
    this.#slots = slots;
  }

  /** No value more goes into the dictionary; those of the page take the place of their indexes. */
  #closeDictionary(): void {
    this.#isDictionaryOpen = false;
    const { indexes, count } = this.#page;
    const { data } = this.#entries;
    for (let at = 0; at < count; at++) {
      const start = this.#starts[indexes[at] as number] as number; // entries have starts
      appendPlain(this.#plain, data, start + LENGTH_BYTES, data.getUint32(start, true));
    }
    this.#page.count = 0;
  }

  /** Lone surrogates cannot be UTF-8: each becomes U+FFFD, which is three bytes as well. */
  #repair(source: DataView, start: number, end: number): void {
    const sink = this.#repaired;
    sink.clear();
    sink.reserve(end - start);
    copyPiece(sink.data, 0, source, start, end);
    sink.length = end - start;
    const { bytes } = sink;
    for (let at = 0; at + 2 < sink.length; at++) {
      if (bytes[at] !== 0xed || (bytes[at + 1] as number) < 0xa0) continue; // bounded by the loop
      bytes[at] = 0xef;
      bytes[at + 1] = 0xbf;
      bytes[at + 2] = 0xbd;
    }
  }
}

function appendPlain(sink: ByteSink, source: DataView, start: number, length: number): void {
  sink.reserve(LENGTH_BYTES + length);
  sink.data.setUint32(sink.length, length, true);
  sink.length = copyPiece(sink.data, sink.length + LENGTH_BYTES, source, start, start + length);
}

function hashOf(source: DataView, start: number, length: number): number {
  let hash = length;
  if (length < 4) {
    for (let at = start; at < start + length; at++) hash = Math.imul(hash ^ source.getUint8(at), 0x9e3779b1);
  } else {
    const last = start + length - 4;
    const stop = Math.min(last, start + HASHED_BYTES_MAX);
    for (let at = start; at < stop; at += 4) {
      hash = Math.imul(hash ^ source.getInt32(at, true), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    hash = Math.imul(hash ^ source.getInt32(last, true), 0x85ebca77);
  }
  return hash ^ (hash >>> 15);
}

function equalTexts(one: DataView, oneStart: number, other: DataView, otherStart: number, length: number): boolean {
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    if (one.getInt32(oneStart + at, true) !== other.getInt32(otherStart + at, true)) return false;
  }
  for (; at < length; at++) if (one.getUint8(oneStart + at) !== other.getUint8(otherStart + at)) return false;
  return true;
}

/** The least and greatest text by its bytes; none when one of them is long. */
class TextBounds {
  #min: Uint8Array | undefined;
  #max: Uint8Array | undefined;

  see(source: DataView, start: number, length: number): void {
    if (this.#min === undefined || compareTexts(source, start, length, this.#min) < 0) {
      this.#min = copyOf(source, start, length);
    }
    if (this.#max === undefined || compareTexts(source, start, length, this.#max) > 0) {
      this.#max = copyOf(source, start, length);
    }
  }

  take(): Bounds | undefined {
    const [min, max] = [this.#min, this.#max];
    if (min === undefined || max === undefined) return undefined;
    return Math.max(min.length, max.length) > BOUND_BYTES_MAX ? undefined : { min, max };
  }

  clear(): void {
    this.#min = undefined;
    this.#max = undefined;
  }
}

function compareTexts(source: DataView, start: number, length: number, other: Uint8Array): number {
  const shared = Math.min(length, other.length);
  for (let at = 0; at < shared; at++) {
    const difference = source.getUint8(start + at) - (other[at] as number); // bounded by the loop
    if (difference !== 0) return difference;
  }
  return length - other.length;
}

function copyOf(source: DataView, start: number, length: number): Uint8Array {
  return new Uint8Array(source.buffer, source.byteOffset + start, length).slice();
}
