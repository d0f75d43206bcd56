/**
 * Values between SQL and TypeScript, the same with both drivers:
 *
 * - `bigint` and `numeric` are decimal text: a number would lose digits, and JSON has no BigInt;
 * - `timestamptz` is ISO text in UTC with always six decimals (`2026-11-30T17:58:12.123456Z`): a Date would lose the
 *   microseconds, on which cursors and guards depend; as text it sorts as it should;
 * - `jsonb` is read as a value and written as text ({@link json}): a driver would take an array for one of SQL's;
 * - `bytea` is a `Uint8Array`; `date`, `time`, `timestamp` and `interval` are the text that PostgreSQL prints.
 */

/** Types by the numbers that PostgreSQL gives them. */
const types = {
  bytea: 17,
  int8: 20,
  date: 1082,
  time: 1083,
  timestamp: 1114,
  timestamptz: 1184,
  interval: 1186,
  timetz: 1266,
  numeric: 1700,
} as const;

const asIs = (text: string): string => text;

/** What reads the texts of types, where the drivers disagree or lose something. */
export const parsers: Readonly<Record<number, (text: string) => unknown>> = {
  [types.bytea]: (text) => Uint8Array.fromHex(text.slice('\\x'.length)),
  [types.int8]: asIs,
  [types.date]: asIs,
  [types.time]: asIs,
  [types.timestamp]: asIs,
  [types.timestamptz]: parseInstant,
  [types.interval]: asIs,
  [types.timetz]: asIs,
  [types.numeric]: asIs,
};

const printed = /^(\d{4,})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d)(?:\.(\d{1,6}))?([+-])(\d\d)(?::(\d\d))?(?::(\d\d))?$/;

/** From what PostgreSQL prints, in whatever zone the session is; `infinity` and years before Christ stay as they are. */
export function parseInstant(text: string): string {
  const parts = printed.exec(text);
  if (parts === null) return text;
  const [, year, month, day, hour, minute, second, fraction = '', sign, ...zone] = parts;
  const micros = fraction.padEnd(6, '0');
  const offsetS = zone.reduce((sum, part, index) => sum + Number(part ?? 0) * (3600 / 60 ** index), 0);
  if (offsetS === 0) return `${year}-${month}-${day}T${hour}:${minute}:${second}.${micros}Z`;
  const local = Date.UTC(Number(year), Number(month) - 1, Number(day), Number(hour), Number(minute), Number(second));
  const utc = new Date(local - (sign === '-' ? -1 : 1) * offsetS * 1000).toISOString();
  return `${utc.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length)}.${micros}Z`;
}

/** For a column of type `jsonb`. */
export function json(value: unknown): string {
  return JSON.stringify(value);
}
