import { z } from 'zod';
import { id, instant, name } from '#api/fields.ts';

const options = z.record(z.string().max(200), z.unknown());

export const connection = z
  .object({
    id,
    name,
    plugin: z.string().describe('Name of the connection plugin.'),
    groupId: id.nullable().describe('The group it belongs to.'),
    options: options
      .nullable()
      .describe('Options of the plugin, without those that are secret; null for those who may use it, but not see it.'),
    secretsSet: z
      .array(z.string())
      .nullable()
      .describe('Which secret options have a value, as dotted paths; null as for the options.'),
    accountKey: z
      .string()
      .nullable()
      .describe('The account behind it: connections to one account share one limit. Null as for the options.'),
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'Connection', title: 'Connection', description: 'A saved endpoint with its credentials.' });
export type Connection = z.output<typeof connection>;

export const connectionCreate = z.strictObject({
  name,
  plugin: z.string().min(1).max(100).describe('Name of the connection plugin.'),
  groupId: id.nullable().default(null).describe('The group it belongs to.'),
  options: options.describe('Options of the plugin; those that are secret among them, which no answer shows again.'),
});

export const connectionUpdate = z.strictObject({
  name: name.optional(),
  groupId: id.nullable().optional().describe('The group it belongs to.'),
  options: options
    .optional()
    .describe(
      'Merged into those that there are (RFC 7396): a value sets, null removes, what is absent stays, secrets too.',
    ),
});

const use = z.enum(['in', 'out']).default('in').describe('What it is wanted for: to be read, or to be written.');

export const testArguments = z.strictObject({ use });

export const BROWSE_DEPTH_MAX = 64;

export const browseArguments = z.strictObject({
  use,
  path: z
    .array(z.string().max(1024))
    .max(BROWSE_DEPTH_MAX)
    .default([])
    .describe('Names of containers from the top; none is the top itself.'),
  prefix: z.string().max(1024).optional().describe('Only entries whose names begin with this.'),
  limit: z.int().min(1).max(500).default(200).describe('Entries at most.'),
});
