/**
 * The first checks of every connection over a network (spi/connections.ts): the name of the host, and a TCP
 * connection. They tell apart what drivers report alike.
 */
import { lookup } from 'node:dns/promises';
import { createConnection, isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { CheckStep } from '#spi/connections.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { systemReason } from '#spi/system-reason.ts';
import { networkErrors } from './errors.ts';

/** Where a server listens: over TCP, or at a Unix socket. */
export type Endpoint = { readonly host: string; readonly port: number } | { readonly path: string };

export interface Patience {
  /** For one attempt. */
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
}

/** As people write it: `db.example.com:5432`, `[::1]:5432`, `/run/server.sock`. */
export function endpointName(endpoint: Endpoint): string {
  if ('path' in endpoint) return endpoint.path;
  const { host, port } = endpoint;
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}

/** Asks the name service for the host; an address has none to ask for. */
export function resolveStep(endpoint: Endpoint, patience: Patience): CheckStep {
  return {
    name: 'resolve',
    async run() {
      if ('path' in endpoint || isIP(endpoint.host) !== 0) return undefined;
      const { host } = endpoint;
      const found = await patiently(lookup(host, { all: true }), endpoint, patience);
      return `${host} is ${[...new Set(found.map(({ address }) => address))].join(', ')}.`;
    },
  };
}

/** Connects, and hangs up. */
export function connectStep(endpoint: Endpoint, patience: Patience): CheckStep {
  return {
    name: 'connect',
    async run() {
      const socket = await openSocket(endpoint, patience);
      const { remoteAddress } = socket;
      socket.destroy();
      const name = endpointName(endpoint);
      const isNamed = 'path' in endpoint || remoteAddress === undefined || name.includes(remoteAddress);
      return `${name} accepts connections${isNamed ? '' : ` (at ${remoteAddress})`}.`;
    },
  };
}

/** A connected socket, which is the caller's; errors that come later are the caller's as well. */
export async function openSocket(endpoint: Endpoint, patience: Patience): Promise<Socket> {
  const socket = createConnection(endpoint);
  const connected = new Promise<Socket>((resolve, reject) => {
    socket.once('connect', () => resolve(socket));
    socket.once('error', reject);
  });
  try {
    await patiently(connected, endpoint, patience);
    return socket;
  } catch (error) {
    socket.on('error', () => {});
    socket.destroy();
    throw error;
  }
}

/** Waits no longer than allowed; failures become errors of ours. */
export async function patiently<T>(work: Promise<T>, endpoint: Endpoint, { timeoutMs, signal }: Patience): Promise<T> {
  const target = endpointName(endpoint);
  const ended = Promise.withResolvers<never>();
  const stop = (): void => ended.reject(networkErrors.error('NETWORK_STOPPED', { target }));
  const timer = setTimeout(() => {
    ended.reject(networkErrors.error('NETWORK_TIMEOUT', { target, seconds: timeoutMs / 1000 }));
  }, timeoutMs);
  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    return await Promise.race([work, ended.promise]);
  } catch (error) {
    throw translateNetworkError(error, endpoint);
  } finally {
    clearTimeout(timer);
    signal.removeEventListener('abort', stop);
    // What loses the race may still fail; it has been told of already.
    work.catch(() => {});
  }
}

type SystemCode = 'NETWORK_REFUSED' | 'NETWORK_UNREACHABLE' | 'NETWORK_LOST';

const systemCodes: Readonly<Record<string, SystemCode>> = {
  ECONNREFUSED: 'NETWORK_REFUSED',
  ENOENT: 'NETWORK_REFUSED',
  EACCES: 'NETWORK_UNREACHABLE',
  EPERM: 'NETWORK_UNREACHABLE',
  EHOSTUNREACH: 'NETWORK_UNREACHABLE',
  ENETUNREACH: 'NETWORK_UNREACHABLE',
  EADDRNOTAVAIL: 'NETWORK_UNREACHABLE',
};

/** What the operating system says about a connection, as an error of ours. */
function translateNetworkError(error: unknown, endpoint: Endpoint): RopewayError {
  if (isRopewayError(error)) return error;
  // A host of several addresses fails once for each.
  const first: unknown = error instanceof AggregateError ? error.errors[0] : error;
  const code = first instanceof Error && 'code' in first ? String(first.code) : '';
  const reason = systemReason(first) ?? (first instanceof Error ? first.message : String(first));
  const target = endpointName(endpoint);
  const options = { cause: error };
  if (code === 'ENOTFOUND' || code === 'EAI_AGAIN') {
    const host = 'host' in endpoint ? endpoint.host : endpoint.path;
    const why = code === 'ENOTFOUND' ? 'the name service has no such name' : 'the name service does not answer';
    return networkErrors.error('NETWORK_HOST_UNKNOWN', { host, reason: why }, options);
  }
  return networkErrors.error(systemCodes[code] ?? 'NETWORK_LOST', { target, reason }, options);
}
