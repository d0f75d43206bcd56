/** The deflate kernel: an instance of its WebAssembly module in a small memory of its own. */
import { deflateWasm } from '#codec/wasm/generated/deflate.ts';
import { canonicalCodes } from './prefix-codes.ts';
import { DISTANCE_SYMBOLS, END_OF_BLOCK, lengthCodes, SYMBOLS } from './tables.ts';
import type { CodeTables, SymbolCounts } from './tables.ts';

/**
 * How repetitions are looked for. `fast` is a fifth faster than `default` and makes files about a tenth larger;
 * `dense` is a fifth slower, and where fields are short makes files smaller by 3 to 6 %.
 */
export type DeflateSearch = 'default' | 'fast' | 'dense';

const MEMORY_BYTES = 1024 * 1024;
const PAGE_BYTES = 64 * 1024;
/** Half of the room for output: a block that does not get smaller fits into the other half. */
const OUTPUT_BYTES_MAX = 256 * 1024;
/** Instances kept for the next pieces: a thread seldom has more pieces that are begun. */
const IDLE_MAX = 4;

/** What codec/wasm/assembly/deflate.ts exports; positions are addresses. */
interface DeflateExports {
  forget(hashBytes: number): void;
  saveHash(hashBytes: number): void;
  restoreHash(hashBytes: number): void;
  readonly encodeDefault: PartFunction;
  readonly encodeFast: PartFunction;
  readonly encodeDense: PartFunction;
  readonly countDefault: PartFunction;
  readonly countFast: PartFunction;
  readonly countDense: PartFunction;
  putBits(value: number, count: number): void;
  bitPosition(): number;
  rewind(position: number): void;
  restart(): void;
  readonly WINDOW: Address;
  readonly HISTORY_BYTES: Address;
  readonly BLOCK_BYTES: Address;
  readonly OUTPUT: Address;
  readonly LITERAL_CODES: Address;
  readonly LENGTH_CODES: Address;
  readonly DISTANCE_CODES: Address;
  readonly SYMBOL_COUNTS_AT: Address;
  readonly DISTANCE_COUNTS_AT: Address;
  readonly HASH_BYTES_DEFAULT: Address;
  readonly HASH_BYTES_FAST: Address;
  readonly HASH_BYTES_DENSE: Address;
}

/** Of the bytes from one address to another. */
type PartFunction = (from: number, to: number) => void;

interface Address {
  readonly value: number;
}

interface Search {
  readonly hashBytes: number;
  readonly encode: PartFunction;
  readonly count: PartFunction;
}

export class DeflateKernel {
  readonly #run: DeflateExports;
  readonly #bytes: Uint8Array<ArrayBuffer>;
  readonly blockBytes: number;
  readonly #searches: Readonly<Record<DeflateSearch, Search>>;
  #search: Search;
  readonly #literalCodes: Uint32Array<ArrayBuffer>;
  readonly #lengthCodes: Uint32Array<ArrayBuffer>;
  readonly #distanceCodes: Uint32Array<ArrayBuffer>;
  readonly #symbolCounts: Uint32Array<ArrayBuffer>;
  readonly #distanceCounts: Uint32Array<ArrayBuffer>;
  readonly #history: number;
  readonly #block: number;
  readonly #output: number;
  #tables: CodeTables | undefined;
  #endOfBlock = 0;

  constructor() {
    compiled ??= new WebAssembly.Module(Buffer.from(deflateWasm, 'base64'));
    const memory = new WebAssembly.Memory({ initial: MEMORY_BYTES / PAGE_BYTES });
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    // The module is compiled from our own sources: these are its exports.
    const run = exports as unknown as DeflateExports;
    this.#run = run;
    this.#searches = {
      default: { hashBytes: run.HASH_BYTES_DEFAULT.value, encode: run.encodeDefault, count: run.countDefault },
      fast: { hashBytes: run.HASH_BYTES_FAST.value, encode: run.encodeFast, count: run.countFast },
      dense: { hashBytes: run.HASH_BYTES_DENSE.value, encode: run.encodeDense, count: run.countDense },
    };
    this.#search = this.#searches.default;
    // Memory that is not shared lies in an ArrayBuffer.
    const buffer = memory.buffer as ArrayBuffer;
    this.#bytes = new Uint8Array(buffer);
    this.#literalCodes = new Uint32Array(buffer, run.LITERAL_CODES.value, 256);
    this.#lengthCodes = new Uint32Array(buffer, run.LENGTH_CODES.value, 256);
    this.#distanceCodes = new Uint32Array(buffer, run.DISTANCE_CODES.value, DISTANCE_SYMBOLS);
    this.#symbolCounts = new Uint32Array(buffer, run.SYMBOL_COUNTS_AT.value, SYMBOLS);
    this.#distanceCounts = new Uint32Array(buffer, run.DISTANCE_COUNTS_AT.value, DISTANCE_SYMBOLS);
    this.#history = run.WINDOW.value;
    this.#block = this.#history + run.HISTORY_BYTES.value;
    this.blockBytes = run.BLOCK_BYTES.value;
    this.#output = run.OUTPUT.value;
  }

  /** A new piece: no output, and nothing to refer to. Codes stay. */
  begin(search: DeflateSearch): void {
    this.#search = this.#searches[search];
    this.#run.forget(this.#search.hashBytes);
    this.#run.rewind(0);
  }

  /** Puts bytes into the block. */
  load(bytes: Uint8Array, offset = 0): void {
    this.#bytes.set(bytes, this.#block + offset);
  }

  /** The first bytes of the block. */
  loaded(length: number): Uint8Array {
    return this.#bytes.subarray(this.#block, this.#block + length);
  }

  /** Makes a full block the history of the next one: as much of it as can be referred to. */
  slide(): void {
    this.#bytes.copyWithin(this.#history, this.#history + this.blockBytes, this.#block + this.blockBytes);
  }

  /** Sets the codes to encode with, and returns that of the end of a block. Cheap for those that it has already. */
  use(tables: CodeTables): number {
    if (tables === this.#tables) return this.#endOfBlock;
    const codes = canonicalCodes(tables.symbolLengths);
    this.#literalCodes.set(codes.subarray(0, 256));
    this.#lengthCodes.set(lengthCodes(codes));
    this.#distanceCodes.set(canonicalCodes(tables.distanceLengths));
    this.#tables = tables;
    this.#endOfBlock = codes[END_OF_BLOCK] ?? 0;
    return this.#endOfBlock;
  }

  /** Writes the first bytes of the block, without header and end. */
  encode(length: number): void {
    this.#search.encode(this.#block, this.#block + length);
  }

  /** What the encoder would write for a part of the block. */
  count(from: number, to: number): SymbolCounts {
    this.#symbolCounts.fill(0);
    this.#distanceCounts.fill(0);
    this.#search.count(this.#block + from, this.#block + to);
    return { symbols: this.#symbolCounts.slice(), distances: this.#distanceCounts.slice() };
  }

  /** Where repetitions were seen: for another way through the same bytes. */
  saveHash(): void {
    this.#run.saveHash(this.#search.hashBytes);
  }

  restoreHash(): void {
    this.#run.restoreHash(this.#search.hashBytes);
  }

  /** The bits that have been written since the last `discard`. */
  get bits(): number {
    return this.#run.bitPosition();
  }

  /** A code (prefix-codes.ts). */
  put(code: number): void {
    this.#run.putBits(code >>> 8, code & 0xff);
  }

  /** Writes whole bytes; what was written before ends at one. */
  putBytes(bytes: Uint8Array): void {
    const position = this.bits >>> 3;
    this.#bytes.set(bytes, this.#output + position);
    this.#run.rewind((position + bytes.length) * 8);
  }

  /** Back to a place in the output, in bits. */
  rewind(bits: number): void {
    this.#run.rewind(bits);
  }

  /** Whether another block fits in behind what has been written. */
  get hasRoom(): boolean {
    return this.bits >>> 3 < OUTPUT_BYTES_MAX;
  }

  /** The whole bytes that have been written; borrowed until something else is. `discard` comes before that. */
  written(): Uint8Array {
    return this.#bytes.subarray(this.#output, this.#output + (this.bits >>> 3));
  }

  /** Forgets the whole bytes that have been written; a byte begun stays. */
  discard(): void {
    this.#run.restart();
  }
}

let compiled: WebAssembly.Module | undefined;
const idle: DeflateKernel[] = [];

/** A kernel for one user: making one costs more than a small file takes. One that is not given back is just lost. */
export function borrowKernel(): DeflateKernel {
  return idle.pop() ?? new DeflateKernel();
}

/** The user does not touch it any more, nor the bytes it has lent. */
export function returnKernel(kernel: DeflateKernel): void {
  if (idle.length < IDLE_MAX) idle.push(kernel);
}
