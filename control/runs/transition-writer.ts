/** Writes a transition: one statement moves the run, changes its attempt and adds the event, or does nothing. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Tables } from '#control/store/tables.ts';
import type { Transition, TransitionFacts, TransitionName } from './transitions.ts';
import { transitions } from './transitions.ts';
import type { QuiesceEvidence, RunState } from './states.ts';

/** A transaction, or the database itself. */
export type Db = Kysely<Tables>;

/** What the run is after a transition. */
export interface MovedRun {
  readonly id: string;
  readonly workspace_id: string;
  readonly state: RunState;
  readonly state_before: RunState;
  readonly version: number;
  readonly attempt_no: number;
  readonly fence: string | null;
  readonly execution_id: string | null;
  readonly is_quiesced: boolean;
}

/** What is told of a move to who measures. */
export interface ToldMove extends MovedRun {
  readonly failure_class: string | null;
  /** Seconds that the run was in the state before. */
  readonly stay_s: number | null;
}

export type MoveListener = (name: TransitionName, run: ToldMove) => void;

export interface Move {
  readonly actor: string;
  /** What the event tells beside the states. */
  readonly detail?: Readonly<Record<string, unknown>>;
}

const seatsFreed = sql`, freed as (
        delete from seat using moved where seat.run_id = moved.id and seat.attempt_no = moved.attempt_no)`;

/** Since the event that brought the run to the state before; events of the attempt alone change no state. */
const stay = sql`, (select extract(epoch from dispatch.now() - max(e.at))::float8 from run_event e
        where e.run_id = moved.id and e.from_state is distinct from e.to_state) as stay_s`;

export class TransitionWriter {
  readonly #transitions: Readonly<Record<TransitionName, Transition>>;
  readonly #told: MoveListener | undefined;

  /** Others than the real transitions are for the tests that take guards away. */
  constructor(table: Readonly<Record<TransitionName, Transition>> = transitions, told?: MoveListener) {
    this.#transitions = table;
    this.#told = told;
  }

  /** Moves the run, or returns undefined: the run is not where this transition begins. */
  async move(
    db: Db,
    name: TransitionName,
    runId: string,
    facts: TransitionFacts & Move,
  ): Promise<MovedRun | undefined> {
    const { from, guards, to, set, attempt, freesSeats = false } = this.#transitions[name];
    const conditions = Object.values(guards).map((guard) => guard(facts));
    const changes = [
      sql`state_before = run.state`,
      sql`state = ${to(facts)}`,
      sql`version = run.version + 1`,
      ...(set?.(facts) ?? []),
    ];
    const attemptChanges = attempt?.(facts) ?? [];
    const attemptChanged =
      attemptChanges.length === 0
        ? sql``
        : sql`, attempt_changed as (
            update attempt set ${sql.join(attemptChanges)} from moved
            where attempt.run_id = moved.id and attempt.no = moved.attempt_no)`;
    const { rows } = await sql<ToldMove>`
      with moved as (
        update run set ${sql.join(changes)}
        where run.id = ${runId} and run.state in (${sql.join(from.map((state) => sql.lit(state)))})
          ${conditions.length === 0 ? sql`` : sql`and ${sql.join(conditions, sql` and `)}`}
        returning id, workspace_id, state, state_before, version, attempt_no, fence::text, execution_id,
          is_quiesced, failure_class
      ) ${attemptChanged} ${freesSeats ? seatsFreed : sql``}, event as (
        insert into run_event (run_id, seq, at, actor, transition, from_state, to_state, fence, detail)
        select id, version, dispatch.now(), ${facts.actor}, ${name}, state_before, state, fence::bigint,
          ${JSON.stringify(facts.detail ?? {})}::jsonb from moved)
      select moved.* ${this.#told === undefined ? sql`` : stay} from moved`.execute(db);
    const [run] = rows;
    if (run !== undefined) this.#told?.(name, run);
    return run;
  }

  /** The attempt is over, as the evidence says; a run that was being stopped is over with it. */
  async quiesce(db: Db, runId: string, facts: QuiesceFacts & Move): Promise<MovedRun | undefined> {
    const { attemptNo, fence, evidence, actor } = facts;
    const moved = await this.move(db, 'quiesce', runId, { ...facts, detail: { evidence } });
    if (moved?.state !== 'STOPPING') return moved;
    return (await this.move(db, 'T9', runId, { attemptNo, fence, actor })) ?? moved;
  }
}

export interface QuiesceFacts {
  readonly attemptNo: number;
  readonly fence: string;
  readonly evidence: QuiesceEvidence;
  readonly observed?: unknown;
}
