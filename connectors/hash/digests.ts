/** Digests by their names in Java. */
import { createHmac, hash } from 'node:crypto';
import type { HashColumn } from './config.ts';
import { hashErrors } from './errors.ts';

/** Lower-case hexadecimal digits. */
export type Digest = (bytes: Uint8Array) => string;

/** Java's names in small letters, and what OpenSSL calls them. */
const digests: Readonly<Record<string, string>> = {
  md5: 'md5',
  sha: 'sha1',
  sha1: 'sha1',
  'sha-1': 'sha1',
  'sha-224': 'sha224',
  'sha-256': 'sha256',
  'sha-384': 'sha384',
  'sha-512': 'sha512',
  'sha-512/224': 'sha512-224',
  'sha-512/256': 'sha512-256',
  'sha3-224': 'sha3-224',
  'sha3-256': 'sha3-256',
  'sha3-384': 'sha3-384',
  'sha3-512': 'sha3-512',
};

const keyed: Readonly<Record<string, string>> = {
  hmacmd5: 'md5',
  hmacsha1: 'sha1',
  hmacsha224: 'sha224',
  hmacsha256: 'sha256',
  hmacsha384: 'sha384',
  hmacsha512: 'sha512',
  'hmacsha512/224': 'sha512-224',
  'hmacsha512/256': 'sha512-256',
};

export function digestOf({ algorithm, secret_key: key }: HashColumn, path: readonly (string | number)[]): Digest {
  const name = algorithm.toLowerCase();
  if (Object.hasOwn(digests, name)) {
    const digest = digests[name] ?? '';
    return (bytes) => hash(digest, bytes, 'hex');
  }
  if (!Object.hasOwn(keyed, name)) {
    const known = [...Object.keys(digests), ...Object.keys(keyed)].join(', ');
    throw hashErrors.error('HASH_ALGORITHM', { algorithm, known }, { where: { path: [...path, 'algorithm'] } });
  }
  if (key === undefined) throw hashErrors.error('HASH_SECRET_KEY', { algorithm }, { where: { path } });
  const digest = keyed[name] ?? '';
  return (bytes) => createHmac(digest, key).update(bytes).digest('hex');
}
