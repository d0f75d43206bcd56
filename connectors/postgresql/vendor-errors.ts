/** What the server, the driver and the operating system say, as errors of ours. */
import { isRopewayError } from '#spi/errors.ts';
import type { ErrorPlace, RopewayError } from '#spi/errors.ts';
import { postgresServerErrors } from './errors.ts';

type ServerCode = keyof typeof postgresServerErrors.entries;

/** SQLSTATEs by their beginning, longer ones first. */
const sqlStates: readonly (readonly [string, ServerCode])[] = [
  ['42P01', 'PG_TABLE_MISSING'],
  ['42703', 'PG_COLUMN_MISSING'],
  ['3F000', 'PG_SCHEMA_MISSING'],
  ['42501', 'PG_PRIVILEGE_MISSING'],
  ['25006', 'PG_READ_ONLY'],
  ['3D000', 'PG_DATABASE_MISSING'],
  ['57014', 'PG_CANCELLED'],
  ['53100', 'PG_DISK_FULL'],
  ['55P03', 'PG_CONFLICT'],
  ['57P', 'PG_UNAVAILABLE'],
  ['2BP', 'PG_DEPENDENTS'],
  ['28', 'PG_AUTH_FAILED'],
  ['53', 'PG_RESOURCES'],
  ['40', 'PG_CONFLICT'],
  ['08', 'PG_CONNECTION_LOST'],
  ['22', 'PG_VALUE_REFUSED'],
  ['23', 'PG_CONSTRAINT'],
];

const systemCodes: Readonly<Record<string, ServerCode>> = {
  ECONNREFUSED: 'PG_CONNECTION_REFUSED',
  ENOENT: 'PG_CONNECTION_REFUSED',
  EACCES: 'PG_CONNECTION_REFUSED',
  EHOSTUNREACH: 'PG_CONNECTION_REFUSED',
  ENETUNREACH: 'PG_CONNECTION_REFUSED',
  ENOTFOUND: 'PG_HOST_UNKNOWN',
  EAI_AGAIN: 'PG_HOST_UNKNOWN',
  ETIMEDOUT: 'PG_CONNECT_TIMEOUT',
};

/** The fields of an ErrorResponse that we look at. */
interface ServerFault extends Error {
  readonly code: string;
  readonly severity: string;
  readonly detail?: string;
  readonly hint?: string;
  readonly where?: string;
  readonly table?: string;
  readonly column?: string;
}

function isServerFault(error: Error): error is ServerFault {
  return 'severity' in error && 'code' in error && typeof error.code === 'string';
}

export function translateError(error: unknown, server: string, place: ErrorPlace = {}): RopewayError {
  if (isRopewayError(error)) return error;
  if (!(error instanceof Error)) return postgresServerErrors.error('PG_STATEMENT', { server, reason: String(error) });
  if (isServerFault(error)) return serverError(error, server, place);
  return postgresServerErrors.error(driverCode(error), { server, reason: reasonOf(error) }, { cause: error });
}

function serverError(fault: ServerFault, server: string, place: ErrorPlace): RopewayError {
  const code = sqlStates.find(([start]) => fault.code.startsWith(start))?.[1] ?? 'PG_STATEMENT';
  const { record, column, value } = copyPlace(fault.where);
  const field = place.field ?? column ?? fault.column;
  const parts = [fault.message, fault.detail, fault.hint].filter((part) => part !== undefined && part !== '');
  if (value !== undefined && !fault.message.includes(value)) parts.push(`the value is "${value}"`);
  // Only what the server says about the row is worth its line: the rest of `where` repeats our own SQL.
  const where: ErrorPlace = {
    ...place,
    ...(place.table === undefined && fault.table !== undefined ? { table: fault.table } : {}),
    ...(field === undefined ? {} : { field }),
    ...(record === undefined ? {} : { record }),
  };
  const reason = `${parts.join('; ')} (${fault.code})`;
  return postgresServerErrors.error(code, { server, reason }, { where, cause: fault });
}

/** The SQLSTATE behind an error that was translated here, when it came from a server. */
export function sqlStateOf(error: unknown): string | undefined {
  const cause: unknown = error instanceof Error ? error.cause : undefined;
  return cause instanceof Error && isServerFault(cause) ? cause.code : undefined;
}

/** `COPY name, line 3, column n: "abc"`: the record, the column and the value; in other languages the record alone. */
function copyPlace(where: string | undefined): { record?: number; column?: string; value?: string } {
  const english = /^COPY .*, line (\d+)(?:, column (.+?)(?:: "([^]*)"|: null input)?)?$/m.exec(where ?? '');
  const [, line, column, value] = english ?? /^COPY [^,]*, \D*(\d+)/m.exec(where ?? '') ?? [];
  return {
    ...(line === undefined ? {} : { record: Number(line) }),
    ...(column === undefined ? {} : { column }),
    ...(value === undefined ? {} : { value }),
  };
}

function driverCode(error: Error): ServerCode {
  const code = 'code' in error ? String(error.code) : '';
  const known = systemCodes[code];
  if (known !== undefined) return known;
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return driverCode(error.errors[0]);
  if (/timeout expired|timed out/i.test(error.message)) return 'PG_CONNECT_TIMEOUT';
  if (/SASL|password/i.test(error.message)) return 'PG_AUTH_FAILED';
  if (/SSL|TLS|certificate|CERT|SELF_SIGNED/i.test(`${code} ${error.message}`)) return 'PG_TLS';
  return 'PG_CONNECTION_LOST';
}

function reasonOf(error: Error): string {
  const first: unknown = error instanceof AggregateError ? error.errors[0] : undefined;
  return first instanceof Error && error.message === '' ? first.message : error.message;
}
