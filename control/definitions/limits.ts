import { sql } from 'kysely';
import type { Limit, ScopeKind } from '#api/resources/limit.ts';
import { makeCursor, namePattern, pageOfRows, readCursor } from '#control/http/cursor.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Refusal } from '#control/http/refusal.ts';
import { accountScopeId, installationScope } from '#control/runs/freeze-work.ts';
import type { Store } from '#control/store/store.ts';

type Db = Store['db'];

interface LimitRow {
  readonly scope_kind: ScopeKind;
  readonly scope_id: string;
  readonly seats: number;
  readonly seats_taken: number;
  readonly label: string;
}

const lanes: readonly string[] = ['batch', 'interactive'];

export function limitHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'limits'> {
  return {
    async 'limits.list'({ query, principal }) {
      const after = readCursor('limits', query.cursor, [namePattern, namePattern]) ?? ['', ''];
      const { rows } = await sql<LimitRow>`${visible(principal.workspaceId)}
        and (scope_kind, scope_id) > (${after[0]}, ${after[1]})
        and (${query.scopeKind ?? null}::text is null or scope_kind = ${query.scopeKind ?? null})
        order by scope_kind, scope_id limit ${query.limit + 1}`.execute(db);
      return pageOfRows(rows, query.limit, {
        item: limitOf,
        cursor: (row) => makeCursor('limits', [row.scope_kind, row.scope_id]),
      });
    },

    'limits.get': ({ params, principal }) => theLimit(db, params, principal),

    async 'limits.put'({ params, body, principal }) {
      const name = await nameOfScope(db, params, principal.workspaceId);
      const row = {
        scope_kind: params.scopeKind,
        scope_id: keptId(params, principal.workspaceId),
        seats: body.seats,
        label: body.label ?? name,
      };
      await db
        .insertInto('seat_limit')
        .values(row)
        .onConflict((conflict) =>
          conflict.columns(['scope_kind', 'scope_id']).doUpdateSet({ seats: row.seats, label: row.label }),
        )
        .execute();
      return theLimit(db, params, principal);
    },

    async 'limits.delete'({ params, principal }) {
      await theLimit(db, params, principal);
      await db
        .deleteFrom('seat_limit')
        .where('scope_kind', '=', params.scopeKind)
        .where('scope_id', '=', keptId(params, principal.workspaceId))
        .execute();
    },
  };
}

type Params = { readonly scopeKind: ScopeKind; readonly scopeId: string };

/** Accounts are named without the workspace, and kept with it. */
function keptId({ scopeKind, scopeId }: Params, workspaceId: string): string {
  return scopeKind === 'account' ? accountScopeId(workspaceId, scopeId) : scopeId;
}

/** Of the workspace, of what is in it, and of the installation. */
function visible(workspaceId: string): ReturnType<typeof sql> {
  const prefix = accountScopeId(workspaceId, '');
  return sql`
    select scope_kind, seats, label,
      case scope_kind when 'account' then substr(scope_id, ${prefix.length + 1}) else scope_id end as scope_id,
      (select count(*)::integer from seat
        where seat.scope_kind = seat_limit.scope_kind and seat.scope_id = seat_limit.scope_id) as seats_taken
    from seat_limit
    where case scope_kind
      when 'installation' then true
      when 'lane' then true
      when 'workspace' then scope_id = ${workspaceId}
      when 'group' then exists (select from groups where id = scope_id and workspace_id = ${workspaceId})
      when 'definition' then exists (select from definition where id = scope_id and workspace_id = ${workspaceId})
      when 'account' then starts_with(scope_id, ${prefix})
      else false end`;
}

async function theLimit(db: Db, params: Params, { workspaceId }: Principal): Promise<Limit> {
  const { rows } = await sql<LimitRow>`${visible(workspaceId)}
    and scope_kind = ${params.scopeKind} and scope_id = ${keptId(params, workspaceId)}`.execute(db);
  const [row] = rows;
  if (row === undefined) throw unknown('limit', `${params.scopeKind} ${params.scopeId}`);
  return limitOf(row);
}

function limitOf({ scope_kind: scopeKind, scope_id: scopeId, seats, seats_taken: seatsTaken, label }: LimitRow): Limit {
  return { scopeKind, scopeId, seats, seatsTaken, label };
}

/** The name of what is limited. Throws when the workspace has no such thing. */
async function nameOfScope(db: Db, { scopeKind, scopeId }: Params, workspaceId: string): Promise<string> {
  const missing = (): Refusal => unknown(scopeKind, scopeId);
  switch (scopeKind) {
    case 'installation':
      if (scopeId !== installationScope.id) throw missing();
      return 'the installation';
    case 'lane':
      if (!lanes.includes(scopeId)) throw missing();
      return `${scopeId} lane`;
    case 'workspace': {
      if (scopeId !== workspaceId) throw missing();
      const row = await db.selectFrom('workspace').select('name').where('id', '=', scopeId).executeTakeFirst();
      return `workspace ${row?.name ?? scopeId}`;
    }
    case 'group':
    case 'definition': {
      const table = scopeKind === 'group' ? 'groups' : 'definition';
      const row = await db
        .selectFrom(table)
        .select('name')
        .where('id', '=', scopeId)
        .where('workspace_id', '=', workspaceId)
        .executeTakeFirst();
      if (row === undefined) throw missing();
      return `${scopeKind === 'group' ? 'group' : 'transfer'} ${row.name}`;
    }
    case 'account': {
      const row = await db
        .selectFrom('connection')
        .select('name')
        .where('account_key', '=', scopeId)
        .where('workspace_id', '=', workspaceId)
        .orderBy('name')
        .executeTakeFirst();
      if (row === undefined) throw missing();
      return `connection ${row.name}`;
    }
  }
}
