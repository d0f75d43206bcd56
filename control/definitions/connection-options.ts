/**
 * Options of connections: which are secret, what a change makes of them, and what account they name. All of it follows
 * from the declaration of the plugin.
 */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { FieldProblem } from '#api/problem.ts';
import { fieldProblems } from '#control/http/checked-request.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { AnyPlugin } from '#spi/plugin.ts';

export interface OptionsChange {
  /** Without anything secret. */
  readonly plain: JsonObject;
  /** New values of secret options, by dotted path. */
  readonly set: ReadonlyMap<string, Json>;
  /** Secret options that have a value from now on, the new ones among them; sorted. */
  readonly secretsSet: readonly string[];
}

interface SchemaNode {
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
  readonly 'x-secret'?: boolean;
}

const known = new WeakMap<z.ZodObject, readonly string[]>();

/** Dotted paths of the options that are secret, each with everything below it. */
export async function secretOptions(plugin: AnyPlugin): Promise<readonly string[]> {
  const schema = await plugin.config();
  const before = known.get(schema);
  if (before !== undefined) return before;
  const paths = [
    ...new Set(secretPaths(z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode)),
  ];
  known.set(schema, paths);
  return paths;
}

function secretPaths(node: SchemaNode): string[] {
  const inner = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(secretPaths);
  const own = Object.entries(node.properties ?? {}).flatMap(([name, option]) => {
    // Of a list with a secret somewhere in it the whole is one: its items have no names to keep them apart by.
    if (option['x-secret'] === true || hasSecretItems(option)) return [name];
    return secretPaths(option).map((path) => `${name}.${path}`);
  });
  return [...own, ...inner];
}

function hasSecretItems(node: SchemaNode): boolean {
  const variants = [...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])];
  const isSecret = node.items !== undefined && (node.items['x-secret'] === true || secretPaths(node.items).length > 0);
  return isSecret || variants.some(hasSecretItems);
}

/**
 * What a change (a merge patch: null removes, absent stays) makes of the options. A secret goes with the section that
 * it stands in.
 */
export function changeOptions(
  before: { readonly plain: JsonObject; readonly secretsSet: readonly string[] },
  patch: JsonObject,
  secretNames: readonly string[],
): OptionsChange {
  const set = new Map<string, Json>();
  const kept = new Set(before.secretsSet);
  let rest: JsonObject = patch;
  for (const name of secretNames) {
    const path = name.split('.');
    const value = at(patch, path);
    if (value === undefined) continue;
    rest = without(rest, path);
    if (value === null) kept.delete(name);
    else {
      kept.add(name);
      set.set(name, value);
    }
  }
  // A patch of an object is an object.
  const plain = mergePatch(before.plain, rest) as JsonObject;
  const hasSection = (name: string): boolean => {
    const section = name.split('.').slice(0, -1);
    return section.length === 0 || isJsonObject(at(plain, section));
  };
  const secretsSet = [...kept].filter((name) => secretNames.includes(name) && hasSection(name)).sort();
  return { plain, set: new Map([...set].filter(([name]) => secretsSet.includes(name))), secretsSet };
}

function at(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (inner, key) => (isJsonObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}

function without(value: JsonObject, [key = '', ...rest]: readonly string[]): JsonObject {
  const { [key]: inner, ...others } = value;
  return rest.length === 0 || !isJsonObject(inner) ? others : { ...others, [key]: without(inner, rest) };
}

/** RFC 7396. */
export function mergePatch(target: Json | undefined, patch: Json): Json {
  if (!isJsonObject(patch)) return patch;
  const merged = new Map<string, Json | undefined>(isJsonObject(target) ? Object.entries(target) : []);
  for (const [key, value] of Object.entries(patch)) {
    if (value === null || value === undefined) merged.delete(key);
    else merged.set(key, mergePatch(merged.get(key), value));
  }
  return Object.fromEntries(merged);
}

export type CheckedOptions =
  | { readonly errors: readonly FieldProblem[] }
  | { readonly errors: undefined; readonly resolved: JsonObject };

/** Stands for a secret that is kept: its value is in an envelope. */
const PLACEHOLDER = 'x';

/** The options against the plugin's schema; no message says the value of a secret. */
export async function checkOptions(plugin: AnyPlugin, change: OptionsChange): Promise<CheckedOptions> {
  const schema = await plugin.config();
  let whole: JsonObject = change.plain;
  for (const name of change.secretsSet) whole = put(whole, name.split('.'), change.set.get(name) ?? PLACEHOLDER);
  const read = schema.safeParse(whole);
  if (read.success) return { errors: undefined, resolved: read.data as JsonObject };
  const errors = read.error.issues.flatMap((issue) => {
    const path = issue.path.join('.');
    const secret = change.secretsSet.find((name) => path === name || path.startsWith(`${name}.`));
    const problems = fieldProblems([issue], 'body', ['options']);
    if (secret === undefined) return problems;
    // The placeholder may be of another type than the secret.
    if (!change.set.has(secret)) return [];
    return problems.map((problem) => ({ ...problem, message: 'this secret is not as it must be' }));
  });
  return errors.length > 0 ? { errors } : { errors: undefined, resolved: change.plain };
}

function put(value: JsonObject, [key = '', ...rest]: readonly string[], item: Json): JsonObject {
  const inner = value[key];
  return { ...value, [key]: rest.length === 0 ? item : put(isJsonObject(inner) ? inner : {}, rest, item) };
}

/** Options that say where a system is and who we are there; the first ones say most. */
const accountOptions = [
  'host',
  'port',
  'url',
  'endpoint',
  'region',
  'database',
  'project',
  'user_project',
  'user',
  'access_key_id',
  'account_id',
  'profile_name',
  'role_name',
  'service_account_email',
] as const;
const ACCOUNT_KEY_LENGTH_MAX = 300;

/**
 * The account behind a connection: connections with the same key share one limit. One whose options name none has an
 * account of its own.
 */
export function accountKey(plugin: string, options: JsonObject, connectionId: string): string {
  const parts = accountOptions.flatMap((name) => {
    const value = options[name];
    if (typeof value !== 'string' && typeof value !== 'number') return [];
    return value === '' ? [] : [`${name}=${accountPart(name, String(value))}`];
  });
  const isNamed = parts.some((part) => !/^(port|region)=/.test(part));
  const key = `${plugin}:${isNamed ? parts.join(';') : connectionId}`;
  if (key.length <= ACCOUNT_KEY_LENGTH_MAX) return key;
  return `${plugin}:${createHash('sha256').update(key).digest('hex')}`;
}

function accountPart(name: string, value: string): string {
  if (name === 'host') return value.toLowerCase();
  // Queries and users of addresses may be secret.
  if (name === 'url' || name === 'endpoint') return URL.canParse(value) ? new URL(value).origin : value.toLowerCase();
  return value;
}
