/** Errors as plain data: what crosses threads and goes into `--json` output. */
import { isRopewayError, RopewayError } from '#spi/errors.ts';
import type { ErrorKind, ErrorPlace } from '#spi/errors.ts';
import { engineErrors } from './errors.ts';
import { blamedPackage } from './plugins/blame.ts';

export interface ErrorRecord {
  readonly code: string;
  readonly kind: ErrorKind;
  readonly message: string;
  readonly hint: string;
  readonly transient: boolean;
  readonly where: ErrorPlace;
  /** For bugs only: where in the program. Never shown as the first thing. */
  readonly stack?: string;
}

/** Any thrown value as an error of the model; what is none of ours is a bug (`INTERNAL`). */
export function asRopewayError(thrown: unknown): RopewayError {
  if (isRopewayError(thrown)) return thrown;
  const reason = thrown instanceof Error ? thrown.message : String(thrown);
  const name = blamedPackage(thrown);
  if (name !== undefined) return engineErrors.error('PLUGIN_BROKEN', { package: name, reason }, { cause: thrown });
  return engineErrors.error('INTERNAL', { reason }, { cause: thrown });
}

export function errorRecord(thrown: unknown): ErrorRecord {
  const error = asRopewayError(thrown);
  const { code, kind, message, hint, transient, where } = error;
  const source = error.cause instanceof Error ? error.cause.stack : error.stack;
  return { code, kind, message, hint, transient, where, ...(kind === 'internal' && source ? { stack: source } : {}) };
}

export function errorFromRecord(record: ErrorRecord): RopewayError {
  const error = new RopewayError(record.code, record, { where: record.where });
  if (record.stack !== undefined) error.stack = record.stack;
  return error;
}
