/**
 * Encrypted connections: one group of options, one resolved form of them, and what Node.js needs to know. Connectors
 * whose options have names of their own (those of Embulk's plugins) make a {@link TlsConfig} from them.
 */
import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { ConnectionOptions, SecureVersion } from 'node:tls';
import { z } from 'zod';
import { isRopewayError } from '#spi/errors.ts';
import { option } from '#spi/fields.ts';
import { systemReason } from '#spi/system-reason.ts';
import { networkErrors } from './errors.ts';

/**
 * How much is asked of the server: nothing, encryption without knowing who it is, a certificate of a trusted
 * authority, or one that is for its name as well.
 */
export const tlsModes = ['disable', 'require', 'verify-ca', 'verify-full'] as const;
export type TlsMode = (typeof tlsModes)[number];

/** A PEM text, in a file or in the config; `option` is where errors point to. */
export type PemSource = { readonly option: string } & ({ readonly file: string } | { readonly text: string });

export interface TlsConfig {
  readonly mode: TlsMode;
  /** Authorities that are trusted; by default those that Node.js knows. */
  readonly ca?: PemSource | undefined;
  /** What the client shows of itself; both or none. */
  readonly certificate?: PemSource | undefined;
  readonly key?: PemSource | undefined;
  readonly passphrase?: string | undefined;
  readonly minimumVersion?: SecureVersion | undefined;
}

// The shape is long, and `z.output` of the configs gives the types that others need.
// oxlint-disable-next-line typescript/explicit-module-boundary-types
export function tlsFields(preset: TlsMode = 'disable') {
  return {
    tls_mode: option(z.enum(tlsModes).default(preset), {
      title: 'TLS mode',
      description:
        '`require` encrypts without checking who the server is, `verify-ca` checks who issued its certificate, ' +
        '`verify-full` its name as well.',
      'x-group': 'tls',
    }),
    tls_ca_file: option(z.string().min(1).optional(), {
      title: 'CA file',
      description: 'PEM file of the authorities that are trusted; by default those that Node.js knows.',
      'x-group': 'tls',
    }),
    tls_certificate_file: option(z.string().min(1).optional(), {
      title: 'Client certificate',
      description: 'PEM file of the certificate by which the server knows us, with those between it and its authority.',
      'x-group': 'tls',
      'x-advanced': true,
    }),
    tls_key_file: option(z.string().min(1).optional(), {
      title: 'Client key',
      description: 'PEM file of the private key of the client certificate.',
      'x-group': 'tls',
      'x-advanced': true,
    }),
    tls_key_passphrase: option(z.string().optional(), {
      title: 'Passphrase of the client key',
      description: 'For a key that is encrypted.',
      'x-group': 'tls',
      'x-advanced': true,
      'x-secret': true,
    }),
    tls_minimum_version: option(z.enum(['TLSv1.2', 'TLSv1.3']).default('TLSv1.2'), {
      title: 'Oldest TLS version',
      description: 'Servers that speak only older ones are refused.',
      'x-group': 'tls',
      'x-advanced': true,
    }),
  };
}

export type TlsOptions = z.output<z.ZodObject<ReturnType<typeof tlsFields>>>;

/** The resolved form of {@link tlsFields}. */
export function tlsConfigOf(options: TlsOptions): TlsConfig {
  return {
    mode: options.tls_mode,
    ca: pemFile('tls_ca_file', options.tls_ca_file),
    certificate: pemFile('tls_certificate_file', options.tls_certificate_file),
    key: pemFile('tls_key_file', options.tls_key_file),
    passphrase: options.tls_key_passphrase,
    minimumVersion: options.tls_minimum_version,
  };
}

/** The file that an option names, if it does. */
export function pemFile(name: string, file: string | undefined): PemSource | undefined {
  return file === undefined ? undefined : { option: name, file };
}

/** What `tls.connect` takes, with the files read and looked at; `undefined` for `disable`. */
export async function tlsOptions(config: TlsConfig): Promise<ConnectionOptions | undefined> {
  const { mode, minimumVersion } = config;
  if (mode === 'disable') return undefined;
  const isChecked = mode === 'verify-ca' || mode === 'verify-full';
  return {
    rejectUnauthorized: isChecked,
    ...(isChecked && config.ca !== undefined ? { ca: await readAuthorities(config.ca) } : {}),
    ...(mode === 'verify-ca' ? { checkServerIdentity: () => undefined } : {}),
    ...(await clientIdentity(config)),
    ...(minimumVersion === undefined ? {} : { minVersion: minimumVersion }),
  };
}

const certificatePattern = /-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g;

async function readAuthorities(source: PemSource): Promise<string[]> {
  const certificates = (await readPem(source)).match(certificatePattern) ?? [];
  if (certificates.length === 0) throw notPem(source, 'a certificate', 'there is none in it');
  try {
    // One that cannot be read would be left out silently.
    return certificates.map((certificate) => new X509Certificate(certificate).toString());
  } catch (error) {
    throw notPem(source, 'a certificate', reasonOf(error), error);
  }
}

async function clientIdentity(config: TlsConfig): Promise<Pick<ConnectionOptions, 'cert' | 'key' | 'passphrase'>> {
  const { certificate, key, passphrase } = config;
  if (certificate === undefined && key === undefined) return {};
  const lonely = certificate ?? key;
  if (certificate === undefined || key === undefined) {
    const name = lonely?.option ?? '';
    const reason = certificate === undefined ? 'there is a key alone' : 'there is no key for it';
    throw networkErrors.error('NETWORK_TLS_CLIENT', { option: name, reason }, { where: { path: [name] } });
  }
  const identity = {
    cert: await readPem(certificate),
    key: await readPem(key),
    ...(passphrase === undefined ? {} : { passphrase }),
  };
  const { createSecureContext } = await import('node:tls');
  try {
    createSecureContext(identity);
  } catch (error) {
    if (isRopewayError(error)) throw error;
    const params = { option: certificate.option, reason: reasonOf(error) };
    throw networkErrors.error('NETWORK_TLS_CLIENT', params, { where: { path: [key.option] }, cause: error });
  }
  return identity;
}

async function readPem(source: PemSource): Promise<string> {
  if ('text' in source) return source.text;
  try {
    return await readFile(source.file, 'utf8');
  } catch (error) {
    const params = { file: source.file, option: source.option, reason: systemReason(error) ?? reasonOf(error) };
    throw networkErrors.error('NETWORK_TLS_FILE', params, { where: { path: [source.option] }, cause: error });
  }
}

function notPem({ option: name }: PemSource, what: string, reason: string, cause?: unknown): Error {
  return networkErrors.error('NETWORK_TLS_PEM', { option: name, what, reason }, { where: { path: [name] }, cause });
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
