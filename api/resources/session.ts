import { z } from 'zod';
import { id, instant } from '#api/fields.ts';
import { PASSWORD_LENGTH_MAX, newPassword } from '#api/resources/sign-in.ts';

export const session = z
  .object({
    id,
    method: z.enum(['password', 'link', 'provider']).describe('How it began.'),
    address: z.string().describe('Address that it was begun from.'),
    device: z.string().describe('What the browser said that it is.'),
    createdAt: instant,
    seenAt: instant.describe('When it was used last, to the minute.'),
    expiresAt: instant.describe('When it ends at the latest.'),
    isCurrent: z.boolean().describe('The one that asks.'),
  })
  .meta({ id: 'Session', title: 'Session' });
export type Session = z.output<typeof session>;

export const sessionsEnded = z
  .object({ ended: z.int().describe('How many were ended.') })
  .meta({ id: 'SessionsEnded', title: 'Ended sessions' });

export const passwordChange = z.strictObject({
  current: z
    .string()
    .max(PASSWORD_LENGTH_MAX)
    .optional()
    .describe('The password so far; not asked for while there is none.'),
  password: newPassword,
});

export const secondFactor = z
  .object({
    isOn: z.boolean().describe('A code is asked for when signing in with a password.'),
    confirmedAt: instant.nullable().describe('When it was switched on.'),
    recoveryCodesLeft: z.int().describe('Recovery codes that were not used yet.'),
  })
  .meta({ id: 'SecondFactor', title: 'Second factor' });

export const secondFactorStart = z
  .object({
    secret: z.string().describe('For apps that cannot read the picture: the secret in base32.'),
    uri: z.string().describe('To be shown as a picture (QR code) for the authenticator app.'),
  })
  .meta({ id: 'SecondFactorStart', title: 'Second factor, to be confirmed' });

const CODE_LENGTH_MAX = 40;

export const secondFactorCode = z.strictObject({
  code: z.string().max(CODE_LENGTH_MAX).describe('A code of the authenticator app.'),
});

export const secondFactorProof = z.strictObject({
  code: z.string().max(CODE_LENGTH_MAX).describe('A code of the authenticator app, or a recovery code.'),
});

export const recoveryCodes = z
  .object({
    recoveryCodes: z.array(z.string()).describe('Each is good once in place of a code. They are shown this once.'),
  })
  .meta({ id: 'RecoveryCodes', title: 'Recovery codes' });
