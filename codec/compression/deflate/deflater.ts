/**
 * Compresses one piece at a time, in blocks of a fixed size, so that the result does not depend on how the bytes
 * arrive. Blocks are encoded in one pass with the codes of the model. A block that comes out other than the codes
 * promise is looked at a second time: when codes of its own are better, it is encoded again with those, and they serve
 * for what follows; when nothing helps, its bytes are stored as they are.
 */
import { crc32 } from 'node:zlib';
import { DeflateKernel } from './kernel.ts';
import type { DeflateLevel } from './kernel.ts';
import { modelTables } from './model.ts';
import type { DeflateModel } from './model.ts';
import { codeBits, codeSize } from './prefix-codes.ts';
import { encodedBits, entropyBits, exactTables, fixedTables, fullTables, headerBits } from './tables.ts';
import type { BitField, CodeTables } from './tables.ts';

/** How far the bits per byte may be from what is expected before a block is looked at again. */
const DEVIATION_MAX = 0.05;
/** What better codes must save to be worth it, as a part of the block. */
const GAIN_MIN = 0.02;
/** Blocks that are not looked at again after one where it did not help, at most: it doubles each time. */
const PATIENCE_MAX = 8;
/** Every so many blocks, from the second one on, some bytes are looked at beforehand, whatever is expected of them. */
const PROBE_INTERVAL = 16;
const PROBE_BYTES = 8 * 1024;
/** How much worse than the entropy of these few bytes the codes may be: a part of it is chance. */
const PROBE_LOSS_MAX = 0.12;
/** A piece this small gets codes of its own when they are better, whatever is expected of it. */
const SMALL_BYTES = 16 * 1024;
const STORED_BYTES_MAX = 0xffff;
/** Bytes before those of a stored block, the bits up to a whole byte included. */
const STORED_OVERHEAD = 6;

/** A block as it was written first. */
interface WrittenBlock {
  /** Where in the output it begins, in bits. */
  readonly start: number;
  readonly bits: number;
  /** Whether it went on with the codes of the one before. */
  readonly wasOpen: boolean;
  readonly isLast: boolean;
}

const NOTHING = new Uint8Array(0);

export class Deflater {
  readonly #kernel: DeflateKernel;
  #model: DeflateModel | undefined;
  #modelTables: CodeTables | undefined;
  /** Those that the kernel has. */
  #tables: CodeTables | undefined;
  #expected = 0;
  #patience = 0;
  #waiting = 0;
  /** A block's header has been written, its end has not. */
  #isOpen = false;
  #endOfBlock = 0;
  #blocks = 0;
  #filled = 0;
  #crc = 0;
  #size = 0;
  /** Output for which the kernel has no room. */
  #done: Uint8Array[] = [];
  /** The caller has a view of the kernel's output. */
  #isLent = false;

  constructor(level: DeflateLevel) {
    this.#kernel = new DeflateKernel(level);
  }

  /** CRC-32 of the piece's bytes so far. */
  get crc(): number {
    return this.#crc;
  }

  /** The number of the piece's bytes so far. */
  get size(): number {
    return this.#size;
  }

  /** Starts a piece; one that was begun before is forgotten. */
  begin(model: DeflateModel): void {
    if (model !== this.#model || this.#modelTables === undefined) this.#modelTables = modelTables(model);
    this.#model = model;
    this.#use(this.#modelTables);
    this.#expected = model.bitsPerByte;
    this.#patience = 0;
    this.#waiting = 0;
    this.#isOpen = false;
    this.#blocks = 0;
    this.#filled = 0;
    this.#crc = 0;
    this.#size = 0;
    this.#done = [];
    this.#isLent = false;
    this.#kernel.run.forget();
    this.#kernel.run.rewind(0);
  }

  /** Returns what is ready, which may be nothing; borrowed until the next call. */
  write(bytes: Uint8Array): Uint8Array {
    const { blockBytes } = this.#kernel;
    this.#reclaim();
    this.#crc = crc32(bytes, this.#crc);
    this.#size += bytes.length;
    for (let at = 0; at < bytes.length;) {
      // A full block waits for a byte more: whether it is the last one must not depend on how the bytes arrive.
      if (this.#filled === blockBytes) this.#finishBlock();
      const taken = Math.min(bytes.length - at, blockBytes - this.#filled);
      this.#kernel.load(bytes.subarray(at, at + taken), this.#filled);
      this.#filled += taken;
      at += taken;
    }
    return this.#take();
  }

  /** Returns the rest of the piece: it ends at a whole byte, so that another piece or the stream's end can follow. */
  end(): Uint8Array {
    this.#reclaim();
    if (this.#filled > 0) this.#encodeBlock(true);
    this.#filled = 0;
    this.#closeBlock();
    this.#putStored(NOTHING);
    return this.#take();
  }

  #finishBlock(): void {
    this.#encodeBlock(false);
    if (!this.#kernel.hasRoom) this.#setAside();
    this.#kernel.slide();
    this.#filled = 0;
  }

  #encodeBlock(isLast: boolean): void {
    const { run } = this.#kernel;
    const start = this.#kernel.bits;
    const wasOpen = this.#isOpen;
    run.saveHash();
    const isMisfit = this.#blocks % PROBE_INTERVAL === 1 && this.#isMisfit();
    this.#openBlock();
    this.#kernel.encode(this.#filled);
    const bits = this.#kernel.bits - start;
    const isSmall = isLast && this.#blocks === 0 && this.#filled <= SMALL_BYTES;
    if (isSmall || isMisfit || this.#isOdd(bits)) this.#reconsider({ start, bits, wasOpen, isLast });
    this.#blocks += 1;
  }

  /** Whether the codes are far from what the block's first bytes could have: the size alone does not always tell. */
  #isMisfit(): boolean {
    if (this.#filled < PROBE_BYTES || this.#tables === undefined) return false;
    const counts = this.#kernel.count(0, PROBE_BYTES);
    this.#kernel.run.restoreHash();
    return encodedBits(this.#tables, counts) > entropyBits(counts) * (1 + PROBE_LOSS_MAX);
  }

  /** Whether the block differs from what is expected, and has not been tried in vain just before. */
  #isOdd(bits: number): boolean {
    const perByte = bits / this.#filled;
    if (this.#waiting > 0) {
      this.#waiting -= 1;
      return perByte > 8;
    }
    return perByte > 8 || Math.abs(perByte - this.#expected) > this.#expected * DEVIATION_MAX;
  }

  /** Looks for a better way to write the block, and writes it anew when there is one. */
  #reconsider({ start, bits, wasOpen, isLast }: WrittenBlock): void {
    const { run } = this.#kernel;
    // The same way through the block as before; the hash table is afterwards as it was.
    run.restoreHash();
    const counts = this.#kernel.count(0, this.#filled);
    const candidates = isLast ? [exactTables(counts), fixedTables()] : [fullTables(counts)];
    const costs = candidates.map((tables) => headerBits(tables) + encodedBits(tables, counts));
    const best = Math.min(...costs);
    const storedBits = (this.#filled + STORED_OVERHEAD * Math.ceil(this.#filled / STORED_BYTES_MAX)) * 8;
    this.#expected = Math.min(bits, best) / this.#filled;
    if (Math.min(best, storedBits) >= bits * (isLast ? 1 : 1 - GAIN_MIN)) {
      this.#patience = Math.min(PATIENCE_MAX, Math.max(1, this.#patience * 2));
      this.#waiting = this.#patience;
      return;
    }
    this.#patience = 0;
    run.rewind(start);
    this.#isOpen = wasOpen;
    this.#closeBlock();
    const tables = candidates[costs.indexOf(best)];
    if (tables === undefined || storedBits <= best) {
      this.#putStored(this.#kernel.loaded(this.#filled));
      return;
    }
    this.#use(tables);
    this.#openBlock();
    run.restoreHash();
    this.#kernel.encode(this.#filled);
  }

  #use(tables: CodeTables): void {
    if (tables === this.#tables) return;
    this.#tables = tables;
    this.#endOfBlock = this.#kernel.use(tables);
  }

  #openBlock(): void {
    if (this.#isOpen) return;
    for (const field of this.#tables?.header ?? []) this.#put(field);
    this.#isOpen = true;
  }

  #closeBlock(): void {
    if (!this.#isOpen) return;
    this.#put([codeBits(this.#endOfBlock), codeSize(this.#endOfBlock)]);
    this.#isOpen = false;
  }

  #put([value, count]: BitField): void {
    this.#kernel.run.putBits(value, count);
  }

  /** Bytes as they are; without any it is what aligns the end of a piece (a sync flush). */
  #putStored(bytes: Uint8Array): void {
    let at = 0;
    do {
      const part = bytes.subarray(at, at + STORED_BYTES_MAX);
      this.#put([0, 3]);
      this.#put([0, -this.#kernel.bits & 7]);
      this.#put([part.length, 16]);
      this.#put([part.length ^ 0xffff, 16]);
      this.#kernel.putBytes(part);
      at += part.length;
    } while (at < bytes.length);
  }

  #setAside(): void {
    this.#done.push(this.#kernel.written().slice());
    this.#kernel.discard();
  }

  #take(): Uint8Array {
    if (this.#done.length === 0) {
      this.#isLent = true;
      return this.#kernel.written();
    }
    this.#setAside();
    const done = Buffer.concat(this.#done);
    this.#done = [];
    return done;
  }

  /** Output that was lent is the caller's no more. */
  #reclaim(): void {
    if (this.#isLent) this.#kernel.discard();
    this.#isLent = false;
  }
}
