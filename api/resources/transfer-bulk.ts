import { z } from 'zod';
import { id, name } from '#api/fields.ts';
import { problem } from '#api/problem.ts';
import { variables } from './run.ts';
import { jobConfig } from './run-settings.ts';
import { YAML_LENGTH_MAX } from './transfer.ts';

export const BULK_ITEMS_MAX = 1000;

const labelIds = z.array(id).min(1).max(50);

const bulkAction = z.discriminatedUnion('kind', [
  z.strictObject({ kind: z.literal('enable') }),
  z.strictObject({ kind: z.literal('disable') }),
  z.strictObject({ kind: z.literal('addLabels'), labelIds }),
  z.strictObject({ kind: z.literal('removeLabels'), labelIds }),
  z.strictObject({ kind: z.literal('move'), groupId: id.nullable().describe('The group they are to belong to.') }),
  z.strictObject({ kind: z.literal('delete') }),
  z.strictObject({ kind: z.literal('run'), variables: variables.default({}) }),
]);
export type BulkAction = z.output<typeof bulkAction>;

export const bulkArguments = z.strictObject({
  ids: z.array(id).min(1).max(BULK_ITEMS_MAX).describe('Transfers.'),
  action: bulkAction.describe('What to do with each.'),
});

export const bulkOutcome = z
  .object({
    items: z
      .array(
        z.object({
          id,
          outcome: z.enum(['done', 'unchanged', 'failed']),
          runId: id.optional().describe('Of `run`: what was created.'),
          problem: problem.pick({ code: true, detail: true, hint: true }).optional().describe('Why it failed.'),
        }),
      )
      .describe('In the order of the request, each id once.'),
    done: z.int(),
    unchanged: z.int(),
    failed: z.int(),
  })
  .meta({ id: 'BulkOutcome', title: 'Outcome for each of many' });
export type BulkOutcome = z.output<typeof bulkOutcome>;

export const copyArguments = z.strictObject({
  name,
  groupId: id.nullable().optional().describe('The group of the copy; by default that of the original.'),
  schedules: z
    .enum(['none', 'off', 'same'])
    .default('off')
    .describe('`off`: copied, and switched off, so that the same data is not moved twice. `same`: as they are.'),
});

export const convertArguments = z.strictObject({
  config: jobConfig.optional().describe('The form as it is now.'),
  yaml: z.string().max(YAML_LENGTH_MAX).optional().describe('The text: alone to be read, with `config` to be edited.'),
  yamlDialect: z.enum(['0.11.5', '0.11.3']).default('0.11.5').describe('Whose rules the text is read by.'),
});

export const converted = z
  .object({ config: jobConfig, yaml: z.string() })
  .meta({ id: 'ConvertedConfig', title: 'Configuration as JSON and as YAML' });
