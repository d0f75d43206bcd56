/** The server that e-mail goes through, as the API sets it. */
import { sql } from 'kysely';
import type { SmtpServer } from '#api/resources/notice.ts';
import { assertVersion } from '#control/definitions/versions.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { Refusal, unknown } from '#control/http/refusal.ts';
import { sealSecret } from '#control/secrets/envelope.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import type { NoticeParts } from './destinations.ts';
import { noticeErrors } from './errors.ts';
import type { SmtpConfig } from './smtp-environment.ts';
import { smtpPlace } from './smtp-server.ts';

type Db = Store['db'];

export function smtpHandlers({ store: { db }, keys, settings }: NoticeParts): HandlersOf<'smtp'> {
  const assertStored = (): void => {
    if (settings.smtp !== undefined) throw new Refusal(noticeErrors.error('SMTP_FROM_ENVIRONMENT'), 409);
  };
  return {
    async 'smtp.get'() {
      const { smtp } = settings;
      if (smtp === undefined) return stored(db);
      const { password, ...plain } = smtp;
      return { ...plain, hasPassword: password !== undefined, source: 'environment', version: 1 };
    },

    async 'smtp.put'({ body, ifMatch }) {
      assertStored();
      const { password, ...plain } = body;
      const secrets = typeof password === 'string' ? { password: sealSecret(keys, smtpPlace, password) } : {};
      await db.transaction().execute(async (trx) => {
        const before = await trx.selectFrom('smtp_server').select('version').forUpdate().executeTakeFirst();
        if (ifMatch !== undefined) assertVersion('smtp server', before?.version ?? 0, ifMatch);
        await sql`insert into smtp_server as s (is_only, config, secrets)
          values (true, ${json(plain)}::jsonb, ${json(secrets)}::jsonb)
          on conflict (is_only) do update set config = excluded.config, version = s.version + 1,
            updated_at = dispatch.now(),
            secrets = case when ${password === undefined} then s.secrets else excluded.secrets end`.execute(trx);
      });
      return stored(db);
    },

    async 'smtp.delete'({ ifMatch }) {
      assertStored();
      await db.transaction().execute(async (trx) => {
        const before = await trx.selectFrom('smtp_server').select('version').forUpdate().executeTakeFirst();
        if (before === undefined) throw unknown('smtp server', 'smtp');
        if (ifMatch !== undefined) assertVersion('smtp server', before.version, ifMatch);
        await trx.deleteFrom('smtp_server').execute();
      });
    },
  };
}

async function stored(db: Db): Promise<SmtpServer> {
  const row = await db
    .selectFrom('smtp_server')
    .select(['config', 'version'])
    .select(sql<boolean>`jsonb_exists(secrets, 'password')`.as('has_password'))
    .executeTakeFirst();
  if (row === undefined) throw unknown('smtp server', 'smtp');
  // Written by `smtp.put`, from its checked body.
  const { host, port, security, user, from, fromName } = row.config as unknown as SmtpConfig;
  const plain = { host, port, security, user, from, fromName };
  return { ...plain, hasPassword: row.has_password, source: 'stored', version: row.version };
}
