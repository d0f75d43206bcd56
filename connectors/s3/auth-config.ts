/** How requests to AWS are signed: the options that plugins for its services share. */
import { z } from 'zod';
import { option } from '#spi/fields.ts';

const group = 'Credentials';

export const authMethods = [
  'basic',
  'env',
  'instance',
  'profile',
  'anonymous',
  'session',
  'assume_role',
  'default',
] as const;

/** Options that belong to some methods only have no defaults here: an option of another method is an error. */
export const authFields = {
  auth_method: option(z.enum(authMethods).default('basic'), {
    title: 'Credentials from',
    description:
      '`basic`: the two keys of this section, or no signature without them. `session`: the keys and a session ' +
      'token. `env`: the variables AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY. `profile`: a file of profiles. ' +
      '`instance`: the role of the EC2 instance. `assume_role`: another role, taken with the default credentials. ' +
      '`default`: whatever the AWS tools would find. `anonymous`: no signature.',
    'x-group': group,
  }),
  access_key_id: option(z.string().optional(), {
    title: 'Access key ID',
    description: 'For `basic` and `session`.',
    'x-group': group,
  }),
  secret_access_key: option(z.string().optional(), {
    title: 'Secret access key',
    description: 'For `basic` and `session`.',
    'x-secret': true,
    'x-group': group,
  }),
  session_token: option(z.string().optional(), {
    title: 'Session token',
    description: 'For `session`.',
    'x-secret': true,
    'x-group': group,
  }),
  profile_file: option(z.string().optional(), {
    title: 'Profile file',
    description: 'For `profile`: the file, when it is not the usual one (~/.aws/credentials).',
    'x-group': group,
    'x-advanced': true,
  }),
  profile_name: option(z.string().optional(), {
    title: 'Profile name',
    description: 'For `profile`; without it `default`.',
    'x-group': group,
  }),
  account_id: option(z.string().optional(), {
    title: 'Account ID',
    description: 'For `assume_role`: the account of the role. Write it in quotes.',
    examples: ['123456789012'],
    'x-group': group,
  }),
  role_name: option(z.string().optional(), {
    title: 'Role name',
    description: 'For `assume_role`: the role to take.',
    'x-group': group,
  }),
  external_id: option(z.string().optional(), {
    title: 'External ID',
    description: 'For `assume_role`: what the role asks others for.',
    'x-group': group,
    'x-advanced': true,
  }),
  arn_partition: option(z.string().optional(), {
    title: 'ARN partition',
    description: 'For `assume_role`; without it `aws`.',
    examples: ['aws-cn'],
    'x-group': group,
    'x-advanced': true,
  }),
  session_name: option(z.string().optional(), {
    title: 'Session name',
    description: 'For `assume_role`: how the session is called in logs; without it `embulk`.',
    'x-group': group,
    'x-advanced': true,
  }),
  duration_in_seconds: option(z.number().int().positive().optional(), {
    title: 'Duration in seconds',
    description: 'For `assume_role`: how long credentials last before new ones are asked for; without it 3600.',
    'x-group': group,
    'x-advanced': true,
  }),
};

const authSchema = z.strictObject(authFields);
export type AuthConfig = z.output<typeof authSchema>;
export type AuthMethod = AuthConfig['auth_method'];
export type AuthOption = Exclude<keyof AuthConfig, 'auth_method'>;
