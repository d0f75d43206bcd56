/** What every queue driver must do, and what a queue that misbehaves may not do to runs. */
import { sql } from 'kysely';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { consume } from '#control/queue/consumer.ts';
import { PostgresQueue } from '#control/queue/postgres-queue.ts';
import type { Delivery, QueueDriver } from '#control/queue/queue-driver.ts';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import { Random } from '#test/sim/random.ts';
import { Crowd } from './crowd.ts';

const drivers: Readonly<Record<string, (crowd: Crowd) => QueueDriver>> = {
  postgres: ({ store }) => new PostgresQueue(store.db),
};

describe.each(storeKinds)('a queue on a store that is %s', (kind) => {
  let crowd: Crowd;

  beforeEach(async () => {
    crowd = new Crowd(await controlStore({ kind }));
    await crowd.store.setClock('2026-01-01T00:00:00.000000Z');
  });
  afterEach(async () => {
    await crowd.store[Symbol.asyncDispose]();
  });

  describe.each(Object.keys(drivers))('D-53 QueueDriver %s', (name) => {
    const message = { kind: 'run', runId: 'r1', workspaceId: 'w' };
    const lease = { max: 10, leaseS: 30 };
    const driver = (): QueueDriver => {
      const made = drivers[name]?.(crowd);
      if (made === undefined) throw new Error('there is no such driver');
      return made;
    };
    const one = async (queue: QueueDriver): Promise<Delivery> => {
      const [delivery] = await queue.receive(lease);
      if (delivery === undefined) throw new Error('nothing was delivered');
      return delivery;
    };

    it('delivers a message once while its lease lasts, and again when it is over', async () => {
      const queue = driver();
      await queue.enqueue([message]);
      const first = await one(queue);
      expect(first).toMatchObject({ runId: 'r1', workspaceId: 'w', tries: 1 });
      expect(await queue.receive(lease)).toEqual([]);
      await crowd.pass(31);
      const second = await one(queue);
      expect(second).toMatchObject({ id: first.id, tries: 2 });
      // The first one comes too late, and must not take away what the second one holds.
      expect(await queue.ack(first)).toBe('lost');
      expect(await queue.ack(second)).toBe('ok');
      expect(await queue.ack(second)).toBe('lost');
      await crowd.pass(60);
      expect(await queue.receive(lease)).toEqual([]);
    });

    it('keeps a message as long as its lease is extended', async () => {
      const queue = driver();
      await queue.enqueue([message]);
      const delivery = await one(queue);
      for (let i = 0; i < 3; i++) {
        await crowd.pass(20);
        expect(await queue.extend(delivery, 30)).toBe('ok');
      }
      expect(await queue.receive(lease)).toEqual([]);
      await crowd.pass(31);
      expect(await queue.extend(delivery, 30)).toBe('lost');
    });

    it('delays, gives back and puts aside', async () => {
      const queue = driver();
      await queue.enqueue([{ ...message, delayS: 10 }]);
      expect(await queue.receive(lease)).toEqual([]);
      await crowd.pass(10);
      expect(await queue.nack(await one(queue), 5)).toBe('ok');
      expect(await queue.receive(lease)).toEqual([]);
      await crowd.pass(5);
      expect(await queue.deadLetter(await one(queue), 'poison')).toBe('ok');
      await crowd.pass(3600);
      expect(await queue.receive(lease)).toEqual([]);
      expect(await queue.stats()).toEqual({ ready: 0, leased: 0, dead: 1, oldestReadySeconds: 0 });
    });

    it('gives each of many messages to one of several takers', async () => {
      const queue = driver();
      await queue.enqueue(Array.from({ length: 100 }, (_, i) => ({ ...message, runId: `r${i}` })));
      const taken = await Promise.all(Array.from({ length: 10 }, async () => queue.receive({ max: 20, leaseS: 30 })));
      const ids = taken.flat().map(({ runId }) => runId);
      expect(new Set(ids).size).toBe(100);
      expect(ids).toHaveLength(100);
    });
  });

  it('D-13 messages that come five times, in any order and late, give one attempt per run', async () => {
    await crowd.workspace('w');
    await crowd.create('w', 50);
    const queue = new PostgresQueue(crowd.store.db);
    const { rows } = await sql<{ id: string }>`select id from run`.execute(crowd.store.db);
    const random = new Random(13);
    const copies = rows.flatMap(({ id }) =>
      Array.from({ length: 4 }, () => ({
        kind: 'run',
        runId: id,
        workspaceId: 'w',
        delayS: random.chance(0.1) ? 3600 : random.below(5),
      })),
    );
    await queue.enqueue(copies.sort(() => random.next() - 0.5));
    const arrived = (): void => undefined;
    for (let i = 0; i < 10; i++) {
      while (await consume({ db: crowd.store.db, queue, arrived }));
      await crowd.admitAll();
      await crowd.endAfter(0);
      await crowd.pass(600);
    }
    const { rows: attempts } = await sql<{ n: number; most: number }>`
      select count(*)::int as n, max(no)::int as most from attempt`.execute(crowd.store.db);
    expect(attempts[0]).toEqual({ n: 50, most: 1 });
    expect(await queue.stats()).toEqual({ ready: 0, leased: 0, dead: 0, oldestReadySeconds: 0 });
  });

  it('D-14 runs whose messages are all lost are let go by the next tick', async () => {
    await crowd.workspace('w');
    await crowd.create('w', 20);
    await sql`delete from queue_message`.execute(crowd.store.db);
    expect(await crowd.admitAll()).toBe(20);
  });

  it('puts aside a message of a run that is not there, and goes on', async () => {
    const queue = new PostgresQueue(crowd.store.db);
    await queue.enqueue([{ kind: 'run', runId: 'nobody', workspaceId: 'w' }]);
    let told = 0;
    for (let i = 0; i < 6; i++) {
      await consume({ db: crowd.store.db, queue, arrived: () => (told += 1) });
      await crowd.pass(60);
    }
    expect(await queue.stats()).toMatchObject({ ready: 0, dead: 1 });
    expect(told).toBe(0);
  });
});
