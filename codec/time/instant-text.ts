import { timestampFormatter } from './timestamp-formatter.ts';
import type { TimestampFormatter } from './timestamp-formatter.ts';

const MILLI = 1_000_000;
const MICRO = 1000;

/**
 * Prints timestamps as their values print themselves in Embulk: `2026-01-02 03:04:05.120 UTC`, with no fraction or one
 * of three, six or nine digits.
 */
export function instantFormatter(): TimestampFormatter {
  const [whole, millis, micros, nanos] = ['', '.%3N', '.%6N', '.%9N'].map((fraction) =>
    timestampFormatter(`%Y-%m-%d %H:%M:%S${fraction} UTC`, 'UTC'),
  ) as [TimestampFormatter, TimestampFormatter, TimestampFormatter, TimestampFormatter]; // four formats, four formatters
  const choose = (fraction: number): TimestampFormatter => {
    if (fraction === 0) return whole;
    if (fraction % MILLI === 0) return millis;
    return fraction % MICRO === 0 ? micros : nanos;
  };
  return {
    source: nanos.source,
    format: (seconds, fraction) => choose(fraction).format(seconds, fraction),
    write: (sink, seconds, fraction) => choose(fraction).write(sink, seconds, fraction),
  };
}
