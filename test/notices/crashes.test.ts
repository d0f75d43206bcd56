/**
 * A notifier dies at each of its statements in turn: before the statement was sent, and after it was executed and not
 * answered. Whoever comes after it brings every notice to its receiver: once, but for the message that was sent when it
 * died, which comes again under the same key.
 */
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import type { Notifier } from '#control/notify/notifier.ts';
import type { Store } from '#control/store/store.ts';
import { controlStore } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { faultyDb } from '#test/kit/faulty-db.ts';
import { httpServer } from '#test/kit/http-server.ts';
import type { HttpServer } from '#test/kit/http-server.ts';
import { addRule, addRun, httpDestination, noticeScene, notifierOn } from '#test/kit/notice-rows.ts';
import type { NoticeScene } from '#test/kit/notice-rows.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';

class Crash extends Error {}

interface Fuse {
  left: number;
  readonly when: 'before' | 'after';
  isBlown: boolean;
}

function behind(store: ControlStore, fuse: Fuse): Store {
  const db = faultyDb(store.db, (at) => {
    if (fuse.isBlown) throw new Crash();
    if (at !== fuse.when) return;
    fuse.left -= 1;
    if (fuse.left > 0) return;
    fuse.isBlown = true;
    throw new Crash();
  });
  return { ...store, db };
}

async function survive(work: Promise<unknown>): Promise<void> {
  await work.catch((error: unknown) => {
    if (!(error instanceof Crash)) throw error;
  });
}

async function work(notifier: Notifier): Promise<void> {
  await survive(notifier.lookAtLive());
  await survive(notifier.look());
  await survive(notifier.deliver());
}

interface Told {
  readonly event: string;
  readonly run: { readonly id: string };
}

/** Everything that one notifier does: an end, a time that was passed, an event, a group, a receiver that says no once. */
async function oneRound(scene: NoticeScene, store: ControlStore, server: HttpServer, fuse: Fuse): Promise<void> {
  const { db } = scene;
  const begin = server.asked.length;
  const ended = [await addRun(scene, { state: 'FAILED' }), await addRun(scene, { state: 'FAILED' })];
  const long = await addRun(scene, { state: 'RUNNING', claimedAgoS: 61 });
  await sql`insert into notice_event (id, workspace_id, event, event_key, group_id, definition_id)
    values (${long}, ${scene.workspaceId}, 'schedule_off', ${long}, ${scene.groupId}, ${scene.transferId})`.execute(db);
  const first = notifierOn(behind(store, fuse), { singleMax: 1 });
  const second = notifierOn(store, { singleMax: 1 });
  for (let round = 0; round < 3; round++) {
    await work(first);
    // A lease, a pause, and the window of a group are over by then.
    await store.advance(65);
    await work(second);
  }
  const asked = server.asked.slice(begin);
  const byKey = new Map(asked.map(({ headers, body }) => [String(headers['idempotency-key']), body]));
  const told = [...byKey.values()].map((body) => JSON.parse(body) as Told & { first?: Told[]; count?: number });
  const runs = told.flatMap(({ event, run, first: many }) =>
    (many?.map((each) => each.run) ?? [run]).map(({ id }) => `${event} ${id}`),
  );
  expect(runs.sort()).toEqual(
    [...ended.map((id) => `run_failed ${id}`), `run_elapsed ${long}`, 'schedule_off '].sort(),
  );
  // The same key is the same message, and no more than the one at hand was sent again.
  const repeated = asked.length - byKey.size;
  expect(repeated).toBeLessThanOrEqual(fuse.isBlown ? 3 : 0);
  const { rows } = await sql<{
    n: number;
  }>`select count(*)::int as n from notice_delivery where state <> 'sent'`.execute(db);
  expect(rows).toEqual([{ n: 0 }]);
  await sql`delete from notice_delivery`.execute(db);
  await sql`delete from notice`.execute(db);
  await sql`delete from run`.execute(db);
}

describe.skipIf(postgresMissing !== '')(`a crash at each statement of a notifier${postgresMissing}`, () => {
  it.each(['before', 'after'] as const)('%s it is executed', { timeout: 600_000 }, async (when) => {
    await using store = await controlStore({ kind: 'postgresql' });
    await store.setClock('2026-01-01T00:00:00.000000Z');
    await using server = await httpServer((_, answer) => void answer.end('ok'));
    const scene = await noticeScene(store);
    await addRule(scene, await httpDestination(scene, server.url), 'run_failed');
    await addRule(scene, await httpDestination(scene, server.url), 'run_elapsed', { after_s: 60 });
    await addRule(scene, await httpDestination(scene, server.url), 'schedule_off');
    let statements = 0;
    for (; statements < 200; statements++) {
      const fuse: Fuse = { left: statements + 1, when, isBlown: false };
      await oneRound(scene, store, server, fuse);
      // It was never reached: there are no further statements.
      if (!fuse.isBlown) break;
    }
    expect(statements).toBeGreaterThan(20);
    expect(statements).toBeLessThan(200);
  });
});
