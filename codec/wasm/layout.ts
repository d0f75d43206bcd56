/** The host's half of `assembly/layout.ts`: kinds of columns and the words of a column's block. */
import type { Column } from '#spi/schema.ts';

/** What a column is to the reading kernel. */
export const columnKinds: Readonly<Record<Column['type'] | 'deferred', number>> = {
  string: 0,
  long: 1,
  double: 2,
  boolean: 3,
  timestamp: 4,
  json: 5,
  /** The text is kept, the host converts it. */
  deferred: 5,
};

/** Bytes of a column's block, and the places of its words in it, in words. */
export const COLUMN_BYTES = 32;
export const COLUMN_KIND = 0;
export const COLUMN_CELLS = 1;
export const COLUMN_VALUES = 2;
export const COLUMN_NANOS = 3;
export const COLUMN_PROGRAM = 4;
/** Of a writer of JSON: what precedes the value. Of every writer: where starts of texts count from. */
export const COLUMN_KEY = 5;
export const COLUMN_KEY_LENGTH = 6;
export const COLUMN_TEXT = 7;
