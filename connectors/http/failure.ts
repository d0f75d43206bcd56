/** What goes wrong between us and a server, as errors of ours. */
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { httpErrors } from './errors.ts';

type Code = keyof typeof httpErrors.entries;

const unreachable = new Set([
  ...['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'],
  ...['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
  ...['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED'],
]);

const tls = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO)/;

const words: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'it did not answer within `open_timeout`',
  UND_ERR_HEADERS_TIMEOUT: 'there was no answer within `read_timeout`',
  UND_ERR_BODY_TIMEOUT: 'nothing came for the `read_timeout`',
};

/** The error as a person is told it; a bug stays as it is. */
export function connectionFailure(thrown: unknown, place: string, signal: AbortSignal): unknown {
  if (isRopewayError(thrown)) return thrown;
  if (signal.aborted) return httpErrors.error('HTTP_STOPPED', { place });
  if (!(thrown instanceof Error)) return thrown;
  const inner = innermost(thrown);
  const name = codeOf(inner);
  const reason = words[name] ?? (inner.message === '' ? name : inner.message.replace(/[.\s]+$/, ''));
  const code = kindOf(name, inner);
  return code === undefined ? thrown : httpErrors.error(code, { place, reason });
}

function kindOf(name: string, error: Error): Code | undefined {
  if (name === 'ENOTFOUND') return 'HTTP_HOST_UNKNOWN';
  if (unreachable.has(name)) return 'HTTP_UNREACHABLE';
  if (tls.test(name)) return 'HTTP_TLS';
  if (error.name === 'HTTPParserError' || name === 'UND_ERR_HEADERS_OVERFLOW') return 'HTTP_PROTOCOL';
  // A proxy that does not let us through to a server with TLS.
  return error.message.startsWith('Proxy response') ? 'HTTP_REFUSED' : undefined;
}

/** Several addresses of a host were tried, or one error wraps another: the first cause speaks. */
function innermost(error: Error): Error {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error.cause instanceof Error && codeOf(error) === '' ? innermost(error.cause) : error;
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}

/** A status that is no success. */
export function statusFailure(status: number, reason: string, place: string, retryAfterMs?: number): RopewayError {
  const options = retryAfterMs === undefined ? {} : { retryAfterMs };
  return httpErrors.error(codeOfStatus(status), { place, reason }, options);
}

function codeOfStatus(status: number): Code {
  if (status === 401 || status === 403 || status === 407) return 'HTTP_REFUSED';
  if (status === 404 || status === 410) return 'HTTP_NOT_FOUND';
  if (status === 425 || status === 429 || status === 503) return 'HTTP_BUSY';
  return status === 408 || status >= 500 ? 'HTTP_UNAVAILABLE' : 'HTTP_STATUS';
}

/** What the header Retry-After asks for: seconds, or a time. */
export function retryAfterMs(header: string | undefined, now: number): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  if (/^\d{1,9}$/.test(text)) return Number(text) * 1000;
  const time = Date.parse(text);
  return Number.isNaN(time) ? undefined : Math.max(0, time - now);
}
