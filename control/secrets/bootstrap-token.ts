/**
 * What a new runner shows to claim its attempt. It is derived, not drawn: whoever launches the attempt again makes the
 * same one, and nothing needs to be kept. It is good for one claim of one attempt, since the claim is.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { KeyRing } from './key-ring.ts';

const VERSION = 'b1';

export interface TokenSubject {
  readonly installationId: string;
  readonly runId: string;
  readonly attemptNo: number;
  /** A bigint in decimal. */
  readonly fence: string;
}

export function bootstrapToken(ring: KeyRing, subject: TokenSubject): string {
  const mac = macOf(ring.first('bootstrap tokens'), subject).toString('base64url');
  return `${VERSION}.${ring.firstId}.${mac}`;
}

/** Whether the token is the subject's, under any of our keys. */
export function isBootstrapToken(ring: KeyRing, subject: TokenSubject, token: string): boolean {
  const [version, keyId = '', mac = '', ...rest] = token.split('.');
  const key = ring.byId(keyId, 'bootstrap tokens');
  if (version !== VERSION || key === undefined || rest.length > 0) return false;
  const given = Buffer.from(mac, 'base64url');
  const right = macOf(key, subject);
  // The comparison takes the same time wherever they differ; the length is no secret.
  return given.length === right.length && timingSafeEqual(given, right);
}

function macOf(key: KeyObject, { installationId, runId, attemptNo, fence }: TokenSubject): Buffer {
  // As JSON, in which no two subjects look alike.
  return createHmac('sha256', key)
    .update(JSON.stringify([VERSION, installationId, runId, attemptNo, fence]))
    .digest();
}
