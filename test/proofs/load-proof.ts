/**
 * Many runs at once, with real processes: each is a probe that marks its beginning, its commit and its end in a file of
 * its own, apart from all that the control plane says. None may be lost, none may happen twice.
 */
import { readFileSync, readdirSync } from 'node:fs';
import { mkdir, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { createRuns } from '#control/runs/create-run.ts';
import { openStore } from '#control/store/store.ts';
import type { Store } from '#control/store/store.ts';
import { assert } from '#spi/assert.ts';
import { percentile } from '#test/dispatch/crowd.ts';
import { postgresServer } from '#test/kit/postgres-server.ts';
import { checkMarks, markedProbe } from '#test/kit/probe-marks.ts';
import { serverProcess } from '#test/kit/server-process.ts';
import { workspace } from '#test/kit/workspace.ts';

export interface LoadPlan {
  readonly runs: number;
  readonly workspaces: number;
  /** One after the other on an idle server, to see how long each waits. */
  readonly idleRuns: number;
  readonly seats: number;
  readonly tell?: (line: string) => void;
}

export interface LoadProof {
  readonly enqueuedMs: number;
  readonly allOverMs: number;
  /** From creation to claim, one after the other. */
  readonly idleP50Ms: number;
  readonly idleP95Ms: number;
}

const CREATE_MAX = 500;
const LOOK_MS = 1000;
const IDLE_LOOK_MS = 20;
/** For all runs together, each. */
const RUN_MS_MAX = 2000;

export async function proveLoad(plan: LoadPlan): Promise<LoadProof> {
  const { tell = () => {} } = plan;
  await using place = await workspace();
  await using server = await postgresServer();
  await server.query('CREATE DATABASE control');
  const { user, password } = server.options as Record<string, string>;
  const databaseUrl = `postgresql://${user}:${encodeURIComponent(password ?? '')}@127.0.0.1:${server.port}/control`;
  const [dataFolder, marks] = [place.path('data'), place.path('marks')];
  await mkdir(dataFolder);
  await mkdir(marks);
  await using control = await serverProcess({ dataFolder, databaseUrl, seats: plan.seats });
  await using store = await openStore({ databaseUrl });
  const idle = await idleWaits(store, marks, plan.idleRuns);
  tell(`idle: from creation to claim ${percentile(idle, 0.5).toFixed(0)} ms (median)`);

  const startedAt = performance.now();
  await enqueue(store, marks, plan);
  const enqueuedMs = performance.now() - startedAt;
  tell(`${plan.runs} runs were created in ${(enqueuedMs / 1000).toFixed(1)} s`);
  await allOver(store, plan, tell);
  const allOverMs = performance.now() - startedAt;
  await checkMarks(store, marks);
  await control.end('SIGTERM');
  await checkLeftovers(dataFolder);
  return { enqueuedMs, allOverMs, idleP50Ms: percentile(idle, 0.5), idleP95Ms: percentile(idle, 0.95) };
}

async function enqueue(store: Store, marks: string, { runs, workspaces }: LoadPlan): Promise<void> {
  for (let i = 0; i < workspaces; i++) {
    await sql`insert into workspace (id, name) values (${`load-${i}`}, ${`load ${i}`})`.execute(store.db);
  }
  for (let made = 0; made < runs; made += CREATE_MAX) {
    const some = Array.from({ length: Math.min(CREATE_MAX, runs - made) }, (_, i) =>
      markedProbe(`load-${(made + i) % workspaces}`, { folder: marks, ms: 10 }),
    );
    await createRuns(store.db, some);
    store.hints.tell('queue');
  }
}

/** Milliseconds from creation to claim, in order. */
async function idleWaits(store: Store, marks: string, count: number): Promise<readonly number[]> {
  const [own] = await store.db.selectFrom('workspace').select('id').limit(1).execute();
  assert(own, 'an installation has a workspace');
  const waits: number[] = [];
  for (let i = 0; i < count; i++) {
    const [run] = await createRuns(store.db, [markedProbe(own.id, { folder: marks, ms: 10 })]);
    store.hints.tell('queue');
    for (;;) {
      const { rows } = await sql<{ ms: number; is_clean: boolean }>`
        select extract(epoch from a.claimed_at - r.created_at)::float8 * 1000 as ms,
          a.cleaned_at is not null as is_clean
        from run r join attempt a on a.run_id = r.id where r.id = ${run?.id ?? ''}`.execute(store.db);
      const [attempt] = rows;
      if (attempt?.is_clean === true) {
        waits.push(attempt.ms);
        break;
      }
      await wait(IDLE_LOOK_MS);
    }
  }
  return waits.sort((a, b) => a - b);
}

async function allOver(store: Store, { runs }: LoadPlan, tell: (line: string) => void): Promise<void> {
  const deadline = performance.now() + 60_000 + runs * RUN_MS_MAX;
  let told = 0;
  for (;;) {
    const { rows } = await sql<{ open: number; busy: number }>`
      select count(*) filter (where terminal_at is null)::int
          + (select count(*) from attempt where cleaned_at is null)::int as open,
        count(distinct workspace_id) filter (where terminal_at is not null)::int as busy from run`.execute(store.db);
    const { open = 0, busy = 0 } = rows[0] ?? {};
    if (open === 0) return;
    assert(performance.now() < deadline, `${open} runs are not over`);
    if (performance.now() - told > 15_000) {
      told = performance.now();
      tell(`${open} runs to go; ${busy} workspaces have got on`);
    }
    await wait(LOOK_MS);
  }
}

/** Nothing is left of any run: no folder of an attempt, no process that was started for one. */
async function checkLeftovers(dataFolder: string): Promise<void> {
  const folders = (await readdir(join(dataFolder, 'runs'))).filter((name) => !name.startsWith('.'));
  assert(folders.length === 0, `${folders.length} folders of attempts are left`);
  const processes = readdirSync('/proc').filter((pid) => /^\d+$/.test(pid) && belongsTo(dataFolder, pid));
  assert(processes.length === 0, `${processes.length} processes of attempts are left`);
}

function belongsTo(dataFolder: string, pid: string): boolean {
  try {
    return readFileSync(`/proc/${pid}/environ`, 'utf8').includes(join(dataFolder, 'runs'));
  } catch {
    // It has ended since, or is somebody else's.
    return false;
  }
}
