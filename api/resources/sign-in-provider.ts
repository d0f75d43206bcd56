import { z } from 'zod';
import { id, instant, name } from '#api/fields.ts';

const URL_LENGTH_MAX = 500;
const SECRET_LENGTH_MAX = 2000;
const DOMAINS_MAX = 100;

const newPeople = z
  .strictObject({
    workspaceId: id.describe('The workspace that they come to.'),
    role: z.enum(['editor', 'operator', 'viewer', 'member']).describe('What they become there.'),
  })
  .nullable()
  .describe('What somebody becomes who comes for the first time; null: only who was invited may come.');

const fields = {
  name: name.describe('What people see on the button.'),
  issuer: z
    .url()
    .max(URL_LENGTH_MAX)
    .describe('Address of the provider, below which its description is found; https, unless it is this machine.'),
  clientId: z.string().min(1).max(URL_LENGTH_MAX).describe('What the provider calls this installation.'),
  scopes: z
    .string()
    .max(URL_LENGTH_MAX)
    .regex(/^openid( [\x21\x23-\x5b\x5d-\x7e]+)*$/, 'it must begin with "openid", with blanks between')
    .describe('What is asked for, with blanks between.'),
  emailDomains: z
    .array(
      z
        .string()
        .max(253)
        .regex(/^[a-z0-9-]+(\.[a-z0-9-]+)+$/i, 'this is no domain')
        .toLowerCase(),
    )
    .min(1)
    .max(DOMAINS_MAX)
    .describe('Domains of addresses that the provider may vouch for: only people with such an address are let in.'),
  newPeople,
  isEnabled: z.boolean().describe('People may sign in with it.'),
};

export const signInProvider = z
  .object({
    id,
    name: z.string().describe('What people see on the button.'),
    issuer: z.string().describe('Address of the provider.'),
    clientId: z.string().describe('What the provider calls this installation.'),
    hasClientSecret: z.boolean().describe('Whether a secret is set; it is never shown.'),
    scopes: z.string().describe('What is asked for.'),
    emailDomains: z.array(z.string()).describe('Domains of addresses that the provider may vouch for.'),
    newPeople,
    isEnabled: z.boolean().describe('People may sign in with it.'),
    redirectUri: z.string().describe('What is to be entered at the provider: where it sends people back to.'),
    version: z.int().describe('Counts changes; the ETag.'),
    createdAt: instant,
    updatedAt: instant,
  })
  .meta({ id: 'SignInProvider', title: 'Sign-in provider', description: 'A provider of OpenID Connect.' });
export type SignInProvider = z.output<typeof signInProvider>;

const clientSecret = z
  .string()
  .min(1)
  .max(SECRET_LENGTH_MAX)
  .nullable()
  .describe('The secret that the provider gave; null where it gave none.');

export const signInProviderCreate = z.strictObject({
  ...fields,
  scopes: fields.scopes.default('openid email profile'),
  newPeople: newPeople.default(null),
  isEnabled: fields.isEnabled.default(true),
  clientSecret: clientSecret.default(null),
});

/** What is not named stays. */
export const signInProviderUpdate = z.strictObject({ ...fields, clientSecret }).partial();
