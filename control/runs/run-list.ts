/**
 * Lists of runs: the latest first, in bounded time however many there are and however few the filters leave. Rows are
 * read in the order of an index, of one or several strands: those of the workspace, of each state, of each group or of
 * each definition. What no index answers is looked at row by row, in a window; a page that found little in its window
 * ends where the window ended, and the next one goes on from there.
 */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { ID_PATTERN } from '#api/fields.ts';
import type { RunsQuery } from '#api/endpoints/runs.ts';
import type { RunSummary } from '#api/resources/run.ts';
import { visibleGroups } from '#control/auth/visible.ts';
import { containing, instantPattern, makeCursor, readCursor } from '#control/http/cursor.ts';
import type { Principal } from '#control/http/handler.ts';
import type { Store } from '#control/store/store.ts';
import { selectSummaries, summaryOf } from './run-row.ts';

type Db = Store['db'];

/** Who has no role in the workspace sees the runs of groups where he has one. */
type Viewer = Pick<Principal, 'workspaceId' | 'role' | 'groupRoles'>;

/** Rows that a page looks at, at most: 60 ms of a busy machine with two cores. */
const WINDOW_ROWS = 5000;
/** Definitions that a text may name for each to be a strand; of more the runs are not rare. */
const STRANDS_MAX = 100;
/** Definitions that a text may name at all. */
const NAMED_MAX = 5000;

interface Strands {
  readonly keys: readonly string[];
  /** The rows of the strand `strand.key`. */
  readonly where: RawBuilder<unknown>;
  /** What its index does not answer. */
  readonly rest: readonly RawBuilder<unknown>[];
}

interface Position {
  readonly id: string;
  readonly created_at: string;
}

export async function listRuns(
  db: Db,
  principal: Viewer,
  query: Omit<RunsQuery, 'cursor'> & { readonly cursor?: string | undefined },
): Promise<{ items: RunSummary[]; next?: string }> {
  const [createdAt, id = ''] = readCursor('runs', query.cursor, [instantPattern, ID_PATTERN]) ?? [];
  const after = createdAt === undefined ? undefined : { created_at: createdAt, id };
  const { workspaceId } = principal;
  const strands = await strandsOf(db, principal, query);
  if (strands.keys.length === 0) return { items: [] };
  const { rows, cut } = await scan(db, strands, { workspaceId, query, after });
  const shown = rows.slice(0, query.limit);
  const last = rows.length > query.limit ? shown.at(-1) : cut;
  const next = last === undefined ? {} : { next: makeCursor('runs', [last.created_at, last.id]) };
  return { items: await summaries(db, workspaceId, shown), ...next };
}

async function strandsOf(db: Db, principal: Viewer, query: Omit<RunsQuery, 'cursor'>): Promise<Strands> {
  const { workspaceId } = principal;
  const { state, transferId, groupId, kind, trigger, text } = query;
  const rest: RawBuilder<unknown>[] = [];
  if (kind !== undefined) rest.push(sql`kind = any(${kind})`);
  if (trigger !== undefined) rest.push(sql`trigger = any(${trigger})`);
  const groups = wantedGroups(visibleGroups(principal), groupId);
  const ofGroups = groups === undefined ? [] : [sql`coalesce(group_id = any(${[...groups]}::text[]), false)`];
  const ofState = state === undefined ? [] : [sql`state = any(${state})`];
  const ofTransfer = transferId === undefined ? [] : [sql`definition_id = ${transferId}`];
  if (text !== undefined && ID_PATTERN.test(text)) {
    return { keys: [text], where: sql`run.id = strand.key`, rest: [...rest, ...ofGroups, ...ofState, ...ofTransfer] };
  }
  const named = text === undefined ? undefined : await definitionsNamed(db, workspaceId, text);
  const definitions = transferId === undefined ? named : [transferId].filter((id) => named?.includes(id) ?? true);
  if (definitions !== undefined && definitions.length <= STRANDS_MAX) {
    return { keys: definitions, where: sql`run.definition_id = strand.key`, rest: [...rest, ...ofGroups, ...ofState] };
  }
  if (definitions !== undefined) rest.push(sql`definition_id = any(${definitions})`);
  if (groups !== undefined && groups.length <= STRANDS_MAX) {
    return { keys: groups, where: sql`run.group_id = strand.key`, rest: [...rest, ...ofState] };
  }
  rest.push(...ofGroups);
  if (state !== undefined) return { keys: [...new Set(state)], where: sql`run.state = strand.key`, rest };
  return { keys: ['all'], where: sql`true`, rest };
}

/** Undefined: of any group, or of none. */
function wantedGroups(
  visible: readonly string[] | undefined,
  groupId: string | undefined,
): readonly string[] | undefined {
  if (groupId === undefined) return visible;
  return visible === undefined || visible.includes(groupId) ? [groupId] : [];
}

async function definitionsNamed(db: Db, workspaceId: string, text: string): Promise<string[]> {
  const rows = await db
    .selectFrom('definition')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('name', 'ilike', containing(text))
    .limit(NAMED_MAX)
    .execute();
  return rows.map(({ id }) => id);
}

/** The rows that fit, one more than the page holds; and where the windows ended, if one did. */
async function scan(
  db: Db,
  { keys, where, rest }: Strands,
  {
    workspaceId,
    query: { limit, since, until },
    after,
  }: { workspaceId: string; query: Omit<RunsQuery, 'cursor'>; after: Position | undefined },
): Promise<{ rows: Position[]; cut: Position | undefined }> {
  const window = rest.length === 0 ? limit + 1 : Math.max(limit + 1, Math.floor(WINDOW_ROWS / keys.length));
  const range = [
    ...(since === undefined ? [] : [sql`run.created_at >= ${since}::timestamptz`]),
    ...(until === undefined ? [] : [sql`run.created_at < ${until}::timestamptz`]),
    ...(after === undefined ? [] : [sql`(run.created_at, run.id) < (${after.created_at}::timestamptz, ${after.id})`]),
  ];
  const and = (conditions: readonly RawBuilder<unknown>[]): RawBuilder<unknown> =>
    conditions.length === 0 ? sql`true` : sql.join([...conditions], sql` and `);
  const { rows } = await sql<Position & { is_cut: boolean }>`
    with scanned as materialized (
      select strand.key, found.id, found.created_at, (${and(rest)}) as fits
      from unnest(${keys}::text[]) as strand (key)
      cross join lateral (
        select run.id, run.created_at, run.state, run.kind, run.trigger, run.group_id, run.definition_id, run.revision
        from run
        where run.workspace_id = ${workspaceId} and ${where} and ${and(range)}
        order by run.created_at desc, run.id desc
        limit ${window}
      ) as found
    ), whole as (
      select key from scanned group by key having count(*) >= ${window}
    ), cut as (
      select id, created_at from (
        select distinct on (key) key, id, created_at from scanned where key in (select key from whole)
        order by key, created_at, id
      ) as last order by created_at desc, id desc limit 1
    )
    (select id, created_at, false as is_cut from scanned
      where fits and not exists (select from cut where (cut.created_at, cut.id) > (scanned.created_at, scanned.id))
      order by created_at desc, id desc limit ${limit + 1})
    union all
    select id, created_at, true from cut`.execute(db);
  return { rows: rows.filter((row) => !row.is_cut), cut: rows.find((row) => row.is_cut) };
}

async function summaries(db: Db, workspaceId: string, positions: readonly Position[]): Promise<RunSummary[]> {
  if (positions.length === 0) return [];
  const ids = positions.map(({ id }) => id);
  const rows = await selectSummaries(db, workspaceId).where('run.id', 'in', ids).execute();
  const byId = new Map(rows.map((row) => [row.id, summaryOf(row)]));
  // One that has been removed since is not shown.
  return ids.flatMap((id) => byId.get(id) ?? []);
}
