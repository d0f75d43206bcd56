/**
 * Formats of timestamps as templates of the writing kernels (`assembly/print-time.ts`): the text of every time in a
 * stretch of one offset, with places for its numbers. Formats whose text changes its length are left to `codec/time`.
 */
import { Moment, strftimeTokens, writtenComposites } from '#codec/time/strftime.ts';
import type { StrftimeToken } from '#codec/time/strftime.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { zoneOfName } from '#codec/time/zone.ts';
import type { Zone } from '#codec/time/zone.ts';

/** The words of a template, as in the kernel. */
const OFFSET = 0;
const FROM = 8;
const UNTIL = 16;
const LENGTH = 24;
/** Where the table of templates begins. */
export const TEMPLATE_TABLE = 28;
const HAS_FRACTION = 32;
/** Where the kernel keeps dates: zeros at first. */
export const TEMPLATE_DATES = 36;
export const DATES_BYTES = 16 * 1024;
const BLOCKS = 48;
/** A block makes 16 bytes of text: text, and where digits come from, in the date and time and in the fraction. */
const BLOCK_BYTES = 48;
const DATE_DIGITS = 16;
const FRACTION_DIGITS = 32;
const BLOCKS_MAX = 5;
export const TEMPLATE_BYTES = BLOCKS + BLOCKS_MAX * BLOCK_BYTES;
const TEXT_BYTES_MAX = BLOCKS_MAX * 16;
/** No digit here. */
const NOWHERE = 128;

/** The digits of the date and time, which are the same in every text of a format. */
const datePlaces: Readonly<Record<string, readonly number[]>> = {
  Y: [0, 1, 2, 3],
  C: [0, 1],
  y: [2, 3],
  m: [4, 5],
  d: [6, 7],
  H: [8, 9],
  M: [10, 11],
  S: [12, 13],
};

/** Infinite stretches end where microseconds in 64 bits do. */
const MICROS_MAX = 2n ** 63n - 1n;
const FRACTION_LENGTH_MAX = 9;

/** The first day of the year 1, in seconds of local time. */
const YEAR_ONE = -62_135_596_800;

/** Turns text between the numbers into what the output needs in its place. */
export type EscapeText = (text: string) => Uint8Array;

export interface TimePrintingOptions {
  readonly escape?: EscapeText;
  /** Off: the year before the year 1 is not printed as 0000 but left to the host. */
  readonly hasYearZero?: boolean;
}

export class TimePrinting {
  readonly #tokens: readonly StrftimeToken[];
  readonly #zone: Zone;
  readonly #moment: Moment;
  readonly #escape: EscapeText;
  readonly #first: number;
  /** True when one template is all there will be. */
  readonly isFixed: boolean;

  /** Undefined when the kernels cannot print the format. */
  static compile(
    { format, timezone }: { readonly format: string; readonly timezone: string },
    { escape = (text) => Buffer.from(text), hasYearZero = true }: TimePrintingOptions = {},
  ): TimePrinting | undefined {
    const zone = zoneOfName(timezone);
    const tokens = simpleTokens(format);
    if (zone === undefined || tokens === undefined) return undefined;
    const printing = new TimePrinting(zone, tokens, { escape, hasYearZero });
    const isNamed = tokens.some(({ letter }) => letter === 'Z');
    // Names of zones may change where offsets do not.
    if (isNamed && !printing.isFixed) return undefined;
    return printing.templateAt(0) === undefined ? undefined : printing;
  }

  private constructor(
    zone: Zone,
    tokens: readonly StrftimeToken[],
    { escape, hasYearZero }: Required<TimePrintingOptions>,
  ) {
    this.#zone = zone;
    this.#tokens = tokens;
    this.#escape = escape;
    this.#first = hasYearZero ? -Infinity : YEAR_ONE;
    this.#moment = new Moment(zone);
    const { from, until } = zone.spanAt(0);
    this.isFixed = from === -Infinity && until === Infinity;
  }

  /** The template for the stretch of time around the second. */
  templateAt(seconds: number): Uint8Array | undefined {
    const template = new Uint8Array(TEMPLATE_BYTES);
    const view = new DataView(template.buffer);
    const { from: begin, until, offset } = this.#zone.spanAt(seconds);
    const from = Math.max(begin, this.#first - offset);
    view.setBigInt64(OFFSET, microsOf(offset), true);
    view.setBigInt64(FROM, from === -Infinity ? -MICROS_MAX : microsOf(from), true);
    // The last instant, in the kernel's way.
    view.setBigInt64(UNTIL, until === Infinity ? MICROS_MAX : microsOf(until) - 1n, true);
    this.#moment.set(seconds, 0);
    let length = 0;
    const add = (text: number, datePlace: number, fractionPlace: number): void => {
      const at = BLOCKS + (length >> 4) * BLOCK_BYTES + (length & 15);
      template[at] = text;
      template[at + DATE_DIGITS] = datePlace;
      template[at + FRACTION_DIGITS] = fractionPlace;
      length += 1;
    };
    for (const { letter, style, part } of this.#tokens) {
      const places = datePlaces[letter];
      const text = this.#escape(part(this.#moment));
      if (length + text.length > TEXT_BYTES_MAX) return undefined;
      if (places !== undefined) for (const place of places) add(0, place, NOWHERE);
      else if (letter !== 'N') for (const byte of text) add(byte, NOWHERE, NOWHERE);
      else for (let place = 0; place < style.width; place++) add(0, NOWHERE, place);
    }
    view.setUint32(LENGTH, length, true);
    view.setUint32(HAS_FRACTION, this.#tokens.some(({ letter }) => letter === 'N') ? 1 : 0, true);
    return length === 0 ? undefined : template;
  }

  /** Every character that a text of the format may have. */
  get alphabet(): string {
    let text = '0123456789+-:';
    for (const { letter, part } of this.#tokens) {
      if (datePlaces[letter] === undefined && letter !== 'N') text += part(this.#moment);
    }
    return text;
  }
}

function microsOf(seconds: number): bigint {
  return BigInt(seconds) * 1_000_000n;
}

/** The tokens with composites taken apart, fractions as `N` with their digits, and other text as it is. */
function simpleTokens(format: string): readonly StrftimeToken[] | undefined {
  const simple: StrftimeToken[] = [];
  for (const token of strftimeTokens(format)) {
    const { letter, style } = token;
    const composite = writtenComposites[letter];
    if (composite !== undefined && style.flags === '' && style.width === 0) {
      const inner = simpleTokens(composite);
      if (inner === undefined) return undefined;
      simple.push(...inner);
      continue;
    }
    const known = simpleToken(token);
    if (known === undefined) return undefined;
    simple.push(known);
  }
  return simple;
}

/** Directives with one text in a stretch of one offset. */
const constants = new Set(['', 'n', 't', '%', 'z', 'Z']);

function simpleToken(token: StrftimeToken): StrftimeToken | undefined {
  const { letter, style } = token;
  if (constants.has(letter)) return token;
  if (letter === 'N' || letter === 'L') {
    const width = style.width || (letter === 'N' ? FRACTION_LENGTH_MAX : 3);
    return width > FRACTION_LENGTH_MAX ? undefined : { ...token, letter: 'N', style: { ...style, width } };
  }
  const places = datePlaces[letter];
  const isUsual = places !== undefined && style.flags === '' && [0, places.length].includes(style.width);
  return isUsual ? token : undefined;
}

/** How the kernels print what the formatters print, by column; undefined where they cannot. Equal ones are shared. */
export function timePrintings(
  formatters: readonly (TimestampFormatter | undefined)[],
  escape?: EscapeText,
): readonly (TimePrinting | undefined)[] {
  const known = new Map<string, TimePrinting | undefined>();
  return formatters.map((formatter) => {
    if (formatter === undefined) return undefined;
    const key = JSON.stringify(formatter.source);
    if (!known.has(key)) known.set(key, TimePrinting.compile(formatter.source, escape === undefined ? {} : { escape }));
    return known.get(key);
  });
}
