/** Guesses the format of timestamps from their texts. */

type PartName = 'year' | 'month' | 'day' | 'hour' | 'minute' | 'second' | 'fraction' | 'zone';

interface Part {
  readonly name: PartName;
  /** The text between this part and the one before. */
  readonly delimiter: string;
  /** How it is written, when the text tells: `zero`, `blank` or `none` for padding; digits; `colon` for zones. */
  readonly style: string | undefined;
}

/** What one text looks like. */
export interface TimeMatch {
  readonly parts: readonly Part[];
  /** Formats that are not made of parts. */
  readonly fixed: string | undefined;
}

const YEAR = String.raw`(?<year>[1-4]\d{3})`;
const MONTH = String.raw`(?<month>10|11|12|[0 ]?\d)`;
const MONTH2 = String.raw`(?<month>10|11|12|0\d)`;
const DAY = String.raw`(?<day>31|30|[12]\d|[0 ]?[1-9])`;
const DAY2 = String.raw`(?<day>31|30|[12]\d|0[1-9])`;
const HOUR = String.raw`(?<hour>2[0-4]|1\d|[0 ]?\d)`;
const HOUR2 = String.raw`(?<hour>2[0-4]|1\d|0\d)`;
const MINUTE = String.raw`(?<minute>60|[1-5]\d|[0 ]?\d)`;
const MINUTE2 = String.raw`(?<minute>60|[0-5]\d)`;
const SECOND = String.raw`(?<second>60|[1-5]\d|[0 ]?\d)`;
const SECOND2 = String.raw`(?<second>60|[0-5]\d)`;
const FRACTION = String.raw`(?:(?<point>[.,])(?<fraction>\d{1,9}))?`;

const DELIMITER = String.raw`(?<mark>[/\-.])`;
const REST = '(?<rest>.*)$';

const dates: readonly { readonly pattern: RegExp; readonly order: readonly PartName[] }[] = [
  { pattern: new RegExp(`^${YEAR}${DELIMITER}${MONTH}\\k<mark>${DAY}${REST}`, 's'), order: ['year', 'month', 'day'] },
  { pattern: new RegExp(`^${YEAR}${MONTH2}${DAY2}${REST}`, 's'), order: ['year', 'month', 'day'] },
  { pattern: new RegExp(`^${MONTH}${DELIMITER}${DAY}\\k<mark>${YEAR}${REST}`, 's'), order: ['month', 'day', 'year'] },
  { pattern: new RegExp(`^${MONTH2}${DAY2}${YEAR}${REST}`, 's'), order: ['month', 'day', 'year'] },
  { pattern: new RegExp(`^${DAY}${DELIMITER}${MONTH}\\k<mark>${YEAR}${REST}`, 's'), order: ['day', 'month', 'year'] },
  { pattern: new RegExp(`^${DAY2}${MONTH2}${YEAR}${REST}`, 's'), order: ['day', 'month', 'year'] },
];

const BETWEEN = String.raw`(?<between>:? |_|T|\. ?)`;
const delimitedTime = new RegExp(
  `^${BETWEEN}${HOUR}(?:(?<colon>[:\\-])${MINUTE}(?:\\k<colon>${SECOND}${FRACTION})?)?(?<rest>(?:[^\\d:.].*)?)$`,
  's',
);
const plainTime = new RegExp(`^${BETWEEN}${HOUR2}(?:${MINUTE2}(?:${SECOND2}${FRACTION})?)?${REST}`, 's');
const directTime = new RegExp(`^(?<between>)${HOUR2}(?:${MINUTE2}(?:${SECOND2}${FRACTION})?)?${REST}`, 's');
const zone = /^(?<blank> )?(?<zone>Z|[-+]\d\d(?::?\d\d)?|[A-Z]{1,3})\s*$/;

const months = 'Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec';
const days = 'Sun|Mon|Tue|Wed|Thu|Fri|Sat';
const rfc2822 = new RegExp(
  `^(?<weekday>(?:${days}), )?\\d\\d (?:${months}) \\d{4}(?<time> \\d\\d:\\d\\d(?<second>:\\d\\d)? (?<zone>(?:Z|[-+]\\d\\d:?\\d\\d|[A-Z]{1,3})))?$`,
);
const apacheLog = new RegExp(`^\\d\\d/(?:${months})/\\d{4}:\\d\\d:\\d\\d:\\d\\d (?:[-+]\\d\\d:?\\d\\d|[A-Z]{1,3})$`);
const asctime = new RegExp(`^(?:${days}) (?:${months}) [ \\d]?\\d \\d\\d:\\d\\d:\\d\\d \\d{4}$`);

/** What the text looks like, or undefined when it is no timestamp. */
export function matchTime(text: string): TimeMatch | undefined {
  return matchParts(text) ?? matchFixed(text);
}

function matchFixed(text: string): TimeMatch | undefined {
  const mail = rfc2822.exec(text);
  if (mail !== null) {
    const { weekday, time, second, zone: offset = '' } = mail.groups ?? {};
    const zoneFormat = offset.includes(':') ? '%:z' : '%z';
    const timeFormat = time === undefined ? '' : ` %H:%M${second === undefined ? '' : ':%S'} ${zoneFormat}`;
    return { parts: [], fixed: `${weekday === undefined ? '' : '%a, '}%d %b %Y${timeFormat}` };
  }
  if (apacheLog.test(text)) return { parts: [], fixed: '%d/%b/%Y:%H:%M:%S %z' };
  return asctime.test(text) ? { parts: [], fixed: '%a %b %e %H:%M:%S %Y' } : undefined;
}

function matchParts(text: string): TimeMatch | undefined {
  for (const { pattern, order } of dates) {
    const groups = pattern.exec(text)?.groups;
    if (groups === undefined) continue;
    const mark = groups['mark'] ?? '';
    const parts = order.map((name, index) => part(name, index === 0 ? '' : mark, groups[name] ?? ''));
    return matchTimeOfDay(parts, groups['rest'] ?? '', mark === '');
  }
  return undefined;
}

function matchTimeOfDay(date: readonly Part[], text: string, isPlainDate: boolean): TimeMatch | undefined {
  const groups = (delimitedTime.exec(text) ?? plainTime.exec(text) ?? (isPlainDate ? directTime.exec(text) : null))
    ?.groups;
  if (groups === undefined) return matchZone(date, text);
  const mark = groups['colon'] ?? '';
  const parts = [...date, part('hour', groups['between'] ?? '', groups['hour'] ?? '')];
  if (groups['minute'] !== undefined) parts.push(part('minute', mark, groups['minute']));
  if (groups['second'] !== undefined) parts.push(part('second', mark, groups['second']));
  const { point, fraction } = groups;
  if (point !== undefined && fraction !== undefined) {
    parts.push({ name: 'fraction', delimiter: point, style: fraction.length <= 3 ? 'short' : 'long' });
  }
  return matchZone(parts, groups['rest'] ?? '');
}

function matchZone(parts: readonly Part[], text: string): TimeMatch | undefined {
  if (/^\s*$/.test(text)) return { parts, fixed: undefined };
  const groups = zone.exec(text)?.groups;
  if (groups === undefined) return undefined;
  const style = groups['zone']?.includes(':') === true ? 'colon' : undefined;
  return { parts: [...parts, { name: 'zone', delimiter: groups['blank'] ?? '', style }], fixed: undefined };
}

function part(name: PartName, delimiter: string, text: string): Part {
  let style: string | undefined;
  if (name !== 'year') {
    if (text.startsWith('0')) style = 'zero';
    else if (text.startsWith(' ')) style = 'blank';
    else if (text.length === 1) style = 'none';
  }
  return { name, delimiter, style };
}

/** The format of all the texts together, or undefined when none is a timestamp. */
export function guessTimeFormat(texts: readonly string[]): string | undefined {
  const groups = new Map<string, TimeMatch[]>();
  for (const text of texts) {
    const match = text === '' ? undefined : matchTime(text);
    if (match === undefined) continue;
    const key = groupKey(match);
    groups.set(key, [...(groups.get(key) ?? []), match]);
  }
  let largest: readonly TimeMatch[] = [];
  for (const group of groups.values()) if (group.length > largest.length) largest = group;
  return largest.length === 0 ? undefined : mergedFormat(largest);
}

/** Month-day-year counts as day-month-year. */
function groupKey({ parts, fixed }: TimeMatch): string {
  if (fixed !== undefined) return fixed;
  return dayFirst(parts)
    .map(({ name, delimiter }) => `${delimiter}<${name}>`)
    .join('');
}

function isMonthFirst(parts: readonly Part[]): boolean {
  return parts[0]?.name === 'month' && parts[1]?.name === 'day';
}

function dayFirst(parts: readonly Part[]): readonly Part[] {
  if (!isMonthFirst(parts)) return parts;
  const [month, day, ...rest] = parts as readonly [Part, Part, ...Part[]]; // just looked at
  return [{ ...day, delimiter: month.delimiter }, { ...month, delimiter: day.delimiter }, ...rest];
}

function mergedFormat(group: readonly TimeMatch[]): string {
  const [first] = group;
  if (first === undefined) return '';
  if (first.fixed !== undefined) return first.fixed;
  const isDayFirst = group.some(({ parts }) => parts[0]?.name === 'day');
  const parts = isDayFirst ? dayFirst(first.parts) : first.parts;
  return parts
    .map(({ name, delimiter }) => {
      const style = group
        .map((member) => member.parts.find((other) => other.name === name)?.style)
        .find((known) => known !== undefined);
      return delimiter.replaceAll('%', '%%') + directive(name, style);
    })
    .join('');
}

function directive(name: PartName, style: string | undefined): string {
  switch (name) {
    case 'year':
      return '%Y';
    case 'month':
      return '%m';
    case 'day':
      return style === 'blank' ? '%e' : '%d';
    case 'hour':
      return style === 'blank' || style === 'none' ? '%k' : '%H';
    case 'minute':
      return '%M';
    case 'second':
      return '%S';
    case 'fraction':
      return style === 'short' ? '%L' : '%N';
    case 'zone':
      return style === 'colon' ? '%:z' : '%z';
  }
}
