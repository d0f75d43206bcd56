/** Reads bzip2: streams behind each other, checksums verified, one block (900 kB) in memory. */
import type { Bytes } from '#spi/files.ts';
import { combineCrc, updateCrc } from './bzip2-crc.ts';
import { compressionErrors } from './errors.ts';

const BLOCK_UNIT = 100_000;
const GROUP_SIZE = 50;
const CODE_LENGTH_MAX = 20;
const SELECTORS_MAX = 18_002;

/** Thrown when a block goes on behind the bytes at hand. Not an error: it is tried again with more. */
const MORE = Symbol('more');

export async function* bunzip2(source: Bytes): AsyncGenerator<Uint8Array> {
  const decoder = new Decoder();
  for await (const chunk of source) {
    decoder.append(chunk);
    for (let block = decoder.next(false); block !== undefined; block = decoder.next(false)) yield block;
  }
  for (let block = decoder.next(true); block !== undefined; block = decoder.next(true)) yield block;
}

class Decoder {
  #bytes: Uint8Array = new Uint8Array(0);
  /** Bits read; a position in `#bytes`. */
  #bit = 0;
  #bytesBefore = 0;
  /** Bytes of a block at most; 0 before the stream's header. */
  #blockSize = 0;
  #streamCrc = 0;
  #streams = 0;
  #isOver = false;
  #transform = new Int32Array(0);

  append(chunk: Uint8Array): void {
    const used = this.#bit >> 3;
    const rest = this.#bytes.subarray(used);
    const joined = new Uint8Array(rest.length + chunk.length);
    joined.set(rest);
    joined.set(chunk, rest.length);
    this.#bytes = joined;
    this.#bytesBefore += used;
    this.#bit &= 7;
  }

  /** The next block's bytes; undefined when more input is needed, or at the end. */
  next(isLast: boolean): Uint8Array | undefined {
    while (!this.#isOver) {
      const start = this.#bit;
      const blockSize = this.#blockSize;
      try {
        if (this.#blockSize === 0) this.#readHeader(isLast);
        if (this.#isOver) return undefined;
        const block = this.#readBlock();
        if (block !== undefined) return block;
      } catch (error) {
        if (error !== MORE) throw error;
        this.#bit = start;
        this.#blockSize = blockSize;
        if (isLast) throw this.#truncated();
        return undefined;
      }
    }
    return undefined;
  }

  #readHeader(isLast: boolean): void {
    const left = this.#bytes.length - (this.#bit >> 3);
    if (left === 0 && isLast && this.#streams > 0) {
      this.#isOver = true;
      return;
    }
    if (this.#bits(24) !== 0x425a68) {
      // What is no stream behind a stream is ignored.
      if (this.#streams === 0) throw compressionErrors.error('COMPRESSED_NOT_THIS', { format: 'bzip2' });
      this.#isOver = true;
      return;
    }
    const level = this.#bits(8) - 0x30;
    if (level < 1 || level > 9) throw compressionErrors.error('COMPRESSED_NOT_THIS', { format: 'bzip2' });
    this.#blockSize = level * BLOCK_UNIT;
    this.#streamCrc = 0;
    this.#streams += 1;
    if (this.#transform.length < this.#blockSize) this.#transform = new Int32Array(this.#blockSize);
  }

  /** One block, or undefined at the end of a stream. */
  #readBlock(): Uint8Array | undefined {
    const high = this.#bits(24);
    const low = this.#bits(24);
    const crc = ((this.#bits(16) << 16) | this.#bits(16)) >>> 0;
    if (high === 0x177245 && low === 0x385090) {
      if (crc !== this.#streamCrc) throw damaged('the checksum of the stream is wrong');
      this.#bit = (this.#bit + 7) & ~7;
      this.#blockSize = 0;
      return undefined;
    }
    if (high !== 0x314159 || low !== 0x265359) throw damaged('a block does not begin where it should');
    if (this.#bits(1) === 1) throw damaged('it is of an old, randomized kind');
    const origin = this.#bits(24);
    const symbols = this.#readSymbols();
    const length = this.#readCodes(symbols);
    if (origin >= length) throw damaged('a block points outside itself');
    const block = this.#undoTransform(length, origin, crc);
    this.#streamCrc = combineCrc(this.#streamCrc, crc);
    return block;
  }

  #readSymbols(): number[] {
    const used = this.#bits(16);
    const symbols: number[] = [];
    for (let group = 0; group < 16; group++) {
      if ((used & (0x8000 >> group)) === 0) continue;
      const members = this.#bits(16);
      for (let member = 0; member < 16; member++) {
        if (members & (0x8000 >> member)) symbols.push(group * 16 + member);
      }
    }
    if (symbols.length === 0) throw damaged('a block has no symbols');
    return symbols;
  }

  #readSelectors(tableCount: number): Uint8Array {
    const count = this.#bits(15);
    if (count === 0) throw damaged('a block has no code tables');
    const selectors = new Uint8Array(Math.min(count, SELECTORS_MAX));
    const order = Array.from({ length: tableCount }, (_, index) => index);
    for (let index = 0; index < count; index++) {
      let place = 0;
      while (this.#bits(1) === 1) if (++place >= tableCount) throw damaged('a selector is wrong');
      const [table = 0] = order.splice(place, 1);
      order.unshift(table);
      if (index < selectors.length) selectors[index] = table;
    }
    return selectors;
  }

  #readTable(alphabet: number): CodeTable {
    const lengths = new Uint8Array(alphabet);
    let length = this.#bits(5);
    for (let symbol = 0; symbol < alphabet; symbol++) {
      for (;;) {
        if (length < 1 || length > CODE_LENGTH_MAX) throw damaged('a code length is wrong');
        if (this.#bits(1) === 0) break;
        length += this.#bits(1) === 0 ? 1 : -1;
      }
      lengths[symbol] = length;
    }
    return codeTable(lengths);
  }

  /** Huffman codes, runs and move-to-front, into the low bytes of the transform array. Returns the length. */
  #readCodes(symbols: readonly number[]): number {
    const tableCount = this.#bits(3);
    if (tableCount < 2 || tableCount > 6) throw damaged('the number of code tables is wrong');
    const selectors = this.#readSelectors(tableCount);
    const endOfBlock = symbols.length + 1;
    const tables = Array.from({ length: tableCount }, () => this.#readTable(symbols.length + 2));
    const front = Uint8Array.from(symbols);
    const target = this.#transform;
    let length = 0;
    let run = 0;
    let runWeight = 1;
    for (let group = 0, left = 0, table = tables[0] as CodeTable; ; left--) {
      if (left === 0) {
        const next = group < selectors.length ? tables[selectors[group] as number] : undefined;
        if (next === undefined) throw damaged('there are more codes than tables');
        table = next;
        group += 1;
        left = GROUP_SIZE;
      }
      const code = this.#symbol(table);
      if (code <= 1) {
        if (runWeight > this.#blockSize) throw damaged('a run is too long');
        run += runWeight << code;
        runWeight *= 2;
        continue;
      }
      if (run > 0) {
        if (length + run > this.#blockSize) throw damaged('a block is too long');
        target.fill(front[0] as number, length, length + run);
        length += run;
        run = 0;
        runWeight = 1;
      }
      if (code === endOfBlock) return length;
      if (length >= this.#blockSize) throw damaged('a block is too long');
      const place = code - 1;
      const byte = front[place] as number; // codes are within the alphabet
      front.copyWithin(1, 0, place);
      front[0] = byte;
      target[length++] = byte;
    }
  }

  #symbol({ limits, bases, symbols, shortest }: CodeTable): number {
    const bytes = this.#bytes;
    const at = this.#bit >> 3;
    // The longest code and the bits before it fit into four bytes; behind the end undefined counts as zero.
    const word =
      ((bytes[at] as number) << 24) |
      ((bytes[at + 1] as number) << 16) |
      ((bytes[at + 2] as number) << 8) |
      (bytes[at + 3] as number);
    const window = (word << (this.#bit & 7)) >>> (32 - CODE_LENGTH_MAX);
    for (let length = shortest; length <= CODE_LENGTH_MAX; length++) {
      const code = window >>> (CODE_LENGTH_MAX - length);
      if (code > (limits[length] as number)) continue;
      this.#bit += length;
      if (this.#bit > bytes.length * 8) throw MORE;
      return symbols[code - (bases[length] as number)] as number; // by construction
    }
    if (this.#bit + CODE_LENGTH_MAX > bytes.length * 8) throw MORE;
    throw damaged('a code is wrong');
  }

  /** Undoes the Burrows-Wheeler transform and the runs of the first stage, and checks the block's checksum. */
  #undoTransform(length: number, origin: number, crc: number): Uint8Array {
    const links = this.#transform;
    const starts = new Int32Array(257);
    for (let at = 0; at < length; at++)
      starts[((links[at] as number) & 0xff) + 1] = (starts[((links[at] as number) & 0xff) + 1] as number) + 1;
    for (let byte = 0; byte < 256; byte++) starts[byte + 1] = (starts[byte + 1] as number) + (starts[byte] as number);
    for (let at = 0; at < length; at++) {
      const byte = (links[at] as number) & 0xff;
      const place = starts[byte] as number;
      starts[byte] = place + 1;
      links[place] = ((links[place] as number) & 0xff) | (at << 8);
    }
    const runs = new RunReader(length);
    let link = links[origin] as number;
    for (let count = 0; count < length; count++) {
      link = links[link >>> 8] as number;
      runs.push(link & 0xff);
    }
    const block = runs.bytes();
    let sum = 0xffff_ffff;
    for (let at = 0; at < block.length; at++) sum = updateCrc(sum, block[at] as number);
    if (~sum >>> 0 !== crc) throw damaged('the checksum of a block is wrong');
    return block;
  }

  #bits(count: number): number {
    const end = this.#bit + count;
    if (end > this.#bytes.length * 8) throw MORE;
    let value = 0;
    let left = count;
    while (left > 0) {
      const offset = this.#bit & 7;
      const taken = Math.min(8 - offset, left);
      const byte = this.#bytes[this.#bit >> 3] as number; // checked above
      value = (value << taken) | ((byte >> (8 - offset - taken)) & ((1 << taken) - 1));
      this.#bit += taken;
      left -= taken;
    }
    return value;
  }

  #truncated(): Error {
    const bytes = this.#bytesBefore + this.#bytes.length;
    return compressionErrors.error('COMPRESSED_TRUNCATED', { format: 'bzip2', bytes });
  }
}

/** Four equal bytes are followed by how many more there are. */
class RunReader {
  #bytes: Uint8Array;
  #length = 0;
  #equal = 0;
  #last = -1;

  constructor(capacity: number) {
    this.#bytes = new Uint8Array(capacity);
  }

  push(byte: number): void {
    if (this.#equal === 4) {
      this.#reserve(byte);
      this.#bytes.fill(this.#last, this.#length, this.#length + byte);
      this.#length += byte;
      this.#equal = 0;
      this.#last = -1;
      return;
    }
    this.#equal = byte === this.#last ? this.#equal + 1 : 1;
    this.#last = byte;
    if (this.#length === this.#bytes.length) this.#reserve(1);
    this.#bytes[this.#length++] = byte;
  }

  bytes(): Uint8Array {
    return this.#bytes.subarray(0, this.#length);
  }

  #reserve(count: number): void {
    if (this.#length + count <= this.#bytes.length) return;
    const grown = new Uint8Array(Math.max(this.#length + count, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#length));
    this.#bytes = grown;
  }
}

interface CodeTable {
  /** The greatest code of each length; -1 when there is none. */
  readonly limits: Int32Array;
  /** What to subtract from a code of that length to find its symbol. */
  readonly bases: Int32Array;
  readonly symbols: Uint16Array;
  readonly shortest: number;
}

function codeTable(lengths: Uint8Array): CodeTable {
  const limits = new Int32Array(CODE_LENGTH_MAX + 1).fill(-1);
  const bases = new Int32Array(CODE_LENGTH_MAX + 1);
  const symbols = new Uint16Array(lengths.length);
  let code = 0;
  let count = 0;
  for (let length = 1; length <= CODE_LENGTH_MAX; length++) {
    bases[length] = code - count;
    for (let symbol = 0; symbol < lengths.length; symbol++) {
      if (lengths[symbol] !== length) continue;
      symbols[count++] = symbol;
      code += 1;
    }
    limits[length] = code - 1;
    code <<= 1;
  }
  return { limits, bases, symbols, shortest: Math.min(...lengths) };
}

function damaged(reason: string): Error {
  return compressionErrors.error('COMPRESSED_DAMAGED', { format: 'bzip2', reason });
}
