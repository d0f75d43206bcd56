/**
 * Formats of timestamps as templates of the writing kernels (`assembly/print-time.ts`): the text of every time in a
 * stretch of one offset, with places for its numbers. Formats whose text changes its length are left to `codec/time`.
 */
import { Moment, strftimeTokens, writtenComposites } from '#codec/time/strftime.ts';
import type { StrftimeToken } from '#codec/time/strftime.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { zoneOfName } from '#codec/time/zone.ts';
import type { Zone } from '#codec/time/zone.ts';

/** Bytes of a template, and of its text at most. */
export const TEMPLATE_BYTES = 128;
const TEXT_BYTES_MAX = 80;

/** Places of the numbers in the template, in the order of their bytes, by the directive's letter. */
const letters = ['Y', 'm', 'd', 'H', 'M', 'S', 'N'] as const;
const PLACES = 24;
const FRACTION_DIGITS = 31;
const LENGTH = 32;
export const TEMPLATE_TABLE = 36;
const TEXT = 40;
/** Where the kernel stores the numbers that the format does not have. */
const NOWHERE = 96;

/** Infinite stretches end where 64 bits of microseconds do not reach. */
const SECONDS_MAX = 10_000_000_000_000;
const FRACTION_DIGITS_MAX = 9;

/** Turns text between the numbers into what the output needs in its place. */
export type EscapeText = (text: string) => Uint8Array;

export class TimePrinting {
  readonly #tokens: readonly StrftimeToken[];
  readonly #zone: Zone;
  readonly #moment: Moment;
  readonly #escape: EscapeText;
  /** True when one template is all there will be. */
  readonly isFixed: boolean;

  /** Undefined when the kernels cannot print the format. */
  static compile(
    { format, timezone }: { readonly format: string; readonly timezone: string },
    escape: EscapeText = (text) => Buffer.from(text),
  ): TimePrinting | undefined {
    const zone = zoneOfName(timezone);
    const tokens = simpleTokens(format);
    if (zone === undefined || tokens === undefined) return undefined;
    const printing = new TimePrinting(zone, tokens, escape);
    const isNamed = tokens.some(({ letter }) => letter === 'Z');
    // Names of zones may change where offsets do not.
    if (isNamed && !printing.isFixed) return undefined;
    return printing.templateAt(0) === undefined ? undefined : printing;
  }

  private constructor(zone: Zone, tokens: readonly StrftimeToken[], escape: EscapeText) {
    this.#zone = zone;
    this.#tokens = tokens;
    this.#escape = escape;
    this.#moment = new Moment(zone);
    const { from, until } = zone.spanAt(0);
    this.isFixed = from === -Infinity && until === Infinity;
  }

  /** The template for the stretch of time around the second. */
  templateAt(seconds: number): Uint8Array | undefined {
    const template = new Uint8Array(TEMPLATE_BYTES);
    const view = new DataView(template.buffer);
    const { from, until, offset } = this.#zone.spanAt(seconds);
    view.setBigInt64(0, BigInt(offset), true);
    view.setBigInt64(8, BigInt(Math.max(-SECONDS_MAX, from)), true);
    // The kernel's end belongs to the stretch.
    view.setBigInt64(16, BigInt(Math.min(SECONDS_MAX, until - 1)), true);
    template.fill(NOWHERE, PLACES, FRACTION_DIGITS);
    this.#moment.set(seconds, 0);
    let length = 0;
    for (const { letter, style, part } of this.#tokens) {
      const place = letters.findIndex((each) => each === letter);
      const text = place < 0 ? this.#escape(part(this.#moment)) : Buffer.from(part(this.#moment));
      if (length + text.length > TEXT_BYTES_MAX) return undefined;
      template.set(text, TEXT + length);
      if (place >= 0) template[PLACES + place] = length;
      if (letter === 'N') template[FRACTION_DIGITS] = style.width;
      length += text.length;
    }
    view.setUint32(LENGTH, length, true);
    return length === 0 ? undefined : template;
  }

  /** Every character that a text of the format may have. */
  get alphabet(): string {
    let text = '0123456789+-:';
    for (const { letter, part } of this.#tokens) {
      if (!letters.some((each) => each === letter)) text += part(this.#moment);
    }
    return text;
  }
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
  const numbers = simple.map(({ letter }) => letter).filter((letter) => letters.some((each) => each === letter));
  // A template has one place for each number.
  return new Set(numbers).size === numbers.length ? simple : undefined;
}

function simpleToken(token: StrftimeToken): StrftimeToken | undefined {
  const { letter, style } = token;
  switch (letter) {
    case '':
    case 'n':
    case 't':
    case '%':
    case 'z':
    case 'Z':
      return token;
    case 'N':
    case 'L': {
      const digits = style.width || (letter === 'N' ? FRACTION_DIGITS_MAX : 3);
      return digits > FRACTION_DIGITS_MAX ? undefined : { ...token, letter: 'N', style: { ...style, width: digits } };
    }
    case 'Y':
      return style.flags === '' && (style.width === 0 || style.width === 4) ? token : undefined;
    case 'm':
    case 'd':
    case 'H':
    case 'M':
    case 'S':
      return style.flags === '' && (style.width === 0 || style.width === 2) ? token : undefined;
    default:
      return undefined;
  }
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
    if (!known.has(key)) known.set(key, TimePrinting.compile(formatter.source, escape));
    return known.get(key);
  });
}
