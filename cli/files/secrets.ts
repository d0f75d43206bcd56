/** Secrets of files: where they are looked up, never what they are. */
import { readFile, realpath } from 'node:fs/promises';
import { isAbsolute, join, sep } from 'node:path';
import { z } from 'zod';
import { secretReference } from '#api/resources/applied.ts';
import type { SecretReference } from '#api/resources/applied.ts';
import { secretOptions } from '#control/definitions/connection-options.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { AnyPlugin } from '#spi/plugin.ts';
import { systemReason } from '#spi/system-reason.ts';
import type { Complaint } from './resource-kind.ts';

/** Keys and certificates are a few kilobytes. */
const BYTES_MAX = 1_048_576;

export interface SplitOptions {
  /** Without anything secret. */
  readonly plain: JsonObject;
  readonly secrets: ReadonlyMap<string, SecretReference | null>;
  readonly complaints: readonly Complaint[];
}

/** The options of a file, with the references of secret ones apart. */
export async function splitOptions(options: JsonObject, plugin: AnyPlugin): Promise<SplitOptions> {
  const secrets = new Map<string, SecretReference | null>();
  const complaints: Complaint[] = [];
  let plain = options;
  for (const option of await secretOptions(plugin)) {
    const path = option.split('.');
    const value = valueAt(options, path);
    if (value === undefined) continue;
    plain = without(plain, path);
    const read = secretReference.nullable().safeParse(value);
    if (read.success) secrets.set(option, read.data);
    else complaints.push({ path: ['options', ...path], code: 'DEFINITION_SECRET', params: { option } });
  }
  return { plain, secrets, complaints };
}

/** The options as a file has them. */
export function joinOptions(plain: JsonObject, secrets: ReadonlyMap<string, SecretReference | null>): JsonObject {
  let options = plain;
  for (const [option, reference] of secrets) options = put(options, option.split('.'), reference);
  return options;
}

export function valueAt(value: Json | undefined, path: readonly string[]): Json | undefined {
  return path.reduce<Json | undefined>(
    (inner, key) => (isJsonObject(inner) && Object.hasOwn(inner, key) ? inner[key] : undefined),
    value,
  );
}

function without(value: JsonObject, [key = '', ...rest]: readonly string[]): JsonObject {
  const { [key]: inner, ...others } = value;
  return rest.length === 0 || !isJsonObject(inner) ? others : { ...value, [key]: without(inner, rest) };
}

export function put(value: JsonObject, [key = '', ...rest]: readonly string[], item: Json): JsonObject {
  const inner = value[key];
  return { ...value, [key]: rest.length === 0 ? item : put(isJsonObject(inner) ? inner : {}, rest, item) };
}

/** The name that an export gives, where nobody has chosen one. */
export function variableOf(connection: string, option: string): string {
  const word = (text: string): string =>
    text
      .normalize('NFKD')
      .replace(/[^A-Za-z0-9]+/g, '_')
      .replace(/^_+|_+$/g, '')
      .toUpperCase();
  return ['ROPEWAY_SECRET', word(connection), word(option)].filter((part) => part !== '').join('_');
}

export type Resolved = { readonly value: Json } | { readonly reason: string };

export interface SecretPlaces {
  readonly env: Readonly<Record<string, string | undefined>>;
  /** What files are looked up below. */
  readonly folder: string;
}

/** The value. Options that are no texts are written as JSON. */
export async function resolveSecret(
  reference: SecretReference,
  isText: boolean,
  places: SecretPlaces,
): Promise<Resolved> {
  const read = 'env' in reference ? ofVariable(reference.env, places) : await ofFile(reference.file, places);
  if ('reason' in read || isText) return read;
  try {
    // JSON.parse gives JSON.
    return { value: JSON.parse(read.value) as Json };
  } catch {
    // What V8 says quotes the secret.
    return { reason: 'it is not JSON, which an option that is no text needs' };
  }
}

export function placeWords(reference: SecretReference): string {
  return 'env' in reference ? `the variable ${reference.env}` : `the file ${reference.file}`;
}

type ReadText = { readonly value: string } | { readonly reason: string };

function ofVariable(name: string, { env }: SecretPlaces): ReadText {
  const value = env[name];
  return value === undefined || value === '' ? { reason: 'it is not set' } : { value };
}

async function ofFile(path: string, { folder }: SecretPlaces): Promise<ReadText> {
  const leaves = 'it leaves the folder for secrets';
  if (isAbsolute(path) || path.split(/[/\\]/).includes('..')) return { reason: leaves };
  try {
    // Mounted secrets are links; what they lead to must be in the folder, too.
    const file = await realpath(join(folder, path));
    if (!file.startsWith((await realpath(folder)) + sep)) return { reason: leaves };
    const bytes = await readFile(file);
    if (bytes.length > BYTES_MAX) return { reason: `it has more than ${BYTES_MAX} bytes` };
    const value = bytes.toString('utf8').replace(/\r?\n$/, '');
    return value === '' ? { reason: 'there is nothing' } : { value };
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    return { reason };
  }
}

interface SchemaNode {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
}

/** Whether an option takes a text. */
export async function isTextOption(plugin: AnyPlugin, option: string): Promise<boolean> {
  const schema = z.toJSONSchema(await plugin.config(), { io: 'input', unrepresentable: 'any' }) as SchemaNode;
  const nodes = (node: SchemaNode): readonly SchemaNode[] => [
    node,
    ...[...(node.anyOf ?? []), ...(node.oneOf ?? []), ...(node.allOf ?? [])].flatMap(nodes),
  ];
  let found = nodes(schema);
  for (const key of option.split('.')) {
    found = found.flatMap((node) => {
      const member = node.properties?.[key];
      return member === undefined ? [] : nodes(member);
    });
  }
  return found.length === 0 || found.some(({ type }) => type === undefined || type === 'string');
}
