/** What goes wrong between us and a server, as errors of ours. */
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { networkFault } from '#connectors/network/faults.ts';
import type { FaultKind } from '#connectors/network/faults.ts';
import { httpErrors } from './errors.ts';

type Code = keyof typeof httpErrors.entries;

const codes: Readonly<Record<FaultKind, Code>> = {
  unreachable: 'HTTP_UNREACHABLE',
  host_unknown: 'HTTP_HOST_UNKNOWN',
  tls: 'HTTP_TLS',
  protocol: 'HTTP_PROTOCOL',
};

/** The error as a person is told it; a bug stays as it is. */
export function connectionFailure(thrown: unknown, place: string, signal: AbortSignal): unknown {
  if (isRopewayError(thrown)) return thrown;
  if (signal.aborted) return httpErrors.error('HTTP_STOPPED', { place });
  const fault = networkFault(thrown);
  if (fault === undefined) return thrown;
  // A proxy that does not let us through to a server with TLS.
  const isProxy = thrown instanceof Error && 'code' in thrown && thrown.code === 'ERR_PROXY_TUNNEL';
  return httpErrors.error(isProxy ? 'HTTP_REFUSED' : codes[fault.kind], { place, reason: fault.reason });
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
