/**
 * Identifiers: ULIDs in lower case, 26 letters and digits that sort by the time of their making. Within one process
 * each is greater than the one before, also in the same millisecond and when the clock steps back.
 */
import { randomFillSync } from 'node:crypto';

const alphabet = '0123456789abcdefghjkmnpqrstvwxyz';
const TIME_LETTERS = 10;
const RANDOM_LETTERS = 16;
const RANDOM_BYTES = 10;
const BITS_PER_LETTER = 5;

let lastMs = 0;
/** Of the last identifier, as values of its letters. */
const random = new Uint8Array(RANDOM_LETTERS);
const bytes = new Uint8Array(RANDOM_BYTES);

export function newId(nowMs: number = Date.now()): string {
  if (nowMs > lastMs) {
    lastMs = nowMs;
    drawRandom();
  } else if (!increment()) {
    // 2^80 in one millisecond: the next millisecond lends its own.
    lastMs += 1;
    drawRandom();
  }
  return timeText(lastMs) + randomText();
}

function drawRandom(): void {
  randomFillSync(bytes);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (const byte of bytes) {
    held = (held << 8) | byte;
    bits += 8;
    while (bits >= BITS_PER_LETTER) {
      bits -= BITS_PER_LETTER;
      random[at++] = (held >> bits) & 31;
      held &= (1 << bits) - 1;
    }
  }
}

/** False when all letters were at their end. */
function increment(): boolean {
  for (let at = RANDOM_LETTERS - 1; at >= 0; at--) {
    const value = random[at] ?? 0;
    if (value < 31) {
      random[at] = value + 1;
      return true;
    }
    random[at] = 0;
  }
  return false;
}

function timeText(ms: number): string {
  let text = '';
  for (let rest = ms, at = 0; at < TIME_LETTERS; at++) {
    text = alphabet.charAt(rest % 32) + text;
    rest = Math.floor(rest / 32);
  }
  return text;
}

function randomText(): string {
  let text = '';
  for (const value of random) text += alphabet.charAt(value);
  return text;
}
