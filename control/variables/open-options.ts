/** Which texts of a configuration variables may stand in: as the plugins declare their options (`x-variables`). */
import { z } from 'zod';
import type { InsertedPath } from '#api/late-values.ts';
import type { TextUse } from '#spi/fields.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { AnyPlugin, Catalog, Kind } from '#spi/plugin.ts';

export type Side = 'in' | 'out' | 'filters';

/** A text that is open to variables. */
export interface OpenText {
  readonly path: InsertedPath;
  readonly text: string;
  readonly use: TextUse;
  readonly side: Side;
}

/** What an option schema looks like as JSON Schema: the parts that matter here. */
interface SchemaNode {
  readonly 'x-variables'?: TextUse;
  readonly 'x-secret'?: boolean;
  readonly properties?: Readonly<Record<string, SchemaNode>>;
  readonly items?: SchemaNode;
  readonly additionalProperties?: SchemaNode | boolean;
  readonly anyOf?: readonly SchemaNode[];
  readonly oneOf?: readonly SchemaNode[];
  readonly allOf?: readonly SchemaNode[];
}

const known = new WeakMap<z.ZodObject, SchemaNode>();

async function schemaOf(plugin: AnyPlugin): Promise<SchemaNode> {
  const schema = await plugin.config();
  const before = known.get(schema);
  if (before !== undefined) return before;
  const node = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }) as SchemaNode;
  known.set(schema, node);
  return node;
}

/** The input can be asked by a query. */
export async function takesQuery(plugin: AnyPlugin): Promise<boolean> {
  return (await schemaOf(plugin)).properties?.['query'] !== undefined;
}

interface SectionRule {
  readonly kinds: readonly Kind[];
  /** Sections that stand inside, by their key. */
  readonly inner: Readonly<Record<string, Kind>>;
}

const rules: Readonly<Record<Side, SectionRule>> = {
  in: { kinds: ['input', 'file_input'], inner: { parser: 'parser', decoders: 'decoder' } },
  out: { kinds: ['output', 'file_output'], inner: { formatter: 'formatter', encoders: 'encoder' } },
  filters: { kinds: ['filter'], inner: {} },
};

/** All of the config. Sections of plugins that nobody knows are closed. */
export async function openTexts(config: JsonObject, catalog: Catalog): Promise<OpenText[]> {
  const found: OpenText[] = [];
  for (const side of ['in', 'filters', 'out'] as const) {
    for (const [section, path] of sectionsOf(config[side], [side])) {
      const { kinds, inner } = rules[side];
      await addSection({ section, path, side, kinds }, catalog, found);
      for (const [key, kind] of Object.entries(inner)) {
        for (const [nested, nestedPath] of sectionsOf(section[key], [...path, key])) {
          await addSection({ section: nested, path: nestedPath, side, kinds: [kind] }, catalog, found);
        }
      }
    }
  }
  return found;
}

function sectionsOf(value: Json | undefined, path: InsertedPath): [JsonObject, InsertedPath][] {
  if (isJsonObject(value)) return [[value, path]];
  if (!Array.isArray(value)) return [];
  return (value as readonly Json[]).flatMap((item, index): [JsonObject, InsertedPath][] =>
    isJsonObject(item) ? [[item, [...path, index]]] : [],
  );
}

interface Section {
  readonly section: JsonObject;
  readonly path: InsertedPath;
  readonly side: Side;
  readonly kinds: readonly Kind[];
}

async function addSection({ section, path, side, kinds }: Section, catalog: Catalog, found: OpenText[]): Promise<void> {
  const { type } = section;
  const name = isJsonObject(type) ? type['name'] : type;
  const plugin = catalog.find((member) => kinds.includes(member.kind) && member.name === name);
  if (plugin === undefined) return;
  walk(section, [await schemaOf(plugin)], { path });

  /** An option may be of several shapes: it is open when one of them says so. */
  function walk(value: Json, nodes: readonly SchemaNode[], place: Pick<OpenText, 'path'> & { use?: TextUse }): void {
    const all = nodes.flatMap(variantsOf);
    if (all.some((node) => node['x-secret'] === true)) return;
    const use = all.find((node) => node['x-variables'] !== undefined)?.['x-variables'] ?? place.use;
    if (typeof value === 'string') {
      if (use !== undefined) found.push({ path: place.path, text: value, use, side });
      return;
    }
    const inner = use === undefined ? {} : { use };
    if (Array.isArray(value)) {
      const items = all.flatMap((node) => node.items ?? []);
      for (const [index, item] of (value as readonly Json[]).entries()) {
        walk(item, items, { path: [...place.path, index], ...inner });
      }
    } else if (isJsonObject(value)) {
      for (const [key, item] of Object.entries(value)) {
        if (item !== undefined)
          walk(
            item,
            all.flatMap((node) => memberOf(node, key)),
            { path: [...place.path, key], ...inner },
          );
      }
    }
  }
}

function variantsOf(node: SchemaNode): SchemaNode[] {
  const { anyOf = [], oneOf = [], allOf = [] } = node;
  return [node, ...[...anyOf, ...oneOf, ...allOf].flatMap(variantsOf)];
}

function memberOf({ properties, additionalProperties: others }: SchemaNode, key: string): SchemaNode[] {
  const own = properties !== undefined && Object.hasOwn(properties, key) ? properties[key] : undefined;
  if (own !== undefined) return [own];
  return typeof others === 'object' ? [others] : [];
}
