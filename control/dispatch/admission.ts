/**
 * The tick that lets runs go: one short transaction for the whole installation, under an advisory lock that ends with
 * it. Seats have a primary key as the second line of defence: two ticks at once would be rolled back, never exceed.
 *
 * Between workspaces the fair order decides, within one the rank. Runs that the same limits apply to are blocked
 * together, so that ten thousand runs on one busy connection cost one look.
 */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import type { Db } from '#control/runs/transition-writer.ts';
import { costOf, isBefore, reservedSeats } from './fair-order.ts';
import type { WorkspaceShare } from './fair-order.ts';
import { SeatBook } from './seat-book.ts';
import type { SeatLimit, TakenSeat } from './seat-book.ts';

/** The lock of admission ticks, among the advisory locks of the database. */
const ADMISSION_LOCK = 0x726f_7061;
/** Runs that one tick lets go. */
const ADMISSIONS_MAX = 200;
/** Runs of one workspace, and of one group of scopes in it, that a tick looks at. */
const LOOK_AHEAD = 50;
/** Groups of scopes in one workspace that a tick looks at once the first runs are blocked. */
const SCOPE_KEYS_MAX = 2000;

export interface AdmissionOptions {
  readonly actor: string;
  /** Runs that may be let go now: what the rate of launches and the executor allow. */
  readonly capacity: number;
  /** What an attempt needs beside its seats: rendered once, by this release. */
  readonly plan: (run: ReadyRun, attempt: PlannedAttempt) => AttemptPlan;
}

export interface ReadyRun {
  readonly id: string;
  readonly workspace_id: string;
  readonly lane: 'batch' | 'interactive';
  readonly attempt_no: number;
  readonly cpu_millis: number;
  readonly memory_mb: number;
  readonly run_timeout_s: number;
  readonly scope_key: string;
  /** Seconds since it might go. */
  readonly waited_s: number;
  readonly scopes: readonly { readonly kind: string; readonly id: string }[];
}

export interface PlannedAttempt {
  readonly name: string;
  readonly no: number;
  readonly fence: string;
}

export interface AttemptPlan {
  readonly executor: string;
  readonly manifest: unknown;
  readonly specHash: string;
}

export interface AdmissionResult {
  readonly admitted: number;
  /** Somebody else is at it. */
  readonly isBusy: boolean;
  /** More may be waiting than were looked at. */
  readonly hasMore: boolean;
}

export async function admissionTick(database: Db, options: AdmissionOptions): Promise<AdmissionResult> {
  return database.transaction().execute(async (db) => {
    const { rows } = await sql<{ mine: boolean }>`select pg_try_advisory_xact_lock(${ADMISSION_LOCK}) as mine`.execute(
      db,
    );
    if (rows[0]?.mine !== true) return { admitted: 0, isBusy: true, hasMore: false };
    return new Tick(db, options).run();
  });
}

/** The runs of one workspace that may go, the best first, by groups that are blocked together. */
interface Line {
  readonly share: WorkspaceShare;
  readonly runs: ReadyRun[];
  /** Groups that were found blocked in this tick. */
  readonly blocked: Map<string, SeatLimit>;
  /** Where its runs were looked at by groups, not only the first ones. */
  isDeep: boolean;
}

class Tick {
  readonly #db: Db;
  readonly #options: AdmissionOptions;
  readonly #admitted: { readonly run: ReadyRun; readonly seats: readonly TakenSeat[] }[] = [];
  readonly #blocked: { readonly id: string; readonly label: string }[] = [];
  #book = new SeatBook([], []);
  #reserve = 0;
  /** There may be more than was looked at. */
  #isCut = false;

  constructor(db: Db, options: AdmissionOptions) {
    this.#db = db;
    this.#options = options;
  }

  async run(): Promise<AdmissionResult> {
    const capacity = Math.min(this.#options.capacity, ADMISSIONS_MAX);
    if (capacity <= 0) return { admitted: 0, isBusy: false, hasMore: false };
    const shares = await this.#shares();
    const heads = await this.#heads(shares.map(({ id }) => id));
    if (heads.length === 0) return { admitted: 0, isBusy: false, hasMore: false };
    await this.#readBook();
    const lines = new Map<string, Line>();
    for (const share of shares) {
      const runs = heads.filter(({ workspace_id: id }) => id === share.id);
      if (runs.length > 0) lines.set(share.id, { share, runs, blocked: new Map(), isDeep: false });
    }
    const waiting = [...lines.values()];
    while (this.#admitted.length < capacity && waiting.length > 0) {
      let best = 0;
      for (let i = 1; i < waiting.length; i++) {
        const [a, b] = [waiting[i], waiting[best]];
        if (a !== undefined && b !== undefined && isBefore(a.share, b.share)) best = i;
      }
      const line = waiting[best];
      if (line === undefined || !(await this.#admitFrom(line))) waiting.splice(best, 1);
    }
    await this.#write();
    const admitted = this.#admitted.length;
    return { admitted, isBusy: false, hasMore: admitted > 0 && (admitted === capacity || this.#isCut) };
  }

  /** Lets the first run of the workspace go that may; false when none may. */
  async #admitFrom(line: Line): Promise<boolean> {
    for (;;) {
      const run = line.runs.shift();
      if (run === undefined) {
        if (line.isDeep || line.blocked.size === 0) return false;
        line.isDeep = true;
        this.#isCut = true;
        line.runs.push(...(await this.#unblockedHeads(line)));
        continue;
      }
      const known = line.blocked.get(run.scope_key);
      const limit = known ?? this.#blocking(run, line.share);
      if (limit === undefined) {
        this.#admitted.push({ run, seats: this.#book.take(run.scopes) });
        line.share.heldCost += costOf(run.cpu_millis, run.memory_mb);
        if (run.lane === 'batch') line.share.heldSeats += 1;
        return true;
      }
      line.blocked.set(run.scope_key, limit);
      this.#blocked.push({ id: run.id, label: `${limit.label}: all of ${limit.seats} in use` });
    }
  }

  #blocking(run: ReadyRun, share: WorkspaceShare): SeatLimit | undefined {
    const full = this.#book.blockedBy(run.scopes);
    if (full !== undefined || run.lane === 'interactive' || share.heldSeats === 0) return full;
    // The last seats are for those who hold none, so that a newcomer never waits for a stranger's long run.
    const free = this.#book.free('installation', 'all');
    if (free === undefined || free > this.#reserve) return undefined;
    return { kind: 'installation', id: 'all', seats: this.#reserve, label: 'seats kept for workspaces that hold none' };
  }

  async #shares(): Promise<WorkspaceShare[]> {
    const { rows } = await sql<{
      id: string;
      weight: number;
      guaranteed_seats: number;
      held_cost: number;
      held_seats: number;
      usage: number;
    }>`
      select w.id, w.weight, w.guaranteed_seats, coalesce(held.cost, 0)::float8 as held_cost,
        coalesce(held.seats, 0)::int as held_seats,
        coalesce(u.value * power(0.5, extract(epoch from dispatch.now() - u.at) / 1800) / 1800, 0)::float8 as usage
      from workspace w
        left join (
          select workspace_id, sum(greatest(cpu_millis / 1000.0, memory_mb / 1024.0)) as cost,
            count(*) filter (where lane = 'batch') as seats
          from run where not is_quiesced group by workspace_id) held on held.workspace_id = w.id
        left join workspace_usage u on u.workspace_id = w.id
      where w.suspended_at is null
        and (select true from run where run.workspace_id = w.id and run.state = 'QUEUED' limit 1)`.execute(this.#db);
    return rows.map((row) => ({
      id: row.id,
      weight: row.weight,
      guaranteedSeats: row.guaranteed_seats,
      heldCost: row.held_cost,
      heldSeats: row.held_seats,
      usage: row.usage,
    }));
  }

  /** The clock is asked once, and not for each row. */
  async #heads(workspaces: readonly string[]): Promise<ReadyRun[]> {
    if (workspaces.length === 0) return [];
    const { rows } = await sql<ReadyRun>`
      select r.*, (select jsonb_agg(jsonb_build_object('kind', s.scope_kind, 'id', s.scope_id)
          order by s.scope_kind, s.scope_id) from run_scope s where s.run_id = r.id) as scopes,
        extract(epoch from (select dispatch.now()) - greatest(r.queued_at, r.not_before))::float8 as waited_s
      from unnest(${workspaces}::text[]) as w (id) cross join lateral (
        select id, workspace_id, lane, attempt_no, cpu_millis, memory_mb, run_timeout_s, scope_key,
          queued_at, not_before
        from run where workspace_id = w.id and state = 'QUEUED' and not_before <= (select dispatch.now())
          and is_quiesced
        order by rank, id limit ${Math.max(LOOK_AHEAD, ADMISSIONS_MAX)}) r`.execute(this.#db);
    return rows;
  }

  /** The best of each group of scopes that is not known to be blocked: one step in the index for each group. */
  async #unblockedHeads({ share, blocked }: Line): Promise<ReadyRun[]> {
    const { rows } = await sql<ReadyRun>`
      with recursive keys as (
        (select scope_key from run where workspace_id = ${share.id} and state = 'QUEUED' order by scope_key limit 1)
        union all
        select (select run.scope_key from run where workspace_id = ${share.id} and state = 'QUEUED'
            and run.scope_key > keys.scope_key order by run.scope_key limit 1)
        from keys where keys.scope_key is not null
      ), some_keys as (select scope_key from keys where scope_key is not null limit ${SCOPE_KEYS_MAX})
      select r.*, (select jsonb_agg(jsonb_build_object('kind', s.scope_kind, 'id', s.scope_id)
          order by s.scope_kind, s.scope_id) from run_scope s where s.run_id = r.id) as scopes,
        extract(epoch from (select dispatch.now()) - greatest(r.queued_at, r.not_before))::float8 as waited_s
      from some_keys cross join lateral (
        select id, workspace_id, lane, attempt_no, cpu_millis, memory_mb, run_timeout_s, scope_key, rank,
          queued_at, not_before
        from run where workspace_id = ${share.id} and state = 'QUEUED' and scope_key = some_keys.scope_key
          and not_before <= (select dispatch.now()) and is_quiesced
        order by rank, id limit ${LOOK_AHEAD}) r
      where not r.scope_key = any(${[...blocked.keys()]}::text[])
      order by r.rank, r.id limit ${ADMISSIONS_MAX}`.execute(this.#db);
    const seen = new Set(this.#admitted.map(({ run }) => run.id));
    return rows.filter(({ id }) => !seen.has(id));
  }

  async #readBook(): Promise<void> {
    const { rows: limits } = await sql<SeatLimit>`
      select scope_kind as kind, scope_id as id, seats, label from seat_limit`.execute(this.#db);
    const { rows: taken } = await sql<TakenSeat>`
      select scope_kind as kind, scope_id as id, seat_no as "seatNo" from seat`.execute(this.#db);
    const { rows: count } = await sql<{ n: number }>`
      select count(*)::int as n from workspace where suspended_at is null`.execute(this.#db);
    this.#book = new SeatBook(limits, taken);
    const seats = limits.find(({ kind, id }) => kind === 'installation' && id === 'all')?.seats ?? 0;
    this.#reserve = reservedSeats(seats, count[0]?.n ?? 0);
  }

  async #write(): Promise<void> {
    if (this.#blocked.length > 0) {
      await sql`update run set blocked_by = b.label
        from jsonb_to_recordset(${JSON.stringify(this.#blocked)}::jsonb) as b (id text, label text)
        where run.id = b.id and run.state = 'QUEUED' and run.blocked_by is distinct from b.label`.execute(this.#db);
    }
    if (this.#admitted.length === 0) return;
    const { rows: fences } = await sql<{ fence: string }>`
      select nextval('dispatch.fence')::text as fence from generate_series(1, ${this.#admitted.length})`.execute(
      this.#db,
    );
    const attempts = this.#admitted.map(({ run }, index) => {
      const no = run.attempt_no + 1;
      const attempt = { name: `r-${run.id}-a${no}`, no, fence: fences[index]?.fence ?? '' };
      const { executor, manifest, specHash } = this.#options.plan(run, attempt);
      return { id: run.id, ...attempt, executor, manifest, spec_hash: specHash };
    });
    const seats = this.#admitted.flatMap(({ run, seats: taken }) =>
      taken.map(({ kind, id, seatNo }) => ({ run_id: run.id, kind, id, seat_no: seatNo })),
    );
    await admit(this.#db, { attempts, seats, actor: this.#options.actor });
  }
}

export interface Admission {
  readonly attempts: readonly { readonly id: string; readonly no: number }[];
  readonly seats: readonly unknown[];
  readonly actor: string;
  /** Others than the real ones are for the tests that take guards away. */
  readonly guards?: Readonly<Record<string, RawBuilder<unknown>>>;
}

/** What T2 asks of a run at the moment that it moves; its seats are asked for by their key. */
export const admissionGuards = {
  state: sql`run.state = 'QUEUED'`,
  notBefore: sql`run.not_before <= dispatch.now()`,
  quiesced: sql`run.is_quiesced`,
  attempt: sql`run.attempt_no = planned.no - 1`,
};

/** T2, for all of a tick in one statement: the run, its attempt, its seats and the event, or nothing of it. */
export async function admit(db: Db, { attempts, seats, actor, guards = admissionGuards }: Admission): Promise<void> {
  await sql`
    with planned as (select * from jsonb_to_recordset(${JSON.stringify(attempts)}::jsonb) as p (
        id text, no int, fence text, name text, executor text, manifest jsonb, spec_hash text)),
    moved as (
      update run set state = 'DISPATCHING', state_before = run.state, version = run.version + 1,
        attempt_no = planned.no, fence = planned.fence::bigint, execution_id = null, is_quiesced = false,
        blocked_by = null
      from planned
      where run.id = planned.id and ${sql.join(Object.values(guards), sql` and `)}
      returning run.id, run.version, run.attempt_no, run.fence),
    made as (
      insert into attempt (run_id, no, fence, executor, name, spec_hash, manifest, phase, created_at)
      select moved.id, moved.attempt_no, moved.fence, p.executor, p.name, p.spec_hash, p.manifest, 'PLANNED', dispatch.now()
      from moved join planned p on p.id = moved.id),
    seated as (
      insert into seat (scope_kind, scope_id, seat_no, run_id, attempt_no)
      select s.kind, s.id, s.seat_no, moved.id, moved.attempt_no
      from moved join jsonb_to_recordset(${JSON.stringify(seats)}::jsonb) as s (
        run_id text, kind text, id text, seat_no int) on s.run_id = moved.id)
    insert into run_event (run_id, seq, at, actor, transition, from_state, to_state, fence)
    select id, version, dispatch.now(), ${actor}, 'T2', 'QUEUED', 'DISPATCHING', fence from moved`.execute(db);
}
