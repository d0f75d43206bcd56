/** Codes of an authenticator app: RFC 6238 with SHA-1, six digits, thirty seconds, which every app can do. */
import { createHmac, randomBytes } from 'node:crypto';

const STEP_S = 30;
const DIGITS = 6;
/** As long as the hash, as RFC 4226 recommends. */
const SECRET_BYTES = 20;
/** Clocks of telephones differ, and people type slowly: the step before and the one behind count too. */
const STEPS_BESIDE = 1;

export function newTotpSecret(): Uint8Array {
  return randomBytes(SECRET_BYTES);
}

/** The code of a step. */
export function totpCode(secret: Uint8Array, step: number): string {
  const counter = Buffer.alloc(8);
  counter.writeBigUInt64BE(BigInt(step));
  const mac = createHmac('sha1', secret).update(counter).digest();
  const at = (mac.at(-1) ?? 0) & 0x0f;
  const number = mac.readUInt32BE(at) & 0x7fff_ffff;
  return String(number % 10 ** DIGITS).padStart(DIGITS, '0');
}

export function stepAt(epochS: number): number {
  return Math.floor(epochS / STEP_S);
}

/**
 * The step that the code is of, if it is of one near the present and after `lastStep`, the one that was used last: a
 * code that was looked over a shoulder is good for nothing.
 */
export function stepOfCode(
  secret: Uint8Array,
  code: string,
  { epochS, lastStep }: { readonly epochS: number; readonly lastStep: number },
): number | undefined {
  const present = stepAt(epochS);
  for (let step = present - STEPS_BESIDE; step <= present + STEPS_BESIDE; step += 1) {
    // Six digits are no secret that a time could give away: each guess is counted.
    if (step > lastStep && totpCode(secret, step) === code) return step;
  }
  return undefined;
}

/** What a telephone reads from a picture of it. */
export function totpUri(
  secret: Uint8Array,
  { issuer, account }: { readonly issuer: string; readonly account: string },
): string {
  const label = `${encodeURIComponent(issuer)}:${encodeURIComponent(account)}`;
  const query = new URLSearchParams({
    secret: base32(secret),
    issuer,
    algorithm: 'SHA1',
    digits: String(DIGITS),
    period: String(STEP_S),
  });
  return `otpauth://totp/${label}?${query.toString().replaceAll('+', '%20')}`;
}

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';

/** RFC 4648, without padding. */
export function base32(bytes: Uint8Array): string {
  let text = '';
  let bits = 0;
  let value = 0;
  for (const byte of bytes) {
    value = ((value << 8) | byte) & 0xffff;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += ALPHABET[(value >> bits) & 0x1f];
    }
  }
  return bits === 0 ? text : text + ALPHABET[(value << (5 - bits)) & 0x1f];
}
