import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import { json } from './values.ts';

describe.each(storeKinds)('openStore() on %s', (kind) => {
  it('gives values of the same form', async () => {
    await using store = await controlStore({ kind });
    const { rows } = await sql`select
      9007199254740993::int8 as big, 7::int4 as small, 1.50::numeric as exact, 0.5::float8 as double, true as yes,
      '2026-11-30 17:58:12.123456+09'::timestamptz as instant, '2026-01-02'::timestamptz as midnight,
      '2026-11-30'::date as day, '2026-11-30 01:02:03.5'::timestamp as local, '\\x00ff'::bytea as bytes,
      '{"a": [1, null]}'::jsonb as object, '[1]'::jsonb as list, null as nothing, array['a', 'b'] as texts,
      array[9007199254740993::int8] as bigs, 'x'::varchar as text, interval '90 minutes' as span`.execute(store.db);
    expect(rows).toEqual([
      {
        big: '9007199254740993',
        small: 7,
        exact: '1.50',
        double: 0.5,
        yes: true,
        instant: '2026-11-30T08:58:12.123456Z',
        midnight: '2026-01-02T00:00:00.000000Z',
        day: '2026-11-30',
        local: '2026-11-30 01:02:03.5',
        bytes: new Uint8Array([0, 255]),
        object: { a: [1, null] },
        list: [1],
        nothing: null,
        texts: ['a', 'b'],
        bigs: ['9007199254740993'],
        text: 'x',
        span: '01:30:00',
      },
    ]);
  });

  it('takes what it gives', async () => {
    await using store = await controlStore({ kind });
    const { db } = store;
    await db
      .insertInto('workspace')
      .values({ id: 'w', name: 'w', suspended_at: '2026-11-30T08:58:12.123456Z' })
      .execute();
    const connection = {
      id: 'c',
      workspace_id: 'w',
      name: 'c',
      plugin: 'p',
      account_key: 'a',
      config: json({ a: ['"'] }),
    };
    await db.insertInto('connection').values(connection).execute();
    const run = {
      run_id: 'r',
      attempt_no: 1,
      execution_id: 'e',
      seq: 1,
      at: await store.now(),
      line_count: 1,
      size_bytes: 2,
    };
    await sql`set session_replication_role = replica`.execute(db);
    await db
      .insertInto('log_chunk')
      .values({ ...run, content: new Uint8Array([0, 255, 92]) })
      .execute();
    const workspace = await db.selectFrom('workspace').selectAll().executeTakeFirstOrThrow();
    expect(workspace.suspended_at).toBe('2026-11-30T08:58:12.123456Z');
    const found = await db
      .selectFrom('workspace')
      .select('id')
      .where('suspended_at', '=', workspace.suspended_at)
      .execute();
    expect(found).toEqual([{ id: 'w' }]);
    expect((await db.selectFrom('connection').selectAll().executeTakeFirstOrThrow()).config).toEqual({ a: ['"'] });
    const { content, at } = await db.selectFrom('log_chunk').selectAll().executeTakeFirstOrThrow();
    expect(content).toEqual(new Uint8Array([0, 255, 92]));
    expect(at).toBe(run.at);
  });

  it('undoes a transaction that throws, and goes on', async () => {
    await using store = await controlStore({ kind });
    const { db } = store;
    const work = db.transaction().execute(async (trx) => {
      await trx.insertInto('workspace').values({ id: 'w', name: 'w' }).execute();
      throw new Error('no');
    });
    await expect(work).rejects.toThrow('no');
    expect(await db.selectFrom('workspace').selectAll().execute()).toEqual([]);
  });

  it('has the state of SQL in its errors', async () => {
    await using store = await controlStore({ kind });
    const insert = store.db.insertInto('workspace').values({ id: 'w', name: 'w' });
    await insert.execute();
    await expect(insert.execute()).rejects.toMatchObject({ code: '23505', constraint: 'workspace_pkey' });
  });

  it('has one installation id', async () => {
    await using store = await controlStore({ kind });
    expect(store.installationId).toMatch(/^[0-9a-hjkmnp-tv-z]{26}$/);
  });
});

describe.each(storeKinds)('controlStore() on %s', (kind) => {
  it('sets the clock and moves it', async () => {
    await using store = await controlStore({ kind });
    await store.setClock('2026-01-01T00:00:00.000000Z');
    expect(await store.now()).toBe('2026-01-01T00:00:00.000000Z');
    await store.advance(90.5);
    expect(await store.now()).toBe('2026-01-01T00:01:30.500000Z');
    await store.advance(-3600);
    await store.db.insertInto('workspace').values({ id: 'w', name: 'w' }).execute();
    const { created_at } = await store.db.selectFrom('workspace').selectAll().executeTakeFirstOrThrow();
    expect(created_at).toBe('2025-12-31T23:01:30.500000Z');
    await store.setClock('2030-01-01T00:00:00.000000Z');
    expect(await store.now()).toBe('2030-01-01T00:00:00.000000Z');
  });

  it('gives each test its own', async () => {
    await using one = await controlStore({ kind });
    await using other = await controlStore({ kind });
    await one.db.insertInto('workspace').values({ id: 'w', name: 'w' }).execute();
    expect(await other.db.selectFrom('workspace').selectAll().execute()).toEqual([]);
  });
});
