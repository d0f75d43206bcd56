/** Blanks around a field, in UTF-8: spaces, tabs, and the ideographic space that wide fields are filled with. */

const SPACE = 0x20;
const TAB = 0x09;

export function trimmedStart(bytes: Uint8Array, start: number, end: number): number {
  let at = start;
  for (;;) {
    if (at < end && (bytes[at] === SPACE || bytes[at] === TAB)) at += 1;
    else if (at + 3 <= end && isIdeographicSpace(bytes, at)) at += 3;
    else return at;
  }
}

export function trimmedEnd(bytes: Uint8Array, start: number, end: number): number {
  let at = end;
  for (;;) {
    if (at > start && (bytes[at - 1] === SPACE || bytes[at - 1] === TAB)) at -= 1;
    else if (at - 3 >= start && isIdeographicSpace(bytes, at - 3)) at -= 3;
    else return at;
  }
}

/** U+3000. */
function isIdeographicSpace(bytes: Uint8Array, at: number): boolean {
  return bytes[at] === 0xe3 && bytes[at + 1] === 0x80 && bytes[at + 2] === 0x80;
}
