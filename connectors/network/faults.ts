/** What libraries and Node say of connections that fail, sorted by what a person can do about it. */

export type FaultKind = 'unreachable' | 'host_unknown' | 'tls' | 'protocol';

export interface NetworkFault {
  readonly kind: FaultKind;
  /** In words, without a full stop. */
  readonly reason: string;
}

const unreachable = new Set([
  ...['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'],
  ...['UND_ERR_SOCKET', 'UND_ERR_CONNECT_TIMEOUT', 'UND_ERR_HEADERS_TIMEOUT', 'UND_ERR_BODY_TIMEOUT'],
  ...['UND_ERR_RES_CONTENT_LENGTH_MISMATCH', 'UND_ERR_CLOSED', 'UND_ERR_DESTROYED', 'ERR_STREAM_PREMATURE_CLOSE'],
]);

const tls = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO)/;

const words: Readonly<Record<string, string>> = {
  UND_ERR_CONNECT_TIMEOUT: 'connecting took too long',
  UND_ERR_HEADERS_TIMEOUT: 'there was no answer in time',
  UND_ERR_BODY_TIMEOUT: 'the answer stopped in its middle',
};

/** Undefined when the error does not come from a connection. */
export function networkFault(thrown: unknown): NetworkFault | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const inner = innermost(thrown);
  const code = codeOf(inner);
  const kind = kindOf(code, inner);
  if (kind === undefined) return undefined;
  return { kind, reason: words[code] ?? (inner.message === '' ? code : inner.message.replace(/[.\s]+$/, '')) };
}

function kindOf(code: string, { name }: Error): FaultKind | undefined {
  if (code === 'ENOTFOUND') return 'host_unknown';
  if (unreachable.has(code)) return 'unreachable';
  if (tls.test(code)) return 'tls';
  return name === 'HTTPParserError' || code === 'UND_ERR_HEADERS_OVERFLOW' ? 'protocol' : undefined;
}

/** Several addresses of a host were tried, or one error wraps another: the first cause speaks. */
function innermost(error: Error): Error {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error.cause instanceof Error && codeOf(error) === '' ? innermost(error.cause) : error;
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
