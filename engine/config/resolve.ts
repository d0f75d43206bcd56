/** From what a person wrote in a section to the config that a plugin works with; or everything that is wrong with it. */
import type { z } from 'zod';
import type { RopewayError } from '#spi/errors.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { coerce, describeOption } from './coerce.ts';
import type { UnknownKey } from './coerce.ts';
import { configErrors } from './errors.ts';
import { nearest } from './suggest.ts';
import type { ConfigPath } from '#codec/yaml/yaml-reader.ts';

export interface Resolved {
  /** As the schema gives it; only meaningful without errors. */
  readonly config: JsonObject;
  /** All of them, each with its path from the top of the section. */
  readonly errors: readonly RopewayError[];
  readonly unknownKeys: readonly UnknownKey[];
}

export function resolveOptions(schema: z.ZodObject, section: JsonObject): Resolved {
  const errors: RopewayError[] = [];
  const unknownKeys: UnknownKey[] = [];
  const coerced = coerce(schema, section, [], { errors, unknownKeys }) ?? {};
  const parsed = schema.safeParse(coerced);
  if (parsed.success) {
    // Plugins' schemas give plain JSON (checked by the conformance tests).
    return { config: parsed.data as unknown as JsonObject, errors, unknownKeys };
  }
  const known = new Set(errors.map((error) => JSON.stringify(error.where.path)));
  for (const issue of parsed.error.issues) {
    const path = issue.path.map((step) => (typeof step === 'symbol' ? String(step) : step));
    if (!known.has(JSON.stringify(path))) errors.push(issueError(issue, path, coerced));
  }
  return { config: {}, errors, unknownKeys };
}

function issueError(issue: z.core.$ZodIssue, path: ConfigPath, value: Json): RopewayError {
  const option = path.join('.');
  const where = { where: { path } };
  const given = valueAtPath(value, path);
  if (given === undefined)
    return configErrors.error('OPTION_REQUIRED', { option, advice: requiredAdvice(issue) }, where);
  if (issue.code === 'invalid_type') {
    const params = {
      option,
      expected: typeWords(issue.expected),
      found: describeOption(given),
      advice: 'Correct the value.',
    };
    return configErrors.error('OPTION_TYPE', params, where);
  }
  if (issue.code === 'invalid_value') {
    const values = issue.values.map(String);
    const meant = typeof given === 'string' ? nearest(given, values) : undefined;
    const advice = meant === undefined ? 'Choose one of them.' : `Did you mean '${meant}'?`;
    const params = { option, expected: `one of ${values.join(', ')}`, found: describeOption(given), advice };
    return configErrors.error('OPTION_TYPE', params, where);
  }
  const params = { option, reason: lowerFirst(issue.message), advice: `It is ${describeOption(given)}.` };
  return configErrors.error('OPTION_VALUE', params, where);
}

function requiredAdvice(issue: z.core.$ZodIssue): string {
  return issue.code === 'invalid_type' ? `Add it; it is ${typeWords(issue.expected)}.` : 'Add it.';
}

function typeWords(expected: string): string {
  const words: Readonly<Record<string, string>> = {
    string: 'a text',
    number: 'a number',
    int: 'a whole number',
    boolean: 'true or false',
    array: 'a list',
    object: 'a mapping',
    record: 'a mapping',
  };
  return words[expected] ?? expected;
}

function valueAtPath(value: Json, path: ConfigPath): unknown {
  let current: unknown = value;
  for (const step of path) {
    if (Array.isArray(current)) current = current[Number(step)];
    else current = isJsonObject(current) ? current[step] : undefined;
  }
  return current;
}

function lowerFirst(text: string): string {
  return text.charAt(0).toLowerCase() + text.slice(1);
}
