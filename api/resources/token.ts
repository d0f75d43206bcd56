import { z } from 'zod';
import { id, instant, name } from '#api/fields.ts';

export const token = z
  .object({
    id,
    name: name.describe('What it is for.'),
    createdAt: instant,
    lastUsedAt: instant.nullable().describe('To the minute.'),
    expiresAt: instant.nullable(),
    revokedAt: instant.nullable(),
  })
  .meta({ id: 'Token', title: 'Token' });
export type Token = z.output<typeof token>;

export const tokenCreate = z.strictObject({
  name: name.describe('What it is for.'),
  expiresAt: instant.nullable().default(null).describe('When it stops being accepted; null for never.'),
});

export const tokenCreated = z
  .object({ ...token.shape, token: z.string().describe('The token itself. It is shown this once.') })
  .meta({ id: 'TokenCreated', title: 'Token, when it was created' });
export type TokenCreated = z.output<typeof tokenCreated>;
