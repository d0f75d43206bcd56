/**
 * The memory that a CSV reader works in: the text at hand, and behind it the cells that are not pieces of the text
 * (unescaped quotes, canonical JSON). Cells of a batch are ranges of this memory: nothing is copied.
 */
export class TextMemory {
  bytes: Uint8Array<ArrayBuffer>;
  /** Where the text ends. */
  end = 0;
  /** Where the cells behind it end. */
  sideEnd = 0;

  constructor(capacityBytes: number) {
    this.bytes = new Uint8Array(capacityBytes);
  }

  /** Keeps the text from `position` on, and puts the chunk behind it. Everything else is forgotten. */
  load(position: number, chunk: Uint8Array): void {
    const kept = this.end - position;
    const needed = kept + chunk.length;
    if (needed > this.bytes.length) {
      const grown = new Uint8Array(Math.max(needed, Math.min(this.bytes.length * 2, needed * 2)));
      grown.set(this.bytes.subarray(position, this.end));
      this.bytes = grown;
    } else {
      this.bytes.copyWithin(0, position, this.end);
    }
    this.bytes.set(chunk, kept);
    this.end = needed;
    this.sideEnd = needed;
  }

  /** Appends a copy of `[start, end)` of the memory to the cells at its end. */
  appendRange(start: number, end: number): void {
    this.#reserve(end - start);
    const { bytes } = this;
    let at = this.sideEnd;
    for (let from = start; from < end; from++) bytes[at++] = bytes[from] as number; // both within the memory
    this.sideEnd = at;
  }

  append(source: Uint8Array): void {
    this.#reserve(source.length);
    this.bytes.set(source, this.sideEnd);
    this.sideEnd += source.length;
  }

  #reserve(count: number): void {
    if (this.sideEnd + count <= this.bytes.length) return;
    const grown = new Uint8Array(Math.max(this.sideEnd + count, this.bytes.length + this.bytes.length / 2));
    grown.set(this.bytes.subarray(0, this.sideEnd));
    this.bytes = grown;
  }
}
