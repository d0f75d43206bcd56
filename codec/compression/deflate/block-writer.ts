/**
 * The blocks of one piece. They are encoded in one pass with the codes of the model. A block that comes out other than
 * the codes promise is looked at a second time: when codes of its own are better, it is encoded again with those, and
 * they serve for what follows; when nothing helps, its bytes are stored as they are.
 */
import type { DeflateKernel } from './kernel.ts';
import { modelTables } from './model.ts';
import type { DeflateModel } from './model.ts';
import { codeOf } from './prefix-codes.ts';
import { encodedBits, entropyBits, exactTables, fixedTables, fullTables, headerBits } from './tables.ts';
import type { CodeTables } from './tables.ts';

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
  readonly length: number;
  /** Where in the output it begins, in bits. */
  readonly start: number;
  readonly bits: number;
  /** Whether it went on with the codes of the one before. */
  readonly wasOpen: boolean;
  readonly isLast: boolean;
}

const NOTHING = new Uint8Array(0);

export class BlockWriter {
  readonly #kernel: DeflateKernel;
  /** Those that the kernel has. */
  #tables: CodeTables;
  #endOfBlock: number;
  #expected: number;
  #patience = 0;
  #waiting = 0;
  /** A block's header has been written, its end has not. */
  #isOpen = false;
  #blocks = 0;

  constructor(kernel: DeflateKernel, model: DeflateModel) {
    this.#kernel = kernel;
    this.#expected = model.bitsPerByte;
    this.#tables = modelTables(model);
    this.#endOfBlock = kernel.use(this.#tables);
    kernel.begin(model.search);
  }

  /** Encodes the first bytes of the kernel's block. */
  encode(length: number, isLast: boolean): void {
    const start = this.#kernel.bits;
    const wasOpen = this.#isOpen;
    this.#kernel.saveHash();
    const isMisfit = this.#blocks % PROBE_INTERVAL === 1 && this.#isMisfit(length);
    this.#openBlock();
    this.#kernel.encode(length);
    const bits = this.#kernel.bits - start;
    const isSmall = isLast && this.#blocks === 0 && length <= SMALL_BYTES;
    if (isSmall || isMisfit || this.#isOdd(bits / length)) this.#reconsider({ length, start, bits, wasOpen, isLast });
    this.#blocks += 1;
  }

  /** Ends the piece at a whole byte, so that another one or the stream's end can follow. */
  end(): void {
    this.#closeBlock();
    this.#putStored(NOTHING);
  }

  /** Whether the codes are far from what the block's first bytes could have: the size alone does not always tell. */
  #isMisfit(length: number): boolean {
    if (length < PROBE_BYTES) return false;
    const counts = this.#kernel.count(0, PROBE_BYTES);
    this.#kernel.restoreHash();
    return encodedBits(this.#tables, counts) > entropyBits(counts) * (1 + PROBE_LOSS_MAX);
  }

  /** Whether the block differs from what is expected, and has not been tried in vain just before. */
  #isOdd(bitsPerByte: number): boolean {
    if (this.#waiting > 0) {
      this.#waiting -= 1;
      return bitsPerByte > 8;
    }
    return bitsPerByte > 8 || Math.abs(bitsPerByte - this.#expected) > this.#expected * DEVIATION_MAX;
  }

  /** Looks for a better way to write the block, and writes it anew when there is one. */
  #reconsider({ length, start, bits, wasOpen, isLast }: WrittenBlock): void {
    // The same way through the block as before; the hash table is afterwards as it was.
    this.#kernel.restoreHash();
    const counts = this.#kernel.count(0, length);
    const candidates = isLast ? [exactTables(counts), fixedTables] : [fullTables(counts)];
    const costs = candidates.map((tables) => headerBits(tables) + encodedBits(tables, counts));
    const best = Math.min(...costs);
    const storedBits = (length + STORED_OVERHEAD * Math.ceil(length / STORED_BYTES_MAX)) * 8;
    this.#expected = Math.min(bits, best) / length;
    if (Math.min(best, storedBits) >= bits * (isLast ? 1 : 1 - GAIN_MIN)) {
      this.#patience = Math.min(PATIENCE_MAX, Math.max(1, this.#patience * 2));
      this.#waiting = this.#patience;
      return;
    }
    this.#patience = 0;
    this.#kernel.rewind(start);
    this.#isOpen = wasOpen;
    this.#closeBlock();
    const tables = candidates[costs.indexOf(best)];
    if (tables === undefined || storedBits <= best) {
      this.#putStored(this.#kernel.loaded(length));
      return;
    }
    this.#tables = tables;
    this.#endOfBlock = this.#kernel.use(tables);
    this.#openBlock();
    this.#kernel.restoreHash();
    this.#kernel.encode(length);
  }

  #openBlock(): void {
    if (this.#isOpen) return;
    for (const code of this.#tables.header) this.#kernel.put(code);
    this.#isOpen = true;
  }

  #closeBlock(): void {
    if (!this.#isOpen) return;
    this.#kernel.put(this.#endOfBlock);
    this.#isOpen = false;
  }

  /** Bytes as they are; without any it is what aligns the end of a piece (a sync flush). */
  #putStored(bytes: Uint8Array): void {
    let at = 0;
    do {
      const part = bytes.subarray(at, at + STORED_BYTES_MAX);
      this.#kernel.put(codeOf(0, 3));
      this.#kernel.put(codeOf(0, -this.#kernel.bits & 7));
      this.#kernel.put(codeOf(part.length, 16));
      this.#kernel.put(codeOf(part.length ^ 0xffff, 16));
      this.#kernel.putBytes(part);
      at += part.length;
    } while (at < bytes.length);
  }
}
