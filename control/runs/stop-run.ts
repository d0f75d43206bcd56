/** A stop, whatever state the run is in. */
import { sql } from 'kysely';
import type { StopReason } from './states.ts';
import type { Db, TransitionWriter } from './transition-writer.ts';

export interface StopRequest {
  readonly runId: string;
  readonly actor: string;
  readonly reason: StopReason;
  /** Even while it is being made visible: what came of it is not known then. */
  readonly isForced?: boolean;
}

/**
 * `stopped`: it is over · `stopping`: it is told to end · `cancel_too_late`: it is being made visible · `terminal`: it
 * was over before · `unknown`: there is no such run.
 */
export type StopAnswer = 'stopped' | 'stopping' | 'cancel_too_late' | 'terminal' | 'unknown';

/** A run may move while it is looked at; after this many looks somebody moves it without end. */
const LOOKS_MAX = 10;

export async function stopRun(db: Db, transitions: TransitionWriter, request: StopRequest): Promise<StopAnswer> {
  const { runId, actor, reason, isForced = false } = request;
  const facts = { actor, stopReason: reason, isForced };
  for (let look = 0; look < LOOKS_MAX; look++) {
    if ((await transitions.move(db, 'T8a', runId, facts)) !== undefined) return 'stopped';
    const stopping = await transitions.move(db, 'T8b', runId, facts);
    if (stopping !== undefined)
      return endUnclaimed(db, transitions, {
        runId,
        actor,
        fence: stopping.fence ?? '',
        attemptNo: stopping.attempt_no,
      });
    const { rows } = await sql<{ state: string; is_terminal: boolean; is_granted: boolean }>`
      select state, terminal_at is not null as is_terminal, commit_granted_at is not null as is_granted
      from run where id = ${runId}`.execute(db);
    const [run] = rows;
    if (run === undefined) return 'unknown';
    if (run.is_terminal) return 'terminal';
    if (run.state === 'STOPPING') {
      if (isForced)
        await sql`update run set stop_is_hard = true where id = ${runId} and state = 'STOPPING'`.execute(db);
      return 'stopping';
    }
    if (run.is_granted && !isForced) return 'cancel_too_late';
  }
  return 'stopping';
}

interface Unclaimed {
  readonly runId: string;
  readonly actor: string;
  readonly fence: string;
  readonly attemptNo: number;
}

/** Nobody had claimed it: nothing was handed out, and nothing has to be waited for. */
async function endUnclaimed(db: Db, transitions: TransitionWriter, run: Unclaimed): Promise<StopAnswer> {
  const ended = await transitions.quiesce(db, run.runId, { ...run, evidence: 'Q0' });
  return ended === undefined ? 'stopping' : 'stopped';
}
