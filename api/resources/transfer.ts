import { z } from 'zod';
import { TEXT_LENGTH_MAX, id, instant, name } from '#api/fields.ts';
import { cpuMillis, jobConfig, memoryMb, priority } from './run-settings.ts';
import { runState } from './run.ts';
import { variableList } from './variable.ts';

/** Characters of a configuration as YAML. */
export const YAML_LENGTH_MAX = 256 * 1024;

const yaml = z
  .string()
  .max(YAML_LENGTH_MAX)
  .describe(
    'The configuration as YAML, as `config.yml` has it. Values are filled in as `{{ vars.name }}`; other Liquid (tags, ' +
      'includes, `env`) is refused: render the file first.',
  );

const yamlDialect = z
  .enum(['0.11.5', '0.11.3'])
  .describe("Which Embulk's rules say what `yes`, `2026-01-31` and the like mean in the YAML.");

export const overlap = z
  .enum(['allow', 'skip', 'queue_one', 'cancel_previous'])
  .describe(
    'What becomes of a run, by hand or by the API, while another one of the definition has not ended. `skip`: it is ' +
      'created as SKIPPED, with the reason. `queue_one`: it waits for its end; a third one is skipped. ' +
      '`cancel_previous`: the others are stopped, and it waits for their end. `allow`: both run.',
  );
export type Overlap = z.output<typeof overlap>;

export const SEATS_OF_TRANSFER_MAX = 1000;

/** How runs of a definition are run. */
export const runOptions = z
  .strictObject({
    priority: priority.default(5),
    jobRetriesMax: z
      .int()
      .min(0)
      .max(10)
      .optional()
      .describe('How often a failed run is tried again; by default 2 when it is idempotent, else never.'),
    isIdempotent: z.boolean().default(false).describe('Running it twice leaves the same as running it once.'),
    runTimeoutS: z.int().min(1).max(604_800).default(43_200).describe('Longest time of a run, in seconds.'),
    stallTimeoutS: z.int().min(60).max(604_800).optional().describe('Longest time without progress, in seconds.'),
    queueTimeoutS: z.int().min(1).max(604_800).default(86_400).describe('Longest time of waiting, in seconds.'),
    memoryMb: memoryMb.default(1024),
    cpuMillis: cpuMillis.default(1000),
    overlap: overlap.default('skip'),
  })
  .meta({ id: 'RunOptions', title: 'Run options' });
export type RunOptions = z.output<typeof runOptions>;

const transferFields = {
  id,
  name,
  description: z.string().max(TEXT_LENGTH_MAX).describe('For people.'),
  groupId: id.nullable().describe('The group it belongs to.'),
  isEnabled: z.boolean().describe('Runs may be created.'),
  revision: z.int().describe('Number of the current revision.'),
  runOptions,
  connectionIds: z.array(id).describe('The connections that the current revision uses.'),
  labelIds: z.array(id).describe('Its labels, by name.'),
  seats: z
    .int()
    .nullable()
    .describe('Runs of it at the same time, at most, where `overlap` allows any; null: no limit.'),
  lastRun: z
    .object({ id, state: runState, createdAt: instant, endedAt: instant.nullable() })
    .nullable()
    .describe('The latest run of the whole transfer.'),
  managedBy: z
    .object({ id, isDetached: z.boolean() })
    .nullable()
    .describe('The managed transfer that made it: it writes over changes here, unless it is detached.'),
  updatedBy: z.string().describe('Who changed it last.'),
  version: z.int().describe('Counts changes; the ETag.'),
  createdAt: instant,
  updatedAt: instant,
};

export const transferSummary = z
  .object(transferFields)
  .meta({ id: 'TransferSummary', title: 'Transfer without its configuration' });
export type TransferSummary = z.output<typeof transferSummary>;

export const transfer = z
  .object({
    ...transferFields,
    config: jobConfig,
    yaml: yaml.describe('The same as YAML: as it was given, with its comments, or made of `config`.'),
    yamlDialect,
    variables: variableList,
  })
  .meta({ id: 'Transfer', title: 'Transfer', description: 'A saved input, filters and output.' });
export type Transfer = z.output<typeof transfer>;

const memo = z.string().max(TEXT_LENGTH_MAX).describe('What was changed, and why.');

const labelIds = z.array(id).max(50).describe('Its labels; they take the place of those before.');
const seats = z
  .int()
  .min(1)
  .max(SEATS_OF_TRANSFER_MAX)
  .nullable()
  .describe('Runs of it at the same time, at most; null: no limit of its own. The same as a limit of its scope.');

export const transferCreate = z.strictObject({
  name,
  description: z.string().max(TEXT_LENGTH_MAX).default('').describe('For people.'),
  groupId: id.nullable().default(null).describe('The group it belongs to.'),
  isEnabled: z.boolean().default(true).describe('Runs may be created.'),
  config: jobConfig.optional(),
  yaml: yaml.optional().describe('Instead of `config`: it is kept as it is, with its comments.'),
  yamlDialect: yamlDialect.default('0.11.5'),
  variables: variableList.default([]),
  // Filled from the defaults of its fields.
  runOptions: runOptions.prefault({}),
  labelIds: labelIds.default([]),
  seats: seats.default(null),
  memo: memo.default(''),
});

export const transferUpdate = z.strictObject({
  name: name.optional(),
  description: z.string().max(TEXT_LENGTH_MAX).optional().describe('For people.'),
  groupId: id.nullable().optional().describe('The group it belongs to.'),
  isEnabled: z.boolean().optional().describe('Runs may be created.'),
  config: jobConfig
    .optional()
    .describe(
      'Takes the place of the one before as a new revision, unless it is the same. Where the one before was YAML, its ' +
        'text is changed in place: comments of what stays stay.',
    ),
  yaml: yaml.optional().describe('Instead of `config`.'),
  yamlDialect: yamlDialect.optional().describe('Of `yaml`; by default that of the revision before.'),
  variables: variableList.optional().describe('Take the place of those before, as the configuration does.'),
  runOptions: runOptions.optional().describe('Takes the place of those before.'),
  labelIds: labelIds.optional(),
  seats: seats.optional(),
  memo: memo.optional().describe('Of the new revision.'),
});

const revisionFields = {
  no: z.int().describe('Counts from 1.'),
  memo,
  author: z.string().describe('Who made it.'),
  createdAt: instant,
  isCurrent: z.boolean(),
};

const revisionRuns = {
  runs: z.int().describe('Runs of it, among the latest 10,000 of the transfer.'),
  lastRunId: id.nullable().describe('The latest of them.'),
};

export const revisionSummary = z
  .object({ ...revisionFields, ...revisionRuns })
  .meta({ id: 'RevisionSummary', title: 'Revision without its configuration' });
export type RevisionSummary = z.output<typeof revisionSummary>;

export const revision = z
  .object({
    ...revisionFields,
    config: jobConfig,
    yaml: yaml.describe('The same as YAML: as it was given, or made of `config`.'),
    yamlDialect,
    variables: variableList,
  })
  .meta({ id: 'Revision', title: 'Revision' });
export type Revision = z.output<typeof revision>;

export const restoreArguments = z.strictObject({ memo: memo.optional() });
