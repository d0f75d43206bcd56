/** Booleans as Embulk's CSV parser reads them: a list of words is true, everything else is false. */

const trueWords = ['true', 'True', 'TRUE', 'yes', 'Yes', 'YES', 't', 'T', 'y', 'Y', 'on', 'On', 'ON', '1'];
const LONGEST = 4;

const packed = new Set(trueWords.map((word) => pack(Buffer.from(word), 0, word.length)));

/** 1 when the text is one of the words for true. Never an error. */
export function readBoolean(bytes: Uint8Array, start: number, end: number): 0 | 1 {
  return end - start <= LONGEST && packed.has(pack(bytes, start, end)) ? 1 : 0;
}

/** At most four bytes as one number; no word contains NUL, so lengths do not mix. */
function pack(bytes: Uint8Array, start: number, end: number): number {
  let value = 0;
  for (let at = start; at < end; at++) value = value * 256 + (bytes[at] as number); // within the range given
  return value;
}

const falseWords = ['false', 'False', 'FALSE', 'no', 'No', 'NO', 'f', 'F', 'n', 'N', 'off', 'Off', 'OFF', '0'];
const words = new Map([
  ...trueWords.map((word) => [word, true] as const),
  ...falseWords.map((word) => [word, false] as const),
]);

/** The value of a word for true or false, undefined for any other text. */
export function parseBoolean(text: string): boolean | undefined {
  return words.get(text);
}
