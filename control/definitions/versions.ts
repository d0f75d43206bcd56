/** What several people change at once: the second one is told. */
import type { FieldProblem } from '#api/problem.ts';
import { httpErrors } from '#control/http/errors.ts';
import { Refusal, isDuplicate } from '#control/http/refusal.ts';
import { definitionErrors } from './errors.ts';

/** Of a row that is locked: nobody changes it between the look and the update. */
export function assertVersion(kind: string, version: number, ifMatch: number | '*' | undefined): void {
  if (ifMatch === '*' || ifMatch === version) return;
  const given = ifMatch === undefined || ifMatch < 0 ? 'something else' : `version ${ifMatch}`;
  throw new Refusal(httpErrors.error('MATCH_FAILED', { kind, version, given }), 412);
}

/** Runs the statement, and says so when the name is taken. */
export async function namedOnce<T>(kind: string, name: string, write: () => Promise<T>): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!isDuplicate(error)) throw error;
    const errors: FieldProblem[] = [{ in: 'body', path: ['name'], message: `"${name}" is taken` }];
    throw new Refusal(definitionErrors.error('NAME_TAKEN', { kind, name }, { cause: error }), 409, { errors });
  }
}
