/** When a schedule fires next, and in words what clocks do to it. Pure. */
import type { Firing } from '#api/resources/schedule.ts';
import type { Slot, Timing } from './next-slot.ts';
import { nextSlot } from './next-slot.ts';
import { slotText } from './schedule-row.ts';
import { zoneOffsets } from './zone-offsets.ts';

/** Days that are passed over between two firings: 29 February lacks on 7 of 8 years, and years have twelve months. */
const PASSED_MAX = 12;

/** So many that fire, with the days between them that are passed over. */
export function nextFirings(
  timing: Timing,
  { zone, after, count }: { readonly zone: string; readonly after: number; readonly count: number },
): Firing[] {
  const found: Firing[] = [];
  let firing = 0;
  let slot = nextSlot(timing, after);
  while (slot !== undefined && firing < count && found.length < count * PASSED_MAX) {
    found.push(firingOf(timing, zone, slot));
    if (slot.fires) firing += 1;
    slot = nextSlot(timing, slot.at);
  }
  return found;
}

function firingOf(timing: Timing, zone: string, slot: Slot): Firing {
  return {
    slot: slotText(slot.at),
    localTime: localTime(slot.at, zone),
    fires: slot.fires,
    notes: [...absentNotes(slot, zone), ...shiftNotes(slot, zone), ...repeatNotes(timing, slot, zone)],
  };
}

/** `2026-03-29T03:00:00+02:00` */
export function localTime(at: number, zone: string): string {
  return Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).toString({ timeZoneName: 'never' });
}

function absentNotes({ absent }: Slot, zone: string): Firing['notes'] {
  return absent.map((day) => {
    const month = day.slice(0, 'YYYY-MM'.length);
    const length = Temporal.PlainYearMonth.from(month).daysInMonth;
    const isOfMonth = Number(day.slice('YYYY-MM-'.length)) > length;
    const why = isOfMonth ? `${month} has ${length} days` : `the clocks of ${zone} jumped over it`;
    return { kind: 'absent', text: `Nothing runs for ${day}: ${why}.` };
  });
}

function shiftNotes({ at, isShifted }: Slot, zone: string): Firing['notes'] {
  if (!isShifted) return [];
  const [from, to] = [wall(at + offsetBefore(at, zone)), wall(at + offsetAt(at, zone))];
  const text = `Clocks go forward from ${from.time} to ${to.time} on ${to.day}: what was due between runs at ${to.time}.`;
  return [{ kind: 'shifted', text }];
}

function repeatNotes(timing: Timing, { at, fires }: Slot, zone: string): Firing['notes'] {
  if (!fires) return [];
  const offsets = zoneOffsets(zone);
  const index = offsets.indexAt(at);
  const [span, before] = [offsets.span(index), index === 0 ? undefined : offsets.span(index - 1)];
  if (span === undefined) return [];
  const local = at + span.offset;
  const { time, day } = wall(local);
  if (before !== undefined && local < span.start + before.offset) {
    const text = `Clocks show ${time} twice on ${day}: this is the second time.`;
    return [{ kind: 'second_of_two', text }];
  }
  const next = span.end === Infinity ? undefined : offsets.span(index + 1);
  if (next === undefined || local < span.end + next.offset) return [];
  return [{ kind: 'first_of_two', text: `Clocks show ${time} twice on ${day}: ${thenWords(timing)}.` }];
}

function thenWords(timing: Timing): string {
  if (!('cron' in timing)) return 'this is the first time';
  return timing.cron.isWildcard ? 'it runs both times, this is the first' : 'it runs at the first time only';
}

function offsetAt(at: number, zone: string): number {
  const offsets = zoneOffsets(zone);
  return offsets.span(offsets.indexAt(at))?.offset ?? 0;
}

function offsetBefore(at: number, zone: string): number {
  return offsetAt(at - 1, zone);
}

/** Of local milliseconds. */
function wall(local: number): { readonly day: string; readonly time: string } {
  const text = new Date(local).toISOString();
  return { day: text.slice(0, 'YYYY-MM-DD'.length), time: text.slice('YYYY-MM-DDT'.length, 'YYYY-MM-DDTHH:MM'.length) };
}
