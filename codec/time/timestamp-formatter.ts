/** From instants to texts: Ruby's strftime with the peculiarities of Embulk's own formatter. */
import type { ByteSink } from '#spi/byte-sink.ts';
import { timeErrors } from './errors.ts';
import { compileStrftime, Moment } from './strftime.ts';
import { zoneOfName } from './zone.ts';

export interface TimestampFormatter {
  /** What the formatter was made from, without a notation in front. */
  readonly source: { readonly format: string; readonly timezone: string };
  /** Epoch seconds and nanoseconds of the second. */
  format(seconds: number, nanos: number): string;
  /** The same, as UTF-8 into the sink. */
  write(sink: ByteSink, seconds: number, nanos: number): void;
}

/**
 * Compiles a format for a zone. Throws a config error for a zone that does not exist; any text is a format.
 *
 * @example
 * timestampFormatter('%Y-%m-%d %H:%M:%S.%6N %z', 'UTC').format(1422386629, 123_456_789)
 * // → '2015-01-27 19:23:49.123456 +0000'
 */
export function timestampFormatter(format: string, timezone: string): TimestampFormatter {
  const zone = zoneOfName(timezone);
  if (zone === undefined) throw timeErrors.error('TIME_ZONE_UNKNOWN', { zone: timezone });
  const pattern = format.replace(/^(java|ruby):/, '');
  const parts = compileStrftime(pattern);
  const moment = new Moment(zone);
  const print = (seconds: number, nanos: number): string => {
    moment.set(seconds, nanos);
    let text = '';
    for (const part of parts) text += part(moment);
    return text;
  };
  return {
    source: { format: pattern, timezone },
    format: print,
    write: (sink, seconds, nanos) => void sink.writeString(print(seconds, nanos)),
  };
}
