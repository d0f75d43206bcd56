/** A JSON Schema of a whole config file, for completion and checks in editors. From the plugins' declarations. */
import { z } from 'zod';
import type { Json, JsonObject } from '#spi/json.ts';
import type { AnyPlugin, Catalog, Kind } from '#spi/plugin.ts';
import { execSchema } from './exec.ts';

/** JSON Schema 2020-12. Editors show titles and descriptions, and complete the options of the `type` at hand. */
export async function configJsonSchema(catalog: Catalog): Promise<JsonObject> {
  const definitions: Record<string, Json> = {};
  for (const kind of kinds) definitions[kind] = await kindSchema(catalog, kind);
  return {
    $schema: 'https://json-schema.org/draft/2020-12/schema',
    title: 'Ropeway config',
    description: 'A job: where data comes from, what happens to it, where it goes.',
    type: 'object',
    required: ['in', 'out'],
    properties: {
      in: { title: 'Input', anyOf: [reference('input'), reference('file_input')] },
      filters: { title: 'Filters', type: 'array', items: reference('filter') },
      out: { title: 'Output', anyOf: [reference('output'), reference('file_output')] },
      exec: optionsSchema(execSchema),
      preview_sample_rows: { title: 'Preview rows', type: 'integer', minimum: 1, default: 15 },
    },
    $defs: definitions,
  };
}

const kinds: readonly Kind[] = [
  'input',
  'file_input',
  'decoder',
  'parser',
  'filter',
  'formatter',
  'encoder',
  'file_output',
  'output',
];

/** Sections that stand inside a file plugin's own. */
const nested: Partial<Record<Kind, JsonObject>> = {
  file_input: { parser: reference('parser'), decoders: { type: 'array', items: reference('decoder') } },
  file_output: { formatter: reference('formatter'), encoders: { type: 'array', items: reference('encoder') } },
};

async function kindSchema(catalog: Catalog, kind: Kind): Promise<JsonObject> {
  const members = catalog.filter((plugin) => plugin.kind === kind);
  return {
    type: 'object',
    required: ['type'],
    properties: { type: { enum: members.map(({ name }) => name) } },
    allOf: await Promise.all(members.map(memberSchema)),
  };
}

async function memberSchema(plugin: AnyPlugin): Promise<JsonObject> {
  return {
    if: { properties: { type: { const: plugin.name } } },
    // oxlint-disable-next-line unicorn/no-thenable -- JSON Schema's own word
    then: await pluginSchema(plugin),
  };
}

async function pluginSchema(plugin: AnyPlugin): Promise<JsonObject> {
  const options = optionsSchema(await plugin.config());
  const properties = options['properties'] as JsonObject | undefined;
  return {
    ...options,
    title: plugin.title,
    description: plugin.summary,
    properties: { type: { const: plugin.name }, ...properties, ...nested[plugin.kind] },
  };
}

function optionsSchema(schema: z.ZodObject): JsonObject {
  const { $schema: _, ...rest } = z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' });
  return rest as unknown as JsonObject;
}

function reference(kind: Kind): JsonObject {
  return { $ref: `#/$defs/${kind}` };
}
