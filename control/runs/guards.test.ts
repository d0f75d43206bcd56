/**
 * D-76: each condition of each transition is taken away in turn, and a run is seen to move that must not. What is
 * tested is found by walking the transitions, so that a new condition without its case fails.
 */
import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runStates, terminalStates } from '#api/resources/run.ts';
import { controlStore } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { admissionGuards, admit } from '#control/dispatch/admission.ts';
import { TransitionWriter } from './transition-writer.ts';
import { transitions } from './transitions.ts';
import type { Failure, Transition, TransitionFacts, TransitionName } from './transitions.ts';

let store: ControlStore;
let serial = 0;

const failure: Failure = { class: 'JOB', code: 'X', message: 'x', retry: 'none' };
/** A run in which everything holds; columns as SQL. */
const claimed = { execution_id: "'e'", is_quiesced: 'false', lease_until: "dispatch.now() + interval '1 hour'" };
const facts: TransitionFacts = {
  attemptNo: 1,
  fence: '7',
  executionId: 'e',
  leaseS: 900,
  marginS: 60,
  outcome: 'succeeded',
  failure,
  stopReason: 'canceled',
  evidence: 'Q1',
};

interface Case {
  readonly run: Readonly<Record<string, string>>;
  readonly attempt?: Readonly<Record<string, string>>;
  readonly facts?: TransitionFacts;
  /** For each guard: what of the run, or of what is told, is otherwise. */
  readonly broken: Readonly<
    Record<string, { readonly run?: Readonly<Record<string, string>>; readonly facts?: TransitionFacts }>
  >;
}

const otherAttempt = { attempt: { facts: { attemptNo: 2 } }, fence: { facts: { fence: '8' } } };
const otherExecution = { ...otherAttempt, execution: { facts: { executionId: 'f' } } };
const unclaimed = { execution_id: 'null', is_quiesced: 'false' };
const stopped = { run: { stop_requested_at: 'dispatch.now()' } };

const cases: Readonly<Record<TransitionName, Case>> = {
  commit: {
    run: { state: "'RUNNING'", ...claimed },
    broken: { ...otherExecution, notStopped: stopped, leased: { run: { lease_until: 'dispatch.now()' } } },
  },
  quiesce: {
    run: { state: "'FAILED'", terminal_at: 'dispatch.now()', ...claimed },
    broken: {
      ...otherAttempt,
      unquiesced: { run: { is_quiesced: 'true' } },
      believable: { facts: { evidence: 'Q5' } },
    },
  },
  T3: { run: { state: "'DISPATCHING'", ...unclaimed }, broken: otherAttempt },
  T4: {
    run: { state: "'STARTING'", ...unclaimed },
    broken: { ...otherAttempt, unclaimed: { run: { execution_id: "'revoked'" } }, notStopped: stopped },
  },
  T5: { run: { state: "'RUNNING'", ...claimed }, broken: otherExecution },
  T6: { run: { state: "'RUNNING'", ...claimed }, broken: otherExecution },
  T6lease: {
    run: { state: "'RUNNING'", ...claimed, lease_until: "dispatch.now() - interval '61 seconds'" },
    broken: { ...otherExecution, leaseOver: { run: { lease_until: "dispatch.now() - interval '59 seconds'" } } },
  },
  T7: {
    run: { state: "'STARTING'", ...unclaimed },
    broken: { ...otherAttempt, unclaimed: { run: { execution_id: "'e'" } } },
  },
  T8a: { run: { state: "'QUEUED'", is_quiesced: 'true' }, broken: { quiesced: { run: { is_quiesced: 'false' } } } },
  T8b: {
    run: { state: "'RUNNING'", ...claimed },
    broken: {
      unquiesced: { run: { is_quiesced: 'true' } },
      uncommitted: { run: { commit_granted_at: 'dispatch.now()' } },
    },
  },
  T9report: { run: { state: "'STOPPING'", stop_reason: "'canceled'", ...claimed }, broken: otherExecution },
  T9: {
    run: { state: "'STOPPING'", stop_reason: "'canceled'", ...claimed, is_quiesced: 'true' },
    broken: { ...otherAttempt, quiesced: { run: { is_quiesced: 'false' } } },
  },
  T10: {
    run: { state: "'BACKOFF'", is_quiesced: 'true' },
    broken: {
      quiesced: { run: { is_quiesced: 'false' } },
      notBefore: { run: { not_before: "dispatch.now() + interval '1 second'" } },
      enabled: { run: { definition_id: "'off'" } },
    },
  },
  T11: {
    run: { state: "'QUEUED'", queue_deadline: 'dispatch.now()' },
    broken: { deadline: { run: { queue_deadline: "dispatch.now() + interval '1 second'" } } },
  },
};

async function place(columns: Readonly<Record<string, string>>): Promise<string> {
  const id = `run-${(serial += 1)}`;
  const all: Record<string, string> = {
    id: `'${id}'`,
    workspace_id: "'w'",
    kind: "'probe'",
    trigger: "'api'",
    created_by: "'test'",
    attempt_no: '1',
    fence: '7',
    not_before: 'dispatch.now()',
    queue_deadline: "dispatch.now() + interval '1 day'",
    rank: '0',
    scope_key: "'k'",
    created_at: 'dispatch.now()',
    queued_at: 'dispatch.now()',
    ...columns,
  };
  const names = Object.keys(all).join(', ');
  await sql`${sql.raw(`insert into run (${names}) values (${Object.values(all).join(', ')})`)}`.execute(store.db);
  await sql`insert into attempt (run_id, no, fence, executor, name, spec_hash, manifest, phase, created_at, execution_id)
    values (${id}, 1, ${serial}, 'memory', ${id}, '', '{}', 'PLANNED', dispatch.now(), 'e')`.execute(store.db);
  return id;
}

function without(name: TransitionName, guard: string): TransitionWriter {
  const table: Readonly<Record<TransitionName, Transition>> = transitions;
  const { [guard]: _, ...guards } = table[name].guards;
  return new TransitionWriter({ ...table, [name]: { ...table[name], guards } });
}

async function stateOf(id: string): Promise<unknown> {
  const { rows } = await sql<{
    state: string;
    version: number;
  }>`select state, version from run where id = ${id}`.execute(store.db);
  return rows[0];
}

describe.skipIf(postgresMissing !== '')(`transitions${postgresMissing}`, () => {
  beforeAll(async () => {
    store = await controlStore({ kind: 'postgresql' });
    await store.setClock('2026-01-01T00:00:00.000000Z');
    await sql`insert into workspace (id, name) values ('w', 'w')`.execute(store.db);
    await sql`insert into definition (id, workspace_id, kind, name, is_enabled)
      values ('off', 'w', 'transfer', 'off', false)`.execute(store.db);
  });
  afterAll(async () => {
    await store[Symbol.asyncDispose]();
  });

  const names = Object.keys(transitions) as TransitionName[];

  it.each(names)('%s moves a run for which everything holds, from its states alone', async (name) => {
    const { run, facts: told } = cases[name];
    const writer = new TransitionWriter();
    const all = { ...facts, ...told, actor: 'test' };
    const { from }: Transition = transitions[name];
    for (const state of runStates) {
      const isTerminal = terminalStates.includes(state);
      const columns = { ...run, state: `'${state}'`, terminal_at: isTerminal ? 'dispatch.now()' : 'null' };
      // A stop of a run that waits and one of a run that is worked on are two.
      const fits = name === 'T8b' && state === 'BACKOFF' ? { ...columns, is_quiesced: 'false' } : columns;
      const moved = await writer.move(store.db, name, await place(fits), all);
      expect(moved !== undefined, `${name} from ${state}`).toBe(from.includes(state));
    }
  });

  const guards = names.flatMap((name) => Object.keys(transitions[name].guards).map((guard) => [name, guard] as const));

  it.each(guards)('D-76 %s is held back by %s alone', async (name, guard) => {
    const { run, facts: told, broken } = cases[name];
    const way = broken[guard];
    expect(way, 'there is no case for this guard').toBeDefined();
    const all = { ...facts, ...told, ...way?.facts, actor: 'test' };
    const id = await place({ ...run, ...way?.run });
    const before = await stateOf(id);
    expect(await new TransitionWriter().move(store.db, name, id, all)).toBeUndefined();
    expect(await stateOf(id)).toEqual(before);
    expect(await without(name, guard).move(store.db, name, id, all)).toBeDefined();
  });

  const admissions: Readonly<Record<keyof typeof admissionGuards, Readonly<Record<string, string>>>> = {
    state: { state: "'CANCELED'", terminal_at: 'dispatch.now()' },
    notBefore: { not_before: "dispatch.now() + interval '1 second'" },
    quiesced: { is_quiesced: 'false' },
    attempt: { attempt_no: '2' },
  };

  it.each(Object.keys(admissionGuards) as (keyof typeof admissionGuards)[])(
    'D-76 T2 is held back by %s alone',
    async (guard) => {
      const waiting = { state: "'QUEUED'", attempt_no: '0', fence: 'null' };
      const admission = (id: string, key: string) => ({
        attempts: [
          {
            id,
            no: 1,
            fence: String(100_000 + serial),
            name: `a-${key}`,
            executor: 'memory',
            manifest: {},
            spec_hash: '',
          },
        ],
        seats: [],
        actor: 'test',
      });
      const free = async (columns: Readonly<Record<string, string>>): Promise<string> => {
        const id = await place(columns);
        await sql`delete from attempt where run_id = ${id}`.execute(store.db);
        return id;
      };
      const good = await free(waiting);
      await admit(store.db, admission(good, good));
      expect(await stateOf(good)).toMatchObject({ state: 'DISPATCHING' });

      const id = await free({ ...waiting, ...admissions[guard] });
      const before = await stateOf(id);
      await admit(store.db, admission(id, id));
      expect(await stateOf(id)).toEqual(before);
      const { [guard]: _, ...rest } = admissionGuards;
      await admit(store.db, { ...admission(id, id), guards: rest });
      expect(await stateOf(id)).toMatchObject({ state: 'DISPATCHING' });
    },
  );
});
