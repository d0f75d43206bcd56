/** Keeps the secrets of a config out of whatever a plugin says, whichever text they get into. */
import { z } from 'zod';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';

/** Shorter ones are no secrets, and would be found in any text. */
const SECRET_LENGTH_MIN = 4;
const MASK = '***';

interface SchemaNode {
  readonly 'x-secret'?: boolean;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
}

/** The values of the options that are marked as secrets, as the texts that could turn up somewhere. */
export function secretValues(schema: z.ZodObject, config: JsonObject): readonly string[] {
  const found = new Set<string>();
  const node = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
  collect(node, config, false, found);
  // The longest first: one secret may be the beginning of another.
  return [...found].filter((text) => text.length >= SECRET_LENGTH_MIN).sort((a, b) => b.length - a.length);
}

function collect(node: SchemaNode, value: Json | undefined, isSecret: boolean, found: Set<string>): void {
  const isHere = isSecret || node['x-secret'] === true;
  if (isHere && (typeof value === 'string' || typeof value === 'number')) addForms(String(value), found);
  for (const choice of [...(node.anyOf ?? []), ...(node.oneOf ?? [])]) collect(choice, value, isHere, found);
  if (Array.isArray(value)) {
    for (const item of value as readonly Json[]) collect(node.items ?? {}, item, isHere, found);
  } else if (isJsonObject(value)) {
    const { additionalProperties: others } = node;
    for (const [key, member] of Object.entries(value)) {
      const option = node.properties?.[key] ?? (typeof others === 'object' ? others : {});
      collect(option, member, isHere, found);
    }
  }
}

/** A secret as it is, as a URL has it, and its lines: a key is quoted line by line. */
function addForms(secret: string, found: Set<string>): void {
  found.add(secret);
  if (secret.isWellFormed()) found.add(encodeURIComponent(secret));
  for (const line of secret.split(/\r?\n/)) if (!line.startsWith('-----')) found.add(line);
}

/** The same value with a mask in place of every secret in its texts. */
export function withoutSecrets<T>(value: T, secrets: readonly string[]): T {
  if (secrets.length === 0) return value;
  // The shape stays as it is: texts are replaced by texts.
  return masked(value, secrets) as T;
}

function masked(value: unknown, secrets: readonly string[]): unknown {
  if (typeof value === 'string') return secrets.reduce((text, secret) => text.replaceAll(secret, MASK), value);
  if (Array.isArray(value)) return value.map((item) => masked(item, secrets));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, member]) => [key, masked(member, secrets)]));
}
