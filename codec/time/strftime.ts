/** Compiles strftime formats, of Embulk or of Ruby itself, into functions that print parts of a moment. */
import { civilFromDays, dayNames, daysFromCivil, monthNames, SECONDS_PER_DAY, weekday } from './civil.ts';
import { composites } from './composites.ts';
import { formatOffset } from './zone.ts';
import type { Zone } from './zone.ts';

/** An instant in its zone, taken apart. Used again for every timestamp. */
export class Moment {
  year = 0;
  month = 0;
  day = 0;
  hour = 0;
  minute = 0;
  second = 0;
  nanos = 0;
  offset = 0;
  epochSeconds = 0;
  /** Days since 1970-01-01, local. */
  days = 0;
  readonly zone: Zone;
  #datedDays = Number.NaN;

  constructor(zone: Zone) {
    this.zone = zone;
  }

  set(seconds: number, nanos: number): void {
    this.epochSeconds = seconds;
    this.nanos = nanos;
    this.offset = this.zone.offsetAt(seconds);
    const local = seconds + this.offset;
    this.days = Math.floor(local / SECONDS_PER_DAY);
    const time = local - this.days * SECONDS_PER_DAY;
    this.hour = Math.floor(time / 3600);
    this.minute = Math.floor((time % 3600) / 60);
    this.second = time % 60;
    // Neighbours in a table often share their day.
    if (this.days === this.#datedDays) return;
    this.#datedDays = this.days;
    const { year, month, day } = civilFromDays(this.days);
    this.year = year;
    this.month = month;
    this.day = day;
  }

  get weekday(): number {
    return weekday(this.days);
  }

  /** 0 is the first of January. */
  get dayOfYear(): number {
    return this.days - daysFromCivil(this.year, 1, 1);
  }

  /** ISO 8601: the year and number of the week, which begins on Monday. */
  get isoWeek(): { readonly year: number; readonly week: number } {
    const thursday = this.days - ((this.weekday + 6) % 7) + 3;
    const { year } = civilFromDays(thursday);
    return { year, week: Math.floor((thursday - daysFromCivil(year, 1, 1)) / 7) + 1 };
  }
}

export type Part = (moment: Moment) => string;

/** Directives that stand for several others. */
export const writtenComposites: Readonly<Record<string, string>> = {
  ...composites,
  // With colons where Ruby has dashes: a defect of the original that outputs depend on.
  v: '%e:%b:%Y',
};

const directive = /%([-_0^#]*)(\d*)(:{0,3}(?=z)|[EO]?)([a-zA-Z%+])/y;
const MODIFIED = { E: 'cCxXyY', O: 'deHImMSuUVwWy' } as const;
/** A wider number is a mistake, and would take memory. */
const WIDTH_MAX = 1024;

/** A piece of a format: text as it is, or a directive. */
export interface StrftimeToken {
  /** Of a directive; empty for text. */
  readonly letter: string;
  readonly style: Style;
  readonly part: Part;
}

export function compileStrftime(format: string, dialect: Dialect = embulkDialect): readonly Part[] {
  return strftimeTokens(format, dialect).map(({ part }) => part);
}

export function strftimeTokens(format: string, dialect: Dialect = embulkDialect): readonly StrftimeToken[] {
  const tokens: StrftimeToken[] = [];
  let text = '';
  const flush = (): void => {
    const literal = text;
    if (literal !== '') tokens.push({ letter: '', style: plainStyle, part: () => literal });
    text = '';
  };
  for (let at = 0; at < format.length;) {
    directive.lastIndex = at;
    const match = format.charAt(at) === '%' ? directive.exec(format) : null;
    const token = match === null ? undefined : tokenOf(match, dialect);
    if (match === null || token === undefined) {
      // Not a directive: the percent sign is text, and what follows it too.
      text += format.charAt(at);
      at += 1;
      continue;
    }
    flush();
    tokens.push(token);
    at += match[0].length;
  }
  flush();
  return tokens;
}

interface Style {
  readonly flags: string;
  readonly width: number;
}

const plainStyle: Style = { flags: '', width: 0 };

function tokenOf(
  [, flags = '', width = '', modifier = '', letter = '']: RegExpExecArray,
  dialect: Dialect,
): StrftimeToken | undefined {
  if (modifier === 'E' || modifier === 'O') {
    if (!MODIFIED[modifier].includes(letter)) return undefined;
  }
  const style: Style = { flags, width: Math.min(WIDTH_MAX, Number(width)) };
  const part =
    compositePart(letter, style, dialect) ?? numberPart(letter, style, dialect) ?? wordPart(letter, style, modifier);
  return part === undefined ? undefined : { letter, style, part };
}

function compositePart(letter: string, style: Style, dialect: Dialect): Part | undefined {
  const composite = dialect.composites[letter];
  if (composite === undefined) return undefined;
  const inner = compileStrftime(composite, dialect);
  // Swapping the case does nothing to several directives at once.
  const whole = { ...style, flags: style.flags.replaceAll('#', '') };
  return textPart((moment) => inner.map((part) => part(moment)).join(''), whole);
}

interface NumberLetter {
  readonly digits: number;
  readonly value: (moment: Moment) => number;
  readonly isBlankPadded?: boolean;
}

const hour12 = ({ hour }: Moment): number => (hour % 12 === 0 ? 12 : hour % 12);

const numbers: Readonly<Record<string, NumberLetter>> = {
  C: { digits: 2, value: ({ year }) => Math.trunc(year / 100) },
  y: { digits: 2, value: ({ year }) => year % 100 },
  m: { digits: 2, value: ({ month }) => month },
  d: { digits: 2, value: ({ day }) => day },
  e: { digits: 2, value: ({ day }) => day, isBlankPadded: true },
  j: { digits: 3, value: ({ dayOfYear }) => dayOfYear + 1 },
  H: { digits: 2, value: ({ hour }) => hour },
  k: { digits: 2, value: ({ hour }) => hour, isBlankPadded: true },
  I: { digits: 2, value: hour12 },
  l: { digits: 2, value: hour12, isBlankPadded: true },
  M: { digits: 2, value: ({ minute }) => minute },
  S: { digits: 2, value: ({ second }) => second },
  u: { digits: 1, value: (moment) => (moment.weekday === 0 ? 7 : moment.weekday) },
  w: { digits: 1, value: (moment) => moment.weekday },
  // The hundreds of the year instead of the rest: a defect of the original that outputs depend on.
  g: { digits: 2, value: (moment) => Math.trunc(moment.isoWeek.year / 100) },
  V: { digits: 2, value: (moment) => moment.isoWeek.week },
  U: { digits: 2, value: (moment) => Math.floor((moment.dayOfYear + 7 - moment.weekday) / 7) },
  W: { digits: 2, value: (moment) => Math.floor((moment.dayOfYear + 7 - ((moment.weekday + 6) % 7)) / 7) },
  s: { digits: 1, value: ({ epochSeconds }) => epochSeconds },
};

/** Where Embulk's formatter, which outputs depend on, and Ruby's own differ. */
export interface Dialect {
  readonly composites: Readonly<Record<string, string>>;
  readonly numbers: Readonly<Record<string, NumberLetter>>;
}

const embulkDialect: Dialect = { composites: writtenComposites, numbers };

export const rubyDialect: Dialect = {
  composites: { ...composites, v: '%e-%^b-%4Y', '+': '%a %b %e %H:%M:%S %Z %Y' },
  numbers: { ...numbers, g: { digits: 2, value: (moment) => moment.isoWeek.year % 100 } },
};

function numberPart(letter: string, { flags, width }: Style, dialect: Dialect): Part | undefined {
  if (letter === 'Y' || letter === 'G') return yearPart(letter, { flags, width });
  const rule = dialect.numbers[letter];
  if (rule === undefined) return undefined;
  const pad = padding(flags, rule.isBlankPadded === true ? ' ' : '0');
  const columns = flags.includes('-') ? 0 : width || rule.digits;
  const { value } = rule;
  return (moment) => padNumber(value(moment), columns, pad);
}

/** At least four digits, five with a minus sign. */
function yearPart(letter: string, { flags, width }: Style): Part {
  const pad = padding(flags, '0');
  return (moment) => {
    const year = letter === 'Y' ? moment.year : moment.isoWeek.year;
    const columns = flags.includes('-') ? 0 : width || (year < 0 ? 5 : 4);
    return padNumber(year, columns, pad);
  };
}

function padding(flags: string, preset: string): string {
  for (const flag of [...flags].reverse()) {
    if (flag === '_') return ' ';
    if (flag === '0') return '0';
  }
  return preset;
}

function padNumber(value: number, columns: number, pad: string): string {
  if (value >= 0 || pad === ' ') return String(value).padStart(columns, pad);
  return `-${String(-value).padStart(columns - 1, pad)}`;
}

// oxlint-disable-next-line complexity -- a table of directives
function wordPart(letter: string, style: Style, modifier: string): Part | undefined {
  switch (letter) {
    case 'A':
      return textPart((moment) => dayNames[moment.weekday] ?? '', style);
    case 'a':
      return textPart((moment) => (dayNames[moment.weekday] ?? '').slice(0, 3), style);
    case 'B':
      return textPart(({ month }) => monthNames[month - 1] ?? '', style);
    case 'b':
    case 'h':
      return textPart(({ month }) => (monthNames[month - 1] ?? '').slice(0, 3), style);
    case 'p':
      return textPart(({ hour }) => (hour < 12 ? 'AM' : 'PM'), style);
    case 'P':
      return textPart(({ hour }) => (hour < 12 ? 'am' : 'pm'), style);
    case 'Z':
      return textPart(({ zone, epochSeconds }) => zone.shortName(epochSeconds), style);
    case 'z':
      return offsetPart(modifier.length, style);
    case 'N':
      return fractionPart(style.width || 9);
    case 'L':
      return fractionPart(style.width || 3);
    case 'n':
      return textPart(() => '\n', style);
    case 't':
      return textPart(() => '\t', style);
    case '%':
      return textPart(() => '%', style);
    default:
      return undefined;
  }
}

/** `#` swaps the case: names become capitals; AM, PM and zones become small letters. */
function textPart(text: (moment: Moment) => string, { flags, width }: Style): Part {
  const pad = padding(flags, ' ');
  const isSwapped = flags.includes('#');
  const isUpper = flags.includes('^');
  if (!isSwapped && !isUpper && width === 0) return text;
  return (moment) => {
    let result = text(moment);
    if (isUpper) result = result.toUpperCase();
    else if (isSwapped) result = result === result.toUpperCase() ? result.toLowerCase() : result.toUpperCase();
    return flags.includes('-') ? result : result.padStart(width, pad);
  };
}

function fractionPart(digits: number): Part {
  return ({ nanos }) => String(nanos).padStart(9, '0').padEnd(digits, '0').slice(0, digits);
}

/** `+0900`, `+09:00`, `+09:00:00`, or the shortest form, for no, one, two, three colons. */
function offsetPart(colons: number, { flags, width }: Style): Part {
  const isBlank = padding(flags, '0') === ' ';
  return ({ offset }) => {
    const sign = offset < 0 ? '-' : '+';
    const size = Math.abs(offset);
    const [hours = '', minutes = '', seconds = ''] = formatOffset(size).slice(1).concat(':00').split(':');
    const rest = offsetRest({ minutes, seconds, colons });
    // Blanks stand for the zeros that are left out, at least.
    if (isBlank) return `${sign}${Number(hours)}${rest}`.padStart(Math.max(width, 1 + hours.length + rest.length));
    return sign + (hours + rest).padStart(width - 1, '0');
  };
}

function offsetRest({ minutes, seconds, colons }: { minutes: string; seconds: string; colons: number }): string {
  if (colons === 0) return minutes;
  if (colons === 1) return `:${minutes}`;
  if (colons === 2 || seconds !== '00') return `:${minutes}:${seconds}`;
  return minutes === '00' ? '' : `:${minutes}`;
}
