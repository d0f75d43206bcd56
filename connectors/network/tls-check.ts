/** The check of an encrypted connection: who the server is, by its certificate, and whether that was looked at. */
import { isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { ConnectionOptions, DetailedPeerCertificate, TLSSocket } from 'node:tls';
import type { CheckStep } from '#spi/connections.ts';
import { networkErrors } from './errors.ts';
import { endpointName, openSocket, patiently } from './reachability.ts';
import type { Endpoint, Patience } from './reachability.ts';
import { tlsOptions } from './tls-config.ts';
import type { TlsConfig } from './tls-config.ts';

export interface TlsCheckOptions extends Patience {
  /** Speaks the protocol to where TLS may begin, for those that do not begin with it. */
  readonly prepare?: (socket: Socket) => Promise<void>;
  /** The name that the certificate is to be for, when it is not the host that is connected to: through a tunnel. */
  readonly serverName?: string;
}

/** Shakes hands, and hangs up; not needed where the mode is `disable`. */
export function tlsStep(endpoint: Endpoint, config: TlsConfig, options: TlsCheckOptions): CheckStep {
  return {
    name: 'tls',
    async run() {
      const settings = await tlsOptions(config);
      if (settings === undefined) return undefined;
      const { connect } = await import('node:tls');
      const plain = await openSocket(endpoint, options);
      // Whoever waits hears of it; without a listener it would end the process.
      plain.on('error', () => {});
      try {
        if (options.prepare !== undefined) await patiently(options.prepare(plain), endpoint, options);
        const host = options.serverName ?? ('host' in endpoint ? endpoint.host : 'localhost');
        // `host` is what the certificate is checked against; a server name must not be an address.
        const name = { host, ...(isIP(host) === 0 ? { servername: host } : {}) };
        // Nothing is sent before the judgement below; a socket that refuses by itself has no certificate to show any more.
        const socket = connect({ ...settings, ...name, rejectUnauthorized: false, socket: plain });
        const shaken = new Promise<void>((resolve, reject) => {
          socket.once('secureConnect', () => resolve());
          socket.once('error', (error) => reject(failed(endpoint, opensslReason(error), error)));
          plain.once('close', () => reject(failed(endpoint, 'the server hung up', undefined)));
        });
        await patiently(shaken, endpoint, options);
        return judged(socket, endpoint, settings);
      } finally {
        plain.destroy();
      }
    },
  };
}

/** One sentence or two: the version, whose certificate, by whom, until when, and whether it was checked. */
function judged(socket: TLSSocket, endpoint: Endpoint, { rejectUnauthorized }: ConnectionOptions): string {
  const certificate = socket.getPeerCertificate(true);
  const fault = socket.authorized ? undefined : String(socket.authorizationError);
  if (fault !== undefined && rejectUnauthorized === true) throw untrusted(fault, certificate, endpoint);
  const until = new Date(certificate.valid_to).toISOString().slice(0, 10);
  const server = `${serverOf(certificate)}, certified by ${nameOf(certificate.issuer)} until ${until}`;
  const trust = fault === undefined ? '' : ` It is not checked; it would fail: ${trustReason(fault)}.`;
  return `${socket.getProtocol() ?? 'TLS'} with ${server}.${trust}`;
}

function serverOf(certificate: DetailedPeerCertificate): string {
  const names = certificate.subjectaltname?.replaceAll(/(?:DNS|IP Address):/g, '');
  const subject = nameOf(certificate.subject);
  return names === undefined || names === subject ? subject : `${subject} (${names})`;
}

function nameOf(name: Readonly<Record<string, string | string[] | undefined>> | undefined): string {
  const found = name?.['CN'] ?? name?.['O'] ?? name?.['OU'] ?? 'a nameless one';
  return Array.isArray(found) ? found.join(', ') : found;
}

/** Node's code for a certificate that is trusted, but not for this host. */
const WRONG_NAME = 'ERR_TLS_CERT_ALTNAME_INVALID';

const trustReasons: Readonly<Record<string, string>> = {
  CERT_HAS_EXPIRED: 'it has expired',
  CERT_NOT_YET_VALID: 'it is not valid yet',
  DEPTH_ZERO_SELF_SIGNED_CERT: 'the server signed it itself',
  SELF_SIGNED_CERT_IN_CHAIN: 'its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT: 'its authority is not known here',
  UNABLE_TO_GET_ISSUER_CERT_LOCALLY: 'its authority is not known here',
  UNABLE_TO_VERIFY_LEAF_SIGNATURE: 'its authority is not known here',
  CERT_SIGNATURE_FAILURE: 'its signature is wrong',
  CERT_REVOKED: 'it has been revoked',
  INVALID_CA: 'its authority may not issue certificates',
  INVALID_PURPOSE: 'it is not for servers',
};

function trustReason(code: string): string {
  return trustReasons[code] ?? (code === WRONG_NAME ? 'it is for another name' : code);
}

function untrusted(code: string, certificate: DetailedPeerCertificate, endpoint: Endpoint): Error {
  const params = { target: endpointName(endpoint), server: serverOf(certificate) };
  if (code === WRONG_NAME) return networkErrors.error('NETWORK_TLS_NAME', params);
  return networkErrors.error('NETWORK_TLS_UNTRUSTED', { ...params, reason: trustReason(code) });
}

/** OpenSSL's words, without the numbers and files around them. */
function opensslReason(error: Error): string {
  return 'reason' in error && typeof error.reason === 'string' ? error.reason : error.message.trim();
}

function failed(endpoint: Endpoint, reason: string, cause: unknown): Error {
  return networkErrors.error('NETWORK_TLS_FAILED', { target: endpointName(endpoint), reason }, { cause });
}
