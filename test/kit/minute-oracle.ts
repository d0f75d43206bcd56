/**
 * What cron does, minute by minute: slow, and so simple that it is seen to be right. It knows nothing of transitions:
 * it asks for the local time of every minute, and remembers what clocks have shown.
 */

const MINUTE_MS = 60_000;
const DAY_MS = 86_400_000;
/** Clocks are watched so long before anything counts, in order to know what they have shown. */
const WATCH_MS: number = 3 * DAY_MS;

export interface Minute {
  readonly at: number;
  readonly wall: Wall;
  /** Shown before, so that it is shown again. */
  readonly isAgain: boolean;
  /** What was jumped over just before. */
  readonly skipped: readonly Wall[];
  readonly counts: boolean;
}

interface Wall {
  readonly local: number;
  readonly year: number;
  readonly month: number;
  readonly day: number;
  readonly weekday: number;
  readonly hour: number;
  readonly minute: number;
}

/** The minutes of a zone, each with what its clocks show. */
export function minutesOf(zone: string, from: number, to: number): Minute[] {
  const minutes: Minute[] = [];
  let shown = -Infinity;
  for (let at = from - WATCH_MS; at < to; at += MINUTE_MS) {
    const offset = Temporal.Instant.fromEpochMilliseconds(at).toZonedDateTimeISO(zone).offsetNanoseconds / 1e6;
    const local = at + offset;
    const skipped: Wall[] = [];
    if (shown !== -Infinity) {
      for (let missing = shown + MINUTE_MS; missing < local; missing += MINUTE_MS) skipped.push(wallOf(missing));
    }
    minutes.push({ at, wall: wallOf(local), isAgain: local <= shown, skipped, counts: at >= from });
    shown = Math.max(shown, local);
  }
  return minutes;
}

function wallOf(local: number): Wall {
  const date = new Date(local);
  return {
    local,
    year: date.getUTCFullYear(),
    month: date.getUTCMonth() + 1,
    day: date.getUTCDate(),
    weekday: date.getUTCDay(),
    hour: date.getUTCHours(),
    minute: date.getUTCMinutes(),
  };
}

export interface OracleSlot {
  readonly at: number;
  readonly fires: boolean;
  readonly isShifted: boolean;
  readonly absent: readonly string[];
}

export function oracleSlots(expression: string, minutes: readonly Minute[]): OracleSlot[] {
  const matches = matcher(expression);
  const { isWildcard, named, inMonth } = kindOf(expression);
  const slots: OracleSlot[] = [];
  let latestMonth = Infinity;
  for (const { at, wall, isAgain, skipped, counts } of minutes) {
    const absent: string[] = [];
    let fires = false;
    let isShifted = false;
    if (matches(wall)) fires = isWildcard || !isAgain;
    if (!isWildcard) {
      const jumped = jumpedOver(skipped, matches);
      absent.push(...jumped.absent);
      isShifted = jumped.isShifted;
      fires ||= isShifted;
    }
    const month = wall.year * 12 + wall.month - 1;
    if (month > latestMonth) absent.push(...lacking(latestMonth, named, inMonth));
    latestMonth = latestMonth === Infinity ? month : Math.max(latestMonth, month);
    if (counts && (fires || absent.length > 0)) slots.push({ at, fires, isShifted, absent });
  }
  return slots;
}

function kindOf(expression: string): { isWildcard: boolean; named: string[]; inMonth: Set<number> } {
  const [, hour = '', day = '', months = '', weekdays = ''] = expression.toLowerCase().split(' ');
  const isWildcard = hour === '*' || hour.startsWith('*/');
  const named = weekdays === '*' ? day.split(',').filter((part) => /^\d+$/.test(part)) : [];
  const inMonth = expand(months, 1, 12);
  return { isWildcard, named, inMonth };
}

function jumpedOver(
  skipped: readonly Wall[],
  matches: (wall: Wall) => boolean,
): Pick<OracleSlot, 'isShifted' | 'absent'> {
  const absent = new Set<string>();
  let isShifted = false;
  for (const missing of skipped.filter(matches)) {
    const ofDay = skipped.filter((each) => each.day === missing.day && each.month === missing.month);
    if (ofDay.length < 1440) isShifted = true;
    else absent.add(text(missing));
  }
  return { isShifted, absent: [...absent] };
}

/** Days that a month should have had, counted from the year 0. */
function lacking(monthNumber: number, named: readonly string[], inMonth: ReadonlySet<number>): string[] {
  const past = { year: Math.floor(monthNumber / 12), month: (monthNumber % 12) + 1 };
  const length = new Date(Date.UTC(past.year, past.month, 0)).getUTCDate();
  const days = new Set(named.map(Number).filter((each) => each > length && inMonth.has(past.month)));
  return [...days].sort((a, b) => a - b).map((day) => text({ ...past, day }));
}

function text({ year, month, day }: Pick<Wall, 'year' | 'month' | 'day'>): string {
  return `${year}-${String(month).padStart(2, '0')}-${String(day).padStart(2, '0')}`;
}

function matcher(expression: string): (wall: Wall) => boolean {
  const [minute = '', hour = '', day = '', month = '', weekday = ''] = expression.toLowerCase().split(' ');
  const minutes = expand(minute, 0, 59);
  const hours = expand(hour, 0, 23);
  const days = expand(day.replaceAll(/(^|,)l\b/g, ''), 1, 31);
  const isLast = day.split(',').includes('l');
  const months = expand(month, 1, 12);
  const weekdays = expand(weekday, 0, 6);
  const isEither = !day.startsWith('*') && !weekday.startsWith('*');
  return (wall) => {
    if (!minutes.has(wall.minute) || !hours.has(wall.hour) || !months.has(wall.month)) return false;
    const isByDay = days.has(wall.day) || (isLast && new Date(wall.local + DAY_MS).getUTCDate() === 1);
    const isByWeek = weekdays.has(wall.weekday);
    return isEither ? isByDay || isByWeek : isByDay && isByWeek;
  };
}

const names = 'jan feb mar apr may jun jul aug sep oct nov dec'.split(' ');
const dayNames = 'sun mon tue wed thu fri sat'.split(' ');

function expand(field: string, from: number, to: number): Set<number> {
  const number = (word: string): number => {
    if (names.includes(word)) return names.indexOf(word) + 1;
    return dayNames.includes(word) ? dayNames.indexOf(word) : Number(word);
  };
  const values = new Set<number>();
  for (const part of field.split(',').filter((each) => each !== '')) {
    const [range = '', step = '1'] = part.split('/');
    const [low = from, high = low] = range === '*' ? [from, to] : range.split('-').map(number);
    for (let value = low; value <= high; value += Number(step)) values.add(to === 6 ? value % 7 : value);
  }
  return values;
}
