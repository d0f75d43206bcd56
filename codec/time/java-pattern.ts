/**
 * Java's DateTimeFormatter patterns (strict, English, upper and lower case alike) as steps of the same kind as
 * strptime's. The whole text must match.
 */
import { dayNames, monthNames } from './civil.ts';
import { timeErrors } from './errors.ts';
import type { Fields } from './fields.ts';
import type { Step } from './strptime.ts';
import { offsetOfText, zoneOfName } from './zone.ts';

/** A run of one letter, a literal text, or an optional part. */
type Part =
  | { readonly kind: 'letters'; readonly letter: string; readonly count: number }
  | { readonly kind: 'literal'; readonly text: string }
  | { readonly kind: 'optional'; readonly parts: readonly Part[] };

export function compileJavaPattern(pattern: string): readonly Step[] {
  const reader = { pattern, at: 0 };
  const parts = readParts(reader, false);
  return compileParts(parts, pattern);
}

function readParts(reader: { pattern: string; at: number }, isOptional: boolean): Part[] {
  const { pattern } = reader;
  const parts: Part[] = [];
  while (reader.at < pattern.length) {
    const character = pattern.charAt(reader.at);
    if (character === ']') {
      if (!isOptional) throw invalid(pattern, 'a ] has no [ before it');
      return parts;
    }
    parts.push(readPart(reader, character));
  }
  if (isOptional) throw invalid(pattern, 'a [ has no ] behind it');
  return parts;
}

function readPart(reader: { pattern: string; at: number }, character: string): Part {
  const { pattern } = reader;
  if (character === '[') {
    reader.at += 1;
    const parts = readParts(reader, true);
    reader.at += 1;
    return { kind: 'optional', parts };
  }
  if (character === "'") return readQuoted(reader);
  if (/[{}#]/.test(character)) throw invalid(pattern, `the character ${character} is reserved`);
  if (!/[a-zA-Z]/.test(character)) {
    reader.at += 1;
    return { kind: 'literal', text: character };
  }
  let count = 1;
  while (pattern.charAt(reader.at + count) === character) count += 1;
  reader.at += count;
  return { kind: 'letters', letter: character, count };
}

function readQuoted(reader: { pattern: string; at: number }): Part {
  const { pattern } = reader;
  if (pattern.charAt(reader.at + 1) === "'") {
    reader.at += 2;
    return { kind: 'literal', text: "'" };
  }
  const match = /^'((?:[^']|'')*)'/.exec(pattern.slice(reader.at));
  if (match === null) throw invalid(pattern, 'a quote is not closed');
  reader.at += match[0].length;
  return { kind: 'literal', text: (match[1] ?? '').replaceAll("''", "'") };
}

function compileParts(parts: readonly Part[], pattern: string): readonly Step[] {
  return parts.map((part, index) => compilePart(part, digitsReserved(parts, index), pattern));
}

/** Digits that fixed-width numbers right behind need: a number of open width leaves them. */
function digitsReserved(parts: readonly Part[], index: number): number {
  let reserved = 0;
  for (const part of parts.slice(index + 1)) {
    if (part.kind !== 'letters' || !isFixedNumber(part)) break;
    reserved += part.count;
  }
  return reserved;
}

function isFixedNumber({ letter, count }: { letter: string; count: number }): boolean {
  return letter === 'S' || ('MdHhKkmsDuyn'.includes(letter) && count >= 2 && !(letter === 'M' && count > 2));
}

function compilePart(part: Part, reserved: number, pattern: string): Step {
  if (part.kind === 'literal') return literal(part.text);
  if (part.kind === 'letters') return letters(part.letter, part.count, { reserved, pattern });
  const steps = compileParts(part.parts, pattern);
  return (text, start, fields) => {
    let at = start;
    for (const step of steps) {
      at = step(text, at, fields);
      if (at < 0) return start;
    }
    return at;
  };
}

function literal(expected: string): Step {
  const lower = expected.toLowerCase();
  return (text, at) => (text.slice(at, at + expected.length).toLowerCase() === lower ? at + expected.length : -1);
}

type Setter = (fields: Fields, value: number) => void;

interface NumberLetter {
  readonly min: number;
  readonly max: number;
  readonly set: Setter;
}

const numbers: Readonly<Record<string, NumberLetter>> = {
  M: { min: 1, max: 12, set: (f, v) => (f.month = v) },
  L: { min: 1, max: 12, set: (f, v) => (f.month = v) },
  d: { min: 1, max: 31, set: (f, v) => (f.day = v) },
  D: { min: 1, max: 366, set: (f, v) => (f.dayOfYear = v) },
  H: { min: 0, max: 23, set: (f, v) => (f.hour = v) },
  k: { min: 1, max: 24, set: (f, v) => (f.hour = v % 24) },
  K: { min: 0, max: 11, set: (f, v) => (f.hour = v) },
  h: { min: 1, max: 12, set: (f, v) => (f.hour = v) },
  m: { min: 0, max: 59, set: (f, v) => (f.minute = v) },
  s: { min: 0, max: 59, set: (f, v) => (f.second = v) },
  n: { min: 0, max: 999_999_999, set: (f, v) => (f.nanos = v) },
};

function letters(letter: string, count: number, { reserved, pattern }: { reserved: number; pattern: string }): Step {
  if (letter === 'u' || letter === 'y') return year(letter, count, reserved);
  if ((letter === 'M' || letter === 'L') && count >= 3) return name(monthNames, count, (f, v) => (f.month = v + 1));
  if (letter === 'E') return name(dayNames, Math.max(3, count), () => {});
  if (letter === 'S') return fraction(count);
  if (letter === 'a') return halfDay;
  if ('XxZzVO'.includes(letter)) return zone(letter, count);
  const rule = numbers[letter];
  if (rule === undefined) throw invalid(pattern, `the letter ${letter} is not supported`);
  return number(rule, count === 1 ? 1 : count, count === 1 ? 19 - reserved : count);
}

function number({ min, max, set }: NumberLetter, digitsMin: number, digitsMax: number): Step {
  return (text, start, fields) => {
    const end = digitsEnd(text, start, digitsMax);
    if (end - start < digitsMin) return -1;
    const value = Number(text.slice(start, end));
    if (value < min || value > max) return -1;
    set(fields, value);
    return end;
  };
}

function digitsEnd(text: string, start: number, limit: number): number {
  let at = start;
  while (at - start < limit && /^[0-9]$/.test(text.charAt(at))) at += 1;
  return at;
}

/** `uu`: the years 2000 to 2099; `uuuu`: at least four digits, more with a plus sign; `y` is never negative. */
function year(letter: string, count: number, reserved: number): Step {
  if (count === 2) return number({ min: 0, max: 99, set: (f, v) => (f.year = 2000 + v) }, 2, 2);
  return (text, start, fields) => {
    const sign = /^[-+]$/.test(text.charAt(start)) ? text.charAt(start) : '';
    if (sign === '-' && letter === 'y') return -1;
    const from = start + sign.length;
    const open = digitsEnd(text, from, 19);
    const end = reserved > 0 ? Math.min(open, Math.max(from + count, open - reserved)) : open;
    const digits = end - from;
    if (digits < count || (sign === '+' && digits <= count) || (sign === '' && count >= 4 && digits > count)) return -1;
    const value = Number(text.slice(from, end));
    if (letter === 'y' && value === 0) return -1;
    fields.year = sign === '-' ? -value : value;
    return end;
  };
}

function fraction(count: number): Step {
  return (text, start, fields) => {
    if (digitsEnd(text, start, count) - start < count) return -1;
    fields.nanos = Number(text.slice(start, start + Math.min(9, count)).padEnd(9, '0'));
    return start + count;
  };
}

function name(names: readonly string[], count: number, set: Setter): Step {
  const shown = names.map((text) => (count >= 4 ? text : text.slice(0, 3)).toLowerCase());
  return (text, at, fields) => {
    const rest = text.slice(at, at + 9).toLowerCase();
    const index = shown.findIndex((candidate) => rest.startsWith(candidate));
    const found = shown[index];
    if (found === undefined) return -1;
    set(fields, index);
    return at + found.length;
  };
}

const halfDay: Step = (text, at, fields) => {
  const word = text.slice(at, at + 2).toLowerCase();
  if (word !== 'am' && word !== 'pm') return -1;
  fields.halfDay = word === 'pm' ? 12 : 0;
  return at + 2;
};

const offsetForms: Readonly<Record<string, RegExp>> = {
  X1: /Z|[-+]\d\d(?:\d\d)?/iy,
  X2: /Z|[-+]\d{4}/iy,
  X3: /Z|[-+]\d\d:\d\d/iy,
  X4: /Z|[-+]\d{4}(?:\d\d)?/iy,
  X5: /Z|[-+]\d\d:\d\d(?::\d\d)?/iy,
  x1: /[-+]\d\d(?:\d\d)?/y,
  x2: /[-+]\d{4}/y,
  x3: /[-+]\d\d:\d\d/y,
  x4: /[-+]\d{4}(?:\d\d)?/y,
  x5: /[-+]\d\d:\d\d(?::\d\d)?/y,
  Z1: /[-+]\d{4}/y,
  Z2: /[-+]\d{4}/y,
  Z3: /[-+]\d{4}/y,
  Z4: /GMT(?:[-+]\d\d:\d\d(?::\d\d)?)?/iy,
  Z5: /Z|[-+]\d\d:\d\d(?::\d\d)?/iy,
};

function zone(letter: string, count: number): Step {
  const form = offsetForms[`${letter}${count}`] ?? /[A-Za-z][A-Za-z0-9~/._+-]*(?::\d\d)?|[-+]\d\d:?\d\d/y;
  return (text, at, fields) => {
    form.lastIndex = at;
    const match = form.exec(text);
    if (match === null) return -1;
    // Regions are taken at their offset now: a text with a region and a date in the past is rare, and Java's own
    // formatter is the place where it is allowed at all.
    const offset = offsetOfText(match[0]) ?? zoneOfName(match[0])?.offsetAt(0);
    if (offset === undefined) return -1;
    fields.offset = offset;
    return at + match[0].length;
  };
}

function invalid(pattern: string, reason: string): Error {
  return timeErrors.error('TIME_FORMAT_INVALID', { format: `java:${pattern}`, reason });
}
