/** What was applied from files last: a memory that all who apply share. */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Applied } from '#api/resources/applied.ts';
import { visibleTo } from '#control/auth/visible.ts';
import { makeCursor, namePattern, pageOfRows, readCursor } from '#control/http/cursor.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import type { AppliedTable } from '#control/store/applied-tables.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import { filedResources } from './filed-resources.ts';

type Row = Selectable<AppliedTable>;

export function appliedHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'applied'> {
  return {
    async 'applied.list'({ query, principal }) {
      const [kind, id] = readCursor('applied', query.cursor, [namePattern, namePattern]) ?? ['', ''];
      // What is gone is not listed: there is no group that could decide who sees it.
      const { rows } = await sql<Row>`
        select applied.* from applied
        join ${filedResources(principal.workspaceId)} filed on filed.id = applied.resource_id
        where applied.workspace_id = ${principal.workspaceId} and ${visibleTo(principal, 'filed.group_id')}
          and (applied.kind, applied.resource_id) > (${kind}, ${id})
          and (${query.kind ?? null}::text is null or applied.kind = ${query.kind ?? null})
        order by applied.kind, applied.resource_id limit ${query.limit + 1}`.execute(db);
      return pageOfRows(rows, query.limit, {
        item: appliedOf,
        cursor: (row) => makeCursor('applied', [row.kind, row.resource_id]),
      });
    },

    async 'applied.put'({ params, body, principal }) {
      const row = {
        version: body.version,
        digest: body.digest,
        next_digest: body.nextDigest,
        secret_references: json(body.secretReferences),
        applied_by: principal.actor,
        applied_at: sql<string>`dispatch.now()`,
      };
      const kept = await db
        .insertInto('applied')
        .values({ workspace_id: principal.workspaceId, kind: params.kind, resource_id: params.id, ...row })
        .onConflict((conflict) => conflict.columns(['workspace_id', 'kind', 'resource_id']).doUpdateSet(row))
        .returningAll()
        .executeTakeFirstOrThrow();
      return appliedOf(kept);
    },
  };
}

/** Of resources that are gone. */
export async function forgetApplied(db: Store['db']): Promise<void> {
  const filed = filedResources(sql.ref('applied.workspace_id'));
  await sql`delete from applied where not exists (
    select from ${filed} filed where filed.id = applied.resource_id)`.execute(db);
}

function appliedOf(row: Row): Applied {
  return {
    kind: row.kind,
    id: row.resource_id,
    version: row.version,
    digest: row.digest,
    nextDigest: row.next_digest,
    secretReferences: row.secret_references,
    appliedBy: row.applied_by,
    appliedAt: row.applied_at,
  };
}
