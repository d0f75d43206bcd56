import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { createRuns } from '#control/runs/create-run.ts';
import { makeLog } from '#control/log.ts';
import { TransitionWriter } from '#control/runs/transition-writer.ts';
import { Crowd, probeRun } from '#test/dispatch/crowd.ts';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import type { StoreKind } from '#test/kit/control-store.ts';
import { anonymous } from '#control/http/handler.ts';
import { metricsRoute } from './metrics-route.ts';
import { Metrics } from './metrics.ts';
import { showPlace } from './place-figures.ts';
import { Scrape } from './scrape.ts';
import { OTHERS, WORKSPACES_MAX, WorkspaceLabels } from './workspace-labels.ts';

/** Values by name and labels, without what is told of the process. */
function parsed(text: string): Readonly<Record<string, number>> {
  const lines = text.split('\n').filter((line) => line.startsWith('ropeway_'));
  return Object.fromEntries(
    lines.map((line) => [line.slice(0, line.lastIndexOf(' ')), Number(line.slice(line.lastIndexOf(' ') + 1))] as const),
  );
}

async function installation(kind: StoreKind) {
  const store = await controlStore({ kind });
  await store.setClock('2026-01-01T00:00:00.000000Z');
  const crowd = new Crowd(store);
  await crowd.workspace('w');
  await crowd.limit('installation', 'all', 2);
  const lines: { level: number; alarm?: string }[] = [];
  const log = makeLog({ write: (line) => lines.push(JSON.parse(line)) });
  const metrics = new Metrics({ version: '1.2.3' });
  let now = 0;
  const scrape = new Scrape({ store, metrics, log, now: () => now });
  return {
    store,
    crowd,
    metrics,
    scrape,
    alarms: () => lines.filter(({ alarm }) => alarm !== undefined).map(({ level, alarm }) => [level, alarm]),
    /** A scrape that reads anew. */
    async figures() {
      now += 10_000;
      return parsed(await scrape.text());
    },
    [Symbol.asyncDispose]: () => store.close(),
  };
}

describe.each(storeKinds)('Scrape (%s)', { timeout: 60_000 }, (kind) => {
  it('tells of runs, seats, attempts and the queue', async () => {
    await using place = await installation(kind);
    const { crowd, store } = place;
    await crowd.create('w', 5);
    await crowd.admitAll();
    await store.advance(90);
    expect(await place.figures()).toMatchObject({
      'ropeway_build_info{version="1.2.3"}': 1,
      ropeway_database_up: 1,
      'ropeway_runs{state="QUEUED",lane="batch"}': 3,
      'ropeway_runs{state="DISPATCHING",lane="batch"}': 2,
      'ropeway_runs{state="RUNNING",lane="batch"}': 0,
      'ropeway_runs_queued{workspace="w",lane="batch"}': 3,
      ropeway_queue_oldest_seconds: 90,
      'ropeway_seats_taken{scope="installation"}': 2,
      ropeway_attempts_live: 2,
      ropeway_seats_astray: 0,
      'ropeway_queue_messages{state="ready"}': 5,
      'ropeway_alarm{name="seats_astray"}': 0,
    });
    const figures = await place.figures();
    expect(figures['ropeway_table_bytes{table="run"}']).toBeGreaterThan(0);
  });

  it('reads once for all who ask at about the same time', async () => {
    await using place = await installation(kind);
    const [first, second] = await Promise.all([place.figures(), place.scrape.text()]);
    expect(parsed(second)['ropeway_runs{state="QUEUED",lane="batch"}']).toBe(
      first['ropeway_runs{state="QUEUED",lane="batch"}'],
    );
    await place.crowd.create('w', 1);
    expect(parsed(await place.scrape.text())['ropeway_runs{state="QUEUED",lane="batch"}']).toBe(0);
    expect((await place.figures())['ropeway_runs{state="QUEUED",lane="batch"}']).toBe(1);
  });

  it('raises an alarm once, and says when it is over', async () => {
    await using place = await installation(kind);
    const { crowd, store } = place;
    await crowd.create('w', 1);
    await store.advance(121);
    for (let i = 0; i < 2; i++) {
      expect((await place.figures())['ropeway_alarm{name="queued_without_reason"}']).toBe(1);
    }
    expect(place.alarms()).toEqual([[50, 'queued_without_reason']]);
    await crowd.admitAll();
    expect((await place.figures())['ropeway_alarm{name="queued_without_reason"}']).toBe(0);
    await sql`delete from seat`.execute(store.db);
    expect(await place.figures()).toMatchObject({
      ropeway_seats_astray: 1,
      'ropeway_alarm{name="seats_astray"}': 1,
    });
    expect(place.alarms().slice(1)).toEqual([
      [30, 'queued_without_reason'],
      [50, 'seats_astray'],
    ]);
  });

  it('says when the database is away, and nothing of what was', async () => {
    await using place = await installation(kind);
    await place.crowd.create('w', 1);
    expect((await place.figures())['ropeway_runs{state="QUEUED",lane="batch"}']).toBe(1);
    await sql`alter table seat rename to seat_gone`.execute(place.store.db);
    const figures = await place.figures();
    expect(figures['ropeway_database_up']).toBe(0);
    expect(figures['ropeway_runs{state="QUEUED",lane="batch"}']).toBeUndefined();
  });

  it('counts moves with the time in the state before', async () => {
    await using place = await installation(kind);
    const { store, metrics } = place;
    const writer = new TransitionWriter(undefined, (name, run) => metrics.moved(name, run));
    const [run] = await createRuns(store.db, [probeRun('w')]);
    await store.advance(7);
    await writer.move(store.db, 'T8a', run?.id ?? '', { actor: 'test', stopReason: 'canceled' });
    metrics.admitted({ workspaceId: 'w', lane: 'batch', waitedS: 3 });
    metrics.launched('throttled', 20);
    expect(await place.figures()).toMatchObject({
      'ropeway_transitions_total{transition="T8a",to="CANCELED"}': 1,
      'ropeway_state_seconds_sum{state="QUEUED"}': 10,
      'ropeway_queue_wait_seconds_count{workspace="w",lane="batch"}': 1,
      'ropeway_launches_total{outcome="throttled"}': 1,
    });
  });
});

it('showPlace() tells at each scrape how the place of runners is seen', async () => {
  const metrics = new Metrics({ version: '1' });
  const pressure = { isOpen: false, perSecond: 10 };
  const watch = { resource: 'pods', silentS: 3, lists: 2, failures: 1, cached: 40 };
  showPlace(metrics, { pressure, executor: { watches: () => [watch] } });
  expect(parsed(await metrics.text())).toMatchObject({ ropeway_breaker_open: 0, ropeway_launch_rate: 10 });
  Object.assign(pressure, { isOpen: true, perSecond: 0 });
  metrics.logMissing(500);
  expect(parsed(await metrics.text())).toMatchObject({
    ropeway_breaker_open: 1,
    ropeway_launch_rate: 0,
    'ropeway_watch_silent_seconds{resource="pods"}': 3,
    'ropeway_watch_lists{resource="pods"}': 2,
    'ropeway_watch_failures{resource="pods"}': 1,
    'ropeway_watch_cached{resource="pods"}': 40,
    ropeway_log_gap_bytes_total: 500,
  });
});

it('WorkspaceLabels gives so many their own, and the rest one', () => {
  const labels = new WorkspaceLabels();
  const given = Array.from({ length: WORKSPACES_MAX + 5 }, (_, index) => labels.label(`w${index}`));
  expect(new Set(given).size).toBe(WORKSPACES_MAX + 1);
  expect(given.at(-1)).toBe(OTHERS);
  expect(labels.label('w0')).toBe('w0');
});

describe('metricsRoute()', () => {
  const parts = {
    text: () => Promise.resolve('figures\n'),
    contentType: 'text/plain; version=0.0.4',
    isPublic: false,
    authenticate: (token: string) => {
      if (token === 'broken') return Promise.reject(new Error('away'));
      if (token === 'unknown') return Promise.resolve(undefined);
      return Promise.resolve({ ...anonymous, administersInstallation: token === 'admin' });
    },
  };
  it.each([
    { token: undefined, status: 401 },
    { token: 'unknown', status: 401 },
    { token: 'member', status: 403 },
    { token: 'broken', status: 503 },
    { token: 'admin', status: 200 },
  ])('answers $status to the token $token', async ({ token, status }) => {
    const headers = token === undefined ? {} : { authorization: `Bearer ${token}` };
    const response = await metricsRoute(parts)(new Request('http://x/metrics', { headers }));
    expect(response.status).toBe(status);
    expect((await response.text()) === 'figures\n').toBe(status === 200);
  });

  it('asks nobody for a token when it is public, and takes no writes', async () => {
    const route = metricsRoute({ ...parts, isPublic: true });
    expect((await route(new Request('http://x/metrics'))).status).toBe(200);
    expect((await route(new Request('http://x/metrics', { method: 'POST' }))).status).toBe(405);
  });
});
