/** The server that e-mail goes through: the one of the environment, else the one that is stored. */
import { openSecret } from '#control/secrets/envelope.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import type { Store } from '#control/store/store.ts';
import { noticeErrors } from './errors.ts';
import type { NoticeSettings } from './settings.ts';
import type { SmtpConfig } from './smtp-environment.ts';

/** Where its password belongs, among the secrets. */
export const smtpPlace = { connectionId: 'smtp', path: 'password' };

export interface SmtpParts {
  readonly db: Store['db'];
  readonly keys: KeyRing;
  readonly settings: Pick<NoticeSettings, 'smtp'>;
}

/** Throws `SMTP_MISSING`. */
export async function theSmtpServer({ db, keys, settings }: SmtpParts): Promise<SmtpConfig> {
  if (settings.smtp !== undefined) return settings.smtp;
  const row = await db.selectFrom('smtp_server').select(['config', 'secrets']).executeTakeFirst();
  if (row === undefined) throw noticeErrors.error('SMTP_MISSING', { reason: 'none is set' });
  const envelope = row.secrets['password'];
  // Written by `smtp.put`, from its checked body.
  const config = row.config as unknown as Omit<SmtpConfig, 'password'>;
  // What an envelope of ours holds is what was sealed: a text.
  const password = envelope === undefined ? undefined : (openSecret(keys, smtpPlace, envelope) as string);
  return { ...config, password };
}
