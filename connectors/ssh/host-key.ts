/**
 * Whether a server is the one that it should be. Strict: by a fingerprint from the config, or by the file of known
 * hosts; a key that is in neither is refused, and the error says its fingerprint.
 */
import { createHash } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { systemReason } from '#spi/system-reason.ts';
import type { RopewayError } from '#spi/errors.ts';
import { sshErrors } from './errors.ts';
import { knownKeys } from './known-hosts.ts';
import type { KnownKey } from './known-hosts.ts';

export interface HostKeyOptions {
  readonly host: string;
  readonly port: number;
  readonly host_key_fingerprint?: string | undefined;
  readonly known_hosts_file?: string | undefined;
  readonly verify_host_key: boolean;
}

export interface HostKeyCheck {
  /**
   * Signature algorithms to ask the server for, in this order; several lists are tried one after the other, because a
   * server has keys of several types and shows only one.
   */
  readonly algorithms: readonly (readonly HostKeyAlgorithm[])[];
  /** Undefined when the key is the right one. */
  readonly refusal: (key: Buffer) => RopewayError | undefined;
}

/** By the type of the key, in the order of preference. */
const algorithmsOf = {
  'ssh-ed25519': ['ssh-ed25519'],
  'ecdsa-sha2-nistp256': ['ecdsa-sha2-nistp256'],
  'ecdsa-sha2-nistp384': ['ecdsa-sha2-nistp384'],
  'ecdsa-sha2-nistp521': ['ecdsa-sha2-nistp521'],
  'ssh-rsa': ['rsa-sha2-512', 'rsa-sha2-256', 'ssh-rsa'],
} as const;

export type HostKeyAlgorithm = (typeof algorithmsOf)[keyof typeof algorithmsOf][number];

const allTypes = Object.keys(algorithmsOf);

/** `at` is where the options stand in the config; `server` is its name in messages. */
export async function hostKeyCheck(
  options: HostKeyOptions,
  { server, at }: { readonly server: string; readonly at: readonly string[] },
): Promise<HostKeyCheck> {
  if (!options.verify_host_key) return { algorithms: [algorithms(allTypes)], refusal: () => undefined };
  const { host_key_fingerprint: fingerprint } = options;
  const refused = (code: 'SSH_HOST_KEY_UNKNOWN' | 'SSH_HOST_KEY_CHANGED', key: Buffer, expected = ''): RopewayError => {
    const params = { server, type: typeOf(key), seen: fingerprintOf(key), expected };
    return sshErrors.error(code, params, { where: { path: [...at, 'host'] } });
  };
  if (fingerprint !== undefined) {
    const matches = fingerprintTest(fingerprint, at);
    return {
      algorithms: [algorithms(allTypes), ...allTypes.slice(1).map((type) => algorithms([type]))],
      refusal: (key) =>
        matches(key) ? undefined : refused('SSH_HOST_KEY_CHANGED', key, `the config says ${fingerprint}`),
    };
  }
  const { text, file } = await knownHosts(options, at);
  const known = knownKeys(text, options.host, options.port);
  const types = new Set(known.map(({ type }) => type));
  const order = [...allTypes.filter((type) => types.has(type)), ...allTypes.filter((type) => !types.has(type))];
  return {
    algorithms: [algorithms(order)],
    refusal(key) {
      const same = known.filter((entry) => entry.key.equals(key));
      if (same.some(({ isRevoked }) => isRevoked)) {
        return refused('SSH_HOST_KEY_CHANGED', key, `${file} says that this key is revoked`);
      }
      if (same.length > 0) return undefined;
      const trusted = known.filter(({ isRevoked }) => !isRevoked);
      return trusted.length === 0
        ? refused('SSH_HOST_KEY_UNKNOWN', key)
        : refused('SSH_HOST_KEY_CHANGED', key, `${file} says ${listed(trusted)}`);
    },
  };
}

/** As `ssh-keygen -l` prints it. */
export function fingerprintOf(key: Buffer): string {
  return `SHA256:${createHash('sha256').update(key).digest('base64').replace(/=+$/, '')}`;
}

function fingerprintTest(fingerprint: string, at: readonly string[]): (key: Buffer) => boolean {
  const sha256 = /^(?:SHA256:)?([A-Za-z0-9+/]{43})=?$/.exec(fingerprint)?.[1];
  if (sha256 !== undefined) return (key) => fingerprintOf(key) === `SHA256:${sha256}`;
  const md5 = /^(?:MD5:)?((?:[0-9a-f]{2}:){15}[0-9a-f]{2})$/i.exec(fingerprint)?.[1]?.replaceAll(':', '').toLowerCase();
  if (md5 !== undefined) return (key) => createHash('md5').update(key).digest('hex') === md5;
  throw sshErrors.error('SSH_FINGERPRINT', { fingerprint }, { where: { path: [...at, 'host_key_fingerprint'] } });
}

async function knownHosts(
  { known_hosts_file: named }: HostKeyOptions,
  at: readonly string[],
): Promise<{ text: string; file: string }> {
  const file = named ?? join(homedir(), '.ssh', 'known_hosts');
  try {
    return { text: await readFile(file, 'utf8'), file };
  } catch (error) {
    // Not everybody has one.
    if (named === undefined) return { text: '', file };
    const params = { file, reason: systemReason(error) ?? String(error) };
    throw sshErrors.error('SSH_KNOWN_HOSTS_FILE', params, {
      where: { path: [...at, 'known_hosts_file'] },
      cause: error,
    });
  }
}

function algorithms(types: readonly string[]): HostKeyAlgorithm[] {
  return types.flatMap((type) => (type in algorithmsOf ? algorithmsOf[type as keyof typeof algorithmsOf] : []));
}

/** A key begins with the length and the name of its type. */
export function typeOf(key: Buffer): string {
  return key.subarray(4, 4 + key.readUInt32BE(0)).toString('latin1');
}

function listed(keys: readonly KnownKey[]): string {
  return keys.map(({ type, key }) => `${fingerprintOf(key)} (${type})`).join(' or ');
}
