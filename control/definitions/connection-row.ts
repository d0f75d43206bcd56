/** Connections as rows and as resources. */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Connection } from '#api/resources/connection.ts';
import { holds, roleIn } from '#control/auth/rights.ts';
import type { Principal } from '#control/http/handler.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import type { ConnectionTable } from '#control/store/tables.ts';
import type { PlacedReference } from './shown-users.ts';

type Db = Store['db'];
export type ConnectionRow = Omit<Selectable<ConnectionTable>, 'secrets'> & { readonly secrets_set: string[] };

/** Never the envelopes: only which there are. */
const columns = [
  'id',
  'workspace_id',
  'group_id',
  'name',
  'plugin',
  'config',
  'account_key',
  'version',
  'created_at',
  'updated_at',
] as const;
const secretsSet = sql<string[]>`array(select jsonb_object_keys(secrets) order by 1)`.as('secrets_set');

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
export function selectConnections(db: Db, workspaceId: string) {
  return db.selectFrom('connection').select(columns).select(secretsSet).where('workspace_id', '=', workspaceId);
}

export async function theConnection(db: Db, id: string, workspaceId: string, isLocked = false): Promise<ConnectionRow> {
  const query = selectConnections(db, workspaceId).where('id', '=', id);
  const found = await (isLocked ? query.forUpdate() : query).executeTakeFirst();
  if (found === undefined) throw unknown('connection', id);
  return found;
}

/** Whoever may use it, but not change it, does not see its options: they name hosts, accounts and users. */
export function connectionOf(row: ConnectionRow, principal: Pick<Principal, 'role' | 'groupRoles'>): Connection {
  const isOpen = holds(roleIn(principal, row.group_id), 'editor');
  return {
    id: row.id,
    name: row.name,
    plugin: row.plugin,
    groupId: row.group_id,
    options: isOpen ? { ...row.config } : null,
    secretsSet: isOpen ? row.secrets_set : null,
    accountKey: isOpen ? row.account_key : null,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

const USERS_MAX = 100;

/** Definitions whose current revision names it, and runs that have not ended and may still ask for its secrets. */
export async function usersOfConnection(db: Db, id: string, workspaceId: string): Promise<PlacedReference[]> {
  const { rows } = await sql<PlacedReference>`
    (select definition.kind, definition.id, definition.name, definition.group_id
      from connection_use join definition on definition.id = connection_use.definition_id
      where connection_use.connection_id = ${id} and definition.workspace_id = ${workspaceId}
      order by definition.name limit ${USERS_MAX})
    union all
    (select 'managed-transfer', id, name, group_id from managed_transfer
      where connection_id = ${id} and workspace_id = ${workspaceId} order by name limit ${USERS_MAX})
    union all
    (select 'run', run.id, run.id, run.group_id
      from run join run_work on run_work.run_id = run.id
      where run.workspace_id = ${workspaceId}
        and run.state in ('QUEUED', 'DISPATCHING', 'STARTING', 'RUNNING', 'STOPPING', 'BACKOFF')
        and jsonb_exists(run_work.work -> 'connections', ${id})
      limit ${USERS_MAX})
    limit ${USERS_MAX}`.execute(db);
  return rows;
}
