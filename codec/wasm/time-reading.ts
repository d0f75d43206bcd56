/**
 * Formats of timestamps as programs of the reading kernel (`assembly/times.ts`). Only what is unmistakable is
 * compiled: fixed numbers of digits and one zone; texts that a program refuses are read by `codec/time`, which
 * decides.
 */
import { zoneOfName } from '#codec/time/zone.ts';
import { strptimeTokens } from '#codec/time/strptime.ts';
import type { StrptimeToken } from '#codec/time/strptime.ts';
import type { TimestampSource } from '#codec/time/timestamp-parser.ts';

/** Operations of a program, as in the kernel. */
const operations: Readonly<Record<string, number>> = {
  Y: 2,
  m: 3,
  d: 4,
  e: 4,
  H: 5,
  k: 5,
  M: 6,
  S: 7,
  N: 8,
  L: 8,
  z: 9,
  Z: 9,
};
const END = 0;
const LITERAL = 1;
const BLANK = 10;
/** A program that needs a zone's offset holds from and until these epoch seconds (years 0 to 9999, generously). */
const SECONDS_MAX = 400_000_000_000;
const HEAD_BYTES = 24;

/** The program, or undefined when the kernel cannot read the format. */
export function timeReadingProgram({ format, timezone }: TimestampSource): Uint8Array | undefined {
  if (/^java:/.test(format)) return undefined;
  const tokens = strptimeTokens(format.replace(/^ruby:/, ''));
  const code = tokens === undefined ? undefined : operationsOf(tokens);
  const span = constantOffset(timezone);
  if (code === undefined || span === undefined) return undefined;
  const program = new Uint8Array(HEAD_BYTES + code.length);
  const head = new DataView(program.buffer);
  for (const [index, value] of span.entries()) head.setBigInt64(index * 8, BigInt(value), true);
  program.set(code, HEAD_BYTES);
  return program;
}

function operationsOf(tokens: readonly StrptimeToken[]): number[] | undefined {
  const code: number[] = [];
  for (const [index, { kind, text }] of tokens.entries()) {
    const isLast = index + 1 === tokens.length;
    if (kind === 'space') code.push(BLANK);
    else if (kind === 'literal') {
      if (text.charCodeAt(0) >= 0x80) return undefined;
      code.push(LITERAL, text.charCodeAt(0));
    } else {
      const operation = operations[text];
      if (operation === undefined) return undefined;
      const next = tokens[index + 1];
      const isDigitNext = next !== undefined && (next.kind === 'directive' || /\d/.test(next.text));
      // Fractions take all digits there are, and zones the rest of the text.
      if (operation === operations['N'] && isDigitNext && next?.text !== 'z' && next?.text !== 'Z') return undefined;
      if (operation === operations['z'] && !isLast) return undefined;
      code.push(operation);
    }
  }
  const has = (letter: string): boolean => code.includes(operations[letter] ?? END) && tokens.some(isDirective(letter));
  return has('Y') && has('m') && (has('d') || has('e')) ? [...code, END] : undefined;
}

function isDirective(letter: string): (token: StrptimeToken) => boolean {
  return ({ kind, text }) => kind === 'directive' && text === letter;
}

/** The zone's offset, and the first and last epoch second for which it is certain. */
function constantOffset(timezone: string): readonly [offset: number, from: number, until: number] | undefined {
  const zone = zoneOfName(timezone);
  if (zone === undefined) return undefined;
  const { offset, from, until } = zone.spanAt(Math.floor(Date.now() / 1000));
  // Local times within a day of a change may be of either side.
  const margin = 2 * 86_400;
  return [offset, Math.max(-SECONDS_MAX, from + margin), Math.min(SECONDS_MAX, until - margin)];
}
