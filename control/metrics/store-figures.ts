/**
 * What the database knows, in few statements that read live rows only: past runs, of which there may be millions, are
 * never counted.
 */
import { sql } from 'kysely';
import { noticeFigures } from '#control/notify/notice-figures.ts';
import type { NoticeFigures } from '#control/notify/notice-figures.ts';
import { PostgresQueue } from '#control/queue/postgres-queue.ts';
import type { QueueStats } from '#control/queue/queue-driver.ts';
import { growth } from '#control/store/growth.ts';
import type { TableGrowth } from '#control/store/growth.ts';
import type { Store } from '#control/store/store.ts';

type Db = Store['db'];

/** A heartbeat is late when three have been missed. */
const LATE_S = 60;
/** Rows of one kind that are counted: beyond that, so many and more. */
const COUNTED_MAX = 200_000;

export interface StoreFigures {
  readonly runs: readonly { readonly state: string; readonly lane: string; readonly count: number }[];
  /** Of those that wait. */
  readonly queued: readonly { readonly workspaceId: string; readonly lane: string; readonly count: number }[];
  readonly oldestQueuedS: number;
  /** Of those of which nobody can say why they wait. */
  readonly oldestUnexplainedS: number;
  readonly seats: readonly { readonly kind: string; readonly taken: number }[];
  readonly attemptsLive: number;
  /** Seats of attempts that are over, and live attempts of limited runs without any seat. */
  readonly seatsAstray: number;
  readonly heartbeatsLate: number;
  readonly queue: QueueStats;
  readonly tables: readonly TableGrowth[];
  readonly processes: number;
  readonly notices: NoticeFigures;
}

/** What a run in one of these is, is still to come. */
const liveStates = ['QUEUED', 'DISPATCHING', 'STARTING', 'RUNNING', 'STOPPING', 'BACKOFF'] as const;

export async function storeFigures(db: Db): Promise<StoreFigures> {
  const runs = await liveRuns(db);
  const [oldest] = await oldestQueued(db);
  const [attempts] = await attemptFigures(db);
  return {
    runs: liveStates.flatMap((state) =>
      ['batch', 'interactive'].map((lane) => ({
        state,
        lane,
        count: runs
          .filter((each) => each.state === state && each.lane === lane)
          .reduce((sum, { count }) => sum + count, 0),
      })),
    ),
    queued: runs.filter(({ state }) => state === 'QUEUED'),
    oldestQueuedS: oldest?.all ?? 0,
    oldestUnexplainedS: oldest?.unexplained ?? 0,
    seats: await seatsTaken(db),
    attemptsLive: attempts?.live ?? 0,
    seatsAstray: attempts?.astray ?? 0,
    heartbeatsLate: attempts?.late ?? 0,
    queue: await new PostgresQueue(db).stats(),
    tables: await growth(db),
    processes: await processesSeen(db),
    notices: await noticeFigures(db),
  };
}

interface LiveRuns {
  readonly workspaceId: string;
  readonly state: string;
  readonly lane: string;
  readonly count: number;
}

async function liveRuns(db: Db): Promise<readonly LiveRuns[]> {
  // Two conditions that each have an index of their own.
  const { rows } = await sql<LiveRuns>`
    select workspace_id as "workspaceId", state, lane, count(*)::int as count from (
      (select workspace_id, state, lane from run where state = 'QUEUED' limit ${COUNTED_MAX})
      union all
      (select workspace_id, state, lane from run
        where state in ('DISPATCHING', 'STARTING', 'RUNNING', 'STOPPING', 'BACKOFF') limit ${COUNTED_MAX})) live
    group by 1, 2, 3`.execute(db);
  return rows;
}

async function oldestQueued(db: Db): Promise<readonly { readonly all: number; readonly unexplained: number }[]> {
  const { rows } = await sql<{ all: number; unexplained: number }>`
    select coalesce(max(wait), 0)::float8 as all,
      coalesce(max(wait) filter (where blocked_by is null), 0)::float8 as unexplained
    from (
      select blocked_by,
        greatest(0, extract(epoch from (select dispatch.now()) - greatest(queued_at, not_before))) as wait
      from run where state = 'QUEUED' and is_quiesced limit ${COUNTED_MAX}) waiting`.execute(db);
  return rows;
}

async function seatsTaken(db: Db): Promise<StoreFigures['seats']> {
  const { rows } = await sql<{ kind: string; taken: number }>`
    select scope_kind as kind, count(*)::int as taken from seat group by scope_kind`.execute(db);
  return rows;
}

async function attemptFigures(
  db: Db,
): Promise<readonly { readonly live: number; readonly astray: number; readonly late: number }[]> {
  // One statement, one snapshot: seats and attempts that are written together are seen together.
  const { rows } = await sql<{ live: number; astray: number; late: number }>`
    with live as (select run_id, no from attempt where quiesced_at is null)
    select (select count(*) from live)::int as live,
      ((select count(*) from seat
          where not exists (select from live where live.run_id = seat.run_id and live.no = seat.attempt_no))
        + (select count(*) from live
          where exists (select from run_scope s where s.run_id = live.run_id and s.scope_kind = 'installation')
            and exists (select from seat_limit where scope_kind = 'installation')
            and not exists (select from seat
              where seat.run_id = live.run_id and seat.attempt_no = live.no)))::int as astray,
      (select count(*) from run where state = 'RUNNING'
        and heartbeat_at < (select dispatch.now()) - make_interval(secs => ${LATE_S}))::int as late`.execute(db);
  return rows;
}

/** Processes that have said within the last two minutes that they are there. */
async function processesSeen(db: Db): Promise<number> {
  const { rows } = await sql<{ n: number }>`
    select count(*)::int as n from dispatcher
    where seen_at > (select dispatch.now()) - interval '2 minutes'`.execute(db);
  return rows[0]?.n ?? 0;
}
