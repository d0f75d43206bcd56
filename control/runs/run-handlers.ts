import type { Attempt } from '#api/resources/run.ts';
import type { Selectable } from 'kysely';
import { countPattern, makeCursor, pageOfRows, readCursor } from '#control/http/cursor.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { unknown } from '#control/http/refusal.ts';
import type { Store } from '#control/store/store.ts';
import type { AttemptTable } from '#control/store/tables.ts';
import type { RunCommands } from './run-commands.ts';
import { changeHandlers } from './run-change-handlers.ts';
import { listRuns } from './run-list.ts';
import { logCursor, logLines, logText, readLogCursor } from './run-log.ts';
import type { LogRange } from './run-log.ts';
import { countersOf, theRun } from './run-row.ts';
import { eventsAfter, watchLog, watchRun, watchRuns } from './run-watch.ts';

type Db = Store['db'];
/** What compares configurations is served by who knows them. */
type Handlers = Omit<HandlersOf<'runs'>, 'runs.configDiff'>;
type WatchId = 'runs.watch' | 'runs.watchMany' | 'runs.logEvents';
type ReadId = 'runs.list' | 'runs.get' | 'runs.history' | 'runs.attempts' | 'runs.logs' | 'runs.logText';

export interface RunParts {
  readonly store: Pick<Store, 'db' | 'hints'>;
  readonly commands: RunCommands;
}

export function runHandlers(parts: RunParts): Handlers {
  return { ...readHandlers(parts.store.db), ...watchHandlers(parts.store), ...changeHandlers(parts) };
}

function readHandlers(db: Db): Pick<Handlers, ReadId> {
  return {
    'runs.list': ({ query, principal }) => listRuns(db, principal, query),

    'runs.get': ({ params, principal }) => theRun(db, params.id, principal.workspaceId),

    async 'runs.history'({ params, query, principal }) {
      await assertRun(db, params.id, principal.workspaceId);
      const after = readCursor('history', query.cursor, [countPattern]) ?? ['0'];
      const rows = await eventsAfter(db, params.id, Number(after[0]), query.limit + 1);
      return pageOfRows(rows, query.limit, {
        item: (event) => event,
        cursor: ({ seq }) => makeCursor('history', [String(seq)]),
      });
    },

    async 'runs.attempts'({ params, query, principal }) {
      await assertRun(db, params.id, principal.workspaceId);
      const after = readCursor('attempts', query.cursor, [countPattern]) ?? ['0'];
      const rows = await db
        .selectFrom('attempt')
        .select(attemptColumns)
        .where('run_id', '=', params.id)
        .where('no', '>', Number(after[0]))
        .orderBy('no')
        .limit(query.limit + 1)
        .execute();
      return pageOfRows(rows, query.limit, {
        item: attemptOf,
        cursor: ({ no }) => makeCursor('attempts', [String(no)]),
      });
    },

    async 'runs.logs'({ params, query, principal }) {
      await assertRun(db, params.id, principal.workspaceId);
      const range = { runId: params.id, attemptNo: query.attemptNo, after: readLogCursor(query.cursor) };
      return logPage(db, range, query.limit);
    },

    async 'runs.logText'({ params, query, principal }) {
      await assertRun(db, params.id, principal.workspaceId);
      return logTexts(db, { runId: params.id, attemptNo: query.attemptNo });
    },
  };
}

function watchHandlers(store: RunParts['store']): Pick<Handlers, WatchId> {
  return {
    async 'runs.watch'({ params, principal, lastEventId, signal }) {
      const { workspaceId } = principal;
      await assertRun(store.db, params.id, workspaceId);
      const lastSeq = /^\d{1,9}$/.test(lastEventId ?? '') ? Number(lastEventId) : 0;
      return watchRun(store, { runId: params.id, workspaceId, signal }, lastSeq);
    },

    'runs.watchMany': ({ query, principal, signal }) => Promise.resolve(watchRuns(store, { principal, signal, query })),

    async 'runs.logEvents'({ params, query, principal, lastEventId, signal }) {
      const { workspaceId } = principal;
      await assertRun(store.db, params.id, workspaceId);
      const range = { attemptNo: query.attemptNo, after: readLogCursor(lastEventId) };
      return watchLog(store, { runId: params.id, workspaceId, signal }, range);
    },
  };
}

async function assertRun(db: Db, id: string, workspaceId: string): Promise<void> {
  const query = db.selectFrom('run').select('id').where('id', '=', id).where('workspace_id', '=', workspaceId);
  if ((await query.executeTakeFirst()) === undefined) throw unknown('run', id);
}

const attemptColumns = [
  'no',
  'name',
  'executor',
  'phase',
  'runner_version',
  'counters',
  'reported',
  'observed',
  'created_at',
  'submitted_at',
  'claimed_at',
  'reported_at',
  'quiesced_at',
] as const;

function attemptOf(row: Pick<Selectable<AttemptTable>, (typeof attemptColumns)[number]>): Attempt {
  return {
    no: row.no,
    name: row.name,
    executor: row.executor,
    phase: row.phase,
    runnerVersion: row.runner_version,
    counters: countersOf(row.counters),
    reported: row.reported === null ? null : { ...row.reported },
    observed: row.observed === null ? null : { ...row.observed },
    createdAt: row.created_at,
    submittedAt: row.submitted_at,
    claimedAt: row.claimed_at,
    reportedAt: row.reported_at,
    quiescedAt: row.quiesced_at,
  };
}

async function logPage(db: Db, range: LogRange, limit: number): ReturnType<Handlers['runs.logs']> {
  const items = [];
  let last;
  for await (const { line, position } of logLines(db, range)) {
    if (items.length === limit) return { items, ...(last === undefined ? {} : { next: logCursor(last) }) };
    items.push(line);
    last = position;
  }
  return { items };
}

/** Pieces of this many characters, so that a line each is not a piece each. */
const PIECE_LENGTH = 64 * 1024;

async function* logTexts(db: Db, range: LogRange): AsyncGenerator<string> {
  let piece = '';
  for await (const { line } of logLines(db, range)) {
    piece += logText(line);
    if (piece.length < PIECE_LENGTH) continue;
    yield piece;
    piece = '';
  }
  if (piece !== '') yield piece;
}
