/** Which group the resource of a request belongs to, and what it is called. */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Endpoint, Rights, Tag } from '#api/endpoint.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import type { Place } from './rights.ts';

export interface Resource extends Place {
  readonly kind: string;
  readonly id: string;
  readonly name: string | null;
}

interface Row {
  readonly name: string | null;
  readonly group_id: string | null;
  readonly owner_id?: string | null;
}

interface Finder {
  readonly kind: string;
  /** The parameter of the path that names it. */
  readonly param: string;
  readonly find: (id: string, workspaceId: string) => RawBuilder<Row>;
  readonly seenFrom?: Place['seenFrom'];
}

const ofGroup: Finder = {
  kind: 'group',
  param: 'id',
  find: (id, workspaceId) =>
    sql`select name, id as group_id from groups where id = ${id} and workspace_id = ${workspaceId}`,
};

/** By the tags of endpoints whose rights are in a group. One that is missing is noticed when the server starts. */
const finders: Partial<Readonly<Record<Tag, Finder>>> = {
  groups: ofGroup,
  grants: ofGroup,
  connections: {
    kind: 'connection',
    param: 'id',
    find: (id, workspaceId) =>
      sql`select name, group_id from connection where id = ${id} and workspace_id = ${workspaceId}`,
  },
  transfers: {
    kind: 'transfer',
    param: 'id',
    find: (id, workspaceId) =>
      sql`select name, group_id from definition
        where id = ${id} and workspace_id = ${workspaceId} and kind = 'transfer'`,
  },
  'managed-transfers': {
    kind: 'managed transfer',
    param: 'id',
    find: (id, workspaceId) =>
      sql`select name, group_id from managed_transfer where id = ${id} and workspace_id = ${workspaceId}`,
  },
  schedules: {
    kind: 'schedule',
    param: 'id',
    find: (id, workspaceId) =>
      sql`select d.name, d.group_id from schedule s join definition d on d.id = s.definition_id
        where s.id = ${id} and s.workspace_id = ${workspaceId}`,
  },
  backfills: {
    kind: 'backfill',
    param: 'id',
    find: (id, workspaceId) =>
      sql`select d.name, d.group_id from backfill b join definition d on d.id = b.definition_id
        where b.id = ${id} and b.workspace_id = ${workspaceId}`,
  },
  runs: {
    kind: 'run',
    param: 'id',
    find: (id, workspaceId) =>
      sql`select null as name, group_id from run where id = ${id} and workspace_id = ${workspaceId}`,
  },
  notices: {
    kind: 'rule',
    param: 'id',
    find: (id, workspaceId) =>
      sql`select rule.name, coalesce(rule.group_id, definition.group_id) as group_id
        from notice_rule rule left join definition on definition.id = rule.definition_id
        where rule.id = ${id} and rule.workspace_id = ${workspaceId}`,
  },
  deliveries: {
    kind: 'delivery',
    param: 'id',
    find: (id, workspaceId) =>
      sql`select subject as name, group_id from notice_delivery where id = ${id} and workspace_id = ${workspaceId}`,
  },
  tokens: {
    kind: 'token',
    param: 'id',
    // Whose tokens there are is nobody else's business.
    seenFrom: 'administrator',
    find: (id, workspaceId) =>
      sql`select name, group_id, user_id as owner_id from token where id = ${id} and workspace_id = ${workspaceId}`,
  },
};

type Named = Pick<Endpoint, 'id' | 'tag' | 'params' | 'rights'>;

/** True when a request names a resource whose group decides. */
export function namesResource(endpoint: Named): boolean {
  const isInGroup = typeof endpoint.rights !== 'string' && endpoint.rights.in === 'group';
  return isInGroup && Object.keys(endpoint.params.shape).length > 0;
}

export function finderOf(endpoint: Named): Finder | undefined {
  return namesResource(endpoint) ? finders[endpoint.tag] : undefined;
}

/** Throws when the workspace has no such resource. */
export async function findResource(
  db: Store['db'],
  finder: Finder,
  { params, workspaceId }: { readonly params: Readonly<Record<string, unknown>>; readonly workspaceId: string },
): Promise<Resource> {
  const id = String(params[finder.param]);
  const { rows } = await finder.find(id, workspaceId).execute(db);
  const [row] = rows;
  if (row === undefined) throw unknown(finder.kind, id);
  const { kind, seenFrom } = finder;
  return {
    kind,
    id,
    name: row.name,
    groupId: row.group_id,
    ownerId: row.owner_id ?? null,
    ...(seenFrom === undefined ? {} : { seenFrom }),
  };
}

const installation: Rights = { role: 'administrator', in: 'installation' };

/** What the request asks for, where that depends on what it names: a limit of the installation is not the workspace's. */
export function rightsOf(endpoint: Pick<Endpoint, 'id' | 'rights'>, params: Readonly<Record<string, unknown>>): Rights {
  const isLimit = endpoint.id === 'limits.put' || endpoint.id === 'limits.delete';
  const isOfInstallation = params['scopeKind'] === 'installation' || params['scopeKind'] === 'lane';
  return isLimit && isOfInstallation ? installation : endpoint.rights;
}
