/** Values of the file as values of ours. Undefined: the value has no exact counterpart of that type. */
import { isUtf8 } from 'node:buffer';
import type { Timestamp } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { formatDouble } from '#codec/number/double.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { Node } from './client.ts';
import type { Scalar } from './scalars.ts';

const LONG_MIN = -(2n ** 63n);
const LONG_MAX = 2n ** 63n - 1n;
const DAY_SECONDS = 86_400;
/** What a timestamp of ours holds: 64 bits of microseconds. */
const SECONDS_MAX = 9_200_000_000_000;

export function longOf(scalar: Scalar, value: unknown): bigint | undefined {
  switch (scalar.kind) {
    case 'integer':
      return inLong(integerOf(scalar.unsignedBits, value));
    case 'decimal': {
      const unscaled = unscaledOf(value);
      const factor = 10n ** BigInt(scalar.scale);
      return unscaled % factor === 0n ? inLong(unscaled / factor) : undefined;
    }
    case 'double':
    case 'half': {
      const number = doubleOf(scalar, value);
      return Number.isInteger(number) ? inLong(BigInt(number ?? 0)) : undefined;
    }
    default:
      return undefined;
  }
}

/** A decimal becomes the nearest double, for that is what is asked for; a whole number must be one. */
export function doubleOf(scalar: Scalar, value: unknown): number | undefined {
  switch (scalar.kind) {
    case 'double':
      return Number(value);
    case 'half':
      return halfOf(bytesOf(value));
    case 'integer': {
      const integer = integerOf(scalar.unsignedBits, value);
      const number = Number(integer);
      return BigInt(number) === integer ? number : undefined;
    }
    case 'decimal':
      return Number(decimalText(unscaledOf(value), scalar.scale));
    default:
      return undefined;
  }
}

export function timestampOf(scalar: Scalar, value: unknown): Timestamp | undefined {
  if (scalar.kind === 'date') return { seconds: Number(value) * DAY_SECONDS, nanos: 0 };
  if (scalar.kind !== 'timestamp') return undefined;
  const units = BigInt(value as bigint | number); // INT64, and INT96 as the client gives it
  const rest = ((units % scalar.unitsPerSecond) + scalar.unitsPerSecond) % scalar.unitsPerSecond;
  const seconds = Number((units - rest) / scalar.unitsPerSecond);
  if (Math.abs(seconds) > SECONDS_MAX) return undefined;
  return { seconds, nanos: Number(rest * (1_000_000_000n / scalar.unitsPerSecond)) };
}

/** The value as text; text itself stays bytes, see {@link textBytesOf}. */
export function textOf(scalar: Scalar, value: unknown): string | undefined {
  switch (scalar.kind) {
    case 'boolean':
    case 'integer':
    case 'double':
    case 'half':
    case 'decimal':
      return numberText(scalar, value);
    case 'date':
    case 'timestamp':
    case 'time':
      return timeText(scalar, value);
    case 'uuid':
      return uuidText(bytesOf(value));
    case 'interval':
      return intervalJson(bytesOf(value));
    default: {
      const bytes = textBytesOf(scalar, value);
      return bytes && Buffer.from(bytes).toString('utf8');
    }
  }
}

function numberText(scalar: Scalar, value: unknown): string {
  switch (scalar.kind) {
    case 'integer':
      return String(integerOf(scalar.unsignedBits, value));
    case 'decimal':
      return decimalText(unscaledOf(value), scalar.scale);
    case 'boolean':
      return value === true ? 'true' : 'false';
    default:
      return formatDouble(doubleOf(scalar, value) ?? Number.NaN);
  }
}

function timeText(scalar: Scalar, value: unknown): string | undefined {
  if (scalar.kind === 'time') return clockText(BigInt(value as bigint | number), scalar.unitsPerSecond);
  const timestamp = timestampOf(scalar, value);
  if (timestamp === undefined || scalar.kind === 'date') return timestamp && printed(dates, timestamp);
  return printed(timestamp.nanos % 1000 === 0 ? microTimes : nanoTimes, timestamp);
}

/** The bytes of a text; undefined when they are none. */
export function textBytesOf(scalar: Scalar, value: unknown): Uint8Array | undefined {
  if (scalar.kind !== 'text' && scalar.kind !== 'bytes' && scalar.kind !== 'json') return undefined;
  const bytes = bytesOf(value);
  return isUtf8(bytes) ? bytes : undefined;
}

/** The value as JSON; what has no type of JSON's is a string. */
export function jsonOf(node: Node, value: unknown): string | undefined {
  if (value === null || value === undefined) return 'null';
  if (node.isRepeated) return listJson({ ...node, isRepeated: false }, value);
  const { shape } = node;
  switch (shape.kind) {
    case 'scalar':
      return scalarJson(shape.scalar, value);
    case 'list':
      return listJson(shape.element, value);
    case 'struct':
      return objectJson(
        shape.members.map((member) => [member.name, jsonOf(member, (value as Record<string, unknown>)[member.name])]),
      );
    case 'map': {
      // As the client gives a repeated group of two.
      const entries = (value as Record<string, unknown>)[shape.entries] as readonly { key: unknown; value: unknown }[];
      const pairs = entries.map(
        (entry) => [keyText(shape.key, Object.values(entry)[0]), jsonOf(shape.value, Object.values(entry)[1])] as const,
      );
      return objectJson(pairs);
    }
  }
}

function keyText(node: Node, value: unknown): string | undefined {
  return node.shape.kind === 'scalar' ? textOf(node.shape.scalar, value) : jsonOf(node, value);
}

function listJson(element: Node, value: unknown): string | undefined {
  const texts = Array.from(value as ArrayLike<unknown>, (item) => jsonOf(element, item));
  return texts.includes(undefined) ? undefined : `[${texts.join(',')}]`;
}

function objectJson(members: readonly (readonly [string | undefined, string | undefined])[]): string | undefined {
  if (members.some(([name, json]) => name === undefined || json === undefined)) return undefined;
  return `{${members.map(([name, json]) => `${JSON.stringify(name)}:${json}`).join(',')}}`;
}

function scalarJson(scalar: Scalar, value: unknown): string | undefined {
  const text = textOf(scalar, value);
  if (text === undefined) return undefined;
  switch (scalar.kind) {
    case 'boolean':
    case 'integer':
    case 'json':
    case 'interval':
      return text;
    case 'double':
    case 'half':
      // JSON has no words for what is no number, and for the infinite.
      return Number.isFinite(Number(text)) ? text : JSON.stringify(text);
    case 'decimal':
      return scalar.natural === 'long' ? text : JSON.stringify(text);
    default:
      return JSON.stringify(text);
  }
}

function inLong(value: bigint): bigint | undefined {
  return value >= LONG_MIN && value <= LONG_MAX ? value : undefined;
}

function integerOf(unsignedBits: number, value: unknown): bigint {
  const signed = BigInt(value as bigint | number); // INT32 or INT64
  return unsignedBits === 0 ? signed : BigInt.asUintN(unsignedBits, signed);
}

function bytesOf(value: unknown): Uint8Array {
  return value as Uint8Array; // of byte arrays, fixed or not
}

/** Big-endian two's complement in bytes, or a number. */
function unscaledOf(value: unknown): bigint {
  if (!(value instanceof Uint8Array)) return BigInt(value as bigint | number); // INT32 or INT64
  if (value.length === 0) return 0n;
  return BigInt.asIntN(value.length * 8, BigInt(`0x${Buffer.from(value).toString('hex')}`));
}

function decimalText(unscaled: bigint, scale: number): string {
  const sign = unscaled < 0n ? '-' : '';
  const digits = String(unscaled < 0n ? -unscaled : unscaled).padStart(scale + 1, '0');
  return scale === 0 ? sign + digits : `${sign}${digits.slice(0, -scale)}.${digits.slice(-scale)}`;
}

function halfOf(bytes: Uint8Array): number {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  return view.getFloat16(0, true);
}

function clockText(value: bigint, unitsPerSecond: bigint): string {
  const seconds = value / unitsPerSecond;
  const two = (part: bigint): string => String(part).padStart(2, '0');
  const fraction = String(value % unitsPerSecond).padStart(String(unitsPerSecond).length - 1, '0');
  return `${two(seconds / 3600n)}:${two((seconds / 60n) % 60n)}:${two(seconds % 60n)}.${fraction}`;
}

function uuidText(bytes: Uint8Array): string {
  const hex = Buffer.from(bytes).toString('hex');
  return [hex.slice(0, 8), hex.slice(8, 12), hex.slice(12, 16), hex.slice(16, 20), hex.slice(20)].join('-');
}

/** Three unsigned words: months, days and milliseconds are independent of each other. */
function intervalJson(bytes: Uint8Array): string {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [months, days, millis] = [0, 4, 8].map((at) => view.getUint32(at, true));
  return `{"months":${months},"days":${days},"millis":${millis}}`;
}

const dates = timestampFormatter('%Y-%m-%d', 'UTC');
const microTimes = timestampFormatter('%Y-%m-%dT%H:%M:%S.%6NZ', 'UTC');
const nanoTimes = timestampFormatter('%Y-%m-%dT%H:%M:%S.%9NZ', 'UTC');
const scratch = new ByteSink(64);

function printed(formatter: typeof dates, { seconds, nanos }: Timestamp): string {
  scratch.clear();
  formatter.write(scratch, seconds, nanos);
  return Buffer.from(scratch.view()).toString('latin1');
}
