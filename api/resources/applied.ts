import { z } from 'zod';
import { id, instant } from '#api/fields.ts';

const SECRETS_MAX = 50;

export const appliedKind = z
  .string()
  .regex(/^[a-z]{1,40}$/, 'lower-case letters, 40 at most')
  .describe('What it is: `group`, `connection`, `transfer` and so on.');

const digest = z
  .string()
  .regex(/^[0-9a-f]{64}$/, '64 hexadecimal digits')
  .describe('Of what the files say of it.');

/** Where the value of a secret is looked up when files are applied. */
export const secretReference = z.union([
  z.strictObject({ env: z.string().min(1).max(200).describe('A variable of the environment.') }),
  z.strictObject({ file: z.string().min(1).max(1000).describe('A file, below the folder for secrets.') }),
]);
export type SecretReference = z.output<typeof secretReference>;

const secretReferences = z
  .record(z.string().max(200), secretReference)
  .refine((all) => Object.keys(all).length <= SECRETS_MAX, `at most ${SECRETS_MAX}`)
  .describe('Where the values of its secret options are looked up, by dotted path. Never a value.');

export const applied = z
  .object({
    kind: appliedKind,
    id,
    version: z.int().describe('Of the resource, after it was applied.'),
    digest,
    nextDigest: digest.nullable().describe('Of what an apply that has not ended is about to make of it.'),
    secretReferences,
    appliedBy: z.string(),
    appliedAt: instant,
  })
  .meta({ id: 'Applied', title: 'What was applied', description: 'A resource as files said it, when they did last.' });
export type Applied = z.output<typeof applied>;

export const appliedWrite = z.strictObject({
  version: z.int().min(1).describe('Of the resource, after it was applied.'),
  digest,
  nextDigest: digest.nullable().default(null).describe('Of what is about to be made of it.'),
  secretReferences: secretReferences.default({}),
});

export const appliedParams = z.strictObject({ kind: appliedKind, id });
