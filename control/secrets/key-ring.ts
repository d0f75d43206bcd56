/**
 * The keys of an installation: the first one encrypts and signs, all of them decrypt and check. A key is 32 random
 * bytes; what is used are keys derived from it, one for each purpose, so that none can be turned against another.
 */
import { createSecretKey, hkdfSync } from 'node:crypto';
import type { KeyObject } from 'node:crypto';

export const KEY_BYTES = 32;
const FINGERPRINT_BYTES = 8;

export type Purpose = 'secrets' | 'bootstrap tokens' | 'session tokens' | 'confirmation links' | 'device marks';

interface Key {
  readonly id: string;
  readonly derived: Readonly<Record<Purpose, KeyObject>>;
}

export class KeyRing {
  /** Private, so that neither a log nor JSON shows them. */
  readonly #keys: readonly [Key, ...Key[]];

  /** The first is the one that encrypts. */
  constructor(keys: readonly [Uint8Array, ...Uint8Array[]]) {
    const [first, ...others] = keys;
    this.#keys = [makeKey(first), ...others.map(makeKey)];
  }

  /** Fingerprints: they say which key it is and nothing of it. */
  get ids(): readonly string[] {
    return this.#keys.map(({ id }) => id);
  }

  get firstId(): string {
    return this.#keys[0].id;
  }

  first(purpose: Purpose): KeyObject {
    return this.#keys[0].derived[purpose];
  }

  byId(id: string, purpose: Purpose): KeyObject | undefined {
    return this.#keys.find((key) => key.id === id)?.derived[purpose];
  }
}

function makeKey(bytes: Uint8Array): Key {
  const secret = (purpose: Purpose): KeyObject => createSecretKey(derive(bytes, purpose, KEY_BYTES));
  return {
    id: derive(bytes, 'fingerprint', FINGERPRINT_BYTES).toHex(),
    derived: {
      secrets: secret('secrets'),
      'bootstrap tokens': secret('bootstrap tokens'),
      'session tokens': secret('session tokens'),
      'confirmation links': secret('confirmation links'),
      'device marks': secret('device marks'),
    },
  };
}

function derive(bytes: Uint8Array, purpose: Purpose | 'fingerprint', length: number): Uint8Array {
  return new Uint8Array(hkdfSync('sha256', bytes, '', `ropeway ${purpose}`, length));
}
