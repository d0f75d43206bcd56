/** Cells inside the realm of a script (see `harness.ts`): what the script is given for them, and what it gives back. */
import type { ScriptStart, WireCell } from './protocol.ts';

export interface RealmJson {
  parse(text: string): unknown;
  /** The text of the value: 0 when it says what `before` says, undefined when it has none. */
  write(value: unknown, before: unknown): WireCell | undefined;
}

export function makeJson(): RealmJson {
  const { parse, stringify, rawJSON } = JSON as typeof JSON & { rawJSON: (text: string) => unknown };
  const { isSafeInteger } = Number;
  const [text, toBigInt] = [String, BigInt];
  const isLong = /\d{16}/;
  const wholeNumber = /^-?\d+$/;
  // Whole numbers that would lose digits stay exact.
  const exact = (_: string, value: unknown, context?: { source?: string }): unknown => {
    const source = context?.source;
    const isInexact = typeof value === 'number' && source !== undefined && !isSafeInteger(value);
    return isInexact && wholeNumber.test(source) ? toBigInt(source) : value;
  };
  const digits = (_: string, value: unknown): unknown => (typeof value === 'bigint' ? rawJSON(text(value)) : value);
  const read = (json: string): unknown => (isLong.test(json) ? parse(json, exact) : parse(json));
  const jsonText = (value: unknown): string | undefined => {
    try {
      return stringify(value);
    } catch {
      return stringify(value, digits);
    }
  };
  return {
    parse: read,
    write(value, before) {
      const now = jsonText(value);
      if (now === undefined || typeof before !== 'string') return now;
      return now === before || now === jsonText(read(before)) ? 0 : now;
    },
  };
}

export interface RealmTimes {
  parse(nanos: string): unknown;
  /** Nanoseconds since 1970: 0 when it is what `before` says, undefined when it is no time. */
  write(value: unknown, before: unknown): WireCell | undefined;
}

export function makeTimes({ timestamp }: Pick<ScriptStart, 'timestamp'>): RealmTimes {
  const [text, toBigInt, toNumber, TheDate] = [String, BigInt, Number, Date];
  const { isFinite } = Number;
  const { Instant } = Temporal;
  // What is below milliseconds is cut off towards the past.
  const dateOf = (nanos: bigint): Date => {
    const rest = ((nanos % 1_000_000n) + 1_000_000n) % 1_000_000n;
    return new TheDate(toNumber((nanos - rest) / 1_000_000n));
  };
  const nanosOf = (value: unknown): bigint | undefined => {
    if (value instanceof Instant) return value.epochNanoseconds;
    if (!(value instanceof TheDate)) return undefined;
    const milliseconds = value.getTime();
    return isFinite(milliseconds) ? toBigInt(milliseconds) * 1_000_000n : undefined;
  };
  return {
    parse: (nanos) => (timestamp === 'date' ? dateOf(toBigInt(nanos)) : Instant.fromEpochNanoseconds(toBigInt(nanos))),
    write(value, before) {
      const nanos = nanosOf(value);
      if (nanos === undefined) return undefined;
      if (typeof before !== 'string') return text(nanos);
      const more = toBigInt(before) - nanos;
      // A Date says nothing about what is below its milliseconds.
      return more === 0n || (value instanceof TheDate && more > 0n && more < 1_000_000n) ? 0 : text(nanos);
    },
  };
}

export interface RealmCells {
  read(type: string, cell: unknown): unknown;
  /** Undefined when the value is none of the type. */
  write(type: string, value: unknown, before: unknown): WireCell | undefined;
}

export function makeCells({ long }: Pick<ScriptStart, 'long'>, json: RealmJson, times: RealmTimes): RealmCells {
  const [text, toBigInt, toNumber] = [String, BigInt, Number];
  const { isSafeInteger, isFinite } = Number;
  const { is } = Object;
  const [longMin, longMax] = [-(2n ** 63n), 2n ** 63n - 1n];
  const writeLong = (value: unknown): WireCell | undefined => {
    if (typeof value === 'number') return isSafeInteger(value) ? value : undefined;
    return typeof value === 'bigint' && value >= longMin && value <= longMax ? text(value) : undefined;
  };
  const writeDouble = (value: unknown): WireCell | undefined => {
    if (typeof value !== 'number') return undefined;
    if (is(value, -0)) return '-0';
    return isFinite(value) ? value : text(value);
  };
  return {
    read(type, cell) {
      switch (type) {
        case 'long':
          return long === 'bigint' || typeof cell === 'string' ? toBigInt(cell as string) : cell;
        case 'double':
          return toNumber(cell);
        case 'timestamp':
          return times.parse(cell as string);
        default:
          return json.parse(cell as string);
      }
    },
    write(type, value, before) {
      switch (type) {
        case 'boolean':
          return typeof value === 'boolean' ? value : undefined;
        case 'long':
          return writeLong(value);
        case 'double':
          return writeDouble(value);
        case 'string':
          return typeof value === 'string' ? value : undefined;
        case 'timestamp':
          return times.write(value, before);
        default:
          return json.write(value, before);
      }
    },
  };
}
