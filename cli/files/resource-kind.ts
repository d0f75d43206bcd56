/** What one kind of resource is as files. A new kind is a file in `kinds/`, and a line in `kind-list.ts`. */
import type { z } from 'zod';
import type { Client } from '#api/client.ts';
import type { SecretReference } from '#api/resources/applied.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { Catalog } from '#spi/plugin.ts';
import type { fileErrors } from './errors.ts';

export type KindName = 'group' | 'label' | 'connection' | 'transfer' | 'managed' | 'schedule';

export type FilePath = readonly (string | number)[];

/** What a file says: names instead of ids, defaults filled in, nothing that only the service knows. */
export interface Content {
  readonly name: string;
  /** Of the file, without the name and the secrets. */
  readonly fields: JsonObject;
  /** The configuration as it is written, with its comments; its meaning is in the fields. */
  readonly configText?: string;
  /** Secret options by dotted path: where their values are looked up, or null to remove one. */
  readonly secrets: ReadonlyMap<string, SecretReference | null>;
}

/** A resource of the service. */
export interface Found extends Content {
  readonly id: string;
  readonly version: number;
  /** Secret options that have a value. */
  readonly secretsSet: readonly string[];
  /** Why it is neither exported nor changed. */
  readonly hidden?: string;
}

export interface Reference {
  readonly kind: KindName;
  readonly name: string;
  readonly path: FilePath;
}

/** Something that is wrong at a place of the file. */
export interface Complaint {
  readonly path: FilePath;
  readonly code: keyof (typeof fileErrors)['entries'];
  readonly params: Readonly<Record<string, string>>;
}

export interface Checked {
  readonly content: Content;
  readonly complaints: readonly Complaint[];
}

/** What is known while files are held against the service. */
export interface World {
  readonly client: Client;
  readonly catalog: Catalog;
  /** Of what is there, or was made just now; undefined when there is none. */
  id(kind: KindName, name: string): string | undefined;
  /** Undefined for what may not be seen. */
  name(kind: KindName, id: string): string | undefined;
  /** Which plugin a connection is of, by the files or else by the service. */
  plugin(connection: string): string | undefined;
}

export interface Written {
  readonly id: string;
  readonly version: number;
}

export interface Change {
  readonly found: Found;
  readonly content: Content;
  /** New values. */
  readonly secrets: ReadonlyMap<string, Json>;
}

/** Takes the name of a resource, and gives the one that stands in its place. */
export type Rename = (kind: KindName, name: string) => string;

/** Where a content comes from: a text, and what an environment makes of it. */
export interface ContentSource {
  readonly text: string;
  readonly rename: Rename;
  /** Undefined: as the file says. */
  readonly isScheduleOn: (transfer: string) => boolean | undefined;
}

export interface ResourceKind {
  readonly kind: KindName;
  /** Below the folder of definitions. */
  readonly folder: string;
  /** Which endpoint creates one. */
  readonly creates: string;
  /** Of the file: its fields in the order in which they are written. */
  readonly schema: z.ZodObject;
  /** The field that its name comes from, where it has none of its own. */
  readonly namedBy?: string;
  /** Fields that stay as they were when it was created. */
  readonly fixed?: readonly string[];
  /** All of them. Those of kinds that come before it are in the world. */
  found(world: World): AsyncIterable<Found>;
  /** What the schema has taken, with names as `rename` has them. The text is that of the file. */
  content(value: JsonObject, world: World, from: ContentSource): Promise<Checked>;
  /** What the file as a whole comes to, once all names are known. */
  settled(content: Content, world: World): Promise<Checked>;
  references(content: Content): readonly Reference[];
  /** As the file has it. */
  value(content: Content): JsonObject;
  create(world: World, content: Content, secrets: ReadonlyMap<string, Json>): Promise<Written>;
  /** What is as it was is not sent: secrets that are absent stay. */
  update(world: World, change: Change): Promise<Written>;
  remove(world: World, found: Found): Promise<void>;
}

/** A place of the request that the service complained about, as a place of the file. */
export function fileField(path: FilePath): FilePath {
  const [first, ...rest] = path;
  if (first === 'yaml') return ['config'];
  if (first === 'labelIds') return ['labels', ...rest];
  return typeof first === 'string' && first.endsWith('Id') ? [first.slice(0, -2), ...rest] : path;
}

export function etagOf(version: number): string {
  return `"${version}"`;
}
