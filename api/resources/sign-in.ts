import { z } from 'zod';
import { id, instant, name } from '#api/fields.ts';

/** Of a password, in characters. Length is what makes guessing hopeless. */
export const PASSWORD_LENGTH_MIN = 12;
export const PASSWORD_LENGTH_MAX = 200;
/** Of an address, as SMTP allows. */
export const EMAIL_LENGTH_MAX = 254;
const LINK_LENGTH_MAX = 200;
const CODE_LENGTH_MAX = 40;
const QUERY_LENGTH_MAX = 8000;

/** One spelling each: addresses that differ in case are the same. */
export const email = z.email().max(EMAIL_LENGTH_MAX).toLowerCase().describe('E-mail address.');

/** One that is to be set. */
export const newPassword = z
  .string()
  .max(PASSWORD_LENGTH_MAX)
  .describe(`Password of at least ${PASSWORD_LENGTH_MIN} characters, none of the commonest.`);

const givenPassword = z.string().max(PASSWORD_LENGTH_MAX).describe('The password.');

export const signInOptions = z
  .object({
    needsOwner: z.boolean().describe('Nobody has set up the installation yet: the server has printed a link for that.'),
    providers: z
      .array(z.object({ id, name }).describe('A provider.'))
      .describe('Providers that people may sign in with instead of a password.'),
    passwordLengthMin: z.int().describe('Characters of a password at least.'),
  })
  .meta({ id: 'SignInOptions', title: 'Ways to sign in' });

export const signInPassword = z.strictObject({
  email: z.string().max(EMAIL_LENGTH_MAX).describe('E-mail address.'),
  password: givenPassword,
});

export const signInCode = z.strictObject({
  code: z.string().max(CODE_LENGTH_MAX).describe('Six digits of the authenticator app, or a recovery code.'),
});

export const signedIn = z
  .object({
    next: z
      .enum(['nothing', 'code', 'second_factor'])
      .describe(
        'What is left to do: nothing; send a code of the second factor; or set up a second factor, without which ' +
          'nothing else is possible here.',
      ),
  })
  .meta({ id: 'SignedIn', title: 'Signed in', description: 'The session is in the cookie that came with the answer.' });
export type SignedIn = z.output<typeof signedIn>;

export const providerStarted = z
  .object({ url: z.string().describe('Where the browser is to go.') })
  .meta({ id: 'ProviderStarted', title: 'Way to a provider' });

export const providerFinish = z.strictObject({
  query: z.string().max(QUERY_LENGTH_MAX).describe('What the provider has added to the address, from the "?".'),
});

const link = z.string().max(LINK_LENGTH_MAX).describe('What stands behind the "#" of the link.');

export const linkLook = z.strictObject({ link });

export const linkUse = z.strictObject({
  link,
  name: name.optional().describe('Name of the person, where an account is made.'),
  email: email.optional().describe('Address of the owner, where an installation is set up.'),
  password: newPassword.optional(),
});

export const linkSeen = z
  .object({
    kind: z.enum(['setup', 'invitation', 'reset']).describe('What it is for.'),
    needs: z
      .enum(['owner', 'account', 'password', 'sign_in', 'nothing'])
      .describe(
        'What its use asks for: name, address and password; name and password; a password; to be signed in as the ' +
          'person that it is for; or nothing.',
      ),
    email: z.string().nullable().describe('Whom it is for.'),
    workspace: z.string().nullable().describe('Name of the workspace that it leads to.'),
    role: z.string().nullable().describe('The role there.'),
    expiresAt: instant,
  })
  .meta({ id: 'LinkSeen', title: 'One-time link' });
export type LinkSeen = z.output<typeof linkSeen>;

export const madeLink = z
  .object({
    link: z.string().describe('The link. It is shown this once, and good for one use.'),
    expiresAt: instant,
  })
  .meta({ id: 'MadeLink', title: 'One-time link, when it was made' });

export const signInPolicy = z
  .object({
    requiresSecondFactor: z.boolean().describe('Who signs in with a password needs a second factor.'),
    idleMinutes: z.int().describe('A session that is not used for so long ends.'),
    sessionHours: z.int().describe('A session ends after so long, however much it is used.'),
    version: z.int().describe('Counts changes; the ETag.'),
  })
  .meta({ id: 'SignInPolicy', title: 'Rules of signing in' });
export type SignInPolicy = z.output<typeof signInPolicy>;

export const signInPolicyWrite = z
  .strictObject({
    requiresSecondFactor: z.boolean().describe('Who signs in with a password needs a second factor.'),
    idleMinutes: z.int().min(5).max(43_200).describe('A session that is not used for so long ends.'),
    sessionHours: z.int().min(1).max(8760).describe('A session ends after so long, however much it is used.'),
  })
  .partial();

export const workspaceSignIn = z
  .object({
    requiresSecondFactor: z.boolean().describe('Who signs in with a password needs a second factor here.'),
    version: z.int().describe('Counts changes of the workspace; the ETag.'),
  })
  .meta({ id: 'WorkspaceSignIn', title: 'Rules of signing in to a workspace' });

export const workspaceSignInWrite = z.strictObject({
  requiresSecondFactor: z.boolean().describe('Who signs in with a password needs a second factor here.'),
});
