/** A plugin that is tried: its schema, config and implementation, and the case that says how. */
import assert from 'node:assert/strict';
import { z } from 'zod';
import type { Cell, ConformanceCase } from '#spi/conformance.ts';
import type { Context, TaskContext } from '#spi/context.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { AnyPlugin, Catalog, Kind, Kinds } from '#spi/plugin.ts';
import type { Column } from '#spi/schema.ts';
import { resolveOptions } from '#engine/config/resolve.ts';
import { readYaml } from '#codec/yaml/yaml-reader.ts';

/** What an option schema looks like as JSON Schema: the parts that rules look at. */
export interface SchemaNode {
  readonly title?: string;
  readonly description?: string;
  readonly type?: string | readonly string[];
  readonly default?: unknown;
  readonly enum?: readonly unknown[];
  readonly 'x-secret'?: boolean;
  readonly 'x-variables'?: string;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly required?: readonly string[];
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
}

/** A rule that cannot be tried. */
export class LeftOut extends Error {}

export function leaveOut(reason: string): never {
  throw new LeftOut(reason);
}

export interface SubjectParts {
  readonly plugin: AnyPlugin;
  readonly catalog: Catalog;
  readonly given: ConformanceCase | undefined;
  /** Empty, and removed afterwards. */
  readonly folder: string;
}

/** Sections that other plugins of a config have inside a file plugin's own. */
const nestedKeys = ['type', 'parser', 'decoders', 'formatter', 'encoders'];

export class Subject {
  readonly plugin: AnyPlugin;
  readonly catalog: Catalog;
  readonly given: ConformanceCase | undefined;
  readonly folder: string;
  /** Lines of the log, as one text each. */
  readonly logged: string[] = [];
  /** Lines and codes of records that were left out. */
  readonly rejected: string[] = [];
  readonly stop: AbortController = new AbortController();
  #written: Promise<JsonObject> | undefined;

  constructor({ plugin, catalog, given, folder }: SubjectParts) {
    this.plugin = plugin;
    this.catalog = catalog;
    this.given = given;
    this.folder = folder;
  }

  get columns(): readonly Column[] {
    return this.given?.columns ?? [];
  }

  get rows(): readonly (readonly Cell[])[] {
    return this.given?.rows ?? [];
  }

  get readBack(): JsonObject {
    return this.given?.readBack ?? {};
  }

  async jsonSchema(): Promise<SchemaNode> {
    return jsonSchemaOf(await this.plugin.config());
  }

  /** The section as it is written; what a case makes for it is made once. */
  written(): Promise<JsonObject> {
    this.#written ??= this.#write();
    return this.#written;
  }

  async #write(): Promise<JsonObject> {
    const config = this.given?.config;
    if (typeof config === 'function') return config(this.folder);
    if (config !== undefined) return config;
    const [example] = this.plugin.examples;
    return example === undefined ? {} : ownOptions(sectionOf(example.yaml));
  }

  /** The config that the plugin works with, with some options set to other values. */
  async config(over: JsonObject = {}): Promise<JsonObject> {
    const { config, errors, unknownKeys } = resolveOptions(await this.plugin.config(), {
      ...(await this.written()),
      ...over,
    });
    const [error] = errors;
    if (error !== undefined) throw error;
    assert.deepEqual(unknownKeys, [], 'the config of the case has options that the plugin does not know');
    return config;
  }

  /** The implementation; its config type is forgotten, and configs here come out of the plugin's own schema. */
  async load<K extends Kind>(_kind: K): Promise<Kinds<unknown>[K]> {
    return (await this.plugin.load()) as unknown as Kinds<unknown>[K];
  }

  /** Another plugin of this one's name. */
  sibling<K extends Kind>(kind: K): AnyPlugin<K> | undefined {
    return this.catalog.find(
      (member): member is AnyPlugin<K> => member.kind === kind && member.name === this.plugin.name,
    );
  }

  context(): Context {
    const at =
      (level: string) =>
      (sentence: string, fields: object = {}) => {
        const text = JSON.stringify(fields, (_key, value: unknown) =>
          typeof value === 'bigint' ? String(value) : value,
        );
        this.logged.push(`${level} ${sentence} ${text}`);
      };
    return {
      log: { error: at('error'), warn: at('warn'), info: at('info'), debug: at('debug') },
      signal: this.stop.signal,
      tempDir: async () => this.folder,
      transactionTime: new Date(Date.UTC(2026, 0, 2, 3, 4, 5)),
      isPreview: false,
    };
  }

  taskContext(taskIndex = 0): TaskContext {
    return {
      ...this.context(),
      taskIndex,
      reject: ({ reason, where }) => this.rejected.push(`${where.line ?? where.record ?? ''} ${reason.code}`),
      progress: () => {},
    };
  }
}

export function jsonSchemaOf(config: z.ZodObject): SchemaNode {
  return z.toJSONSchema(config, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
}

/** An example's section as it stands in a config. */
export function sectionOf(yaml: string): JsonObject {
  const { value } = readYaml(yaml, 'example.yml', '0.11.5');
  assert(isJsonObject(value), 'an example is a mapping');
  return value;
}

/** The options of the plugin itself. */
export function ownOptions(section: JsonObject): JsonObject {
  return Object.fromEntries(Object.entries(section).filter(([key]) => !nestedKeys.includes(key)));
}

/** Tasks, reports and diffs go to other threads, and into files. */
export function assertPlainJson(value: unknown, what: string): asserts value is Json {
  assert.deepEqual(JSON.parse(JSON.stringify(value)), value, `${what} is not plain JSON`);
}
