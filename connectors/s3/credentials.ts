/** From the options of an `auth_method` to credentials. */
import type { AuthConfig, AuthMethod, AuthOption } from './auth-config.ts';
import { s3Errors } from './errors.ts';
import type { Found } from './providers.ts';
import type { Identity } from './signature.ts';

/** What requests are signed with; new ones when the old ones run out. */
export type Credentials = () => Identity | Promise<Identity>;

interface Belonging {
  readonly required: readonly AuthOption[];
  readonly optional: readonly AuthOption[];
}

const keys = ['access_key_id', 'secret_access_key'] as const;

const belonging: Readonly<Record<AuthMethod, Belonging>> = {
  basic: { required: keys, optional: [] },
  env: { required: [], optional: [] },
  instance: { required: [], optional: [] },
  profile: { required: [], optional: ['profile_file', 'profile_name'] },
  anonymous: { required: [], optional: [] },
  session: { required: [...keys, 'session_token'], optional: [] },
  assume_role: {
    required: ['account_id', 'role_name'],
    optional: ['external_id', 'arn_partition', 'session_name', 'duration_in_seconds'],
  },
  default: { required: [], optional: [] },
};

/** Every option of some method, once. */
const authOptions = [
  ...new Set(Object.values(belonging).flatMap(({ required, optional }) => [...required, ...optional])),
];

/** No signature is asked for, by name or by giving no keys. */
export function isAnonymous({ auth_method, access_key_id, secret_access_key }: AuthConfig): boolean {
  const isKeyless = access_key_id === undefined && secret_access_key === undefined;
  return auth_method === 'anonymous' || (auth_method === 'basic' && isKeyless);
}

/** Throws when options are missing, or are of another method. */
export function checkAuth(config: AuthConfig): void {
  const method = config.auth_method;
  // Not the place of the option itself: its line is shown, and may hold a secret.
  const where = { path: ['auth_method'] };
  const { required, optional } = belonging[method];
  for (const option of authOptions) {
    if (config[option] === undefined || required.includes(option) || optional.includes(option)) continue;
    throw s3Errors.error('S3_AUTH_INVALID', { option, method }, { where });
  }
  if (isAnonymous(config)) return;
  for (const option of required) {
    if (config[option] !== undefined) continue;
    throw s3Errors.error('S3_AUTH_REQUIRED', { option, method }, { where });
  }
}

/** What requests are signed with; the SDK's providers load with the first of them, when they are needed. */
export function credentialsOf(config: AuthConfig, region: string): Credentials {
  const { auth_method: method, access_key_id: accessKeyId = '', secret_access_key: secretAccessKey = '' } = config;
  if (method === 'basic' || method === 'session') {
    const identity = { accessKeyId, secretAccessKey, sessionToken: config.session_token };
    return () => identity;
  }
  let provider: (() => Promise<Found>) | undefined;
  return renewed(async () => {
    provider ??= (await import('./providers.ts')).providerOf(config, region);
    return provider();
  });
}

/** Before credentials run out: a request takes its time, and clocks differ. At half of the time they have, if that is less. */
const RENEWED_BEFORE_MS = 5 * 60_000;

/** Exported for tests: asks again when what was found is about to run out, and when nothing was found. */
export function renewed(find: () => Promise<Found>, now: () => number = Date.now): Credentials {
  let found: Found | undefined;
  let goodUntilMs = 0;
  /** Those who ask meanwhile wait for the same. */
  let looking: Promise<Found> | undefined;
  const look = async (): Promise<Found> => {
    try {
      found = await find();
      const leftMs = (found.expiration?.getTime() ?? Infinity) - now();
      goodUntilMs = now() + Math.max(leftMs - RENEWED_BEFORE_MS, leftMs / 2);
      return found;
    } finally {
      looking = undefined;
    }
  };
  return () => (found !== undefined && now() < goodUntilMs ? found : (looking ??= look()));
}
