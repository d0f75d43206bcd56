import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { newId } from '#control/store/ids.ts';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { claimDeliveries } from './deliver.ts';

async function destination({ db }: ControlStore, workspaceId: string, pausedS = 0): Promise<string> {
  const id = newId();
  await sql`insert into notice_destination (id, workspace_id, name, kind, config, paused_until)
    values (${id}, ${workspaceId}, ${id}, 'http', '{}', dispatch.now() + make_interval(secs => ${pausedS}))`.execute(
    db,
  );
  return id;
}

async function wait({ db }: ControlStore, workspaceId: string, destinationId: string, count: number): Promise<void> {
  await sql`insert into notice_delivery (id, workspace_id, kind, destination_id, destination_name, subject, body, state,
      next_try_at)
    select ${destinationId} || '-' || n, ${workspaceId}, 'notice', ${destinationId}, 'x', 's', 'b', 'waiting',
      dispatch.now() - interval '1 hour'
    from generate_series(1, ${count}::integer) n`.execute(db);
}

it.each(storeKinds)('claimDeliveries() passes by what is paused or busy, however much it is (%s)', async (kind) => {
  await using store = await controlStore({ kind });
  const workspaceId = newId();
  await store.db.insertInto('workspace').values({ id: workspaceId, name: 'w' }).execute();
  const paused = await destination(store, workspaceId, 600);
  const busy = await destination(store, workspaceId);
  const quiet = await destination(store, workspaceId);
  await wait(store, workspaceId, paused, 3000);
  await wait(store, workspaceId, busy, 3000);
  await sql`update notice_delivery set next_try_at = dispatch.now() - interval '1 minute'
    where destination_id = ${busy}`.execute(store.db);
  await wait(store, workspaceId, quiet, 1);
  await sql`update notice_delivery set next_try_at = dispatch.now() where destination_id = ${quiet}`.execute(store.db);
  // Of a destination that is gone: it is claimed, so that it is said.
  await wait(store, workspaceId, newId(), 1);

  const claimed = await claimDeliveries(store.db, 32);
  const of = (id: string): number => claimed.filter((each) => each.destination_id === id).length;
  expect({ paused: of(paused), busy: of(busy), quiet: of(quiet), all: claimed.length }).toEqual({
    ...{ paused: 0, busy: 2, quiet: 1 },
    all: 4,
  });
  // The busy one is at its limit, and the others have nothing more.
  expect(await claimDeliveries(store.db, 32)).toEqual([]);
});
