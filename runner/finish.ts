/** What is said at the end, made to fit: nothing that a person needs is lost before what a page shows. */
import { FINISH_BYTES_MAX } from '#api/runner.ts';
import type { FinishRequest } from '#api/runner.ts';

/** Lists of findings, of which the last are the least. */
const LISTS = ['records', 'entries', 'findings', 'checks'] as const;

export function fittedFinish(finish: FinishRequest): FinishRequest {
  if (fits(finish)) return finish;
  for (const name of LISTS) {
    const list = finish.result[name];
    if (!Array.isArray(list)) continue;
    // Half as many, until it is small enough.
    for (let count = Math.floor(list.length / 2); count > 0; count = Math.floor(count / 2)) {
      const result = { ...finish.result, [name]: list.slice(0, count), is_cut: true };
      if (fits({ ...finish, result })) return { ...finish, result };
    }
  }
  return { ...finish, result: { note: 'result_too_large' } };
}

function fits(finish: FinishRequest): boolean {
  return Buffer.byteLength(JSON.stringify(finish)) <= FINISH_BYTES_MAX;
}
