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
const FRACTION_IF_ANY = 11;
const UTC_IF_ANY = 12;
/** A program that needs a zone's offset holds from and until these epoch seconds (years 0 to 9999, generously). */
const SECONDS_MAX = 400_000_000_000;
const HEAD_BYTES = 24;

/** The program, or undefined when the kernel cannot read the format. */
export function timeReadingProgram({ format, timezone }: TimestampSource): Uint8Array | undefined {
  if (format.startsWith('java:')) return undefined;
  const tokens = strptimeTokens(format.replace(/^ruby:/, ''));
  const code = tokens === undefined ? undefined : operationsOf(tokens);
  const span = constantOffset(timezone);
  if (code === undefined || span === undefined) return undefined;
  return programOf(span, code);
}

const isoDate = [...'Y-m-d'].flatMap(isoOperation);
const isoClock = [BLANK, ...[...'H:M:S'].flatMap(isoOperation), FRACTION_IF_ANY, UTC_IF_ANY];
const anyTime = [0, -SECONDS_MAX, SECONDS_MAX] as const;

/** Dates as `2024-01-31`, and with a clock: `2024-01-31 13:05:00`, with or without a fraction, with or without `+00`. */
export const isoDateProgram: Uint8Array = programOf(anyTime, [...isoDate, END]);
export const isoTimeProgram: Uint8Array = programOf(anyTime, [...isoDate, ...isoClock, END]);

function isoOperation(letter: string): number[] {
  const operation = operations[letter];
  return operation === undefined ? [LITERAL, letter.charCodeAt(0)] : [operation];
}

type Span = readonly [offset: number, from: number, until: number];

function programOf(span: Span, code: readonly number[]): Uint8Array {
  const program = new Uint8Array(HEAD_BYTES + code.length);
  const head = new DataView(program.buffer);
  for (const [index, value] of span.entries()) head.setBigInt64(index * 8, BigInt(value), true);
  program.set(code, HEAD_BYTES);
  return program;
}

function operationsOf(tokens: readonly StrptimeToken[]): number[] | undefined {
  const code: number[] = [];
  for (const [index, token] of tokens.entries()) {
    const part = operationOf(token, tokens[index + 1]);
    if (part === undefined) return undefined;
    code.push(...part);
  }
  const has = (...letters: readonly string[]): boolean =>
    tokens.some(({ kind, text }) => kind === 'directive' && letters.includes(text));
  return has('Y') && has('m') && has('d', 'e') ? [...code, END] : undefined;
}

function operationOf({ kind, text }: StrptimeToken, next: StrptimeToken | undefined): number[] | undefined {
  if (kind === 'space') return [BLANK];
  if (kind === 'literal') return text.charCodeAt(0) < 0x80 ? [LITERAL, text.charCodeAt(0)] : undefined;
  // A zone takes the rest of the text, and a fraction all digits there are.
  if (/[zZ]/.test(text) && next !== undefined) return undefined;
  const mayBeDigit = next !== undefined && (next.kind === 'directive' ? !/[zZ]/.test(next.text) : /\d/.test(next.text));
  if (/[NL]/.test(text) && mayBeDigit) return undefined;
  const operation = operations[text];
  return operation === undefined ? undefined : [operation];
}

/** The zone's offset, and the first and last epoch second for which it is certain. */
function constantOffset(timezone: string): Span | undefined {
  const zone = zoneOfName(timezone);
  if (zone === undefined) return undefined;
  const { offset, from, until } = zone.spanAt(Math.floor(Date.now() / 1000));
  // Local times within a day of a change may be of either side.
  const margin = 2 * 86_400;
  return [offset, Math.max(-SECONDS_MAX, from + margin), Math.min(SECONDS_MAX, until - margin)];
}
