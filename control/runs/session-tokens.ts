/**
 * The two tokens of a runner. Both are derived, not kept: whoever repeats a launch makes the same bootstrap token, and
 * a claim whose answer was lost is answered again with the same session.
 */
import { createHmac, timingSafeEqual } from 'node:crypto';

export interface AttemptIdentityForToken {
  readonly runId: string;
  readonly attemptNo: number;
  readonly fence: string;
}

export class SessionTokens {
  readonly #key: Uint8Array;
  readonly #installationId: string;

  constructor(key: Uint8Array, installationId: string) {
    this.#key = key;
    this.#installationId = installationId;
  }

  /** Good for one claim of this attempt; worthless once it is claimed or revoked. */
  bootstrap({ runId, attemptNo, fence }: AttemptIdentityForToken): string {
    return this.#sign(`bootstrap\n${this.#installationId}\n${runId}\n${attemptNo}\n${fence}`);
  }

  isBootstrap(token: string, attempt: AttemptIdentityForToken): boolean {
    return isEqual(token, this.bootstrap(attempt));
  }

  session(executionId: string): string {
    return this.#sign(`session\n${this.#installationId}\n${executionId}`);
  }

  isSession(token: string, executionId: string): boolean {
    return isEqual(token, this.session(executionId));
  }

  #sign(text: string): string {
    return createHmac('sha256', this.#key).update(text).digest('base64url');
  }
}

function isEqual(given: string, expected: string): boolean {
  const [a, b] = [Buffer.from(given), Buffer.from(expected)];
  return a.length === b.length && timingSafeEqual(a, b);
}
