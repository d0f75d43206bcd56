/** JSON values of a config as canonical JSON text (spi/batch.ts). */
import { formatDouble } from '#codec/number/double.ts';
import { isBigInteger, isIntegralFloat, isOrderedMapping } from '#spi/config-value.ts';
import type { Json, JsonObject } from '#spi/json.ts';

export function jsonText(value: Json): string {
  if (isBigInteger(value)) return value.$integer;
  if (isIntegralFloat(value)) return formatDouble(Number(value.$float));
  if (typeof value === 'number') return Number.isInteger(value) ? String(value) : formatDouble(value);
  if (typeof value === 'string') return stringText(value);
  if (Array.isArray(value)) return `[${(value as readonly Json[]).map(jsonText).join(',')}]`;
  if (typeof value === 'object' && value !== null) return objectText(value as JsonObject);
  return String(value);
}

function objectText(value: JsonObject): string {
  const entries = isOrderedMapping(value) ? value.$entries : Object.entries(value);
  const members = entries.flatMap(([key, member]) =>
    member === undefined ? [] : [`${stringText(key)}:${jsonText(member)}`],
  );
  return `{${members.join(',')}}`;
}

/** JSON.stringify, but lone surrogates as they are: canonical text escapes only what JSON must. */
function stringText(text: string): string {
  if (text.isWellFormed()) return JSON.stringify(text);
  return JSON.stringify(text).replace(/\\u(d[89a-f][0-9a-f]{2})/g, (_, unit: string) =>
    String.fromCharCode(Number.parseInt(unit, 16)),
  );
}
