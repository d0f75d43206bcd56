/** The secrets of a connection, for an execution at work and for no other connection than its work names. */
import { sql } from 'kysely';
import { openSecret } from '#control/secrets/envelope.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import { runnerErrors } from './errors.ts';
import type { Db } from './transition-writer.ts';

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
  const { rows } = await sql<{ secrets: Readonly<Record<string, string>> }>`
    select c.secrets from run r join run_work w on w.run_id = r.id
      join connection c on c.id = ${handle} and c.workspace_id = r.workspace_id
    where r.id = ${runId} and w.work -> 'connections' -> ${handle} is not null`.execute(db);
  const [connection] = rows;
  if (connection === undefined) throw runnerErrors.error('CONNECTION_GONE', { connection: handle });
  return Object.fromEntries(
    Object.entries(connection.secrets).map(([path, envelope]) => [
      path,
      openSecret(keys, { connectionId: handle, path }, envelope),
    ]),
  );
}
