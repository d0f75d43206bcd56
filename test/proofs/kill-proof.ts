/**
 * Kills loads at random moments while a reader looks at the table. The reader must see the rows of the load before or
 * all rows of this one, nothing else; the next run must succeed, and take away what the killed one left.
 */
import { createWriteStream } from 'node:fs';
import { once } from 'node:events';
import { setTimeout as wait } from 'node:timers/promises';
import { assert } from '#spi/assert.ts';
import { csvToTable } from '#test/kit/postgres-jobs.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';
import type { KilledDatabase } from './killed-databases.ts';
import { randomNumbers } from './random-numbers.ts';

export interface KillPlan {
  readonly mode: 'replace' | 'merge';
  /** Of the first load; every further one has one more. */
  readonly rows: number;
  /** Runs that are killed before they end. */
  readonly kills: number;
  /** Decides the moments. */
  readonly seed: number;
  readonly tell?: (line: string) => void;
}

export interface KillProof {
  readonly kills: number;
  /** Kills after which the new rows were there: it hit between the commit and the end of the process. */
  readonly afterCommit: number;
  /** How often the reader looked. */
  readonly looks: number;
}

/** The reader looks so often. */
const LOOK_MS = 50;
/** Kills that come too late are tried again, so often for each that is wanted. */
const TRIES_PER_KILL = 5;
/** A run of a million rows after one that was killed waits for the server to take that one back. */
const RUN_MS_MAX = 900_000;
/** A piece of a file is written at once. */
const PIECE_BYTES = 1 << 20;

export async function proveKills(database: KilledDatabase, plan: KillPlan): Promise<KillProof> {
  await using place = await workspace();
  await using reader = await openReader(database, plan);
  const { mode, rows, tell = () => {} } = plan;
  const modeOptions = mode === 'merge' ? database.mergeOptions : {};
  const config = csvToTable(database, { table: tableOf(plan), mode, ...modeOptions, retry_wait: 100 });
  await place.write('config.yml', config);
  let load = 0;
  await writeLoad(place, load, rows);
  let durationMs = await succeed(place);
  reader.expect(load);
  const random = randomNumbers(plan.seed);
  let kills = 0;
  let afterCommit = 0;
  for (let tries = 0; kills < plan.kills; tries++) {
    assert(tries < plan.kills * TRIES_PER_KILL, 'most runs are killed before they end');
    load += 1;
    await writeLoad(place, load, rows + load);
    reader.expect(load);
    const afterMs = random() * durationMs;
    const isKilled = await killed(place, afterMs);
    const seen = await reader.look();
    if (isKilled) kills += 1;
    if (isKilled && seen === load) afterCommit += 1;
    tell(
      `${mode}: ${isKilled ? 'killed' : 'it was over'} after ${Math.round(afterMs)} ms; the reader sees load ${seen}`,
    );
    // Whatever was left is no trouble for the next run.
    durationMs = await succeed(place);
    assert((await reader.look()) === load, 'the next run loads all of its rows');
    const left = (await database.query(database.leftoversSql(tableOf(plan)))).map(([name]) => String(name));
    assert(left.length === 0, `no intermediate table is left: ${left.join(', ')}`);
  }
  return { kills, afterCommit, looks: reader.looks };
}

function tableOf({ mode }: KillPlan): string {
  return `killed_${mode}`;
}

/** Two files, that two tasks load: rows of an id and the number of the load. */
async function writeLoad(place: Workspace, load: number, rows: number): Promise<void> {
  const half = Math.floor(rows / 2);
  for (const [name, from, to] of [
    ['a', 0, half],
    ['b', half, rows],
  ] as const) {
    await place.write(`in/${name}.csv`, '');
    const file = createWriteStream(place.path(`in/${name}.csv`));
    let piece = '';
    for (let id = from; id < to; id++) {
      piece += `${id},${load}\n`;
      if (piece.length < PIECE_BYTES) continue;
      if (!file.write(piece)) await once(file, 'drain');
      piece = '';
    }
    file.end(piece);
    await once(file, 'close');
  }
}

/** Returns how long it took. */
async function succeed(place: Workspace): Promise<number> {
  const startedAt = performance.now();
  const { exitCode, stderr } = await place.ropeway(['run', 'config.yml'], { timeoutMs: RUN_MS_MAX });
  assert(exitCode === 0, `the run succeeds: ${stderr}`);
  return performance.now() - startedAt;
}

/** False when the run was over before. */
async function killed(place: Workspace, afterMs: number): Promise<boolean> {
  const { signal } = await place.ropeway(['run', 'config.yml'], {
    timeoutMs: RUN_MS_MAX,
    started: async (pid) => {
      await wait(afterMs);
      try {
        process.kill(pid, 'SIGKILL');
      } catch {
        // It is over.
      }
    },
  });
  return signal === 'SIGKILL';
}

interface Reader extends AsyncDisposable {
  readonly looks: number;
  /** From now on the rows of this load may be seen; those of the load before until then. */
  expect(load: number): void;
  /** The load whose rows are there. */
  look(): Promise<number>;
}

async function openReader(database: KilledDatabase, plan: KillPlan): Promise<Reader> {
  const table = tableOf(plan);
  const allowed = new Set<number>();
  const stopping = new AbortController();
  let looks = 0;
  let latest = 0;
  const look = async (): Promise<number> => {
    const before = new Set(allowed);
    const [[count, first, last] = []] = await database.query(`SELECT count(*), min(name), max(name) FROM ${table}`);
    looks += 1;
    // A load that became visible while the answer was on its way is allowed by then.
    const isWhole = first === last && Number(count) === plan.rows + Number(first);
    // Rows that were there once are never followed by older ones.
    const isKnown = (before.has(Number(first)) || allowed.has(Number(first))) && Number(first) >= latest;
    latest = Math.max(latest, Number(first));
    assert(
      isWhole && isKnown,
      `the reader sees a whole load: ${String(count)} rows of ${String(first)} to ${String(last)}`,
    );
    return Number(first);
  };
  const looking = async (): Promise<void> => {
    for (;;) {
      await wait(LOOK_MS, undefined, { signal: stopping.signal });
      if (allowed.size > 0) await look();
    }
  };
  let failure: unknown;
  const over = looking().catch((error: unknown) => {
    if (!stopping.signal.aborted) failure = error;
  });
  let current: number | undefined;
  return {
    get looks() {
      return looks;
    },
    expect(load) {
      allowed.clear();
      if (current !== undefined) allowed.add(current);
      allowed.add(load);
      current = load;
    },
    async look() {
      if (failure !== undefined) throw failure;
      return look();
    },
    async [Symbol.asyncDispose]() {
      stopping.abort();
      await over;
      if (failure !== undefined) throw failure;
    },
  };
}
