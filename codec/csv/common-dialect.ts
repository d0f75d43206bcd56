/** The dialect that the fast machine knows, and how it sorts bytes. */
import type { CsvDialect } from './dialect.ts';

/** Ends a cell: the delimiter, a line break, NUL. */
export const STOPS = 1;
/** Goes on, but JSON would have to escape it. */
export const NOT_PLAIN = 2;

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

/** Classes of bytes outside quotes: 0 is ordinary. */
export function byteClasses(delimiter: number): Uint8Array {
  const classes = new Uint8Array(256);
  for (let byte = 0; byte < SPACE; byte++) classes[byte] = NOT_PLAIN;
  classes[QUOTE] = NOT_PLAIN;
  classes[BACKSLASH] = NOT_PLAIN;
  for (const byte of [delimiter, CR, LF, 0]) if (byte < 256) classes[byte] = STOPS;
  return classes;
}
