/** Booleans: a bit each. */
import { CELL_NULL } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import { encodings } from './format.ts';
import { grown } from './values.ts';
import type { Bounds, ColumnValues } from './values.ts';

export class BooleanValues implements ColumnValues {
  #values = new Uint8Array(0);
  #count = 0;
  /** Whether there was a false, and a true, in the chunk. */
  readonly #seen = [false, false];

  add(vector: Vector, rowCount: number): number {
    if (vector.type !== 'boolean') return 0;
    this.#values = grown(this.#values, this.#count, this.#count + rowCount);
    const before = this.#count;
    for (let row = 0; row < rowCount; row++) {
      if ((vector.cells[row * 2 + 1] as number) & CELL_NULL) continue; // bounded by the loop
      const value = vector.values[row] === 1 ? 1 : 0;
      this.#values[this.#count++] = value;
      this.#seen[value] = true;
    }
    return (this.#count - before) / 8;
  }

  writePage(sink: ByteSink): number {
    for (let from = 0; from < this.#count; from += 8) {
      let byte = 0;
      for (let bit = 0; bit < 8 && from + bit < this.#count; bit++) {
        byte |= (this.#values[from + bit] as number) << bit; // bounded by the loop
      }
      sink.writeByte(byte);
    }
    this.#count = 0;
    return encodings.plain;
  }

  dictionary(): undefined {
    return undefined;
  }

  bounds(): Bounds | undefined {
    const [hasFalse, hasTrue] = this.#seen;
    if (hasFalse !== true && hasTrue !== true) return undefined;
    return { min: Uint8Array.of(hasFalse === true ? 0 : 1), max: Uint8Array.of(hasTrue === true ? 1 : 0) };
  }

  clear(): void {
    this.#seen.fill(false);
  }
}
