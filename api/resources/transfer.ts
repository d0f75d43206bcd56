import { z } from 'zod';
import { TEXT_LENGTH_MAX, id, instant, name } from '#api/fields.ts';
import { jobConfig } from './job-config.ts';
import { variableList } from './variable.ts';

export const priority = z.int().min(0).max(9).describe('9 goes first.');
export const memoryMb = z.int().min(128).max(1_048_576).describe('Memory of a run, in MiB.');
export const cpuMillis = z.int().min(100).max(256_000).describe('CPU of a run, in thousandths of a core.');

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
  version: z.int().describe('Counts changes; the ETag.'),
  createdAt: instant,
  updatedAt: instant,
};

export const transferSummary = z
  .object(transferFields)
  .meta({ id: 'TransferSummary', title: 'Transfer without its configuration' });
export type TransferSummary = z.output<typeof transferSummary>;

export const transfer = z
  .object({ ...transferFields, config: jobConfig, variables: variableList })
  .meta({ id: 'Transfer', title: 'Transfer', description: 'A saved input, filters and output.' });
export type Transfer = z.output<typeof transfer>;

const memo = z.string().max(TEXT_LENGTH_MAX).describe('What was changed, and why.');

export const transferCreate = z.strictObject({
  name,
  description: z.string().max(TEXT_LENGTH_MAX).default('').describe('For people.'),
  groupId: id.nullable().default(null).describe('The group it belongs to.'),
  isEnabled: z.boolean().default(true).describe('Runs may be created.'),
  config: jobConfig,
  variables: variableList.default([]),
  // Filled from the defaults of its fields.
  runOptions: runOptions.prefault({}),
  memo: memo.default(''),
});

export const transferUpdate = z.strictObject({
  name: name.optional(),
  description: z.string().max(TEXT_LENGTH_MAX).optional().describe('For people.'),
  groupId: id.nullable().optional().describe('The group it belongs to.'),
  isEnabled: z.boolean().optional().describe('Runs may be created.'),
  config: jobConfig.optional().describe('Takes the place of the one before as a new revision, unless it is the same.'),
  variables: variableList.optional().describe('Take the place of those before, as the configuration does.'),
  runOptions: runOptions.optional().describe('Takes the place of those before.'),
  memo: memo.optional().describe('Of the new revision.'),
});

const revisionFields = {
  no: z.int().describe('Counts from 1.'),
  memo,
  author: z.string().describe('Who made it.'),
  createdAt: instant,
  isCurrent: z.boolean(),
};

export const revisionSummary = z
  .object(revisionFields)
  .meta({ id: 'RevisionSummary', title: 'Revision without its configuration' });
export type RevisionSummary = z.output<typeof revisionSummary>;

export const revision = z
  .object({ ...revisionFields, config: jobConfig, variables: variableList })
  .meta({ id: 'Revision', title: 'Revision' });
export type Revision = z.output<typeof revision>;

export const restoreArguments = z.strictObject({ memo: memo.optional() });
