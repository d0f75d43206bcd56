/** What the library throws, as errors of ours. */
import { isRopewayError } from '#spi/errors.ts';
import { networkFault } from '#connectors/network/faults.ts';
import { ftpErrors } from './errors.ts';

export interface Doing {
  readonly server: string;
  /** As `reading ftp://…`. */
  readonly action: string;
  readonly isStopped: boolean;
}

const NOT_LOGGED_IN = 530;

/** The error as a person is told it. What is neither the server's nor the network's doing stays as it is: a bug. */
export function ftpFailure(thrown: unknown, { server, action, isStopped }: Doing): unknown {
  if (isRopewayError(thrown) || !(thrown instanceof Error)) return thrown;
  if (isStopped) return ftpErrors.error('FTP_STOPPED', { action });
  if (thrown instanceof TypeError) return thrown;
  const options = { cause: thrown };
  const reply = replyCode(thrown);
  const reason = thrown.message.replaceAll(/\s+/g, ' ').replace(/[.\s]+$/, '');
  if (reply !== undefined) {
    const code = reply === NOT_LOGGED_IN ? 'FTP_LOGIN_REFUSED' : reply < 500 ? 'FTP_BUSY' : 'FTP_REFUSED';
    return ftpErrors.error(code, { server, action, reason }, options);
  }
  const fault = networkFault(thrown);
  if (fault?.kind === 'host_unknown') {
    return ftpErrors.error(
      'FTP_HOST_UNKNOWN',
      { server, reason: fault.reason },
      { where: { path: ['host'] }, ...options },
    );
  }
  if (fault?.kind === 'tls') return ftpErrors.error('FTP_TLS', { server, reason: fault.reason }, options);
  // The library has no codes for a server that hangs up or says nothing.
  return ftpErrors.error('FTP_UNREACHABLE', { server, action, reason: fault?.reason ?? reason }, options);
}

/** The three digits that the server answered with. */
export function replyCode(error: unknown): number | undefined {
  return error instanceof Error && 'code' in error && typeof error.code === 'number' ? error.code : undefined;
}
