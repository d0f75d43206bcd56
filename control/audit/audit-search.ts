/**
 * The audit log, searched: the latest first, in bounded time however much there is and however little the filters
 * leave. What no index answers is looked at row by row, in a window; the next page goes on where the window ended.
 */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { AuditQuery } from '#api/endpoints/audit.ts';
import type { AuditEvent } from '#api/resources/audit.ts';
import type { Store } from '#control/store/store.ts';
import type { AuditEventTable } from '#control/store/people-tables.ts';
import type { Selectable } from 'kysely';

type Db = Store['db'];
export type AuditFilters = Omit<AuditQuery, 'limit' | 'cursor'>;

/** Rows that a page looks at, at most. */
const WINDOW_ROWS = 10_000;

export interface AuditPosition {
  readonly at: string;
  readonly id: string;
}

export interface AuditRange {
  /** Null: what belongs to no workspace. */
  readonly workspaceId: string | null;
  readonly filters: AuditFilters;
  readonly limit: number;
  readonly after?: AuditPosition | undefined;
}

/** `next` is where it goes on, when it does. */
export async function searchAudit(
  db: Db,
  { workspaceId, filters, limit, after }: AuditRange,
): Promise<{ events: AuditEvent[]; next: AuditPosition | undefined }> {
  const { actor, resourceId, since, until } = filters;
  const indexed = [
    workspaceId === null ? sql`workspace_id is null` : sql`workspace_id = ${workspaceId}`,
    ...(actor === undefined ? [] : [sql`actor = ${actor}`]),
    ...(resourceId === undefined ? [] : [sql`resource_id = ${resourceId}`]),
    ...(since === undefined ? [] : [sql`at >= ${since}::timestamptz`]),
    ...(until === undefined ? [] : [sql`at < ${until}::timestamptz`]),
    ...(after === undefined ? [] : [sql`(at, id) < (${after.at}::timestamptz, ${after.id})`]),
  ];
  const rest = restOf(filters);
  const window = rest.length === 0 ? limit + 1 : Math.max(limit + 1, WINDOW_ROWS);
  const fits = rest.length === 0 ? sql`true` : sql.join(rest, sql` and `);
  const { rows } = await sql<AuditPosition & { fits: boolean; is_cut: boolean }>`
    with scanned as materialized (
      select id, at, (${fits}) as fits from audit_event
      where ${sql.join(indexed, sql` and `)} order by at desc, id desc limit ${window})
    (select id, at, true as fits, false as is_cut from scanned where fits order by at desc, id desc limit ${limit + 1})
    union all
    (select id, at, fits, true from scanned
      where (select count(*) from scanned) >= ${window} order by at, id limit 1)`.execute(db);
  const found = rows.filter((row) => !row.is_cut);
  const shown = found.slice(0, limit);
  const last = found.length > limit ? shown.at(-1) : rows.find((row) => row.is_cut);
  const events = await eventsOf(db, shown);
  return { events, next: last === undefined ? undefined : { at: last.at, id: last.id } };
}

function restOf({ action, resourceKind, outcome }: AuditFilters): RawBuilder<unknown>[] {
  return [
    ...(action === undefined
      ? []
      : [action.endsWith('.') ? sql`starts_with(action, ${action})` : sql`action = ${action}`]),
    ...(resourceKind === undefined ? [] : [sql`coalesce(resource_kind = ${resourceKind}, false)`]),
    ...(outcome === undefined ? [] : [sql`outcome = ${outcome}`]),
  ];
}

async function eventsOf(db: Db, positions: readonly AuditPosition[]): Promise<AuditEvent[]> {
  if (positions.length === 0) return [];
  const ids = positions.map(({ id }) => id);
  const rows = await db.selectFrom('audit_event').selectAll().where('id', 'in', ids).execute();
  const byId = new Map(rows.map((row) => [row.id, row]));
  return ids.flatMap((id) => {
    const row = byId.get(id);
    return row === undefined ? [] : [eventOf(row)];
  });
}

function eventOf(row: Selectable<AuditEventTable>): AuditEvent {
  return {
    id: row.id,
    at: row.at,
    actor: row.actor,
    userId: row.user_id,
    tokenId: row.token_id,
    action: row.action,
    resourceKind: row.resource_kind,
    resourceId: row.resource_id,
    resourceName: row.resource_name,
    groupId: row.group_id,
    fields: [...row.fields],
    outcome: row.outcome,
    code: row.code,
    detail: { ...row.detail },
    requestId: row.request_id,
    endedAt: row.ended_at,
  };
}
