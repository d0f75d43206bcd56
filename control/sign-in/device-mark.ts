/**
 * A browser that somebody has signed in with before is known to the account by a cookie. Tries with it are counted
 * apart: who guesses from elsewhere cannot keep the person out. It lets nobody in.
 */
import { createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import type { CookieJar } from '#control/http/cookies.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';

/** As long as browsers keep a cookie. */
const LIFE_S = 400 * 24 * 3600;
const ID_BYTES = 12;

export function setDeviceMark(cookies: CookieJar, keys: KeyRing, email: string): void {
  if (deviceOf(cookies, keys, email) !== undefined) return;
  const id = randomBytes(ID_BYTES).toString('base64url');
  const mac = macOf(keys, keys.firstId, { id, email });
  if (mac !== undefined) cookies.set('ropeway-device', `${keys.firstId}.${id}.${mac.toString('base64url')}`, LIFE_S);
}

/** The id of the browser, when it is known to this account. */
export function deviceOf(cookies: CookieJar, keys: KeyRing, email: string): string | undefined {
  const [keyId = '', id = '', given = ''] = (cookies.get('ropeway-device') ?? '').split('.');
  const mac = macOf(keys, keyId, { id, email });
  const bytes = Buffer.from(given, 'base64url');
  if (mac === undefined || bytes.length !== mac.length || !timingSafeEqual(bytes, mac)) return undefined;
  return id;
}

function macOf(
  keys: KeyRing,
  keyId: string,
  subject: { readonly id: string; readonly email: string },
): Buffer | undefined {
  const key = keys.byId(keyId, 'device marks');
  if (key === undefined) return undefined;
  return createHmac('sha256', key)
    .update(JSON.stringify([keyId, subject.id, subject.email]))
    .digest();
}
