/**
 * Values of a config that plain JavaScript objects would blur: integers beyond 2^53, floats that look like integers
 * (`1.0`), and mappings whose keys look like numbers, which JavaScript would put first. The config reader tags them;
 * resolving an ordinary option unwraps them; options that keep the node as it is (the rows of the config input) see
 * the tags.
 */
import { isJsonObject } from './json.ts';
import type { Json, JsonObject } from './json.ts';

/** An integer outside ±(2^53 - 1), as its decimal digits. */
export interface BigInteger {
  readonly $integer: string;
}

/** A float without a fraction (`1.0`, `1e3`), as JavaScript prints its value with `.0` behind or in exponent form. */
export interface IntegralFloat {
  readonly $float: string;
}

export function isBigInteger(value: unknown): value is BigInteger {
  return isJsonObject(value) && typeof value['$integer'] === 'string' && Object.keys(value).length === 1;
}

export function isIntegralFloat(value: unknown): value is IntegralFloat {
  return isJsonObject(value) && typeof value['$float'] === 'string' && Object.keys(value).length === 1;
}

/** A mapping with keys such as `1` behind others, as its entries in order. */
export interface OrderedMapping {
  readonly $entries: readonly (readonly [string, Json])[];
}

export function isOrderedMapping(value: unknown): value is OrderedMapping {
  return isJsonObject(value) && Array.isArray(value['$entries']) && Object.keys(value).length === 1;
}

/** The mapping as an object; its keys may change their order. */
export function plainMapping(value: JsonObject): JsonObject {
  return isOrderedMapping(value) ? Object.fromEntries(value.$entries) : value;
}
