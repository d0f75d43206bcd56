/** The record at hand, as the machines leave it to the reader: where it is bad, and how far giving it up goes. */
import type { RopewayError } from '#spi/errors.ts';

export interface RecordState {
  /** Line breaks inside the quotes of the record. */
  breaks: number;
  /** Where its last column began, and the line breaks until there. */
  columnStart: number;
  columnBreaks: number;
  /** The end of that line when the exact machine has read it, else -1. */
  columnLineEnd: number;
  /** Why it is refused. */
  error: RopewayError | undefined;
}

// Answers of a machine that are no position.
/** The fast machine does not know this record: it is for the exact one. */
export const UNKNOWN = -1;
/** The record goes on behind the text at hand. */
export const MORE = -2;
/** The record is bad, `RecordState.error` says why. */
export const REFUSED = -3;
/** The record has more columns than the schema: the rest of its line is the reader's affair. */
export const SURPLUS = -4;
