/**
 * The two tokens of a runner, by the keys of the installation. Both are derived, not kept: whoever repeats a launch
 * makes the same bootstrap token, and a claim whose answer was lost is answered again with the same session.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import { bootstrapToken, isBootstrapToken } from '#control/secrets/bootstrap-token.ts';
import type { TokenSubject } from '#control/secrets/bootstrap-token.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';

const VERSION = 's1';

export class SessionTokens {
  readonly #keys: KeyRing;
  readonly #installationId: string;

  constructor(keys: KeyRing, installationId: string) {
    this.#keys = keys;
    this.#installationId = installationId;
  }

  /** Good for one claim of this attempt; worthless once it is claimed or revoked. */
  bootstrap(attempt: Omit<TokenSubject, 'installationId'>): string {
    return bootstrapToken(this.#keys, { ...attempt, installationId: this.#installationId });
  }

  isBootstrap(token: string, attempt: Omit<TokenSubject, 'installationId'>): boolean {
    return isBootstrapToken(this.#keys, { ...attempt, installationId: this.#installationId }, token);
  }

  /** Good for what this execution does, as long as its claim stands. */
  session(executionId: string): string {
    const mac = this.#macOf(this.#keys.first('session tokens'), executionId).toString('base64url');
    return `${VERSION}.${this.#keys.firstId}.${mac}`;
  }

  isSession(token: string, executionId: string): boolean {
    const [version, keyId = '', mac = '', ...rest] = token.split('.');
    const key = this.#keys.byId(keyId, 'session tokens');
    if (version !== VERSION || key === undefined || rest.length > 0) return false;
    const given = Buffer.from(mac, 'base64url');
    const right = this.#macOf(key, executionId);
    return given.length === right.length && timingSafeEqual(given, right);
  }

  #macOf(key: KeyObject, executionId: string): Buffer {
    return createHmac('sha256', key)
      .update(JSON.stringify([VERSION, this.#installationId, executionId]))
      .digest();
  }
}
