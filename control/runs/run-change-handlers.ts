import { sql } from 'kysely';
import { CANCEL_MANY_MAX, terminalStates } from '#api/resources/run.ts';
import type { RunState } from '#api/resources/run.ts';
import type { ScopeKind } from '#api/resources/limit.ts';
import { workOrder } from '#api/runner.ts';
import { visibleTo } from '#control/auth/visible.ts';
import { definitionErrors } from '#control/definitions/errors.ts';
import { runKey } from '#control/definitions/new-run.ts';
import type { HandlersOf, Principal } from '#control/http/handler.ts';
import { Refusal, invalid, unknown } from '#control/http/refusal.ts';
import { slotIsRetried } from '#control/schedule/retried-slot.ts';
import type { Store } from '#control/store/store.ts';
import type { RunParts } from './run-handlers.ts';
import { theRun } from './run-row.ts';

type Db = Store['db'];
type Handlers = HandlersOf<'runs'>;

const liveStates: readonly RunState[] = ['QUEUED', 'DISPATCHING', 'STARTING', 'RUNNING', 'STOPPING', 'BACKOFF'];

export function changeHandlers({
  store: { db },
  commands,
}: RunParts): Pick<Handlers, 'runs.cancel' | 'runs.cancelMany' | 'runs.retry'> {
  return {
    async 'runs.cancel'({ params, body, principal }) {
      const { workspaceId, actor } = principal;
      const outcome = await commands.cancel(params.id, { workspaceId, actor, isForced: body.force });
      if (outcome === undefined) throw unknown('run', params.id);
      return { outcome, run: await theRun(db, params.id, workspaceId) };
    },

    async 'runs.cancelMany'({ body, principal }) {
      const { workspaceId, actor } = principal;
      if (body.ids === undefined && body.transferId === undefined) {
        throw invalid([{ in: 'body', path: [], message: 'either ids or transferId is needed' }]);
      }
      const states = (body.state ?? liveStates).filter((state) => !terminalStates.includes(state));
      const ids = states.length === 0 ? [] : await liveRuns(db, principal, { ...body, states });
      const outcome = await commands.cancelMany(ids.slice(0, CANCEL_MANY_MAX), { workspaceId, actor });
      return { ...outcome, hasMore: ids.length > CANCEL_MANY_MAX };
    },

    async 'runs.retry'({ params, principal, idempotencyKey }) {
      const { workspaceId, actor } = principal;
      const run = await frozenRun(db, params.id, workspaceId);
      if (!terminalStates.includes(run.state)) {
        throw new Refusal(definitionErrors.error('RUN_NOT_ENDED', { id: run.id, state: run.state }), 409);
      }
      const work = workOrder.parse(run.work);
      await assertConnections(db, workspaceId, Object.keys(work.connections));
      const { runId } = await commands.create({
        workspaceId,
        groupId: run.group_id,
        definitionId: run.definition_id,
        revision: run.revision,
        kind: run.kind,
        trigger: 'api',
        createdBy: actor,
        idempotencyKey: runKey(principal, idempotencyKey),
        priority: run.priority,
        lane: run.lane,
        isIdempotent: run.is_idempotent,
        jobRetriesMax: run.job_retries_max,
        queueTimeoutS: run.queue_timeout_s,
        work,
        scopes: run.scopes,
      });
      await slotIsRetried(db, run.id, runId);
      return theRun(db, runId, workspaceId);
    },
  };
}

async function liveRuns(
  db: Db,
  principal: Principal,
  wanted: {
    readonly ids?: readonly string[] | undefined;
    readonly transferId?: string | undefined;
    readonly states: readonly RunState[];
  },
): Promise<string[]> {
  let rows = db
    .selectFrom('run')
    .select('id')
    .where('workspace_id', '=', principal.workspaceId)
    .where(visibleTo(principal, 'group_id', 'operator'))
    .where('state', 'in', [...wanted.states]);
  if (wanted.ids !== undefined) {
    if (wanted.ids.length === 0) return [];
    rows = rows.where('id', 'in', [...wanted.ids]);
  }
  if (wanted.transferId !== undefined) rows = rows.where('definition_id', '=', wanted.transferId);
  const found = await rows.limit(CANCEL_MANY_MAX + 1).execute();
  return found.map(({ id }) => id);
}

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
async function frozenRun(db: Db, id: string, workspaceId: string) {
  const row = await db
    .selectFrom('run')
    .innerJoin('run_work', 'run_work.run_id', 'run.id')
    .select(['run.id', 'run.group_id', 'run.definition_id', 'run.revision', 'run.kind', 'run.priority', 'run.lane'])
    .select(['run.state', 'run.is_idempotent', 'run.job_retries_max', 'run_work.work'])
    .select(
      sql<number>`greatest(1, extract(epoch from run.queue_deadline - run.created_at)::integer)`.as('queue_timeout_s'),
    )
    .select(
      sql<{ kind: ScopeKind; id: string }[]>`coalesce((
        select jsonb_agg(jsonb_build_object('kind', scope_kind, 'id', scope_id) order by scope_kind, scope_id)
        from run_scope where run_scope.run_id = run.id), '[]')`.as('scopes'),
    )
    .where('run.id', '=', id)
    .where('run.workspace_id', '=', workspaceId)
    .executeTakeFirst();
  if (row === undefined) throw unknown('run', id);
  return row;
}

async function assertConnections(db: Db, workspaceId: string, ids: readonly string[]): Promise<void> {
  if (ids.length === 0) return;
  const rows = await db
    .selectFrom('connection')
    .select('id')
    .where('workspace_id', '=', workspaceId)
    .where('id', 'in', [...ids])
    .execute();
  const gone = ids.filter((id) => !rows.some((row) => row.id === id));
  if (gone.length > 0) {
    throw new Refusal(definitionErrors.error('CONNECTION_GONE', { names: gone.join(', ') }), 409);
  }
}
