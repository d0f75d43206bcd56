/** Codes for the day when the telephone is lost: eighty bits each, so that plain hashes of them are safe. */
import { randomBytes } from 'node:crypto';
import { secretHash } from './opaque-secret.ts';
import { base32 } from './totp.ts';

export const RECOVERY_CODES = 10;
const CODE_BYTES = 10;

/** `abcd-efgh-2345-6723` and nine others. */
export function newRecoveryCodes(): string[] {
  return Array.from({ length: RECOVERY_CODES }, () =>
    (base32(randomBytes(CODE_BYTES)).toLowerCase().match(/.{4}/g) ?? []).join('-'),
  );
}

/** However it is typed: with or without hyphens, in any case. */
export function recoveryCodeHash(code: string): string {
  return secretHash(code.toLowerCase().replace(/[^a-z2-7]/g, ''));
}
