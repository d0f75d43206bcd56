/**
 * What really happened, kept apart from what the system says of itself, and the invariants that both must obey: I1 one
 * claim per attempt, I2 one live attempt per run, I3 exact limits, I4 terminal is final, I5 nothing is lost, I6 nothing
 * lingers, I7 fenced effects.
 */
import { sql } from 'kysely';
import type { Db } from '#control/runs/transition-writer.ts';

export interface Effect {
  readonly runId: string;
  readonly attemptNo: number;
  readonly processUid: string;
}

export class Violation extends Error {
  constructor(invariant: string, what: string) {
    super(`${invariant}: ${what}`);
  }
}

export class Witness {
  readonly #db: Db;
  readonly #workers = new Map<string, string>();
  /** What became visible. */
  readonly effects: Effect[] = [];

  constructor(db: Db) {
    this.#db = db;
  }

  /** A process got the work. */
  handedOut(runId: string, attemptNo: number, processUid: string): void {
    const key = `${runId} ${attemptNo}`;
    const earlier = this.#workers.get(key);
    if (earlier !== undefined && earlier !== processUid) {
      throw new Violation('I1', `attempt ${key} was handed to ${earlier} and to ${processUid}`);
    }
    this.#workers.set(key, processUid);
  }

  committed(effect: Effect): void {
    this.effects.push(effect);
  }

  /** What must hold at any moment. */
  async check(): Promise<void> {
    const { rows } = await sql<{ rule: string; what: string }>`
      select 'I2' as rule, run_id as what from attempt where quiesced_at is null group by run_id having count(*) > 1
      union all
      select 'I3', s.scope_kind || ' ' || s.scope_id || ': a seat without a live attempt, of ' || s.run_id
        from seat s left join attempt a on a.run_id = s.run_id and a.no = s.attempt_no
        where a.run_id is null or a.quiesced_at is not null
      union all
      select 'I3', sc.scope_kind || ' ' || sc.scope_id || ': a live attempt without a seat, of ' || sc.run_id
        from attempt a join run_scope sc on sc.run_id = a.run_id
          join seat_limit l on l.scope_kind = sc.scope_kind and l.scope_id = sc.scope_id
          left join seat s on s.run_id = a.run_id and s.scope_kind = sc.scope_kind and s.scope_id = sc.scope_id
            and s.attempt_no = a.no
        where a.quiesced_at is null and s.run_id is null
      union all
      select 'I4', run_id || ' left ' || from_state from run_event
        where from_state in ('SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED', 'SKIPPED') and to_state <> from_state
      union all
      select 'I2', 'run ' || id || ' says quiesced ' || is_quiesced from run
        where is_quiesced = exists (select from attempt a where a.run_id = run.id and a.quiesced_at is null)
      union all
      select 'I4', 'run ' || id || ' is ' || state || ' and terminal_at is ' || coalesce(terminal_at::text, 'null') from run
        where (terminal_at is not null) <> (state in ('SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED', 'SKIPPED'))`.execute(
      this.#db,
    );
    const [first] = rows;
    if (first !== undefined) throw new Violation(first.rule, first.what);
  }

  /** What must hold once everything is over; `left` are the names of what the executor still has. */
  async checkEnd(runIds: readonly string[], left: readonly string[]): Promise<void> {
    const { rows } = await sql<{
      id: string;
      state: string;
      failure_class: string | null;
      is_idempotent: boolean;
      commit_mode: string;
      note: string | null;
      live: number;
      dirty: number;
    }>`select id, state, failure_class, is_idempotent, commit_mode, note,
        (select count(*) from attempt a where a.run_id = run.id and a.quiesced_at is null)::int as live,
        (select count(*) from attempt a where a.run_id = run.id and a.cleaned_at is null)::int as dirty
      from run`.execute(this.#db);
    const known = new Map(rows.map((row) => [row.id, row]));
    for (const id of runIds) {
      const run = known.get(id);
      if (run === undefined) throw new Violation('I5', `run ${id} is gone`);
      if (!['SUCCEEDED', 'FAILED', 'CANCELED', 'EXPIRED'].includes(run.state)) {
        throw new Violation('I5', `run ${id} is ${run.state} for ever`);
      }
      if (run.live > 0) throw new Violation('I6', `run ${id} is over, and an attempt of it is not`);
      if (run.dirty > 0) throw new Violation('I6', `run ${id} is over, and an attempt of it is not cleaned`);
      this.#checkEffects(run);
    }
    for (const name of left) throw new Violation('I6', `${name} is still there`);
    const { rows: seats } = await sql`select 1 from seat`.execute(this.#db);
    if (seats.length > 0) throw new Violation('I3', `${seats.length} seats are taken by nobody`);
  }

  #checkEffects(run: {
    readonly id: string;
    readonly state: string;
    readonly failure_class: string | null;
    readonly is_idempotent: boolean;
    readonly commit_mode: string;
  }): void {
    const effects = this.effects.filter(({ runId }) => runId === run.id);
    const isContinuous = run.commit_mode === 'continuous';
    if (run.state === 'SUCCEEDED' && effects.length === 0) {
      throw new Violation('I5', `run ${run.id} succeeded, and nothing became visible`);
    }
    if (isContinuous) return;
    if (effects.length > 1 && !run.is_idempotent) {
      throw new Violation('I2', `run ${run.id} took effect ${effects.length} times: ${JSON.stringify(effects)}`);
    }
    const isTold = run.state === 'SUCCEEDED' || run.failure_class === 'UNKNOWN_COMMIT' || run.is_idempotent;
    if (effects.length > 0 && !isTold) {
      throw new Violation('I7', `run ${run.id} is ${run.state} (${run.failure_class ?? ''}), and took effect`);
    }
  }
}
