/**
 * Heartbeats of all the executions that a replica hears of, written together: one statement for up to 500 of them. Each
 * is answered after its statement was committed; an answer ahead of the commit would let a runner believe in a lease
 * that a crash has lost.
 */
import { sql } from 'kysely';
import type { HeartbeatRequest } from '#api/runner.ts';
import type { Db } from './transition-writer.ts';

/** Heartbeats in one statement. */
const BATCH_MAX = 500;
/** Heartbeats wait this long for others. */
const GATHER_MS = 250;
/** How often is asked whether one of the executions that wait has to stop. */
const STOP_POLL_MS = 500;

export interface StopWord {
  readonly stop: 'none' | 'soft' | 'hard';
  readonly reason?: string;
}

interface Beat {
  readonly request: HeartbeatRequest;
  readonly leaseS: number;
  readonly answer: (word: StopWord | undefined) => void;
  readonly fail: (error: unknown) => void;
}

interface Waiting {
  readonly request: HeartbeatRequest;
  readonly answer: (word: StopWord) => void;
}

export class Heartbeats {
  readonly #db: Db;
  readonly #gatherMs: number;
  #beats: Beat[] = [];
  #timer: NodeJS.Timeout | undefined;
  readonly #waiting = new Map<string, Waiting>();
  #poll: NodeJS.Timeout | undefined;

  constructor(db: Db, options: { readonly gatherMs?: number } = {}) {
    this.#db = db;
    this.#gatherMs = options.gatherMs ?? GATHER_MS;
  }

  /** Extends the lease from now. Undefined: the execution has no claim any more. */
  async keep(request: HeartbeatRequest, leaseS: number): Promise<StopWord | undefined> {
    return new Promise((answer, fail) => {
      this.#beats.push({ request, leaseS, answer, fail });
      if (this.#beats.length >= BATCH_MAX) this.#flush();
      else this.#timer ??= setTimeout(() => this.#flush(), this.#gatherMs);
    });
  }

  /** Holds the answer back until the execution has to stop, or as long as it asked for. */
  async waitForStop(request: HeartbeatRequest, signal: AbortSignal): Promise<StopWord> {
    if (request.hold_s <= 0 || signal.aborted) return { stop: 'none' };
    const key = request.execution_id;
    return new Promise((resolve) => {
      const answer = (word: StopWord): void => {
        clearTimeout(timer);
        signal.removeEventListener('abort', end);
        if (this.#waiting.get(key)?.request === request) this.#waiting.delete(key);
        resolve(word);
      };
      const end = (): void => answer({ stop: 'none' });
      const timer = setTimeout(end, request.hold_s * 1000);
      signal.addEventListener('abort', end);
      // A later heartbeat of the same execution takes the place of an earlier one.
      this.#waiting.get(key)?.answer({ stop: 'none' });
      this.#waiting.set(key, { request, answer });
      this.#poll ??= setTimeout(() => void this.#look(), STOP_POLL_MS);
    });
  }

  /** Somebody was told to stop: those who wait are asked for at once. */
  lookNow(): void {
    if (this.#waiting.size > 0) void this.#look();
  }

  /** Answers everybody who waits. */
  close(): void {
    for (const { answer } of this.#waiting.values()) answer({ stop: 'none' });
    clearTimeout(this.#poll);
    this.#flush();
  }

  #flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const beats = this.#beats.splice(0, BATCH_MAX);
    if (beats.length === 0) return;
    if (this.#beats.length > 0) this.#timer = setTimeout(() => this.#flush(), 0);
    this.#write(beats).catch((error: unknown) => beats.forEach(({ fail }) => fail(error)));
  }

  async #write(beats: readonly Beat[]): Promise<void> {
    const rows = beats.map(({ request, leaseS }) => ({
      id: request.run_id,
      no: request.attempt_no,
      fence: request.fence,
      execution: request.execution_id,
      seq: request.seq,
      counters: request.counters,
      lease_s: leaseS,
    }));
    // An old number extends nothing, and is still told what there is to be told.
    const { rows: kept } = await sql<{ execution: string; stopping: boolean; hard: boolean; reason: string | null }>`
      with beats as (select * from jsonb_to_recordset(${JSON.stringify(rows)}::jsonb) as b (
          id text, no int, fence text, execution text, seq bigint, counters jsonb, lease_s float8)),
      kept as (
        update run set heartbeat_at = dispatch.now(),
          lease_until = case when b.seq > run.heartbeat_seq
            then greatest(run.lease_until, dispatch.now() + b.lease_s * interval '1 second') else run.lease_until end,
          counters = case when b.seq > run.heartbeat_seq then b.counters else run.counters end,
          heartbeat_seq = greatest(run.heartbeat_seq, b.seq)
        from beats b
        where run.id = b.id and run.attempt_no = b.no and run.fence = b.fence::bigint
          and run.execution_id = b.execution and run.state in ('RUNNING', 'STOPPING')
        returning run.execution_id as execution, run.state = 'STOPPING' as stopping, run.stop_is_hard as hard,
          run.stop_reason as reason)
      select * from kept`.execute(this.#db);
    const words = new Map(kept.map((row) => [row.execution, row]));
    for (const { request, answer } of beats) {
      const word = words.get(request.execution_id);
      answer(word === undefined ? undefined : wordOf(word));
    }
  }

  async #look(): Promise<void> {
    clearTimeout(this.#poll);
    this.#poll = undefined;
    const ids = [...this.#waiting.values()].map(({ request }) => request.run_id);
    if (ids.length === 0) return;
    try {
      const { rows } = await sql<{ execution: string; hard: boolean; reason: string | null }>`
        select execution_id as execution, stop_is_hard as hard, stop_reason as reason from run
        where id = any(${ids}::text[]) and state = 'STOPPING'`.execute(this.#db);
      for (const row of rows) this.#waiting.get(row.execution)?.answer(wordOf({ ...row, stopping: true }));
    } catch {
      // The database is away: the next look, or the next heartbeat, tells.
    }
    if (this.#waiting.size > 0) this.#poll ??= setTimeout(() => void this.#look(), STOP_POLL_MS);
  }
}

function wordOf(row: { readonly stopping: boolean; readonly hard: boolean; readonly reason: string | null }): StopWord {
  if (!row.stopping) return { stop: 'none' };
  return { stop: row.hard ? 'hard' : 'soft', ...(row.reason === null ? {} : { reason: row.reason }) };
}
