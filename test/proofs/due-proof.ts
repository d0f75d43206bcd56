/**
 * Thousands of schedules that are due in the same minute, and two schedulers, processes of their own, that share them:
 * each must fire once, and be recorded once. How late they were is measured by the clock of the database.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { sql } from 'kysely';
import { openStore } from '#control/store/store.ts';
import type { Store } from '#control/store/store.ts';
import { repository } from '#scripts/source-files.ts';
import { assert } from '#spi/assert.ts';
import { postgresServer } from '#test/kit/postgres-server.ts';
import { addSchedules, addWorkspace } from '#test/kit/schedule-rows.ts';
import { workspace } from '#test/kit/workspace.ts';

export interface DuePlan {
  readonly schedules: number;
  readonly schedulers: number;
  /** Due in the next minute that begins after the processes are up, so that lateness means something; else at once. */
  readonly isAhead: boolean;
  readonly tell?: (line: string) => void;
}

export interface DueProof {
  readonly decided: number;
  readonly fired: number;
  readonly runs: number;
  readonly definitions: number;
  /** From the slot to its decision, in seconds of the database's clock. */
  readonly latenessP50S: number;
  readonly latenessP99S: number;
  readonly latenessMaxS: number;
}

const ADD_MAX = 2000;
const LOOK_MS = 200;
/** After that something is wrong, however slow the machine. */
const ALL_MS_MAX = 300_000;
const MINUTE_MS = 60_000;
/** Adding ten thousand takes a while. */
const AHEAD_MINUTES = 2;

export async function proveDue(plan: DuePlan): Promise<DueProof> {
  const { schedules, schedulers, isAhead, tell = () => {} } = plan;
  await using place = await workspace();
  await using server = await postgresServer();
  await server.query('CREATE DATABASE control');
  const { user, password } = server.options as Record<string, string>;
  const databaseUrl = `postgresql://${user}:${encodeURIComponent(password ?? '')}@127.0.0.1:${server.port}/control`;
  await using store = await openStore({ databaseUrl });
  const dataFolder = place.path('data');
  await mkdir(dataFolder);
  const processes: SchedulerProcess[] = [];
  try {
    // One after the other: the first one makes the keys.
    if (isAhead) while (processes.length < schedulers) processes.push(await schedulerProcess(dataFolder, databaseUrl));
    const due = await addDue(store, plan);
    tell(`${schedules} schedules are due at ${due}`);
    while (processes.length < schedulers) processes.push(await schedulerProcess(dataFolder, databaseUrl));
    await allDecided(store, schedules);
  } finally {
    for (const each of processes) await each.end();
  }
  return figures(store);
}

interface SchedulerProcess {
  /** Of its health and its metrics. */
  readonly url: string;
  end(): Promise<number | null>;
}

/** `ropeway scheduler`, once it looks after schedules. */
export async function schedulerProcess(dataFolder: string, databaseUrl: string): Promise<SchedulerProcess> {
  const args = ['scheduler', '--data', dataFolder, '--port', '0', '--metrics-public', '-l', 'warn'];
  const child = spawn(process.execPath, [join(repository, 'bin', 'ropeway.js'), ...args], {
    env: { ...process.env, DATABASE_URL: databaseUrl, NO_COLOR: '1' },
    stdio: ['ignore', 'ignore', 'pipe'],
  });
  const ended = once(child, 'exit');
  let text = '';
  const url = await new Promise<string>((resolve, reject) => {
    child.stderr.on('data', (chunk: Buffer) => {
      text += chunk.toString('utf8');
      const at = /Health and metrics are at (http:\S+)\n/.exec(text)?.[1];
      if (at !== undefined) resolve(at);
    });
    void ended.then(() => reject(new Error(`The scheduler has ended: ${text}`)));
  });
  return {
    url,
    async end() {
      if (child.exitCode === null && child.signalCode === null) child.kill('SIGTERM');
      await ended;
      return child.exitCode;
    },
  };
}

async function addDue(store: Store, { schedules, isAhead }: DuePlan): Promise<string> {
  const workspaceId = await addWorkspace(store.db);
  const minute = Math.floor(Date.now() / MINUTE_MS) + (isAhead ? AHEAD_MINUTES : 0);
  const due = new Date(minute * MINUTE_MS);
  // Once a year: each has one slot while the proof lasts.
  const cron = `${due.getUTCMinutes()} ${due.getUTCHours()} ${due.getUTCDate()} ${due.getUTCMonth() + 1} *`;
  const next = due.toISOString();
  for (let made = 0; made < schedules; made += ADD_MAX) {
    await addSchedules(store.db, Math.min(ADD_MAX, schedules - made), { workspaceId, cron, next });
  }
  await sql`analyze`.execute(store.db);
  return next;
}

async function allDecided(store: Store, schedules: number): Promise<void> {
  const deadline = performance.now() + ALL_MS_MAX;
  for (;;) {
    const { rows } = await sql<{ count: number }>`select count(*)::int as count from schedule_fire`.execute(store.db);
    if ((rows[0]?.count ?? 0) >= schedules) return;
    assert(performance.now() < deadline, 'all schedules fire');
    await wait(LOOK_MS);
  }
}

async function figures(store: Store): Promise<DueProof> {
  const { rows } = await sql<DueProof>`
    select count(*) filter (where f.decision = 'fired')::int as fired, count(*)::int as decided,
      (select count(*)::int from run where trigger = 'schedule') as runs,
      (select count(distinct definition_id)::int from run where trigger = 'schedule') as definitions,
      percentile_disc(0.5) within group (order by late)::float8 as "latenessP50S",
      percentile_disc(0.99) within group (order by late)::float8 as "latenessP99S", max(late)::float8 as "latenessMaxS"
    from schedule_fire f cross join lateral (
      select round(extract(epoch from f.decided_at - f.slot_utc), 3) as late) l`.execute(store.db);
  const [row] = rows;
  assert(row, 'an aggregate has one row');
  return row;
}
