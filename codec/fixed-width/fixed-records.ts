/** Records of one length behind each other, without line breaks. */
import { behindMark } from '#codec/text/text-lines.ts';
import { fixedWidthErrors } from './errors.ts';
import type { FixedUnit, RecordPlace, RecordSource } from './batch-reader.ts';

/** Of a byte order mark. */
const MARK_BYTES = 3;

export class FixedRecords implements RecordSource {
  bytes: Uint8Array = new Uint8Array(0);
  start = 0;
  end = 0;
  readonly #length: number;
  readonly #unit: FixedUnit;
  #record = 0;
  #isBegun = false;
  #isLast = false;
  #position = 0;

  constructor(length: number, unit: FixedUnit) {
    this.#length = length;
    this.#unit = unit;
  }

  get place(): RecordPlace {
    return { record: this.#record };
  }

  append(chunk: Uint8Array, isLast: boolean): void {
    // Less than a record is left over, and records are short: this copies once per chunk.
    const held = this.bytes.subarray(this.#position);
    this.bytes = held.length === 0 ? chunk : Buffer.concat([held, chunk]);
    this.#position = 0;
    this.#isLast = isLast;
  }

  next(): boolean {
    const { bytes } = this;
    if (!this.#isBegun && bytes.length < MARK_BYTES && !this.#isLast) return this.#keep();
    const start = this.#isBegun ? this.#position : behindMark(bytes, 0, bytes.length);
    if (start === bytes.length) return this.#keep();
    this.#isBegun = true;
    const end = this.#unit === 'bytes' ? start + this.#length : this.#behindCharacters(start);
    if (end > bytes.length) {
      if (this.#isLast) this.#refuseCut(start);
      return this.#keep();
    }
    this.#record += 1;
    this.start = start;
    this.end = end;
    this.#position = end;
    return true;
  }

  /** The chunk is only lent. */
  #keep(): boolean {
    this.bytes = new Uint8Array(this.bytes.subarray(this.#position));
    this.#position = 0;
    return false;
  }

  #behindCharacters(start: number): number {
    let at = start;
    for (let count = 0; count < this.#length; count++) {
      if (at >= this.bytes.length) return Infinity;
      const byte = this.bytes[at] as number; // just checked
      at += byte < 0x80 ? 1 : byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    }
    return at;
  }

  /** A line break at the end of the file is no record. */
  #refuseCut(start: number): void {
    const rest = Buffer.from(this.bytes.subarray(start));
    this.#position = this.bytes.length;
    if (/^[\r\n\x1a]*$/.test(rest.toString('latin1'))) return;
    const length = this.#unit === 'bytes' ? rest.length : Array.from(rest.toString('utf8')).length;
    const params = { length, record: this.#length, unit: this.#unit };
    throw fixedWidthErrors.error('FIXED_WIDTH_CUT', params, { where: { record: this.#record + 1 } });
  }
}
