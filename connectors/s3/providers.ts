/** Where the SDK finds credentials; it is behind this file, which loads when a method needs it. */
import {
  fromEnv,
  fromIni,
  fromInstanceMetadata,
  fromNodeProviderChain,
  fromTemporaryCredentials,
} from '@aws-sdk/credential-providers';
import type { AuthConfig } from './auth-config.ts';
import type { Identity } from './signature.ts';

/** Credentials as the providers find them. */
export interface Found extends Identity {
  readonly expiration?: Date | undefined;
}

const ROLE_SECONDS_DEFAULT = 3600;
/** Questions for the instance's role: it answers at once or there is none. */
const INSTANCE_TIMEOUT_MS = 1000;
const INSTANCE_RETRIES = 3;

export function providerOf(config: AuthConfig, region: string): () => Promise<Found> {
  switch (config.auth_method) {
    case 'env':
      return fromEnv();
    case 'instance':
      return fromInstanceMetadata({ timeout: INSTANCE_TIMEOUT_MS, maxRetries: INSTANCE_RETRIES });
    case 'profile': {
      const { profile_name: profile = 'default', profile_file: filepath } = config;
      return fromIni({ profile, ...(filepath === undefined ? {} : { filepath }) });
    }
    case 'assume_role':
      return fromTemporaryCredentials({ params: roleParams(config), clientConfig: { region } });
    default:
      return fromNodeProviderChain();
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
