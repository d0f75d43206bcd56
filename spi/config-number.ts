/**
 * Numbers of a config that plain JSON would blur: integers beyond 2^53, and floats that look like integers (`1.0`).
 * The config reader tags both; resolving an ordinary option unwraps them; options that keep the node as it is (the
 * rows of the config input) see the tags.
 */
import { isJsonObject } from './json.ts';

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
