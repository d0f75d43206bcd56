/**
 * Query strings and path parameters hold text; the contract holds plain JSON types. A number and a boolean are written
 * as in JSON, a list as one parameter with commas or the parameter several times.
 */
import { z } from 'zod';

type FieldKind = 'text' | 'number' | 'boolean' | 'list';

const known = new WeakMap<z.ZodObject, ReadonlyMap<string, FieldKind>>();

function fieldKinds(fields: z.ZodObject): ReadonlyMap<string, FieldKind> {
  const before = known.get(fields);
  if (before !== undefined) return before;
  const schema = z.toJSONSchema(fields, { io: 'input', unrepresentable: 'any' });
  const kinds = new Map(
    Object.entries(schema.properties ?? {}).map(([name, field]) => [
      name,
      kindOf(typeof field === 'object' ? field.type : undefined),
    ]),
  );
  known.set(fields, kinds);
  return kinds;
}

function kindOf(type: unknown): FieldKind {
  if (type === 'array') return 'list';
  if (type === 'boolean') return 'boolean';
  return type === 'integer' || type === 'number' ? 'number' : 'text';
}

/** What the texts mean, as far as they can be read: what cannot stays text, for the schema to complain about. */
export function readTexts(
  fields: z.ZodObject,
  texts: Readonly<Record<string, readonly string[]>>,
): Record<string, unknown> {
  const kinds = fieldKinds(fields);
  return Object.fromEntries(Object.entries(texts).map(([name, values]) => [name, readField(kinds.get(name), values)]));
}

function readField(kind: FieldKind | undefined, values: readonly string[]): unknown {
  if (kind === 'list') return values.flatMap((value) => (value === '' ? [] : value.split(',')));
  if (values.length !== 1) return values;
  const value = values[0] ?? '';
  if (kind === 'number' && /^-?\d+(\.\d+)?$/.test(value)) return Number(value);
  if (kind === 'boolean' && (value === 'true' || value === 'false')) return value === 'true';
  return value;
}

/** The query string of the values, without the question mark. */
export function queryString(values: Readonly<Record<string, unknown>>): string {
  const pairs = new URLSearchParams();
  for (const [name, value] of Object.entries(values)) {
    if (value === undefined) continue;
    if (Array.isArray(value)) {
      for (const item of value) pairs.append(name, String(item));
    } else {
      pairs.append(name, String(value));
    }
  }
  return pairs.toString();
}

/** The path with the parameters in place of `:name`. */
export function pathText(path: string, params: Readonly<Record<string, unknown>>): string {
  return path.replace(/:(\w+)/g, (_, name: string) => encodeURIComponent(String(params[name])));
}
