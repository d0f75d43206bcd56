/** From the options of an `auth_method` to credentials. */
import type { S3ClientConfig } from '@aws-sdk/client-s3';
import type { AuthConfig, AuthMethod, AuthOption } from './auth-config.ts';
import { s3Errors } from './errors.ts';

export type Credentials = NonNullable<S3ClientConfig['credentials']>;

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

const ROLE_SECONDS_DEFAULT = 3600;
/** Questions for the instance's role: it answers at once or there is none. */
const INSTANCE_TIMEOUT_MS = 1000;
const INSTANCE_RETRIES = 3;

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

/** What the client signs with; the SDK's providers load when they are needed. */
export async function credentialsOf(config: AuthConfig, region: string): Promise<Credentials> {
  const { access_key_id: accessKeyId = '', secret_access_key: secretAccessKey = '', session_token } = config;
  const method = config.auth_method;
  if (method === 'basic' || method === 'anonymous') return { accessKeyId, secretAccessKey };
  if (method === 'session') return { accessKeyId, secretAccessKey, sessionToken: session_token ?? '' };
  const providers = await import('@aws-sdk/credential-providers');
  switch (method) {
    case 'env':
      return providers.fromEnv();
    case 'instance':
      return providers.fromInstanceMetadata({ timeout: INSTANCE_TIMEOUT_MS, maxRetries: INSTANCE_RETRIES });
    case 'profile': {
      const { profile_name: profile = 'default', profile_file: filepath } = config;
      return providers.fromIni({ profile, ...(filepath === undefined ? {} : { filepath }) });
    }
    case 'assume_role':
      return providers.fromTemporaryCredentials({ params: roleParams(config), clientConfig: { region } });
    case 'default':
      return providers.fromNodeProviderChain();
  }
}

/** Exported for tests: the role as STS is asked for it. */
export function roleParams(config: AuthConfig): {
  RoleArn: string;
  RoleSessionName: string;
  DurationSeconds: number;
  ExternalId?: string;
} {
  const { account_id = '', role_name = '', external_id, arn_partition = 'aws', session_name = 'embulk' } = config;
  return {
    RoleArn: `arn:${arn_partition}:iam::${account_id}:role/${role_name}`,
    RoleSessionName: session_name,
    DurationSeconds: config.duration_in_seconds ?? ROLE_SECONDS_DEFAULT,
    ...(external_id === undefined ? {} : { ExternalId: external_id }),
  };
}
