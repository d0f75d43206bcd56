/**
 * Secrets at rest: AES-256-GCM, each in an envelope that names its key. Where it belongs, the connection and the path
 * of the option, is authenticated with it: an envelope that is copied elsewhere does not open.
 *
 * An envelope is text: `v1.KEY.NONCE.CIPHERTEXT.TAG`, the last three in base64url.
 */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { secretErrors } from './errors.ts';
import type { KeyRing } from './key-ring.ts';

const VERSION = 'v1';
const NONCE_BYTES = 12;
const TAG_BYTES = 16;
const ALGORITHM = 'aes-256-gcm';

export interface SecretPlace {
  readonly connectionId: string;
  /** Of the option, as in `connection.secrets`. */
  readonly path: string;
}

/** The value is what JSON can say. */
export function sealSecret(ring: KeyRing, place: SecretPlace, value: unknown): string {
  const nonce = randomBytes(NONCE_BYTES);
  const cipher = createCipheriv(ALGORITHM, ring.first('secrets'), nonce, { authTagLength: TAG_BYTES });
  cipher.setAAD(boundTo(ring.firstId, place));
  const text = Buffer.concat([cipher.update(JSON.stringify(value), 'utf8'), cipher.final()]);
  const parts = [nonce, text, cipher.getAuthTag()].map((bytes) => bytes.toString('base64url'));
  return [VERSION, ring.firstId, ...parts].join('.');
}

/** Throws `SECRET_KEY_UNKNOWN` or `SECRET_BROKEN`. */
export function openSecret(ring: KeyRing, place: SecretPlace, envelope: string): unknown {
  const { connectionId: connection, path } = place;
  const [version, keyId = '', ...rest] = envelope.split('.');
  const [nonce, text, tag] = rest.map((part) => Buffer.from(part, 'base64url'));
  if (version !== VERSION || nonce?.length !== NONCE_BYTES || text === undefined || tag?.length !== TAG_BYTES) {
    throw secretErrors.error('SECRET_BROKEN', { path, connection });
  }
  const key = ring.byId(keyId, 'secrets');
  if (key === undefined) throw secretErrors.error('SECRET_KEY_UNKNOWN', { path, connection, key: keyId });
  const decipher = createDecipheriv(ALGORITHM, key, nonce, { authTagLength: TAG_BYTES });
  decipher.setAAD(boundTo(keyId, place));
  decipher.setAuthTag(tag);
  let plain: string;
  try {
    plain = decipher.update(text, undefined, 'utf8') + decipher.final('utf8');
  } catch {
    throw secretErrors.error('SECRET_BROKEN', { path, connection });
  }
  return JSON.parse(plain);
}

/** The key that an envelope is under. */
export function keyIdOf(envelope: string): string {
  return envelope.split('.')[1] ?? '';
}

function boundTo(keyId: string, { connectionId, path }: SecretPlace): Buffer {
  return Buffer.from(JSON.stringify([VERSION, keyId, connectionId, path]));
}
