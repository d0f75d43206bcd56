/**
 * What a plain (unquoted) YAML scalar means: the rules of SnakeYAML as Embulk 0.11.5 uses it, and of the releases
 * before 0.11.4, which read booleans strictly and knew no dates. Both were observed by running the originals.
 */
import type { Json } from '#spi/json.ts';

export type YamlDialect = '0.11.5' | '0.11.3';

export const yamlDialects: readonly YamlDialect[] = ['0.11.5', '0.11.3'];

const strictBooleans: Readonly<Record<string, boolean>> = { true: true, True: true, false: false, False: false };
const booleans = new Map<string, boolean>([
  ...['yes', 'Yes', 'YES', 'on', 'On', 'ON', 'true', 'True', 'TRUE'].map((word): [string, boolean] => [word, true]),
  ...['no', 'No', 'NO', 'off', 'Off', 'OFF', 'false', 'False', 'FALSE'].map((word): [string, boolean] => [word, false]),
]);
const nulls = new Set(['', '~', 'null', 'Null', 'NULL']);

const decimal = /^[-+]?(?:0|[1-9][0-9_]*)$/;
const octal = /^[-+]?0[0-7_]+$/;
const hexadecimal = /^[-+]?0x_*[0-9a-fA-F][0-9a-fA-F_]*$/;
const binary = /^[-+]?0b_*[01][01_]*$/;
const sexagesimal = /^[-+]?[1-9][0-9_]*(?::[0-5]?[0-9])+$/;
// No digit 0 before the point: `0.5` is a string, a quirk of the original that configs may rely on.
const float = /^[-+]?(?:\.[0-9]+|[1-9][0-9_]*(?:\.[0-9_]*)?)(?:[eE][-+]?[0-9]+)?$/;
const sexagesimalFloat = /^[-+]?[0-9][0-9_]*(?::[0-5]?[0-9])+\.[0-9_]*$/;
const special = new Map([
  ...['.inf', '.Inf', '.INF', '+.inf', '+.Inf', '+.INF'].map((word): [string, string] => [word, 'Infinity']),
  ...['-.inf', '-.Inf', '-.INF'].map((word): [string, string] => [word, '-Infinity']),
  ...['.nan', '.NaN', '.NAN'].map((word): [string, string] => [word, 'NaN']),
]);
const date =
  /^(\d{4})-(\d\d)-(\d\d)$|^(\d{4})-(\d\d?)-(\d\d?)(?:[Tt]|[ \t]+)(\d\d?):(\d\d):(\d\d)(?:\.(\d*))?(?:[ \t]*(Z|[-+]\d\d?(?::?\d\d)?))?$/;

/** The value of a plain scalar. Numbers that JSON would blur come tagged (`spi/config-value.ts`). */
export function resolvePlainScalar(text: string, dialect: YamlDialect): Json {
  if (nulls.has(text)) return null;
  const boolean = dialect === '0.11.3' ? strictBooleans[text] : booleans.get(text);
  if (boolean !== undefined) return boolean;
  if (!/^[-+.\d]/.test(text)) return text;
  const integer = integerOf(text);
  if (integer !== undefined) return integerValue(integer);
  if (float.test(text)) return floatValue(Number(text.replaceAll('_', '')));
  if (sexagesimalFloat.test(text)) return floatValue(sexagesimalNumber(text));
  return special.get(text) ?? (dialect === '0.11.5' ? (epochMillis(text) ?? text) : text);
}

/** An integer as JSON: a number while that is exact, else tagged. */
export function integerValue(integer: bigint): Json {
  const number = Number(integer);
  return Number.isSafeInteger(number) ? number : { $integer: integer.toString() };
}

/** A float as JSON: tagged when it would look like an integer. */
export function floatValue(number: number): Json {
  if (!Number.isFinite(number)) return String(number);
  if (!Number.isInteger(number)) return number;
  const text = Object.is(number, -0) ? '-0' : String(number);
  return { $float: text.includes('e') ? text : `${text}.0` };
}

function integerOf(text: string): bigint | undefined {
  const digits = text.replaceAll('_', '').replace(/^[-+]/, '');
  const sign = text.startsWith('-') ? -1n : 1n;
  if (decimal.test(text)) return sign * BigInt(digits);
  if (octal.test(text)) return sign * BigInt(`0o${digits}`);
  if (hexadecimal.test(text) || binary.test(text)) return sign * BigInt(digits);
  if (sexagesimal.test(text)) return BigInt(sexagesimalNumber(text));
  return undefined;
}

function sexagesimalNumber(text: string): number {
  const parts = text.replaceAll('_', '').replace(/^[-+]/, '').split(':');
  const value = parts.reduce((sum, part) => sum * 60 + Number(part), 0);
  return text.startsWith('-') ? -value : value;
}

/** Unquoted dates are numbers since Embulk 0.11.4: epoch milliseconds, UTC when no zone is given. */
function epochMillis(text: string): number | undefined {
  const match = date.exec(text);
  if (match === null) return undefined;
  const part = (index: number): number => Number(match[index] ?? 0);
  if (match[1] !== undefined) return Date.UTC(part(1), part(2) - 1, part(3));
  const millis = Number((match[10] ?? '').padEnd(3, '0').slice(0, 3));
  const local = Date.UTC(part(4), part(5) - 1, part(6), part(7), part(8), part(9), millis);
  return local - zoneMinutes(match[11]) * 60_000;
}

function zoneMinutes(zone: string | undefined): number {
  if (zone === undefined || zone === 'Z') return 0;
  const digits = zone.slice(1).replace(':', '');
  const hours = Number(digits.length > 2 ? digits.slice(0, -2) : digits);
  const minutes = digits.length > 2 ? Number(digits.slice(-2)) : 0;
  return (zone.startsWith('-') ? -1 : 1) * (hours * 60 + minutes);
}
