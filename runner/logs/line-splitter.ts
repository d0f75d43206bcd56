/**
 * Cuts what a process prints into lines. A line is read a little further than it is kept: a secret that lies across its
 * cut is still recognised as one.
 */
import type { Gap } from './gap.ts';

/** Of a line, as much is kept. */
export const LINE_BYTES_MAX = 64 * 1024;
/** As much is read beyond. */
export const LINE_OVERLAP_BYTES = 16 * 1024;
const KEPT_MAX = LINE_BYTES_MAX + LINE_OVERLAP_BYTES;
const NEWLINE = 0x0a;
const RETURN = 0x0d;

/** Bytes that were printed and are not there. */
export interface LostBytes {
  readonly bytes: number;
  readonly newlines: number;
  readonly endsWithNewline: boolean;
}

export interface SplitterOutput {
  /** `size` with everything that was printed of the line, its end included. */
  readonly line: (text: string, size: number) => void;
  readonly gap: (gap: Gap) => void;
}

export class LineSplitter {
  readonly #output: SplitterOutput;
  /** The beginning of a line whose end has not come. */
  #parts: Buffer[] = [];
  #kept = 0;
  #size = 0;
  /** The gap that reaches into the line at hand, whose rest belongs to it. */
  #gap: Gap | undefined;

  constructor(output: SplitterOutput) {
    this.#output = output;
  }

  push(chunk: Buffer): void {
    let from = 0;
    for (;;) {
      const end = chunk.indexOf(NEWLINE, from);
      if (end < 0) break;
      this.#keep(chunk.subarray(from, end));
      this.#size += 1;
      this.#endLine();
      from = end + 1;
    }
    if (from < chunk.length) this.#keep(chunk.subarray(from));
  }

  /** Here something is missing. What there is of the line before it is a line; the rest of the one after it is not. */
  lose({ bytes, newlines, endsWithNewline }: LostBytes): void {
    const before = this.#gap ?? { lines: 0, bytes: 0 };
    const isInside = this.#gap !== undefined;
    const hasBeginning = !isInside && this.#size > 0;
    if (hasBeginning) this.#endLine();
    // A line whose beginning was shown, or that a gap reaches into already, is not counted again by its end.
    let lines = before.lines + newlines + (endsWithNewline ? 0 : 1);
    if (hasBeginning || isInside) lines -= 1;
    // What has come of the line since.
    const between = this.#size;
    this.#size = 0;
    this.#gap = { lines, bytes: before.bytes + between + bytes };
    if (endsWithNewline) this.#endGap();
  }

  end(): void {
    if (this.#gap !== undefined) this.#endGap();
    else if (this.#size > 0) this.#endLine();
  }

  #keep(bytes: Buffer): void {
    this.#size += bytes.length;
    if (this.#gap !== undefined) return;
    const room = KEPT_MAX - this.#kept;
    if (room <= 0) return;
    const kept = bytes.subarray(0, room);
    this.#parts.push(kept);
    this.#kept += kept.length;
  }

  #endLine(): void {
    const size = this.#size;
    this.#size = 0;
    if (this.#gap !== undefined) {
      this.#gap = { lines: this.#gap.lines, bytes: this.#gap.bytes + size };
      this.#endGap();
      return;
    }
    const [first] = this.#parts;
    const bytes = this.#parts.length === 1 && first !== undefined ? first : Buffer.concat(this.#parts);
    this.#parts = [];
    this.#kept = 0;
    const end = bytes.length > 0 && bytes[bytes.length - 1] === RETURN ? bytes.length - 1 : bytes.length;
    this.#output.line(bytes.toString('utf8', 0, end), size);
  }

  #endGap(): void {
    if (this.#gap === undefined) return;
    const gap = { lines: this.#gap.lines, bytes: this.#gap.bytes + this.#size };
    this.#size = 0;
    this.#gap = undefined;
    this.#output.gap(gap);
  }
}
