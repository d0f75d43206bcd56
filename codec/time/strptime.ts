/**
 * Ruby's strptime as Embulk knows it. A format is compiled once into a list of steps; each step reads from the text
 * and answers where it ended, or -1. What is left of the text after the last step does not matter.
 */
import { dayNames, monthNames } from './civil.ts';
import { composites } from './composites.ts';
import type { Fields } from './fields.ts';
import { offsetOfText } from './zone.ts';

/** Reads at `at` and returns the position behind what it read, or -1 when the text does not match. */
export type Step = (text: string, at: number, fields: Fields) => number;

const readComposites: Readonly<Record<string, string>> = {
  ...composites,
  v: '%e-%b-%Y',
  '+': '%a %b %e %H:%M:%S %Z %Y',
};

/** Directives that read digits: a number before one of them must not take its digits. */
const numeric = new Set('CDdeFGgHIjkLlMmNQRrSsTUuVvWwXxYy');

/** The steps of a format, or undefined when it holds something that never matches (flags, widths, unknown letters). */
export function compileStrptime(format: string): readonly Step[] | undefined {
  const tokens = strptimeTokens(format);
  if (tokens === undefined) return undefined;
  return tokens.map((token, index) => stepOf(token, isNumeric(tokens[index + 1])));
}

/** A directive letter (with `z` for all zone forms), a literal character, or `' '` for white space. */
export interface StrptimeToken {
  readonly kind: 'directive' | 'literal' | 'space';
  readonly text: string;
  /** The first of those that a composite directive stands for: a number before it does not see a number. */
  readonly isComposite?: boolean;
}

/** What a format consists of, composites taken apart; undefined when it holds something that never matches. */
export function strptimeTokens(format: string): readonly StrptimeToken[] | undefined {
  const tokens: StrptimeToken[] = [];
  for (let at = 0; at < format.length; at++) {
    const character = format.charAt(at);
    if (/\s/.test(character)) tokens.push({ kind: 'space', text: ' ' });
    else if (character !== '%' || at + 1 >= format.length) tokens.push({ kind: 'literal', text: character });
    else {
      const match = /^%(:{1,3}z|E[cCxXyY]|O[deHImMSuUVwWy]|[a-zA-Z%+])/.exec(format.slice(at));
      const letter = match?.[1]?.replace(/^[EO](?=.)/, '').replace(/^:+/, '');
      if (match === null || letter === undefined) return undefined;
      const expanded = directive(letter);
      if (expanded === undefined) return undefined;
      tokens.push(...expanded);
      at += match[0].length - 1;
    }
  }
  return tokens;
}

function directive(letter: string): readonly StrptimeToken[] | undefined {
  const composite = readComposites[letter];
  if (composite !== undefined) {
    return strptimeTokens(composite)?.map((token, index) => (index === 0 ? { ...token, isComposite: true } : token));
  }
  if (letter === '%') return [{ kind: 'literal', text: '%' }];
  if (letter === 'n' || letter === 't') return [{ kind: 'space', text: ' ' }];
  return /[AaBbhCdeGgHIjkLlMmNPpQSsUuVWwYyZz]/.test(letter) ? [{ kind: 'directive', text: letter }] : undefined;
}

function isNumeric(token: StrptimeToken | undefined): boolean {
  if (token === undefined || token.isComposite === true) return false;
  return token.kind === 'directive' ? numeric.has(token.text) : /\d/.test(token.text);
}

function stepOf(token: StrptimeToken, isNumberNext: boolean): Step {
  if (token.kind === 'space') return skipSpaces;
  if (token.kind === 'literal') return literal(token.text);
  switch (token.text) {
    case 'A':
    case 'a':
      return name(dayNames, () => {});
    case 'B':
    case 'b':
    case 'h':
      return name(monthNames, (fields, month) => (fields.month = month + 1));
    case 'P':
    case 'p':
      return readHalfDay;
    case 'Z':
    case 'z':
      return readZone;
    case 'L':
      return fraction(isNumberNext ? 3 : 0);
    case 'N':
      return fraction(isNumberNext ? 9 : 0);
    default:
      return numberStep(token.text, isNumberNext);
  }
}

interface NumberRule {
  readonly digits: number;
  readonly min: number;
  readonly max: number;
  readonly set: (fields: Fields, value: number) => void;
  readonly isSigned?: boolean;
  /** A leading blank may stand for a digit. */
  readonly isBlankPadded?: boolean;
}

const MANY = Number.MAX_SAFE_INTEGER;
const ignore = (): void => {};

// oxlint-disable-next-line complexity -- a table of directives
function numberRule(letter: string, isNumberNext: boolean): NumberRule {
  const two = { digits: 2 };
  switch (letter) {
    case 'Y':
      return { digits: isNumberNext ? 4 : 12, min: -MANY, max: MANY, isSigned: true, set: (f, v) => (f.year = v) };
    case 'G':
      return { digits: isNumberNext ? 4 : 12, min: -MANY, max: MANY, isSigned: true, set: ignore };
    case 'C':
      return { digits: isNumberNext ? 2 : 10, min: -MANY, max: MANY, isSigned: true, set: (f, v) => (f.century = v) };
    case 'y':
      return { ...two, min: 0, max: 99, set: (f, v) => (f.yearOfCentury = v) };
    case 'g':
      return { ...two, min: 0, max: 99, set: ignore };
    case 'm':
      return { ...two, min: 1, max: 12, set: (f, v) => (f.month = v) };
    case 'd':
    case 'e':
      return { ...two, min: 1, max: 31, isBlankPadded: true, set: (f, v) => (f.day = v) };
    case 'j':
      return { digits: 3, min: 1, max: 366, set: (f, v) => (f.dayOfYear = v) };
    case 'H':
    case 'k':
      return { ...two, min: 0, max: 24, isBlankPadded: true, set: (f, v) => (f.hour = v) };
    case 'I':
    case 'l':
      return { ...two, min: 1, max: 12, isBlankPadded: true, set: (f, v) => (f.hour = v) };
    case 'M':
      return { ...two, min: 0, max: 59, set: (f, v) => (f.minute = v) };
    case 'S':
      return { ...two, min: 0, max: 60, set: (f, v) => (f.second = v) };
    case 's':
      return { digits: 16, min: -MANY, max: MANY, isSigned: true, set: (f, v) => (f.epochSeconds = v) };
    case 'Q':
      return { digits: 16, min: -MANY, max: MANY, isSigned: true, set: (f, v) => (f.epochMillis = v) };
    case 'u':
      return { digits: 1, min: 1, max: 7, set: ignore };
    case 'w':
      return { digits: 1, min: 0, max: 6, set: ignore };
    case 'V':
      return { ...two, min: 1, max: 53, set: ignore };
    default:
      // %U and %W
      return { ...two, min: 0, max: 53, set: ignore };
  }
}

function numberStep(letter: string, isNumberNext: boolean): Step {
  const { digits, min, max, set, isSigned = false, isBlankPadded = false } = numberRule(letter, isNumberNext);
  return (text, start, fields) => {
    let at = start;
    let limit = start + digits;
    let isNegative = false;
    const first = text.charCodeAt(at);
    if (isSigned && (first === 0x2b || first === 0x2d)) {
      isNegative = first === 0x2d;
      at += 1;
      limit += 1;
    } else if (isBlankPadded && first === 0x20) {
      at += 1;
    }
    const from = at;
    let value = 0;
    while (at < limit) {
      const digit = text.charCodeAt(at) - 0x30;
      // Behind the end of the text charCodeAt is NaN, and no comparison holds.
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
      at += 1;
    }
    if (at === from) return -1;
    if (isNegative) value = -value;
    if (value < min || value > max) return -1;
    set(fields, value + 0);
    return at;
  };
}

/** Digits of a fraction: exactly so many, or any number (those behind the ninth do not count). */
function fraction(exact: number): Step {
  return (text, start, fields) => {
    let at = start;
    const sign = text.charCodeAt(at);
    if (sign === 0x2b || sign === 0x2d) at += 1;
    const from = at;
    let nanos = 0;
    let count = 0;
    while (exact === 0 || at - from < exact) {
      const digit = text.charCodeAt(at) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      if (count < 9) {
        nanos = nanos * 10 + digit;
        count += 1;
      }
      at += 1;
    }
    if (at === from || (exact > 0 && at - from < exact)) return -1;
    for (; count < 9; count++) nanos *= 10;
    fields.nanos = sign === 0x2d ? -nanos : nanos;
    return at;
  };
}

function literal(character: string): Step {
  const code = character.charCodeAt(0);
  return (text, at) => (text.charCodeAt(at) === code ? at + 1 : -1);
}

const skipSpaces: Step = (text, start) => {
  let at = start;
  while (isSpace(text.charCodeAt(at))) at += 1;
  return at;
};

function isSpace(code: number): boolean {
  return code === 0x20 || (code >= 9 && code <= 13);
}

/** A name in full or its first three letters, whatever the case. */
function name(names: readonly string[], set: (fields: Fields, index: number) => void): Step {
  const lower = names.map((text) => text.toLowerCase());
  return (text, at, fields) => {
    const rest = text.slice(at, at + 9).toLowerCase();
    const index = lower.findIndex((candidate) => rest.startsWith(candidate.slice(0, 3)));
    const full = lower[index];
    if (full === undefined) return -1;
    set(fields, index);
    return at + (rest.startsWith(full) ? full.length : 3);
  };
}

const halfDay = /([ap])(?:m|\.m\.)/iy;

const readHalfDay: Step = (text, at, fields) => {
  halfDay.lastIndex = at;
  const match = halfDay.exec(text);
  if (match === null) return -1;
  fields.halfDay = match[1]?.toLowerCase() === 'p' ? 12 : 0;
  return at + match[0].length;
};

const zone = /(?:gmt|utc?)?[-+]\d+(?:[,.:]\d+(?::\d+)?)?|[a-z.\s]+(?:standard|daylight)\s+time\b|[a-z]+(?:\s+dst)?\b/iy;

const readZone: Step = (text, at, fields) => {
  const code = text.charCodeAt(at);
  // `+0000` and `-0330` without the regular expression: the commonest forms.
  if ((code === 0x2b || code === 0x2d) && text.length === at + 5) {
    const digits = Number(text.slice(at + 1));
    if (digits >= 0 && digits <= 1800 && /^\d{4}$/.test(text.slice(at + 1))) {
      const size = (Math.floor(digits / 100) * 60 + (digits % 100)) * 60;
      if (size > 18 * 3600) return -1;
      fields.offset = code === 0x2d ? -size + 0 : size;
      return at + 5;
    }
  }
  zone.lastIndex = at;
  const match = zone.exec(text);
  const offset = match === null ? undefined : offsetOfText(match[0]);
  if (match === null || offset === undefined) return -1;
  fields.offset = offset;
  return at + match[0].length;
};
