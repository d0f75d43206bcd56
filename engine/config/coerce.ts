/**
 * Embulk reads options leniently (Jackson's scalar coercions): `"10"` and `1.5` for an integer, `5` for a string,
 * `"true"` and `0` for a boolean. Schemas stay strict; this pass, driven by the schema, comes before validation.
 */
import type { z } from 'zod';
import { isBigInteger, isIntegralFloat, plainMapping } from '#spi/config-value.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json } from '#spi/json.ts';
import type { RopewayError } from '#spi/errors.ts';
import { configErrors } from './errors.ts';
import { nearest } from './suggest.ts';
import { describeJson } from '#codec/yaml/yaml-reader.ts';
import type { ConfigPath } from '#codec/yaml/yaml-reader.ts';

export interface UnknownKey {
  readonly path: ConfigPath;
  readonly known: readonly string[];
  readonly suggestion: string | undefined;
}

/** What the pass found besides the value. */
export interface Findings {
  readonly errors: RopewayError[];
  readonly unknownKeys: UnknownKey[];
}

/** The parts of a zod definition that this pass looks at. */
interface Definition {
  readonly type: string;
  readonly innerType?: z.core.$ZodType;
  readonly element?: z.core.$ZodType;
  readonly options?: readonly z.core.$ZodType[];
  readonly valueType?: z.core.$ZodType;
  readonly shape?: Readonly<Record<string, z.core.$ZodType>>;
  readonly entries?: Readonly<Record<string, string>>;
  readonly format?: string;
  readonly checks?: readonly { readonly _zod: { readonly def: { readonly format?: string } } }[];
}

function definitionOf(schema: z.core.$ZodType): Definition {
  // zod's own definition objects are a union over all types; these fields are what the ones used here have.
  return schema._zod.def as unknown as Definition;
}

/** Coerces one value; `undefined` means absent. */
export function coerce(
  schema: z.core.$ZodType,
  value: Json | undefined,
  path: ConfigPath,
  found: Findings,
): Json | undefined {
  const definition = definitionOf(schema);
  switch (definition.type) {
    case 'optional':
      return value === null ? undefined : coerceInner(definition, value, path, found);
    case 'nullable':
      return value === null ? null : coerceInner(definition, value, path, found);
    case 'default':
    case 'prefault':
    case 'readonly':
      return coerceInner(definition, value, path, found);
  }
  if (value === undefined) return undefined;
  if (value === null && scalarTypes.has(definition.type)) {
    found.errors.push(configErrors.error('OPTION_NULL', { option: path.join('.') }, { where: { path } }));
    return undefined;
  }
  return coerceValue(definition, value, path, found);
}

const scalarTypes = new Set(['string', 'number', 'boolean', 'enum', 'array', 'object', 'record']);

function coerceInner(
  definition: Definition,
  value: Json | undefined,
  path: ConfigPath,
  found: Findings,
): Json | undefined {
  return definition.innerType === undefined ? value : coerce(definition.innerType, value, path, found);
}

function coerceValue(definition: Definition, value: Json, path: ConfigPath, found: Findings): Json | undefined {
  switch (definition.type) {
    case 'string':
    case 'enum':
      return textOf(value) ?? value;
    case 'number':
      return numberOf(definition, value) ?? value;
    case 'boolean':
      return booleanOf(value) ?? value;
    case 'union':
      return coerceEither(definition, value);
    case 'array':
      return coerceList(definition, value, path, found);
    case 'object':
      return coerceObject(definition, value, path, found);
    case 'record':
      return coerceRecord(definition, value, path, found);
    default:
      return value;
  }
}

function textOf(value: Json): string | undefined {
  if (isBigInteger(value)) return value.$integer;
  if (isIntegralFloat(value)) return value.$float;
  return typeof value === 'number' || typeof value === 'boolean' ? String(value) : undefined;
}

function numberOf(definition: Definition, value: Json): number | undefined {
  const number = plainNumber(value);
  if (number === undefined || !isInteger(definition)) return number;
  return Math.trunc(number);
}

function plainNumber(value: Json): number | undefined {
  if (isBigInteger(value)) return Number(value.$integer);
  if (isIntegralFloat(value)) return Number(value.$float);
  if (typeof value === 'number') return value;
  const isNumeral = typeof value === 'string' && /^\s*[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?\s*$/i.test(value);
  return isNumeral ? Number(value) : undefined;
}

/** Of a number or some names, as levels have it: what looks like a number is one. */
function coerceEither({ options = [] }: Definition, value: Json): Json {
  const number = options.map(definitionOf).find(({ type }) => type === 'number');
  return (number && numberOf(number, value)) ?? value;
}

function isInteger(definition: Definition): boolean {
  const formats = [definition.format, ...(definition.checks ?? []).map((check) => check._zod.def.format)];
  return formats.some((format) => format === 'safeint' || format === 'int32');
}

function booleanOf(value: Json): boolean | undefined {
  const number = typeof value === 'string' ? undefined : plainNumber(value);
  if (number !== undefined) return number !== 0;
  if (value === 'true' || value === 'True' || value === 'TRUE') return true;
  return value === 'false' || value === 'False' || value === 'FALSE' ? false : undefined;
}

function coerceList(definition: Definition, value: Json, path: ConfigPath, found: Findings): Json {
  const { element } = definition;
  if (!Array.isArray(value) || element === undefined) return value;
  return (value as readonly Json[]).map((item, index): Json => coerce(element, item, [...path, index], found) ?? null);
}

function coerceObject({ shape = {} }: Definition, value: Json, path: ConfigPath, found: Findings): Json {
  if (!isJsonObject(value)) return value;
  const known = Object.keys(shape);
  const result: Record<string, Json> = {};
  for (const [key, member] of Object.entries(plainMapping(value))) {
    const schema = Object.hasOwn(shape, key) ? shape[key] : undefined;
    if (schema === undefined) {
      found.unknownKeys.push({ path: [...path, key], known, suggestion: nearest(key, known) });
      continue;
    }
    const coerced = coerce(schema, member, [...path, key], found);
    if (coerced !== undefined) result[key] = coerced;
  }
  return result;
}

function coerceRecord({ valueType }: Definition, value: Json, path: ConfigPath, found: Findings): Json {
  if (!isJsonObject(value) || valueType === undefined) return value;
  const result: Record<string, Json> = {};
  for (const [key, member] of Object.entries(plainMapping(value))) {
    const coerced = coerce(valueType, member, [...path, key], found);
    if (coerced !== undefined) result[key] = coerced;
  }
  return result;
}

/** For messages: the value without our tags. */
export function describeOption(value: unknown): string {
  if (isBigInteger(value)) return `the number ${value.$integer}`;
  return isIntegralFloat(value) ? `the number ${value.$float}` : describeJson(value);
}
