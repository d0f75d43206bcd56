/** Streams about runs: each looks when a hint comes, and once a second without one. */
import { terminalStates } from '#api/resources/run.ts';
import type { RunEvent, RunSummary } from '#api/resources/run.ts';
import type { RunsQuery } from '#api/endpoints/runs.ts';
import type { Principal, SentEvent } from '#control/http/handler.ts';
import type { Store } from '#control/store/store.ts';
import { listRuns } from './run-list.ts';
import { logCursor, logLines } from './run-log.ts';
import type { LogPosition } from './run-log.ts';
import { theRun } from './run-row.ts';
import { RunWake, runChannel, workspaceChannel } from './run-wake.ts';

type Parts = Pick<Store, 'db' | 'hints'>;

const EVENTS_AT_ONCE = 500;

interface Watched {
  readonly runId: string;
  readonly workspaceId: string;
  readonly signal: AbortSignal;
}

/** Events after `lastSeq`, the run when it changes, and the end. */
export async function* watchRun(
  { db, hints }: Parts,
  { runId, workspaceId, signal }: Watched,
  lastSeq: number,
): AsyncGenerator<SentEvent> {
  using wake = new RunWake(hints, runChannel(runId), signal);
  let seq = lastSeq;
  let shown = '';
  do {
    // First the run: the events that made it what it is are there already.
    const run = await theRun(db, runId, workspaceId);
    for (
      let events = await eventsAfter(db, runId, seq);
      events.length > 0;
      events = await eventsAfter(db, runId, seq)
    ) {
      for (const event of events) {
        seq = event.seq;
        yield { event: 'event', id: String(seq), data: event };
      }
    }
    const text = JSON.stringify(run);
    if (text !== shown) {
      shown = text;
      yield { event: 'run', data: run };
    }
    if (terminalStates.includes(run.state)) {
      yield { event: 'end', data: {} };
      return;
    }
  } while (await wake.next());
}

export async function eventsAfter(
  db: Store['db'],
  runId: string,
  seq: number,
  limit = EVENTS_AT_ONCE,
): Promise<RunEvent[]> {
  const rows = await db
    .selectFrom('run_event')
    .select(['seq', 'at', 'actor', 'transition', 'from_state', 'to_state', 'detail'])
    .where('run_id', '=', runId)
    .where('seq', '>', seq)
    .orderBy('seq')
    .limit(limit)
    .execute();
  return rows.map(({ from_state: fromState, to_state: toState, detail, ...row }) => ({
    ...row,
    fromState,
    toState,
    detail: { ...detail },
  }));
}

/** The first page, and what changes in it. */
export async function* watchRuns(
  { db, hints }: Parts,
  {
    principal,
    signal,
    query,
  }: Pick<Watched, 'signal'> & { readonly principal: Principal; readonly query: Omit<RunsQuery, 'cursor'> },
): AsyncGenerator<SentEvent> {
  using wake = new RunWake(hints, workspaceChannel(principal.workspaceId), signal);
  const shown = new Map<string, string>();
  do {
    const { items } = await listRuns(db, principal, query);
    // The oldest first: who puts each new one on top has them in order.
    for (const run of items.toReversed()) {
      const text = JSON.stringify(run satisfies RunSummary);
      if (shown.get(run.id) === text) continue;
      shown.set(run.id, text);
      yield { event: 'run', data: run };
    }
    const ids = new Set(items.map(({ id }) => id));
    for (const id of shown.keys()) {
      if (ids.has(id)) continue;
      shown.delete(id);
      yield { event: 'left', data: { id } };
    }
  } while (await wake.next());
}

/** Lines after `after`, until the run has ended and nothing more can come. */
export async function* watchLog(
  { db, hints }: Parts,
  { runId, workspaceId, signal }: Watched,
  range: { readonly attemptNo: number | undefined; readonly after: LogPosition | undefined },
): AsyncGenerator<SentEvent> {
  using wake = new RunWake(hints, runChannel(runId), signal);
  let { after } = range;
  do {
    // Looked at before the lines: what was sent before the end is read after it.
    const isOver = await isQuiet(db, runId, workspaceId);
    for await (const { line, position } of logLines(db, { runId, attemptNo: range.attemptNo, after })) {
      after = position;
      yield { event: 'line', id: logCursor(position), data: line };
    }
    if (isOver) {
      yield { event: 'end', data: {} };
      return;
    }
  } while (await wake.next());
}

async function isQuiet(db: Store['db'], runId: string, workspaceId: string): Promise<boolean> {
  const row = await db
    .selectFrom('run')
    .select(['terminal_at', 'is_quiesced'])
    .where('id', '=', runId)
    .where('workspace_id', '=', workspaceId)
    .executeTakeFirst();
  // Removed by the retention of runs, its log with it.
  return row === undefined || (row.terminal_at !== null && row.is_quiesced);
}
