/** D-64 at each place where the two can meet: a change begins before and after each statement of a look. */
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Client } from '#api/client.ts';
import { TransitionWriter } from '#control/runs/transition-writer.ts';
import type { Store } from '#control/store/store.ts';
import { controlApi } from '#test/kit/control-api.ts';
import { storeKinds } from '#test/kit/control-store.ts';
import { faultyDb } from '#test/kit/faulty-db.ts';
import { addSchedules } from '#test/kit/schedule-rows.ts';
import { schedulerTick } from './scheduler-tick.ts';
import { transferRuns } from './transfer-runs.ts';

const slot = '2026-05-01T00:00:00Z';

interface Pair {
  readonly definition: string;
  readonly schedule: string;
}

type Change = (client: Client, pair: Pair) => Promise<unknown>;

const config = { in: { type: 'file', path_prefix: '/tmp/other' }, out: { type: 'stdout' } };
const changes: readonly (readonly [string, Change])[] = [
  [
    'edited',
    (client, { definition: id }) => client.call('transfers.update', { params: { id }, body: { config }, ifMatch: '*' }),
  ],
  [
    'paused',
    (client, { definition: id }) =>
      client.call('transfers.update', { params: { id }, body: { isEnabled: false }, ifMatch: '*' }),
  ],
  ['deleted', (client, { definition: id }) => client.call('transfers.delete', { params: { id } })],
  [
    'its schedule paused',
    (client, { schedule: id }) => client.call('schedules.switch', { body: { ids: [id], isEnabled: false } }),
  ],
  [
    'its schedule moved',
    (client, { schedule: id }) =>
      client.call('schedules.update', {
        params: { id },
        body: { pattern: { kind: 'hourly', minute: 30 } },
        ifMatch: '*',
      }),
  ],
  ['its schedule deleted', (client, { schedule: id }) => client.call('schedules.delete', { params: { id } })],
];

/** Looks for as long as nobody waits for a lock: no more than that can happen before the other goes on. */
async function settledOrBlocked(store: Pick<Store, 'db'>, change: Promise<unknown>): Promise<void> {
  let isSettled = false;
  void change.finally(() => (isSettled = true));
  for (let look = 0; look < 10_000 && !isSettled; look++) {
    const { rows } = await sql<{ waiting: number }>`
      select count(*)::int as waiting from pg_locks where not granted
        and database = (select oid from pg_database where datname = current_database())
        or not granted and locktype = 'transactionid'`.execute(store.db);
    if ((rows[0]?.waiting ?? 0) > 0) return;
  }
}

interface After {
  readonly runs: number;
  readonly revision: number | null;
  readonly config_text: string | null;
  readonly fires: number;
  readonly next: string | null;
  readonly is_schedule: boolean;
  readonly is_definition: boolean;
}

async function after(store: Pick<Store, 'db'>, { definition, schedule }: Pair): Promise<After> {
  const { rows } = await sql<After>`
    select (select count(*)::int from run where definition_id = ${definition}) as runs,
      (select revision from run where definition_id = ${definition} limit 1) as revision,
      (select work ->> 'config' from run_work join run on id = run_id where definition_id = ${definition} limit 1)
        as config_text,
      (select count(*)::int from schedule_fire where schedule_id = ${schedule} and decision = 'fired') as fires,
      (select next_slot_utc from schedule where id = ${schedule}) as next,
      exists (select from schedule where id = ${schedule}) as is_schedule,
      exists (select from definition where id = ${definition}) as is_definition`.execute(store.db);
  const [row] = rows;
  if (row === undefined) throw new Error('a select without from has one row');
  return row;
}

describe.runIf(storeKinds.includes('postgresql'))('schedulerTick()', () => {
  it.each(changes)('D-64 while the definition is %s', { timeout: 120_000 }, async (title, change) => {
    await using api = await controlApi({ kind: 'postgresql' });
    const { store, own } = api;
    await store.setClock(slot);
    const given = { workspaceId: own.workspaceId, cron: '0 * * * *', next: slot };
    let [fired, unfired] = [0, 0];
    for (let place = 0; ; place++) {
      const [pair] = await addSchedules(store.db, 1, given);
      if (pair === undefined) throw new Error('one was added');
      let statement = 0;
      let changing: Promise<unknown> | undefined;
      const db = faultyDb(store.db, async () => {
        if (statement++ !== place) return;
        changing = change(own.client, pair).catch((error: unknown) => error);
        await settledOrBlocked(store, changing);
      });
      const parts = { db, transitions: new TransitionWriter(), makeRuns: transferRuns, actor: 'test' };
      await schedulerTick(parts);
      if (changing === undefined) break;
      const answer = await changing;
      // What it passed over because somebody held it.
      await schedulerTick({ ...parts, db: store.db });
      const found = await after(store, pair);
      const where = `${title}, statement ${place}: ${JSON.stringify([found, answer])}`;
      expect([0, 1], where).toContain(found.runs);
      if (found.is_schedule) expect(found.fires, where).toBe(found.runs);
      if (found.runs === 1) expect(found.config_text?.includes('/tmp/other'), where).toBe(found.revision === 2);
      if (title === 'deleted') {
        // Refused while the run is not over.
        expect(found.is_definition, where).toBe(found.runs === 1);
      } else if (title !== 'its schedule deleted') {
        const isMoved = title === 'its schedule moved';
        const next = isMoved ? '2026-05-01T00:30' : found.runs === 1 ? '2026-05-01T01:00' : '2026-05-01T00:00';
        expect(found.next?.slice(0, 16), where).toBe(next);
      }
      if (found.runs === 1) fired += 1;
      else unfired += 1;
      await sql`update run set state = 'SUCCEEDED', terminal_at = dispatch.now() where terminal_at is null`.execute(
        store.db,
      );
      await sql`delete from definition where id = ${pair.definition}`.execute(store.db);
    }
    expect(fired).toBeGreaterThan(3);
    // An edited one fires in any case.
    expect(unfired > 0).toBe(title !== 'edited');
  });
});
