/** Sessions, links and codes: chance, shown once, kept as hashes. There is too much of it to be guessed: a plain hash does. */
import { createHash, randomBytes } from 'node:crypto';

const SECRET_BYTES = 32;

/** Begins with what it is, so that it is known wherever it turns up. */
export function newSecret(prefix: 'rws' | 'rwl' | 'rwf' | 'rwd'): string {
  return `${prefix}_${randomBytes(SECRET_BYTES).toString('base64url')}`;
}

export function secretHash(secret: string): string {
  return createHash('sha256').update(secret).digest('base64url');
}
