import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { describe, expect, it } from 'vitest';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { growth } from './growth.ts';
import { vacuum, warnWhenLarge } from './housekeeping.ts';
import { forgetOldRuns, oldLogs, oldRuns } from './retention.ts';
import { silentLogger } from './store.ts';

const now = '2026-12-01T00:00:00.000000Z';
const STEP = 10_000;

/**
 * So many runs, one ended each minute, the last one now; each that has no remainder with an attempt, two events and a
 * chunk of log.
 */
async function fillRuns(store: ControlStore, count: number, every = 1): Promise<void> {
  const { db } = store;
  await store.setClock(now);
  await sql`insert into workspace (id, name) values ('w', 'w')`.execute(db);
  for (let from = 1; from <= count; from += STEP) {
    const numbers = sql`generate_series(${from}::int, ${Math.min(count, from + STEP - 1)}::int) no`;
    const at = sql`${now}::timestamptz - make_interval(mins => ${count}::int - no)`;
    await sql`insert into run (id, workspace_id, kind, trigger, created_by, state, not_before, queue_deadline, created_at,
        queued_at, terminal_at, rank, scope_key)
      select 'r' || no, 'w', 'transfer', 'api', 'u', 'SUCCEEDED', ${at}, ${at}, ${at}, ${at}, ${at}, 0, 'k'
      from ${numbers}`.execute(db);
    const some = sql`${numbers} where no % ${every} = 0`;
    await sql`insert into attempt (run_id, no, fence, executor, name, spec_hash, manifest, phase, created_at, quiesced_at,
        cleaned_at)
      select 'r' || no, 1, no, 'process', 'r-r' || no || '-a1', 'h', '{}', 'CLEANED', ${at}, ${at}, ${at}
      from ${some}`.execute(db);
    await sql`insert into run_event (run_id, seq, at, actor, transition, to_state)
      select 'r' || no, seq, ${at}, 'a', 'T1', 'QUEUED' from generate_series(1, 2) seq, ${some}`.execute(db);
    await sql`insert into log_chunk (run_id, attempt_no, execution_id, seq, at, line_count, size_bytes, content)
      select 'r' || no, 1, 'e', 1, ${at}, 1, 1, 'x' from ${some}`.execute(db);
  }
}

async function counts({ db }: ControlStore): Promise<unknown> {
  const { rows } =
    await sql`select (select count(*)::int from run) as runs, (select count(*)::int from attempt) as attempts,
    (select count(*)::int from run_event) as events, (select count(*)::int from log_chunk) as chunks`.execute(db);
  return rows[0];
}

describe.each(storeKinds)('forgetOldRuns() on %s', (kind) => {
  it('forgets old runs with all that is theirs, and no others', async () => {
    await using store = await controlStore({ kind });
    // Two days and a bit.
    await fillRuns(store, 3000);
    const forgotten = await forgetOldRuns(store.db, { days: 1, batchRuns: 700 });
    // A run that ended one day ago to the minute is not older than a day.
    expect(forgotten).toEqual({ runs: 3000 - 1441, logChunks: 3000 - 1441, isComplete: true });
    expect(await counts(store)).toEqual({ runs: 1441, attempts: 1441, events: 2882, chunks: 1441 });
    expect(await forgetOldRuns(store.db, { days: 1 })).toEqual({ runs: 0, logChunks: 0, isComplete: true });
  });

  it('leaves runs that are not over, and those whose runner may be left', async () => {
    await using store = await controlStore({ kind });
    await fillRuns(store, 5);
    const { db } = store;
    await db.updateTable('run').set({ terminal_at: null, state: 'RUNNING' }).where('id', '=', 'r1').execute();
    await db.updateTable('run').set({ is_quiesced: false }).where('id', '=', 'r2').execute();
    await db.updateTable('attempt').set({ cleaned_at: null }).where('run_id', '=', 'r3').execute();
    await store.advance(100 * 24 * 3600);
    expect(await forgetOldRuns(db, { days: 90 })).toMatchObject({ runs: 2, isComplete: true });
    expect(await db.selectFrom('run').select('id').orderBy('id').execute()).toEqual([
      { id: 'r1' },
      { id: 'r2' },
      { id: 'r3' },
    ]);
  });

  it('stops when it is told to, and goes on the next time', async () => {
    await using store = await controlStore({ kind });
    await fillRuns(store, 10);
    await store.advance(24 * 3600 * 2);
    const stop = new AbortController();
    stop.abort();
    const stopped = await forgetOldRuns(store.db, { days: 1, signal: stop.signal });
    expect(stopped).toEqual({ runs: 0, logChunks: 0, isComplete: false });
    expect(await forgetOldRuns(store.db, { days: 1 })).toEqual({ runs: 10, logChunks: 10, isComplete: true });
  });

  it('reads no table from end to end among 100,000 runs', async () => {
    await using store = await controlStore({ kind, poolMax: 1 });
    await fillRuns(store, 100_000, 10);
    await vacuum(store.db);
    const { db } = store;
    const ids = Array.from({ length: 200 }, (_, index) => `r${index + 1}`);
    const statements: RawBuilder<unknown>[] = [
      oldRuns(30, 200),
      // Nothing is that old.
      oldRuns(90, 200),
      oldLogs(ids, 500),
      sql`delete from run where id = any(${ids}::text[])`,
    ];
    for (const statement of statements) {
      const { rows } = await sql<Record<'QUERY PLAN', string>>`explain ${statement}`.execute(db);
      const plan = rows.map((row) => row['QUERY PLAN']).join('\n');
      expect(plan).toContain('Index');
      expect(plan).not.toContain('Seq Scan');
    }
    // And what really happens, cascades among it. The embedded one does not count while it works.
    if (kind === 'embedded') return;
    const before = await rowsReadInSequence(store);
    expect((await forgetOldRuns(db, { days: 69 })).runs).toBe(100_000 - 69 * 1440 - 1);
    expect(await rowsReadInSequence(store)).toEqual(before);
    // That it would be seen.
    await sql`select max(memory_mb) from run`.execute(db);
    expect(await rowsReadInSequence(store)).not.toEqual(before);
  });
});

async function rowsReadInSequence({ db }: ControlStore): Promise<unknown> {
  await sql`select pg_stat_force_next_flush()`.execute(db);
  await sql`select 1`.execute(db);
  const { rows } = await sql`select relname, seq_tup_read::text as read from pg_stat_user_tables
    where relname in ('run', 'attempt', 'run_event', 'log_chunk', 'run_work', 'run_scope') order by 1`.execute(db);
  expect(rows.length).toBe(6);
  return rows;
}

describe.each(storeKinds)('growth() on %s', (kind) => {
  it('says how many rows and bytes there are, about', async () => {
    await using store = await controlStore({ kind });
    const before = new Map((await growth(store.db)).map((table) => [table.table, table]));
    await fillRuns(store, 2000);
    await vacuum(store.db);
    const after = new Map((await growth(store.db)).map((table) => [table.table, table]));
    expect(after.get('run')?.rows).toBe(2000);
    expect(after.get('run_event')?.rows).toBe(4000);
    expect(before.get('run')?.rows).toBe(0);
    expect(after.get('run')?.bytes).toBeGreaterThan((before.get('run')?.bytes ?? 0) + 200_000);
    await store.db.deleteFrom('run').execute();
    await vacuum(store.db);
    expect((await growth(store.db)).find(({ table }) => table === 'run')?.rows).toBe(0);
  });
});

it('warnWhenLarge() says where to go on, when there are too many runs or bytes', async () => {
  await using store = await controlStore();
  await fillRuns(store, 100);
  await vacuum(store.db);
  const said: unknown[] = [];
  const log = { ...silentLogger, warn: (...line: unknown[]) => void said.push(line) };
  expect(await warnWhenLarge(store.db, log)).toBe(false);
  expect(said).toEqual([]);
  expect(await warnWhenLarge(store.db, log, { bytesMax: 1e9, runsMax: 99 })).toBe(true);
  expect(await warnWhenLarge(store.db, log, { bytesMax: 1000, runsMax: 1e9 })).toBe(true);
  const line = [expect.stringContaining('PostgreSQL'), expect.objectContaining({ runs: 100 })];
  expect(said).toEqual([line, line]);
  expect(JSON.stringify(said)).toContain('ropeway db export');
});
