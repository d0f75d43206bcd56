/** From texts to instants, by a format in one of three notations: plain (Ruby's strptime), `java:` and `ruby:`. */
import type { Timestamp } from '#spi/batch.ts';
import { monthLength } from './civil.ts';
import { timeErrors } from './errors.ts';
import { Fields, resolveFields } from './fields.ts';
import type { Resolution } from './fields.ts';
import { compileJavaPattern } from './java-pattern.ts';
import { compileStrptime } from './strptime.ts';
import type { Step } from './strptime.ts';
import { zoneOfName } from './zone.ts';

export interface TimestampParserOptions {
  /** Zone of texts that name none. */
  readonly timezone: string;
  /** Date of texts that have none: `2015-01-02`, zeros not needed. */
  readonly date: string;
}

/** What a parser was made from. */
export interface TimestampSource extends TimestampParserOptions {
  readonly format: string;
}

export interface TimestampParser {
  readonly source: TimestampSource;
  /** The instant, or undefined when the text is not a timestamp in the format. */
  parse(text: string): Timestamp | undefined;
  /** The same for UTF-8 text. */
  parseBytes(bytes: Uint8Array, start: number, end: number): Timestamp | undefined;
}

/**
 * Compiles a format. Throws a config error for a zone, date or pattern that cannot be.
 *
 * @example
 * timestampParser('%Y-%m-%d %H:%M', { timezone: 'UTC', date: '1970-01-01' }).parse('2015-01-02 03:04')
 * // → { seconds: 1420167840, nanos: 0 }
 */
export function timestampParser(format: string, options: TimestampParserOptions): TimestampParser {
  const notation = /^(java|ruby):/.exec(format);
  const pattern = notation === null ? format : format.slice(5);
  const resolution = resolutionOf(options, notation !== null);
  const isJava = notation?.[1] === 'java';
  const steps = isJava ? compileJavaPattern(pattern) : compileStrptime(pattern);
  const parse = steps === undefined ? () => undefined : parserOf(steps, resolution, { isWhole: isJava });
  return {
    source: { ...options, format },
    parse,
    parseBytes(bytes, start, end) {
      const buffer = Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start);
      // Reading as latin1 is the fastest way to a string, and no format matches a byte above 0x7f anyway, unless it
      // has such a character itself.
      return parse(isAsciiFormat(pattern) ? buffer.toString('latin1') : buffer.toString('utf8'));
    },
  };
}

const asciiFormats = new Map<string, boolean>();

function isAsciiFormat(format: string): boolean {
  let isAscii = asciiFormats.get(format);
  if (isAscii === undefined) {
    isAscii = /^[\0-\x7f]*$/.test(format);
    asciiFormats.set(format, isAscii);
  }
  return isAscii;
}

function parserOf(
  steps: readonly Step[],
  resolution: Resolution,
  { isWhole }: { isWhole: boolean },
): (text: string) => Timestamp | undefined {
  const fields = new Fields();
  return (text) => {
    if (text.length === 0) return undefined;
    fields.clear();
    let at = 0;
    for (const step of steps) {
      at = step(text, at, fields);
      if (at < 0) return undefined;
    }
    if (isWhole && at < text.length) return undefined;
    return resolveFields(fields, resolution);
  };
}

function resolutionOf({ timezone, date }: TimestampParserOptions, isStrict: boolean): Resolution {
  const zone = zoneOfName(timezone);
  if (zone === undefined) throw timeErrors.error('TIME_ZONE_UNKNOWN', { zone: timezone });
  const match = /^([-+]?\d{1,9})-(\d{1,2})-(\d{1,2})$/.exec(date);
  const [year = 0, month = 0, day = 0] = (match?.slice(1) ?? []).map(Number);
  if (match === null || month < 1 || month > 12 || day < 1 || day > monthLength(year, month)) {
    throw timeErrors.error('TIME_DATE_INVALID', { date });
  }
  return { zone, year, month, day, isStrict };
}
