/** What the library throws, as errors of ours. */
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { sshErrors } from './errors.ts';

/** What is known about the connection when it fails. */
export interface FailingConnection {
  readonly server: string;
  /** Where its options stand in the config. */
  readonly at: readonly string[];
  readonly isStopped: boolean;
  /** It was open, and somebody was logged in. */
  readonly wasReady: boolean;
  readonly timeout: { readonly option: string; readonly seconds: number };
  readonly login: { readonly tried: readonly string[]; readonly accepted: readonly string[] };
}

/** Fields of the library's errors, as far as they have them. */
interface Fault extends Error {
  readonly level?: string;
  readonly code?: unknown;
}

const methodNames: Readonly<Record<string, string>> = {
  publickey: 'the private key',
  password: 'the password',
  'keyboard-interactive': 'the password (asked for interactively)',
};

/** The error as a person is told it. */
export function sshFailure(thrown: unknown, connection: FailingConnection): RopewayError {
  if (isRopewayError(thrown)) return thrown;
  const { server, at, timeout } = connection;
  const fault: Fault = thrown instanceof Error ? thrown : new Error(String(thrown));
  const reason = fault.message.replace(/[.\s]+$/, '') || String(fault.code ?? fault.name);
  const options = { where: { path: [...at, 'host'] }, cause: thrown };
  if (connection.isStopped) return sshErrors.error('SSH_STOPPED', { server });
  if (connection.wasReady) return sshErrors.error('SSH_CONNECTION_LOST', { server, reason }, options);
  if (fault.level === 'client-authentication') return authRefused(connection);
  if (fault.level === 'client-timeout') {
    return sshErrors.error('SSH_CONNECT_TIMEOUT', { server, ...timeout }, options);
  }
  if (fault.level !== 'client-socket') return sshErrors.error('SSH_HANDSHAKE', { server, reason }, options);
  const isNameless = fault.code === 'ENOTFOUND' || fault.code === 'EAI_AGAIN';
  return sshErrors.error(isNameless ? 'SSH_HOST_UNKNOWN' : 'SSH_UNREACHABLE', { server, reason }, options);
}

function authRefused({ server, at, login }: FailingConnection): RopewayError {
  const tried = login.tried.map((method) => methodNames[method] ?? method).join(' and ') || 'us';
  const accepted = login.accepted.join(', ') || 'nothing that it says';
  return sshErrors.error('SSH_AUTH_REFUSED', { server, tried, accepted }, { where: { path: [...at, 'user'] } });
}

/** Why a channel to another host could not be opened; `reason` is that of RFC 4254, section 5.1. */
export function forwardFailure(thrown: unknown, connection: FailingConnection, target: string): RopewayError {
  const code = thrown instanceof Error && 'reason' in thrown ? Number(thrown.reason) : undefined;
  if (code === undefined || connection.isStopped) return sshFailure(thrown, connection);
  const reason = thrown instanceof Error ? thrown.message.replace(/^\(SSH\) Channel open failure: /, '') : '';
  const isProhibited = code === ADMINISTRATIVELY_PROHIBITED;
  const name = isProhibited ? 'SSH_FORWARD_REFUSED' : 'SSH_FORWARD_UNREACHABLE';
  return sshErrors.error(name, { server: connection.server, target, reason: reason || 'it says no more' });
}

const ADMINISTRATIVELY_PROHIBITED = 1;
