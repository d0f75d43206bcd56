import { describe, expect, it, vi } from 'vitest';
import pg from 'pg';
import { controlStore, sharedServer, storeKinds } from '#test/kit/control-store.ts';
import { HintRelay, everyChannel } from './hints.ts';
import type { Hints } from './hints.ts';
import { postgresHints } from './postgres-hints.ts';
import type { PostgresHints } from './postgres-hints.ts';
import { silentLogger } from './store.ts';

function heardOnce(hints: Hints, channel: string): Promise<void> {
  return new Promise((resolve) => {
    const stop = hints.listen(channel, () => {
      stop();
      resolve();
    });
  });
}

describe.each(storeKinds)('hints on %s', (kind) => {
  it('are heard in the same process, until it listens no more', async () => {
    await using store = await controlStore({ kind });
    let queue = 0;
    const stop = store.hints.listen('queue', () => void (queue += 1));
    const other = heardOnce(store.hints, 'other');
    store.hints.tell('queue');
    store.hints.tell('other');
    await other;
    expect(queue).toBe(1);
    stop();
    const again = heardOnce(store.hints, 'other');
    store.hints.tell('queue');
    store.hints.tell('other');
    await again;
    expect(queue).toBe(1);
  });
});

describe('HintRelay', () => {
  it('passes a channel on 20 times a second at most, the first and the last at once', () => {
    vi.useFakeTimers();
    try {
      const passed: string[][] = [];
      const relay = new HintRelay((channels) => void passed.push([...channels]));
      let heard = 0;
      relay.listen('a', () => void (heard += 1));
      for (let ms = 0; ms < 1000; ms++) {
        relay.tell('a');
        relay.tell('a');
        vi.advanceTimersByTime(1);
      }
      relay.tell('b');
      vi.advanceTimersByTime(1000);
      expect(passed.length).toBeGreaterThan(15);
      expect(passed.length).toBeLessThanOrEqual(22);
      expect(heard).toBe(passed.filter((channels) => channels.includes('a')).length);
      expect(passed.at(-1)).toContain('b');
      // Quiet again: no timer goes on.
      expect(vi.getTimerCount()).toBe(0);
    } finally {
      vi.useRealTimers();
    }
  });

  it('says that anything may have changed when too much did', () => {
    vi.useFakeTimers();
    try {
      const passed: string[][] = [];
      const relay = new HintRelay((channels) => void passed.push([...channels]));
      let heard = 0;
      relay.listen('never told', () => void (heard += 1));
      for (let index = 0; index < 5000; index++) relay.tell(`run:${index}`);
      vi.advanceTimersByTime(100);
      expect(passed).toEqual([[everyChannel]]);
      expect(heard).toBe(1);
    } finally {
      vi.useRealTimers();
    }
  });

  it('says nothing after it was closed', () => {
    vi.useFakeTimers();
    try {
      const pass = vi.fn<() => void>();
      const relay = new HintRelay(pass);
      relay.tell('a');
      relay.close();
      relay.tell('a');
      vi.advanceTimersByTime(100);
      expect(pass).not.toHaveBeenCalled();
    } finally {
      vi.useRealTimers();
    }
  });
});

describe.runIf(storeKinds.includes('postgresql'))('postgresHints()', () => {
  async function twoOf(connectionString: string): Promise<[PostgresHints, PostgresHints]> {
    const make = (): PostgresHints =>
      postgresHints((config) => new pg.Client({ ...config, connectionString }), silentLogger);
    const pair: [PostgresHints, PostgresHints] = [make(), make()];
    await Promise.all(pair.map(({ listening }) => listening));
    return pair;
  }

  it('are heard in other processes, and once in the own', async () => {
    await using store = await controlStore({ kind: 'postgresql' });
    const [here, there] = await twoOf(store.databaseUrl ?? '');
    let own = 0;
    here.listen('queue', () => void (own += 1));
    const first = heardOnce(there, 'queue');
    here.tell('queue');
    await first;
    // What comes from there came behind what came from here.
    const answer = heardOnce(here, 'answer');
    there.tell('answer');
    await answer;
    expect(own).toBe(1);
    await Promise.all([here.close(), there.close()]);
  });

  it('come back by themselves when the connection was lost, and then tell everybody', async () => {
    await using store = await controlStore({ kind: 'postgresql' });
    const [here, there] = await twoOf(store.databaseUrl ?? '');
    const back = [heardOnce(here, 'any'), heardOnce(there, 'any')];
    const server = await sharedServer();
    await server.query(
      "select pg_terminate_backend(pid) from pg_stat_activity where application_name = 'ropeway hints'",
    );
    await Promise.all(back);
    const heard = heardOnce(there, 'queue');
    here.tell('queue');
    await heard;
    await Promise.all([here.close(), there.close()]);
  });

  it('lose what is told without a server, and neither throw nor hold the process', async () => {
    let asked = 0;
    const hints = postgresHints((config) => {
      asked += 1;
      return new pg.Client({ ...config, connectionString: 'postgresql://nobody@127.0.0.1:1/none' });
    }, silentLogger);
    const heard = heardOnce(hints, 'queue');
    hints.tell('queue');
    await heard;
    await vi.waitUntil(() => asked >= 3, { timeout: 60_000 });
    await hints.close();
  });

  it('end with their store', async () => {
    const store = await controlStore({ kind: 'postgresql' });
    await store.close();
    const server = await sharedServer();
    const name = new URL(store.databaseUrl ?? '').pathname.slice(1);
    await vi.waitUntil(
      async () => (await server.query(`select 1 from pg_stat_activity where datname = '${name}'`)).length === 0,
      { timeout: 60_000 },
    );
  });
});
