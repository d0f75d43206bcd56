import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { Idempotency } from '#control/http/idempotency.ts';
import { makeLog } from '#control/log.ts';
import { createRuns } from '#control/runs/create-run.ts';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import type { ControlStore, StoreKind } from '#test/kit/control-store.ts';
import { Crowd, probeRun } from '#test/dispatch/crowd.ts';
import { Upkeep } from './upkeep.ts';

const DAY_S = 86_400;

async function installation(kind: StoreKind, retentionDays?: number) {
  const store = await controlStore({ kind });
  await store.setClock('2026-01-01T00:00:00.000000Z');
  await new Crowd(store).workspace('w');
  const log: string[] = [];
  const make = (): Upkeep =>
    new Upkeep({
      store,
      idempotency: new Idempotency(store),
      log: makeLog({ write: (line) => log.push(line) }),
      version: '1.2.3',
      roles: ['api', 'dispatcher'],
      retentionDays,
    });
  return { store, log, make, [Symbol.asyncDispose]: () => store.close() };
}

async function endedRuns({ db }: ControlStore, count: number): Promise<void> {
  const made = await createRuns(
    db,
    Array.from({ length: count }, () => probeRun('w')),
  );
  const ids = made.map(({ id }) => id);
  await sql`update run set state = 'SUCCEEDED', terminal_at = dispatch.now() where id = any(${ids}::text[])`.execute(
    db,
  );
}

async function count({ db }: ControlStore, table: string): Promise<number> {
  const { rows } = await sql<{ n: number }>`select count(*)::int as n from ${sql.table(table)}`.execute(db);
  return rows[0]?.n ?? 0;
}

describe.each(storeKinds)('Upkeep (%s)', { timeout: 60_000 }, (kind) => {
  it('forgets the audit log after 400 days, or after as many as it is told', async () => {
    await using place = await installation(kind);
    const { store } = place;
    const note = (): Promise<unknown> =>
      sql`insert into audit_event (id, actor, action, outcome)
      select gen_random_uuid(), 'a', 'x.y', 'succeeded' from generate_series(1, 3)`.execute(store.db);
    await note();
    await store.advance(399 * DAY_S);
    await note();
    await place.make().forget();
    expect(await count(store, 'audit_event')).toBe(6);
    await store.advance(2 * DAY_S);
    await place.make().forget();
    expect(await count(store, 'audit_event')).toBe(3);
    await new Upkeep({ ...partsOf(store), auditDays: 1 }).forget();
    expect(await count(store, 'audit_event')).toBe(0);
  });

  it('forgets runs after 90 days, or after as many as it is told', async () => {
    await using place = await installation(kind);
    const { store } = place;
    await endedRuns(store, 450);
    await store.advance(80 * DAY_S);
    await endedRuns(store, 3);
    expect(await place.make().forget()).toBe(0);
    await store.advance(11 * DAY_S);
    expect(await place.make().forget()).toBe(450);
    expect(await count(store, 'run')).toBe(3);
    const upkeep = new Upkeep({ ...partsOf(store), retentionDays: 10 });
    expect(await upkeep.forget()).toBe(3);
    expect(await count(store, 'run_event')).toBe(0);
  });

  it('forgets kept answers, dead messages and processes, and says once that messages were given up', async () => {
    await using place = await installation(kind);
    const { store } = place;
    await sql`insert into idempotency (key_hash, request_mac, locked_until) values ('k', 'm', dispatch.now())`.execute(
      store.db,
    );
    await sql`insert into queue_message (kind, run_id, workspace_id, available_at, dead_at)
      values ('run', 'r', 'w', dispatch.now(), dispatch.now())`.execute(store.db);
    const upkeep = place.make();
    await upkeep.beSeen();
    await upkeep.forget();
    await upkeep.forget();
    expect(place.log.filter((line) => line.includes('were given up'))).toHaveLength(1);
    expect(await count(store, 'dispatcher')).toBe(1);
    await store.advance(91 * DAY_S);
    await upkeep.forget();
    for (const table of ['idempotency', 'queue_message', 'dispatcher']) expect(await count(store, table)).toBe(0);
  });

  it('says again and again that it is there', async () => {
    await using place = await installation(kind);
    const upkeep = place.make();
    await upkeep.beSeen();
    await place.store.advance(30);
    await upkeep.beSeen();
    const { rows } = await sql`select id, version, roles, extract(epoch from seen_at - started_at)::int as for_s
      from dispatcher`.execute(place.store.db);
    expect(rows).toEqual([{ id: upkeep.processId, version: '1.2.3', roles: 'api,dispatcher', for_s: 30 }]);
  });
});

function partsOf(store: ControlStore) {
  return { store, idempotency: new Idempotency(store), log: makeLog({ level: 'silent' }), version: '1', roles: [] };
}

it.runIf(storeKinds.includes('postgresql'))(
  'Upkeep leaves a task to the one who is at it',
  { timeout: 60_000 },
  async () => {
    await using place = await installation('postgresql');
    const { store } = place;
    await endedRuns(store, 2);
    await store.advance(91 * DAY_S);
    await store.db.transaction().execute(async (db) => {
      await sql`select pg_advisory_xact_lock(${0x726f_7075}::int, 1)`.execute(db);
      expect(await place.make().forget()).toBe(0);
    });
    expect(await place.make().forget()).toBe(2);
  },
);
