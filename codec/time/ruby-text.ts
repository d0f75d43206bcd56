import type { Timestamp } from '#spi/batch.ts';
import { compileStrftime, Moment, rubyDialect } from './strftime.ts';
import type { Zone } from './zone.ts';

/** The instant as Ruby's `strftime` prints it in the zone. For single values: nothing is kept for the next one. */
export function rubyText({ seconds, nanos }: Timestamp, format: string, zone: Zone): string {
  const moment = new Moment(zone);
  moment.set(seconds, nanos);
  return compileStrftime(format, rubyDialect)
    .map((part) => part(moment))
    .join('');
}
