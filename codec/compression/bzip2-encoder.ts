/** Writes bzip2: one stream of blocks of `level` times 100 kB. */
import type { Bytes } from '#spi/files.ts';
import { combineCrc, updateCrc } from './bzip2-crc.ts';
import { codeLengths } from './huffman-lengths.ts';
import { sortRotations } from './rotation-sort.ts';

const BLOCK_UNIT = 100_000;
/** Left free in a block, as the original does. */
const BLOCK_MARGIN = 19;
const GROUP_SIZE = 50;
const RUN_MAX = 255;
const CODE_LENGTH_MAX = 17;
const REFINEMENTS = 4;

export async function* bzip2(source: Bytes, level: number): AsyncGenerator<Uint8Array> {
  const encoder = new Bzip2Stream(level);
  for await (const chunk of source) {
    encoder.append(chunk);
    if (encoder.pendingBytes > 0) yield encoder.take();
  }
  encoder.finish();
  yield encoder.take();
}

/** The same, pushed: `append` bytes, `take` what is ready, and `finish` before the last `take`. */
export class Bzip2Stream {
  readonly #block: Uint8Array;
  readonly #bits = new BitWriter();
  readonly #blockLimit: number;
  #length = 0;
  #crc = 0xffff_ffff;
  #streamCrc = 0;
  #last = -1;
  #run = 0;

  constructor(level: number) {
    this.#block = new Uint8Array(level * BLOCK_UNIT);
    this.#blockLimit = level * BLOCK_UNIT - BLOCK_MARGIN;
    this.#bits.write(24, 0x425a68);
    this.#bits.write(8, 0x30 + level);
  }

  get pendingBytes(): number {
    return this.#bits.length;
  }

  take(): Uint8Array {
    return this.#bits.take();
  }

  append(chunk: Uint8Array): void {
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at] as number; // bounded by the loop
      if (byte === this.#last && this.#run < RUN_MAX) {
        this.#run += 1;
        continue;
      }
      this.#flushRun();
      this.#last = byte;
      this.#run = 1;
    }
  }

  finish(): void {
    this.#flushRun();
    this.#endBlock();
    this.#bits.write(24, 0x177245);
    this.#bits.write(24, 0x385090);
    this.#bits.write(16, this.#streamCrc >>> 16);
    this.#bits.write(16, this.#streamCrc & 0xffff);
    this.#bits.finish();
  }

  /** Four equal bytes are followed by how many more there are. */
  #flushRun(): void {
    if (this.#run === 0) return;
    // Only complete runs go into a block: the checksum is of what it decodes to.
    if (this.#length + 5 > this.#blockLimit) this.#endBlock();
    for (let count = 0; count < this.#run; count++) this.#crc = updateCrc(this.#crc, this.#last);
    const written = Math.min(4, this.#run);
    this.#block.fill(this.#last, this.#length, this.#length + written);
    this.#length += written;
    if (written === 4) this.#block[this.#length++] = this.#run - 4;
    this.#run = 0;
    this.#last = -1;
  }

  #endBlock(): void {
    if (this.#length === 0) return;
    const crc = ~this.#crc >>> 0;
    this.#streamCrc = combineCrc(this.#streamCrc, crc);
    const bits = this.#bits;
    bits.write(24, 0x314159);
    bits.write(24, 0x265359);
    bits.write(16, crc >>> 16);
    bits.write(16, crc & 0xffff);
    bits.write(1, 0);
    writeBlock(bits, this.#block, this.#length);
    this.#length = 0;
    this.#crc = 0xffff_ffff;
  }
}

function writeBlock(bits: BitWriter, block: Uint8Array, length: number): void {
  const order = sortRotations(block, length);
  bits.write(24, order.indexOf(0));
  const used = new Uint8Array(256);
  for (let at = 0; at < length; at++) used[block[at] as number] = 1; // bounded by the loop
  writeUsed(bits, used);
  const { codes, alphabet } = moveToFront(block, order, used);
  writeCodes(bits, codes, alphabet);
}

function writeUsed(bits: BitWriter, used: Uint8Array): void {
  const groups = Array.from({ length: 16 }, (_, group) =>
    used.subarray(group * 16, group * 16 + 16).reduce((word, flag) => (word << 1) | flag, 0),
  );
  bits.write(
    16,
    groups.reduce((word, group) => (word << 1) | (group === 0 ? 0 : 1), 0),
  );
  for (const group of groups) if (group !== 0) bits.write(16, group);
}

/** The last bytes of the sorted rotations as distances since each was last seen; runs of zero in base two. */
function moveToFront(block: Uint8Array, order: Int32Array, used: Uint8Array): { codes: Uint16Array; alphabet: number } {
  const front = Uint8Array.from(Array.from(used.keys()).filter((byte) => used[byte] === 1));
  const alphabet = front.length + 2;
  const codes = new Uint16Array(order.length + 1);
  let count = 0;
  let zeros = 0;
  const flushZeros = (): void => {
    for (; zeros > 0; zeros = (zeros - 1) >> 1) codes[count++] = (zeros - 1) & 1;
  };
  for (let place = 0; place < order.length; place++) {
    const at = order[place] as number; // bounded by the loop
    const byte = block[at === 0 ? order.length - 1 : at - 1] as number;
    if (front[0] === byte) {
      zeros += 1;
      continue;
    }
    flushZeros();
    const index = front.indexOf(byte);
    front.copyWithin(1, 0, index);
    front[0] = byte;
    codes[count++] = index + 1;
  }
  flushZeros();
  codes[count++] = alphabet - 1;
  return { codes: codes.subarray(0, count), alphabet };
}

function writeCodes(bits: BitWriter, codes: Uint16Array, alphabet: number): void {
  const { tables, selectors } = chooseTables(codes, alphabet);
  bits.write(3, tables.length);
  bits.write(15, selectors.length);
  const order = tables.map((_, index) => index);
  for (const selector of selectors) {
    const place = order.indexOf(selector);
    order.splice(place, 1);
    order.unshift(selector);
    for (let count = 0; count < place; count++) bits.write(1, 1);
    bits.write(1, 0);
  }
  for (const lengths of tables) writeLengths(bits, lengths);
  const coded = tables.map((lengths) => canonicalCodes(lengths));
  for (let group = 0; group < selectors.length; group++) {
    const table = selectors[group] as number; // bounded by the loop
    const lengths = tables[table] as Uint8Array;
    const words = coded[table] as Uint32Array;
    const end = Math.min(codes.length, (group + 1) * GROUP_SIZE);
    for (let at = group * GROUP_SIZE; at < end; at++) {
      const code = codes[at] as number;
      bits.write(lengths[code] as number, words[code] as number);
    }
  }
}

function writeLengths(bits: BitWriter, lengths: Uint8Array): void {
  let current = lengths[0] as number; // an alphabet has at least three codes
  bits.write(5, current);
  for (const length of lengths) {
    for (; current < length; current++) bits.write(2, 2);
    for (; current > length; current--) bits.write(2, 3);
    bits.write(1, 0);
  }
}

function tableCountFor(codeCount: number): number {
  if (codeCount < 200) return 2;
  if (codeCount < 600) return 3;
  if (codeCount < 1200) return 4;
  return codeCount < 2400 ? 5 : 6;
}

/** Code tables that fit parts of the data: each group takes its best table, then tables are made anew. */
function chooseTables(codes: Uint16Array, alphabet: number): { tables: Uint8Array[]; selectors: Uint8Array } {
  const tableCount = tableCountFor(codes.length);
  let tables = firstTables(codes, alphabet, tableCount);
  const groupCount = Math.ceil(codes.length / GROUP_SIZE);
  const selectors = new Uint8Array(groupCount);
  for (let round = 0; round < REFINEMENTS; round++) {
    const frequencies = tables.map(() => new Uint32Array(alphabet));
    for (let group = 0; group < groupCount; group++) {
      const part = codes.subarray(group * GROUP_SIZE, (group + 1) * GROUP_SIZE);
      const best = cheapest(tables, part);
      selectors[group] = best;
      const counts = frequencies[best] as Uint32Array; // an index of the tables
      for (const code of part) counts[code] = (counts[code] as number) + 1;
    }
    tables = frequencies.map((counts) => codeLengths(counts, CODE_LENGTH_MAX));
  }
  return { tables, selectors };
}

/** To begin with, each table favours a stretch of the alphabet that has an equal share of the codes. */
function firstTables(codes: Uint16Array, alphabet: number, tableCount: number): Uint8Array[] {
  const counts = new Uint32Array(alphabet);
  for (const code of codes) counts[code] = (counts[code] as number) + 1;
  let left = codes.length;
  let symbol = 0;
  return Array.from({ length: tableCount }, (_, table) => {
    const share = left / (tableCount - table);
    const from = symbol;
    let sum = 0;
    while (symbol < alphabet && (sum < share || symbol === from)) sum += counts[symbol++] as number;
    left -= sum;
    const to = symbol;
    return Uint8Array.from({ length: alphabet }, (__, code) => (code >= from && code < to ? 1 : 15));
  });
}

function cheapest(tables: readonly Uint8Array[], part: Uint16Array): number {
  let best = 0;
  let bestCost = Infinity;
  for (const [index, lengths] of tables.entries()) {
    let cost = 0;
    for (let at = 0; at < part.length; at++) cost += lengths[part[at] as number] as number; // codes of the alphabet
    if (cost < bestCost) {
      best = index;
      bestCost = cost;
    }
  }
  return best;
}

function canonicalCodes(lengths: Uint8Array): Uint32Array {
  const words = new Uint32Array(lengths.length);
  let word = 0;
  for (let length = 1; length <= CODE_LENGTH_MAX; length++) {
    for (let code = 0; code < lengths.length; code++) if (lengths[code] === length) words[code] = word++;
    word *= 2;
  }
  return words;
}

class BitWriter {
  #bytes = new Uint8Array(64 * 1024);
  #word = 0;
  #count = 0;
  length = 0;

  /** At most 24 bits. */
  write(count: number, value: number): void {
    // Eight bits at most wait, so that word never has more than 32.
    this.#word = (this.#word << count) | value;
    this.#count += count;
    while (this.#count >= 8) {
      this.#count -= 8;
      if (this.length === this.#bytes.length) this.#grow();
      this.#bytes[this.length++] = (this.#word >>> this.#count) & 0xff;
    }
  }

  /** Fills the last byte with zeros. */
  finish(): void {
    if (this.#count > 0) this.write(8 - this.#count, 0);
  }

  take(): Uint8Array {
    const bytes = this.#bytes.slice(0, this.length);
    this.length = 0;
    return bytes;
  }

  #grow(): void {
    const grown = new Uint8Array(this.#bytes.length * 2);
    grown.set(this.#bytes);
    this.#bytes = grown;
  }
}
