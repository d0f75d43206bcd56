/** From the options of an `auth_method` to the header that a request carries; Google's library is behind this file. */
import { readFile } from 'node:fs/promises';
import type { AuthClient, JWT } from 'google-auth-library';
import { isRopewayError } from '#spi/errors.ts';
import { isJsonObject } from '#spi/json.ts';
import { systemReason } from '#spi/system-reason.ts';
import type { AuthConfig, KeyFile } from './auth-config.ts';
import { gcsErrors } from './errors.ts';
import { privateKeyOf } from './p12-key.ts';

const SCOPES = ['https://www.googleapis.com/auth/devstorage.read_write'];

/** Headers that prove who we are; new ones when the old ones run out. */
export type Credentials = () => Promise<Readonly<Record<string, string>>>;

/** The key of `private_key`, by any of its names. */
type OlderNames = {
  readonly p12_keyfile_fullpath?: string | undefined;
  readonly p12_keyfile_path?: string | undefined;
};

/** Throws when options of the method are missing. */
export function checkAuth(config: AuthConfig & OlderNames): void {
  const { auth_method: method } = config;
  // Not the place of the option itself: its line is shown, and may hold a secret.
  const where = { path: ['auth_method'] };
  for (const option of ['p12_keyfile_fullpath', 'p12_keyfile_path'] as const) {
    if (config[option] === undefined || config.p12_keyfile === undefined) continue;
    throw gcsErrors.error('GCS_AUTH_TWICE', { option }, { where });
  }
  const isMissing = {
    service_account_email: method === 'private_key' && config.service_account_email === undefined,
    p12_keyfile: method === 'private_key' && p12Of(config) === undefined,
    json_keyfile: method === 'json_key' && config.json_keyfile === undefined,
  };
  for (const [option, missing] of Object.entries(isMissing)) {
    if (missing) throw gcsErrors.error('GCS_AUTH_REQUIRED', { option, method }, { where });
  }
}

function p12Of(config: AuthConfig & OlderNames): KeyFile | undefined {
  return config.p12_keyfile ?? config.p12_keyfile_fullpath ?? config.p12_keyfile_path;
}

export async function credentialsOf(config: AuthConfig & OlderNames): Promise<Credentials> {
  const { auth_method: method } = config;
  if (method === 'anonymous') return async () => ({});
  let client: Promise<AuthClient> | undefined;
  const open = (): Promise<AuthClient> => (client ??= clientOf(config));
  // Keys that cannot be used are told before anything is read. Asking the machine can take long: requests wait for it.
  if (method === 'json_key' || method === 'private_key') await open();
  return async () => {
    try {
      return Object.fromEntries(await (await open()).getRequestHeaders());
    } catch (error) {
      throw isRopewayError(error) ? error : missing(method, error);
    }
  };
}

async function clientOf(config: AuthConfig & OlderNames): Promise<AuthClient> {
  const { Compute, GoogleAuth, JWT } = await import('google-auth-library');
  switch (config.auth_method) {
    case 'json_key': {
      const { email, key, keyId } = await jsonKey(config.json_keyfile ?? '');
      return signing(new JWT({ email, key, scopes: SCOPES, ...(keyId === undefined ? {} : { keyId }) }));
    }
    case 'private_key': {
      const bytes = await keyBytes(p12Of(config) ?? '', 'p12_keyfile');
      const key = await privateKeyOf(bytes, [config.store_pass, config.key_pass]);
      return signing(new JWT({ email: config.service_account_email ?? '', key, scopes: SCOPES }));
    }
    case 'compute_engine':
      return new Compute({ scopes: SCOPES });
    default: {
      const found = await new GoogleAuth({ scopes: SCOPES }).getClient();
      return found instanceof JWT ? signing(found) : found;
    }
  }
}

/** Requests carry what the key has signed itself: no other server has to be asked for a token. */
function signing(client: JWT): JWT {
  client.useJWTAccessWithScope = true;
  return client;
}

async function jsonKey(file: KeyFile): Promise<{ email: string; key: string; keyId: string | undefined }> {
  const text = (await keyBytes(file, 'json_keyfile')).toString('utf8');
  const fail = (reason: string): Error => unusable('json_keyfile', reason);
  let parsed: unknown;
  try {
    parsed = JSON.parse(text);
  } catch {
    // What the parser complains of quotes the key.
    throw fail('it is not JSON');
  }
  if (!isJsonObject(parsed)) throw fail('it is not a JSON object');
  const { client_email: email, private_key: key, private_key_id: keyId, type } = parsed;
  if (typeof email !== 'string' || typeof key !== 'string') {
    const kind = typeof type === 'string' && type !== 'service_account' ? `; its type is ${type}` : '';
    throw fail(`it has no \`client_email\` and \`private_key\`${kind}`);
  }
  const { createPrivateKey } = await import('node:crypto');
  try {
    createPrivateKey(key);
  } catch {
    throw fail('its `private_key` is not a key');
  }
  return { email, key, keyId: typeof keyId === 'string' ? keyId : undefined };
}

async function keyBytes(file: KeyFile, option: string): Promise<Buffer> {
  const { path, content, base64 } =
    typeof file === 'string' ? { path: file, content: undefined, base64: undefined } : file;
  if (content !== undefined) return Buffer.from(content, 'utf8');
  if (base64 !== undefined) return Buffer.from(base64, 'base64');
  if (path === undefined) throw unusable(option, 'it says neither `path` nor `content` nor `base64`');
  try {
    return await readFile(path);
  } catch (error) {
    throw unusable(option, `${path} cannot be read, ${systemReason(error) ?? String(error)}`);
  }
}

function unusable(option: string, reason: string): Error {
  return gcsErrors.error('GCS_KEY_FILE', { option, reason }, { where: { path: ['auth_method'] } });
}

function missing(method: string, error: unknown): Error {
  const reason = (error instanceof Error ? error.message : String(error)).replace(/[.\s]+$/, '');
  return gcsErrors.error('GCS_CREDENTIALS_MISSING', { method, reason }, { where: { path: ['auth_method'] } });
}
