/** What is answered when something is not as asked for: `application/problem+json` (RFC 9457). */
import { z } from 'zod';
import { configChange } from './resources/config-change.ts';

export const PROBLEM_MEDIA = 'application/problem+json';

/** `code` of an error as its page in the documentation names it, as the `type` of a problem. */
export function problemType(code: string): string {
  return `urn:ropeway:problem:${code}`;
}

const fieldProblem = z
  .object({
    in: z.enum(['path', 'query', 'header', 'body']).describe('The part of the request.'),
    path: z.array(z.union([z.string(), z.int()])).describe('Keys from the top of that part to the field.'),
    message: z.string().describe('What is wrong with it, with the value that was given.'),
    hint: z.string().optional().describe('What to do about it.'),
    line: z.int().optional().describe('In a text of several lines: the line, from 1.'),
    column: z.int().optional().describe('In a text of several lines: the column, from 1.'),
  })
  .meta({ id: 'FieldProblem', title: 'Field problem' });
export type FieldProblem = z.output<typeof fieldProblem>;

export const resourceReference = z
  .object({
    kind: z
      .enum(['connection', 'transfer', 'mart', 'check', 'workflow', 'run', 'rule', 'managed-transfer'])
      .describe('What it is.'),
    id: z.string().describe('Its id.'),
    name: z.string().describe('Its name.'),
  })
  .meta({ id: 'ResourceReference', title: 'Reference to a resource' });
export type ResourceReference = z.output<typeof resourceReference>;

const missingRole = z
  .object({
    role: z.string().describe('The role that is needed.'),
    in: z.enum(['group', 'workspace', 'team', 'installation']).describe('Where it is needed.'),
    id: z.string().nullable().describe('Of the group, the workspace or the team.'),
    name: z.string().nullable().describe('Its name.'),
    own: z.string().nullable().describe('The role that is there; null for none.'),
    givers: z.array(z.string()).describe('Names of people who can give it, up to 5.'),
  })
  .meta({ id: 'MissingRole', title: 'Missing role' });
export type MissingRole = z.output<typeof missingRole>;
const conflict = z
  .object({
    version: z.int().describe('That it is at now.'),
    changedBy: z.string().describe('Who made the last of the changes.'),
    changedAt: z.string().describe('When.'),
    fields: z.array(z.string()).describe('What was changed since the version of the request.'),
    changes: z.array(configChange).describe('How; of the configuration each place of it.'),
  })
  .meta({ id: 'Conflict', title: 'What somebody else changed meanwhile' });
export type Conflict = z.output<typeof conflict>;

export const problem = z
  .object({
    type: z.string().describe('Names the kind of problem; `urn:ropeway:problem:` and the code.'),
    title: z.string().describe('The status in words.'),
    status: z.int().describe('The status of the answer.'),
    code: z.string().describe('Stable name of the problem, as the error reference lists it.'),
    detail: z.string().describe('What happened, with the value at fault.'),
    hint: z.string().describe('What to do.'),
    where: z.record(z.string(), z.unknown()).optional().describe('Where it happened, as far as it is known.'),
    errors: z.array(fieldProblem).optional().describe('Each field that is not as it must be.'),
    users: z.array(resourceReference).optional().describe('What still uses the resource, up to 100.'),
    usersHidden: z.int().optional().describe('How many others use it that are not shown: they are in other groups.'),
    missingRole: missingRole.optional().describe('The role that is missing, and who can give it.'),
    conflict: conflict.optional().describe('What somebody else changed meanwhile.'),
    retryAfterS: z.number().optional().describe('Seconds after which another try may succeed.'),
    requestId: z.string().optional().describe('Finds the request in the log of the server.'),
  })
  .meta({ id: 'Problem', title: 'Problem', description: 'Why the answer is not what was asked for.' });
export type Problem = z.output<typeof problem>;
