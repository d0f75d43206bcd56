/** The secrets of a connection, for an execution at work and for no other connection than its work names. */
import { sql } from 'kysely';
import { openSecret } from '#control/secrets/envelope.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import { newId } from '#control/store/ids.ts';
import { runnerErrors } from './errors.ts';
import type { Db } from './transition-writer.ts';

/** As an action of the audit log. */
const SECRET_USE = 'secret.use';

export interface CredentialParts {
  readonly db: Db;
  readonly keys: KeyRing;
}

/** The values that are secret, by the paths of their options. */
export async function runCredentials(
  { db, keys }: CredentialParts,
  runId: string,
  handle: string,
): Promise<Readonly<Record<string, unknown>>> {
  // One statement: no secret leaves without a row that says so.
  const { rows } = await sql<{ secrets: Readonly<Record<string, string>> }>`
    with found as (
      select c.id, c.name, c.group_id, c.secrets, r.workspace_id, r.created_by, r.definition_id, r.attempt_no
      from run r join run_work w on w.run_id = r.id
        join connection c on c.id = ${handle} and c.workspace_id = r.workspace_id
      where r.id = ${runId} and w.work -> 'connections' -> ${handle} is not null
    ), noted as (
      insert into audit_event (id, workspace_id, actor, action, resource_kind, resource_id, resource_name, group_id,
        fields, outcome, detail, ended_at)
      select ${newId()}, workspace_id, 'runner', ${SECRET_USE}, 'connection', id, name, group_id,
        to_jsonb(array(select jsonb_object_keys(secrets) order by 1)), 'succeeded',
        jsonb_build_object('runId', ${runId}::text, 'attemptNo', attempt_no, 'createdBy', created_by,
          'definitionId', definition_id), dispatch.now()
      from found where secrets <> '{}'
    )
    select secrets from found`.execute(db);
  const [connection] = rows;
  if (connection === undefined) throw runnerErrors.error('CONNECTION_GONE', { connection: handle });
  return Object.fromEntries(
    Object.entries(connection.secrets).map(([path, envelope]) => [
      path,
      openSecret(keys, { connectionId: handle, path }, envelope),
    ]),
  );
}
