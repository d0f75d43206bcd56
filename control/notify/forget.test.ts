import { sql } from 'kysely';
import { expect, it } from 'vitest';
import { controlStore } from '#test/kit/control-store.ts';
import { addRule, addRun, httpDestination, noticeScene, notifierOn } from '#test/kit/notice-rows.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { forgetOldNotices } from './forget.ts';
import { noticeFigures } from './notice-figures.ts';

it.skipIf(postgresMissing !== '')(
  `forgetOldNotices() forgets what is old and over, and noticeFigures() counts the rest${postgresMissing}`,
  async () => {
    await using store = await controlStore({ kind: 'postgresql' });
    await store.setClock('2026-01-01T00:00:00.000000Z');
    const scene = await noticeScene(store);
    await addRule(scene, await httpDestination(scene, 'http://127.0.0.1:1/'), 'run_failed');
    const notifier = notifierOn(store);
    for (const state of ['sent', 'dead', 'waiting']) {
      await addRun(scene, { state: 'FAILED' });
      await notifier.look();
      await sql`update notice_delivery set state = ${state} where state = 'waiting'`.execute(store.db);
    }
    await addRun(scene, { state: 'FAILED' });
    await store.advance(10 * 86_400);
    expect(await noticeFigures(store.db)).toEqual({
      ...{ waiting: 1, oldestWaitingS: 864_000, dead: 1, destinationsFailing: 0 },
    });
    expect(await forgetOldNotices(store.db, 11)).toBe(false);
    const left = async () => {
      const { rows } = await sql<{ deliveries: number; notices: number }>`
        select (select count(*) from notice_delivery)::int as deliveries, (select count(*) from notice)::int as notices`.execute(
        store.db,
      );
      return rows[0];
    };
    expect(await left()).toEqual({ deliveries: 3, notices: 3 });
    expect(await forgetOldNotices(store.db, 9)).toBe(false);
    expect(await left()).toEqual({ deliveries: 1, notices: 0 });
  },
);
