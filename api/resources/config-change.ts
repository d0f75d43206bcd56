import { z } from 'zod';

export const CHANGES_MAX = 1000;

export const configChange = z
  .object({
    path: z.array(z.union([z.string(), z.int()])).describe('Keys from the top; in lists the place, before or after.'),
    kind: z.enum(['added', 'removed', 'changed']),
    before: z.unknown().optional().describe('Absent where nothing was, and where it is secret.'),
    after: z.unknown().optional().describe('Absent where nothing is, and where it is secret.'),
    isSecret: z.boolean().optional().describe('What it was and is, is not shown.'),
  })
  .meta({ id: 'ConfigChange', title: 'Change of a configuration' });
export type ConfigChange = z.output<typeof configChange>;

export const configDiff = z
  .object({
    changes: z.array(configChange).describe(`Up to ${CHANGES_MAX}.`),
    isCut: z.boolean().describe('There are more.'),
    text: z
      .string()
      .describe('The same as a unified diff of the YAML, without what is secret; empty when it is equal.'),
  })
  .meta({ id: 'ConfigDiff', title: 'Difference of two configurations' });
export type ConfigDiff = z.output<typeof configDiff>;
