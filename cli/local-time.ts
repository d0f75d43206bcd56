/** Instants as people read them, in the zone of this machine. */
import { cliErrors } from './errors.ts';

/** `2026-01-02 03:04:05`; nothing for what has not happened. */
export function localTime(instant: string | null): string {
  if (instant === null) return '';
  const time = new Date(instant);
  const two = (part: number): string => String(part).padStart(2, '0');
  const day = `${time.getFullYear()}-${two(time.getMonth() + 1)}-${two(time.getDate())}`;
  return `${day} ${two(time.getHours())}:${two(time.getMinutes())}:${two(time.getSeconds())}`;
}

const unitMs = { s: 1000, min: 60_000, m: 60_000, h: 3_600_000, d: 86_400_000 } as const;

/** `2026-01-02`, `2026-01-02 03:04` (both of this zone), `2026-01-02T03:04:05Z`, or `90min`, `2h`, `7d`: so long ago. */
export function instantOf(text: string, { isAhead = false, now = Date.now() } = {}): string {
  const span = /^(\d{1,6})\s*(s|min|m|h|d)$/.exec(text.trim());
  // The pattern has both groups, and no other units.
  if (span !== null) {
    const ms = Number(span[1]) * unitMs[span[2] as keyof typeof unitMs];
    return new Date(isAhead ? now + ms : now - ms).toISOString();
  }
  const isTime = /^\d{4}-\d\d-\d\d([T ]\d\d:\d\d(:\d\d(\.\d+)?)?\s*(Z|[+-]\d\d:?\d\d)?)?$/i.test(text.trim());
  // A day alone would be read in UTC.
  const time = new Date(/^\d{4}-\d\d-\d\d$/.test(text.trim()) ? `${text.trim()}T00:00` : text.trim());
  if (!isTime || Number.isNaN(time.getTime())) throw cliErrors.error('TIME_INVALID', { value: text });
  return time.toISOString();
}
