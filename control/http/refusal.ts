/** From errors to problems: what status they have, and what else they say. */
import { STATUS_CODES } from 'node:http';
import { problemType } from '#api/problem.ts';
import type { Conflict, FieldProblem, MissingRole, Problem, ResourceReference } from '#api/problem.ts';
import { RopewayError, isRopewayError } from '#spi/errors.ts';
import type { ErrorKind } from '#spi/errors.ts';
import { httpErrors } from './errors.ts';

export interface RefusalExtra {
  readonly errors?: readonly FieldProblem[];
  readonly users?: readonly ResourceReference[];
  readonly usersHidden?: number;
  readonly missingRole?: MissingRole;
  readonly conflict?: Conflict;
  readonly retryAfterS?: number;
  readonly headers?: Readonly<Record<string, string>>;
}

/** An error that knows how it is answered. */
export class Refusal extends RopewayError {
  readonly status: number;
  readonly extra: RefusalExtra;

  constructor(error: RopewayError, status: number, extra: RefusalExtra = {}) {
    super(error.code, error, { where: error.where, cause: error.cause });
    this.message = error.message;
    this.status = status;
    this.extra = extra;
  }
}

/** Fields that are not as they must be: one refusal for all of them. */
export function invalid(errors: readonly FieldProblem[]): Refusal {
  return new Refusal(httpErrors.error('REQUEST_INVALID', { count: errors.length }), 422, { errors });
}

/** Also for what is there, but in another workspace: nobody learns that it is. */
export function unknown(kind: string, id: string): Refusal {
  return new Refusal(httpErrors.error('RESOURCE_UNKNOWN', { kind, id }), 404);
}

const statusOfKind: Readonly<Record<ErrorKind, number>> = { config: 422, data: 422, connector: 503, internal: 500 };
const RETRY_AFTER_S_DEFAULT = 2;

/** Every error becomes a refusal; what is not of the model is a bug, or the database that is away. */
export function refusalOf(error: unknown): Refusal {
  // Made here, in this process: the class is the same.
  if (error instanceof Refusal) return error;
  if (isRopewayError(error)) {
    const status = statusOfKind[error.kind];
    return new Refusal(error, status, status === 503 ? { retryAfterS: RETRY_AFTER_S_DEFAULT } : {});
  }
  if (isStoreAway(error)) {
    const away = httpErrors.error('STORE_AWAY', {}, { cause: error });
    return new Refusal(away, 503, { retryAfterS: RETRY_AFTER_S_DEFAULT });
  }
  return new Refusal(httpErrors.error('SERVER_BUG', {}, { cause: error }), 500);
}

export function problemOf(refusal: Refusal, requestId: string): Problem {
  const { code, message, hint, where, status, extra } = refusal;
  return {
    type: problemType(code),
    title: STATUS_CODES[status] ?? 'Error',
    status,
    code,
    detail: message,
    hint,
    ...(Object.keys(where).length === 0 ? {} : { where: { ...where } }),
    ...(extra.errors === undefined ? {} : { errors: [...extra.errors] }),
    ...(extra.users === undefined ? {} : { users: [...extra.users] }),
    ...(extra.usersHidden === undefined ? {} : { usersHidden: extra.usersHidden }),
    ...(extra.missingRole === undefined ? {} : { missingRole: extra.missingRole }),
    ...(extra.conflict === undefined ? {} : { conflict: extra.conflict }),
    ...(extra.retryAfterS === undefined ? {} : { retryAfterS: extra.retryAfterS }),
    requestId,
  };
}

/** Codes of PostgreSQL and of the system that say: not now. */
const awayCodes = /^(08|53|57P|55P03|57014|40001|40P01)|^E(CONNREFUSED|CONNRESET|PIPE|TIMEDOUT|HOSTUNREACH|AI_AGAIN)$/;

function isStoreAway(error: unknown): boolean {
  if (!(error instanceof Error)) return false;
  const code = 'code' in error && typeof error.code === 'string' ? error.code : '';
  return (
    awayCodes.test(code) ||
    /connection (terminated|timeout)|timeout exceeded when trying to connect/i.test(error.message)
  );
}

/** True for PostgreSQL's "there is one already". */
export function isDuplicate(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === '23505';
}
