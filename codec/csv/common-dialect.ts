/** The dialect that the fast machine knows, and how it sorts bytes. */
import type { CsvDialect } from './dialect.ts';

// Classes of bytes; 0 is ordinary.
/** Goes on, but JSON would have to escape it. */
export const NOT_PLAIN = 1;
/** Outside quotes, ends a cell: the delimiter, a line break. */
export const STOPS = 2;
// Inside quotes, bytes that are not themselves.
export const CLOSES = 3;
export const ESCAPES = 4;
export const BREAKS = 5;
/** For the exact machine. */
export const NUL = 6;

const CR = 0x0d;
const LF = 0x0a;
const SPACE = 0x20;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;

/** What the fast machine knows: single ASCII characters, all line breaks, no stray quotes. */
export function isCommonDialect({
  delimiter,
  quote,
  escape,
  strayQuotes,
  lineDelimiterRecognized,
  commentLineMarker,
}: CsvDialect): boolean {
  const isByte = (text: string | null): boolean => text === null || (text.length === 1 && text > ' ' && text < '\x7f');
  const isDelimiter = delimiter === '\t' || isByte(delimiter);
  const isDistinct = delimiter !== quote && delimiter !== escape;
  const isCommentPlain = commentLineMarker === null || !/^[\r\n\0]/.test(commentLineMarker);
  return (
    isDelimiter &&
    isByte(quote) &&
    isByte(escape) &&
    isDistinct &&
    !strayQuotes &&
    lineDelimiterRecognized === null &&
    isCommentPlain
  );
}

/** Classes of bytes outside quotes. */
export function byteClasses(delimiter: number): Uint8Array {
  const classes = plainness();
  for (const byte of [delimiter, CR, LF]) classes[byte] = STOPS;
  return classes;
}

/** Classes of bytes inside quotes. The quote may be the escape, too; -1 stands for none. */
export function quotedByteClasses(quote: number, escape: number): Uint8Array {
  const classes = plainness();
  classes[CR] = BREAKS;
  classes[LF] = BREAKS;
  if (escape >= 0) classes[escape] = ESCAPES;
  if (quote >= 0) classes[quote] = CLOSES;
  return classes;
}

function plainness(): Uint8Array {
  const classes = new Uint8Array(256);
  classes.fill(NOT_PLAIN, 0, SPACE);
  classes[0] = NUL;
  classes[QUOTE] = NOT_PLAIN;
  classes[BACKSLASH] = NOT_PLAIN;
  return classes;
}
