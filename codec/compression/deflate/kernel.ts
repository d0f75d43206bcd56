/** The deflate kernel: an instance of its WebAssembly module in a small memory of its own. */
import { deflateWasm } from '#codec/wasm/generated/deflate.ts';
import { canonicalCodes } from './prefix-codes.ts';
import { END_OF_BLOCK, lengthCodes } from './tables.ts';
import type { CodeTables, SymbolCounts } from './tables.ts';

/** `fast` is a fifth faster and makes files about a tenth larger. */
export type DeflateLevel = 'default' | 'fast';

const MEMORY_BYTES = 1024 * 1024;
const PAGE_BYTES = 64 * 1024;
/** Half of the room for output: a block that does not get smaller fits into the other half. */
const OUTPUT_BYTES_MAX = 256 * 1024;

/** What codec/wasm/assembly/deflate.ts exports; positions are addresses. */
interface DeflateExports {
  forget(): void;
  saveHash(): void;
  restoreHash(): void;
  encodeDefault(from: number, to: number): void;
  encodeFast(from: number, to: number): void;
  countDefault(from: number, to: number): void;
  countFast(from: number, to: number): void;
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
}

interface Address {
  readonly value: number;
}

export class DeflateKernel {
  readonly run: DeflateExports;
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly blockBytes: number;
  readonly #isFast: boolean;
  readonly #literalCodes: Uint32Array<ArrayBuffer>;
  readonly #lengthCodes: Uint32Array<ArrayBuffer>;
  readonly #distanceCodes: Uint32Array<ArrayBuffer>;
  readonly #symbolCounts: Uint32Array<ArrayBuffer>;
  readonly #distanceCounts: Uint32Array<ArrayBuffer>;
  readonly #history: number;
  readonly #block: number;
  readonly #output: number;

  constructor(level: DeflateLevel) {
    this.#isFast = level === 'fast';
    compiled ??= new WebAssembly.Module(Buffer.from(deflateWasm, 'base64'));
    const memory = new WebAssembly.Memory({ initial: MEMORY_BYTES / PAGE_BYTES });
    const { exports } = new WebAssembly.Instance(compiled, { env: { memory } });
    // The module is compiled from our own sources: these are its exports.
    this.run = exports as unknown as DeflateExports;
    // Memory that is not shared lies in an ArrayBuffer.
    const buffer = memory.buffer as ArrayBuffer;
    this.bytes = new Uint8Array(buffer);
    this.#literalCodes = new Uint32Array(buffer, this.run.LITERAL_CODES.value, 256);
    this.#lengthCodes = new Uint32Array(buffer, this.run.LENGTH_CODES.value, 256);
    this.#distanceCodes = new Uint32Array(buffer, this.run.DISTANCE_CODES.value, 30);
    this.#symbolCounts = new Uint32Array(buffer, this.run.SYMBOL_COUNTS_AT.value, 286);
    this.#distanceCounts = new Uint32Array(buffer, this.run.DISTANCE_COUNTS_AT.value, 30);
    this.#history = this.run.WINDOW.value;
    this.#block = this.#history + this.run.HISTORY_BYTES.value;
    this.blockBytes = this.run.BLOCK_BYTES.value;
    this.#output = this.run.OUTPUT.value;
  }

  /** Puts bytes into the block. */
  load(bytes: Uint8Array, offset = 0): void {
    this.bytes.set(bytes, this.#block + offset);
  }

  /** The first bytes of the block. */
  loaded(length: number): Uint8Array {
    return this.bytes.subarray(this.#block, this.#block + length);
  }

  /** Makes a full block the history of the next one: as much of it as can be referred to. */
  slide(): void {
    this.bytes.copyWithin(this.#history, this.#history + this.blockBytes, this.#block + this.blockBytes);
  }

  /** Sets the codes to encode with, and returns that of the end of a block. */
  use(tables: CodeTables): number {
    const codes = canonicalCodes(tables.symbolLengths);
    this.#literalCodes.set(codes.subarray(0, 256));
    this.#lengthCodes.set(lengthCodes(codes));
    this.#distanceCodes.set(canonicalCodes(tables.distanceLengths));
    return codes[END_OF_BLOCK] ?? 0;
  }

  /** Writes the first bytes of the block, without header and end. */
  encode(length: number): void {
    if (this.#isFast) this.run.encodeFast(this.#block, this.#block + length);
    else this.run.encodeDefault(this.#block, this.#block + length);
  }

  /** What the encoder would write for a part of the block. */
  count(from: number, to: number): SymbolCounts {
    this.#symbolCounts.fill(0);
    this.#distanceCounts.fill(0);
    if (this.#isFast) this.run.countFast(this.#block + from, this.#block + to);
    else this.run.countDefault(this.#block + from, this.#block + to);
    return { symbols: this.#symbolCounts.slice(), distances: this.#distanceCounts.slice() };
  }

  /** The bits that have been written since the last `discard`. */
  get bits(): number {
    return this.run.bitPosition();
  }

  /** Writes whole bytes; what was written before ends at one. */
  putBytes(bytes: Uint8Array): void {
    const position = this.bits >>> 3;
    this.bytes.set(bytes, this.#output + position);
    this.run.rewind((position + bytes.length) * 8);
  }

  /** Whether another block fits in behind what has been written. */
  get hasRoom(): boolean {
    return this.bits >>> 3 < OUTPUT_BYTES_MAX;
  }

  /** The whole bytes that have been written; borrowed until something else is. `discard` comes before that. */
  written(): Uint8Array {
    return this.bytes.subarray(this.#output, this.#output + (this.bits >>> 3));
  }

  /** Forgets the whole bytes that have been written; a byte begun stays. */
  discard(): void {
    this.run.restart();
  }
}

let compiled: WebAssembly.Module | undefined;
