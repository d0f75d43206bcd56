/** The exact machine over a reader's memory: one record at a time, from a position. */
import type { CsvDialect } from './dialect.ts';
import { LineTokenizer } from './line-tokenizer.ts';
import type { LineSource } from './line-tokenizer.ts';
import { findLineEnd, lineBreakLength } from '#codec/text/physical-lines.ts';
import type { TextMemory } from './text-memory.ts';

/** Thrown when the record goes on behind the text at hand. Not an error: more text comes. */
export const INCOMPLETE = Symbol('incomplete');

export class SlowRecords implements LineSource {
  /** Behind the lines taken so far. */
  position = 0;
  /** Behind the line on which the column read last began, and the lines of the record until there. */
  columnLineEnd = 0;
  columnLineCount = 1;
  readonly #dialect: CsvDialect;
  readonly #memory: TextMemory;
  #isLast = false;
  #tokenizer: LineTokenizer;

  constructor(dialect: CsvDialect, memory: TextMemory) {
    // Empty lines and comments are the reader's affair: a record begins where it says.
    this.#dialect = { ...dialect, commentLineMarker: null };
    this.#memory = memory;
    this.#tokenizer = new LineTokenizer(this, this.#dialect);
  }

  get recordLineCount(): number {
    return this.#tokenizer.recordLineCount;
  }

  /** Goes to the record at the position. Throws INCOMPLETE when its line has no end yet. */
  begin(position: number, isLast: boolean): void {
    this.position = position;
    this.#isLast = isLast;
    this.#tokenizer = new LineTokenizer(this, this.#dialect, { skipEmptyLines: false });
    this.#tokenizer.nextRecord();
    this.columnLineEnd = this.position;
    this.columnLineCount = 1;
  }

  hasNextColumn(): boolean {
    return this.#tokenizer.hasNextColumn();
  }

  nextColumn(): string {
    if (this.hasNextColumn()) {
      this.columnLineEnd = this.position;
      this.columnLineCount = this.recordLineCount;
    }
    return this.#tokenizer.nextColumn();
  }

  wasQuoted(): boolean {
    return this.#tokenizer.wasQuoted();
  }

  next(): string | undefined {
    const { bytes, end } = this.#memory;
    const start = this.position;
    const { lineDelimiterRecognized: recognized } = this.#dialect;
    if (start >= end) {
      if (!this.#isLast) throw INCOMPLETE;
      return undefined;
    }
    const lineEnd = findLineEnd(bytes, start, end, { recognized, isLast: this.#isLast });
    if (lineEnd < 0) throw INCOMPLETE;
    this.position = lineEnd + lineBreakLength(bytes, lineEnd, end, recognized);
    return Buffer.from(bytes.buffer, start, lineEnd - start).toString('utf8');
  }
}
