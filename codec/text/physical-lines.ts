/** Where physical lines end in bytes, by the line breaks that are recognized. */

const CR = 0x0d;
const LF = 0x0a;

/** The only line break, or null when CR LF, LF and CR all are. */
export type LineDelimiter = 'CRLF' | 'LF' | 'CR' | null;

export interface LineEndOptions {
  readonly recognized: LineDelimiter;
  /** No more text comes: its end ends the last line. */
  readonly isLast: boolean;
}

/** The position of the line break at or behind `start` (the end of the text counts as one), or -1 for more text. */
export function findLineEnd(bytes: Uint8Array, start: number, end: number, options: LineEndOptions): number {
  const { recognized, isLast } = options;
  for (let at = start; at < end; at++) {
    const byte = bytes[at];
    if (byte !== CR && byte !== LF) continue;
    if (byte === CR && recognized !== 'LF') {
      if (at + 1 >= end && !isLast) return -1;
      const isPair = at + 1 < end && bytes[at + 1] === LF;
      if (recognized === null || isPair === (recognized === 'CRLF')) return at;
    } else if (byte === LF && (recognized === null || (recognized === 'LF' && bytes[at - 1] !== CR))) {
      return at;
    }
  }
  return isLast ? end : -1;
}

/** Bytes of the line break at `at`. */
export function lineBreakLength(bytes: Uint8Array, at: number, end: number, recognized: LineDelimiter): number {
  if (at >= end) return 0;
  const isPair = bytes[at] === CR && at + 1 < end && bytes[at + 1] === LF;
  return isPair && recognized !== 'CR' ? 2 : 1;
}
