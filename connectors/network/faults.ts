/** What libraries and Node say of connections that fail, sorted by what a person can do about it. */

export type FaultKind = 'unreachable' | 'host_unknown' | 'tls' | 'protocol';

export interface NetworkFault {
  readonly kind: FaultKind;
  /** In words, without a full stop. */
  readonly reason: string;
}

const unreachable = new Set([
  ...['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH', 'EAI_AGAIN'],
  ...['ERR_STREAM_PREMATURE_CLOSE', 'ERR_PROXY_TUNNEL'],
]);

const tls = /^(ERR_TLS|ERR_SSL|CERT_|UNABLE_TO_|DEPTH_ZERO_|SELF_SIGNED_|EPROTO)/;

/** Undefined when the error does not come from a connection. */
export function networkFault(thrown: unknown): NetworkFault | undefined {
  if (!(thrown instanceof Error)) return undefined;
  const inner = innermost(thrown);
  const code = codeOf(inner);
  const kind = kindOf(code);
  if (kind === undefined) return undefined;
  return { kind, reason: inner.message === '' ? code : inner.message.replace(/[.\s]+$/, '') };
}

function kindOf(code: string): FaultKind | undefined {
  if (code === 'ENOTFOUND') return 'host_unknown';
  if (unreachable.has(code)) return 'unreachable';
  if (tls.test(code)) return 'tls';
  return code.startsWith('HPE_') ? 'protocol' : undefined;
}

/** Several addresses of a host were tried, or one error wraps another: the first cause speaks. */
function innermost(error: Error): Error {
  if (error instanceof AggregateError && error.errors[0] instanceof Error) return error.errors[0];
  return error.cause instanceof Error && codeOf(error) === '' ? innermost(error.cause) : error;
}

function codeOf(error: Error): string {
  return 'code' in error ? String(error.code) : '';
}
