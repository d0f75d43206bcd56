/** Who we are to Google: the options that plugins for its services share. */
import { z } from 'zod';
import { option } from '#spi/fields.ts';

const group = 'Credentials';

export const authMethods = ['private_key', 'json_key', 'compute_engine', 'application_default', 'anonymous'] as const;

/** A file by its path, or what it holds. */
function localFile() {
  return z
    .union([
      z.string().min(1),
      z.strictObject({
        path: z.string().min(1).optional(),
        content: z.string().min(1).optional(),
        base64: z.string().min(1).optional(),
      }),
    ])
    .optional();
}

const keyPass = {
  description: 'For `private_key`: the password of the key file; Google makes them with this one.',
  'x-secret': true,
  'x-group': group,
  'x-advanced': true,
} as const;

export const authFields = {
  auth_method: option(z.enum(authMethods).default('private_key'), {
    title: 'Credentials from',
    description:
      '`json_key`: the JSON key of a service account. `private_key`: its address and its key in the older P12 format. ' +
      '`compute_engine`: the service account of the machine. `application_default`: whatever the Google tools would ' +
      'find. `anonymous`: none, for what is public and for emulators.',
    'x-group': group,
  }),
  service_account_email: option(z.string().min(1).optional(), {
    title: 'Service account',
    description: 'For `private_key`: address of the service account.',
    examples: ['loader@my-project.iam.gserviceaccount.com'],
    'x-group': group,
  }),
  p12_keyfile: option(localFile(), {
    title: 'P12 key file',
    description: 'For `private_key`: path of the key in P12 format, or `{base64: …}` with what it holds.',
    'x-secret': true,
    'x-group': group,
  }),
  json_keyfile: option(localFile(), {
    title: 'JSON key file',
    description: 'For `json_key`: path of the key, or `{content: …}` with what it holds.',
    examples: ['/etc/ropeway/key.json', { content: '{{ env.GOOGLE_KEY }}' }],
    'x-secret': true,
    'x-group': group,
  }),
  store_pass: option(z.string().default('notasecret'), { title: 'Store password', ...keyPass }),
  key_pass: option(z.string().default('notasecret'), { title: 'Key password', ...keyPass }),
};

const authSchema = z.strictObject(authFields);
export type AuthConfig = z.output<typeof authSchema>;
export type KeyFile = NonNullable<AuthConfig['json_keyfile']>;
