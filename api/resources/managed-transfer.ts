import { z } from 'zod';
import { TEXT_LENGTH_MAX, id, instant, name } from '#api/fields.ts';
import { BROWSE_DEPTH_MAX } from './connection.ts';
import { jobConfig } from './run-settings.ts';
import { runState } from './run.ts';
import { runOptions } from './transfer.ts';

/** Tables of one managed transfer. */
export const MANAGED_TABLES_MAX = 5000;
const PATTERNS_MAX = 100;

const patterns = z
  .array(z.string().min(1).max(1024))
  .max(PATTERNS_MAX)
  .describe('Names of tables, in which `*` is any text and `?` any character; a backslash takes the meaning away.');
const path = z
  .array(z.string().max(1024))
  .max(BROWSE_DEPTH_MAX)
  .describe('The container whose tables it is for: names from the top, such as a schema.');
const template = jobConfig.describe(
  'The configuration of each transfer, with `{{ table }}` in place of the name of its table. Sections say connections ' +
    'as those of transfers do.',
);
const namePrefix = z.string().max(100).describe('Before the name of the table: the name of its transfer.');
const labelIds = z.array(id).max(50).describe('Labels of each transfer.');
const description = z.string().max(TEXT_LENGTH_MAX).describe('For people.');

export const managedTransfer = z
  .object({
    id,
    name,
    description,
    groupId: id.nullable().describe('The group that it and its transfers belong to.'),
    connectionId: id.describe('Whose tables are looked at.'),
    path,
    include: patterns,
    exclude: patterns,
    namePrefix,
    config: template,
    runOptions,
    labelIds,
    tables: z.object({ active: z.int(), paused: z.int(), detached: z.int() }).describe('How many it has.'),
    refreshRunId: id.nullable().describe('The latest run that looked for its tables.'),
    updatedBy: z.string().describe('Who changed it last.'),
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({
    id: 'ManagedTransfer',
    title: 'Managed transfer',
    description: 'One definition for many tables: it makes a transfer for each, and keeps them as it says.',
  });
export type ManagedTransfer = z.output<typeof managedTransfer>;

export const managedTransferCreate = z.strictObject({
  name,
  description: description.default(''),
  groupId: id.nullable().default(null).describe('The group that it and its transfers belong to.'),
  connectionId: id.describe('Whose tables are looked at.'),
  path: path.default([]),
  include: patterns.default(['*']),
  exclude: patterns.default([]),
  namePrefix: namePrefix.default(''),
  config: template,
  runOptions: runOptions.prefault({}),
  labelIds: labelIds.default([]),
});

export const managedTransferUpdate = z.strictObject({
  name: name.optional(),
  description: description.optional(),
  groupId: id.nullable().optional().describe('It and its transfers move there.'),
  connectionId: id.optional().describe('Its transfers stay: the next refresh says which tables are there.'),
  path: path.optional(),
  include: patterns.optional(),
  exclude: patterns.optional(),
  namePrefix: namePrefix.optional().describe('Of transfers that are made from now on.'),
  config: template.optional().describe('Written over the configuration of each transfer that is not detached.'),
  runOptions: runOptions.optional().describe('Written over those of each transfer that is not detached.'),
  labelIds: labelIds.optional().describe('Written over those of each transfer that is not detached.'),
});

export const managedDelete = z.strictObject({
  transfers: z
    .enum(['keep', 'delete'])
    .default('keep')
    .describe('What becomes of its transfers: kept as ordinary ones.'),
});

export const managedTable = z
  .object({
    table: z.string(),
    transferId: id.nullable().describe('Null when somebody deleted its transfer.'),
    transferName: z.string().nullable(),
    state: z.enum(['active', 'paused']).describe('`paused`: it was not found any more; its transfer is switched off.'),
    isDetached: z.boolean().describe('Its own settings stay when the common ones change.'),
    pausedAt: instant.nullable(),
  })
  .meta({ id: 'ManagedTable', title: 'Table of a managed transfer' });
export type ManagedTable = z.output<typeof managedTable>;

const tables = z.array(z.string()).describe('Names.');

export const managedChanges = z
  .object({
    runId: id.nullable().describe('The refresh that this is of; null before the first.'),
    runState: runState.nullable(),
    isKnown: z.boolean().describe('The refresh has succeeded: the lists say something.'),
    isCut: z.boolean().describe('There are more tables than are shown: what was removed cannot be told.'),
    found: z.int().describe('Tables that were seen and are wanted.'),
    excluded: z.int().describe('Tables that were seen and are not wanted.'),
    unchanged: z.int(),
    added: tables.describe('Seen, and without a transfer.'),
    returned: tables.describe('Seen again: their transfers are switched off.'),
    removed: tables.describe('Not seen any more, or not wanted any more: their transfers are on.'),
    unusable: z
      .array(z.object({ table: z.string(), reason: z.string() }))
      .describe('Seen, and no transfer can be made.'),
    needsConfirmation: z.boolean().describe('Most tables seem to be gone: `confirmRemoved` must say how many.'),
  })
  .meta({ id: 'ManagedChanges', title: 'What a refresh found' });
export type ManagedChanges = z.output<typeof managedChanges>;

const choice = z
  .union([z.literal('all'), z.array(z.string().max(1024)).max(MANAGED_TABLES_MAX)])
  .describe('`all`, or names.');

export const managedApply = z.strictObject({
  runId: id.describe('The refresh that was looked at: another one since then is refused.'),
  add: choice.default([]).describe('Tables that get a transfer. `all`, or names.'),
  resume: choice.default([]).describe('Tables that are there again: their transfers are switched on. `all`, or names.'),
  pause: choice.default([]).describe('Tables that are gone: their transfers are switched off. `all`, or names.'),
  isEnabled: z.boolean().default(true).describe('The new transfers may run.'),
  confirmRemoved: z.int().optional().describe('How many are paused, when that is most of them.'),
});

export const managedOutcome = z
  .object({ added: z.int(), resumed: z.int(), paused: z.int(), managedTransfer })
  .meta({ id: 'ManagedOutcome', title: 'What was done with the tables' });

export const managedDetach = z.strictObject({
  transferIds: z.array(id).min(1).max(1000).describe('Transfers that it made.'),
  isDetached: z.boolean().describe('False: the common settings are written over its own again.'),
});
