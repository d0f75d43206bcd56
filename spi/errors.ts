/**
 * The error model. Every failure that a user can meet carries a stable code, what happened, where, and what to do.
 * Errors cross threads, processes and plugin versions: recognise them by `kind` and `code` ({@link isRopewayError}),
 * never with `instanceof`.
 */
/**
 * Whose failure it is: `config` the user's settings, `data` the records, `connector` the other system,
 * `internal` a bug of ours. The kind decides retrying and the exit code.
 */
export type ErrorKind = 'config' | 'data' | 'connector' | 'internal';

/** Where it happened, as far as it is known. Lines, columns and records count from 1, bytes from 0. */
export interface ErrorPlace {
  /** Config path, as keys from the top: `['in', 'parser', 'columns', 2, 'type']`. */
  readonly path?: readonly (string | number)[];
  /** The error is about the key at the path, not about its value. */
  readonly isKey?: boolean;
  readonly file?: string;
  readonly line?: number;
  readonly column?: number;
  readonly byte?: number;
  readonly record?: number;
  readonly table?: string;
  /** Name of the record column. */
  readonly field?: string;
}

/** One entry of a catalogue. `{name}` in the texts is replaced by the parameter of that name. */
export interface ErrorEntry {
  readonly kind: ErrorKind;
  readonly message: string;
  readonly hint: string;
  /** Only for `connector`: true when trying again can help (network, quota, lock). */
  readonly transient?: boolean;
}

export type ErrorParams = Readonly<Record<string, string | number | bigint | boolean>>;

export interface ErrorOptions {
  readonly where?: ErrorPlace;
  readonly cause?: unknown;
  readonly retryAfterMs?: number;
}

export class RopewayError extends Error {
  override readonly name = 'RopewayError';
  readonly kind: ErrorKind;
  readonly code: string;
  readonly hint: string;
  readonly where: ErrorPlace;
  readonly transient: boolean;
  readonly retryAfterMs: number | undefined;

  constructor(
    code: string,
    entry: { kind: ErrorKind; message: string; hint: string; transient?: boolean | undefined },
    options: ErrorOptions = {},
  ) {
    super(entry.message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.kind = entry.kind;
    this.hint = entry.hint;
    this.where = options.where ?? {};
    this.transient = entry.transient ?? false;
    this.retryAfterMs = options.retryAfterMs;
  }
}

/** A catalogue of one area's errors: the entries, and the constructor of an error from a code. */
export interface ErrorCatalogue<Code extends string> {
  readonly entries: Readonly<Record<Code, ErrorEntry>>;
  error(code: Code, params?: ErrorParams, options?: ErrorOptions): RopewayError;
}

/**
 * Declares the errors of one area (an `errors.ts` file each).
 *
 * @example
 * export const gzipErrors = errorCatalogue({
 *   GZIP_TRUNCATED: { kind: 'data', message: 'The gzip file ends in the middle of its data.', hint: 'Copy the file again.' },
 * });
 * throw gzipErrors.error('GZIP_TRUNCATED', {}, { where: { file: 'a.gz' } });
 */
export function errorCatalogue<const Code extends string>(
  entries: Readonly<Record<Code, ErrorEntry>>,
): ErrorCatalogue<Code> {
  return {
    entries,
    error(code: Code, params: ErrorParams = {}, options: ErrorOptions = {}): RopewayError {
      const entry: ErrorEntry = entries[code];
      return new RopewayError(
        code,
        {
          kind: entry.kind,
          message: fill(entry.message, params),
          hint: fill(entry.hint, params),
          transient: entry.transient,
        },
        options,
      );
    },
  };
}

/** True for an error of this model, whichever copy of this module made it. */
export function isRopewayError(value: unknown): value is RopewayError {
  return value instanceof Error && 'kind' in value && 'code' in value && 'hint' in value && 'where' in value;
}

/** A copy of the error with more about the place; what the error already knows wins. */
export function withPlace(error: RopewayError, where: ErrorPlace): RopewayError {
  return new RopewayError(error.code, error, {
    where: { ...where, ...error.where },
    cause: error.cause,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}

function fill(template: string, params: ErrorParams): string {
  return template.replace(/\{(\w+)\}/g, (whole, name: string) => (name in params ? String(params[name]) : whole));
}
