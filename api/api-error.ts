import { RopewayError } from '#spi/errors.ts';
import type { ErrorKind } from '#spi/errors.ts';
import type { Problem } from './problem.ts';

/** What the server refused, or could not do: the problem that it answered. */
export class ApiError extends RopewayError {
  readonly status: number;
  readonly problem: Problem;

  constructor(problem: Problem) {
    super(
      problem.code,
      {
        kind: kindOf(problem.status),
        message: [problem.detail, ...(problem.errors ?? []).map(fieldText)].join('\n'),
        hint: problem.hint,
        transient: problem.status === 429 || problem.status === 503,
      },
      {
        where: problem.where ?? {},
        ...(problem.retryAfterS === undefined ? {} : { retryAfterMs: problem.retryAfterS * 1000 }),
      },
    );
    this.status = problem.status;
    this.problem = problem;
  }
}

function kindOf(status: number): ErrorKind {
  if (status === 429 || status === 502 || status === 503 || status === 504) return 'connector';
  return status >= 500 ? 'internal' : 'config';
}

function fieldText({ in: part, path, message }: NonNullable<Problem['errors']>[number]): string {
  return `  ${part} ${path.join('.')}: ${message}`;
}
