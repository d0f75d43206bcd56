import { describe, expect, it } from 'vitest';
import { fakeKubernetes } from '#test/fakes/kubernetes/api-server.ts';
import type { FakeKubernetes, FakeKubernetesOptions } from '#test/fakes/kubernetes/api-server.ts';
import { virtualClock } from '#test/kit/virtual-clock.ts';
import type { VirtualClock } from '#test/kit/virtual-clock.ts';
import { kubernetesClient } from './kubernetes-client.ts';
import type { KubernetesClient } from './kubernetes-client.ts';
import { paths } from './kubernetes-objects.ts';
import type { Pod } from './kubernetes-objects.ts';
import { reflector } from './reflector.ts';
import type { Reflector } from './reflector.ts';

interface Fixture extends AsyncDisposable {
  readonly server: FakeKubernetes;
  readonly client: KubernetesClient;
  readonly clock: VirtualClock;
  readonly reflected: Reflector<{ name: string; phase: string | undefined }>;
  /** `+` added, `~` modified, `-` deleted, `=` deleted as a LIST showed. */
  readonly told: string[];
  names(): string[];
}

async function fixture(options: FakeKubernetesOptions = {}): Promise<Fixture> {
  const clock: VirtualClock = virtualClock(() => client.inFlight > server.held);
  const server = await fakeKubernetes({ clock, hasJobController: false, ...options });
  const client = kubernetesClient({ access: server.access, clock });
  const told: string[] = [];
  const reflected = reflector({
    client,
    clock,
    random: () => server.faults.random(),
    path: paths.pods('ropeway'),
    labelSelector: 'ours=yes',
    trim: ({ metadata, status }: Pod) => ({ name: metadata.name, phase: status?.phase }),
    changed: (change) => {
      const sign = change.type === 'deleted' ? (change.isSynthesised ? '=' : '-') : change.type === 'added' ? '+' : '~';
      told.push(`${sign}${change.value.name}`);
    },
  });
  const ending = new AbortController();
  const running = reflected.run(ending.signal);
  return {
    server,
    client,
    clock,
    reflected,
    told,
    names: () => [...reflected.values()].map(({ name }) => name).sort(),
    async [Symbol.asyncDispose]() {
      ending.abort();
      await running;
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

function makePod({ server }: Fixture, name: string, labels: Record<string, string> = { ours: 'yes' }): void {
  const spec = { containers: [{ name: 'runner' }] };
  server.store.create('pods', `ropeway/${name}`, { metadata: { name, namespace: 'ropeway', labels }, spec });
}

const vanish = ({ server }: Fixture, name: string): void => server.store.vanish('pods', `ropeway/${name}`);
const lists = ({ server }: Fixture): number[] =>
  server.audit.filter(({ verb, query }) => verb === 'list' && query['limit'] === '500').map(({ at }) => at);

describe('reflector()', () => {
  it('lists in pages, then hears of what is added, changed and deleted; of others nothing', async () => {
    await using all = await fixture({ nodes: [] });
    for (let no = 0; no < 1_100; no += 1) makePod(all, `p-${no}`);
    makePod(all, 'foreign', {});
    await all.clock.settle();
    expect(lists(all)).toHaveLength(3);
    expect(all.reflected.metrics).toMatchObject({ lists: 1, cacheSize: 1_100 });
    all.told.length = 0;
    makePod(all, 'new');
    all.server.store.update('pods', 'ropeway/new', (pod) => void (pod.status = { phase: 'Running' }));
    makePod(all, 'foreign-too', {});
    vanish(all, 'p-7');
    await all.clock.settle();
    // The scheduler of the fake has looked at the new pod too, and found no node.
    expect(new Set(all.told)).toEqual(new Set(['+new', '~new', '-p-7']));
    expect(all.reflected.metrics.lists).toBe(1);
  });

  it('watches again without a LIST when the time of a watch is up, and misses nothing between', async () => {
    await using all = await fixture();
    await all.clock.run(3_600_000);
    expect(all.reflected.metrics).toMatchObject({ lists: 1, gone: 0, silences: 0, watchFailures: 0 });
    expect(all.reflected.metrics.watches).toBeGreaterThanOrEqual(11);
    const seconds = all.server.audit
      .filter(({ verb }) => verb === 'watch')
      .map(({ query }) => Number(query['timeoutSeconds']));
    expect(Math.min(...seconds)).toBeGreaterThanOrEqual(260);
    expect(Math.max(...seconds)).toBeLessThanOrEqual(320);
    expect(new Set(seconds).size).toBeGreaterThan(5);
  });

  it('goes on from where it was after a watch was cut', async () => {
    await using all = await fixture();
    await all.clock.settle();
    await all.server.goAway();
    makePod(all, 'meanwhile');
    await all.clock.run(120_000);
    await all.server.comeBack();
    await all.clock.run(60_000);
    expect(all.names()).toEqual(['meanwhile']);
    expect(all.reflected.metrics.lists).toBe(1);
    expect(all.reflected.metrics.watchFailures).toBeGreaterThan(2);
  });

  it('begins a LIST again when its next page is gone', async () => {
    await using all = await fixture({ nodes: [] });
    for (let no = 0; no < 600; no += 1) makePod(all, `p-${no}`);
    all.server.faults.add({ verbs: ['list'], times: 2, fault: { kind: 'latency', ms: 1_000 } });
    // The first page is of a version that is forgotten before the second is answered.
    await all.clock.run(1_000);
    makePod(all, 'late');
    all.server.store.compact();
    await all.clock.run(5_000);
    expect(all.reflected.metrics).toMatchObject({ lists: 2, listFailures: 0, cacheSize: 601 });
  });

  it('lists more and more seldom while LIST is refused: 10 s, then twice as long, up to 2 min', async () => {
    await using all = await fixture();
    all.server.faults.add({ verbs: ['list'], fault: { kind: 'answer', status: 429 } });
    await all.clock.run(1_800_000);
    const pauses = lists(all).flatMap((at, index, ats) => (index === 0 ? [] : [(at - (ats[index - 1] ?? 0)) / 1000]));
    for (const [index, low] of [20, 40, 80, 120, 120, 120].entries()) {
      expect(pauses[index]).toBeGreaterThanOrEqual(low);
      expect(pauses[index]).toBeLessThanOrEqual(low * 1.2);
    }
    expect(pauses.length).toBeLessThan(17);
  });
});

describe('D-22: 410 every 10 s, half as a status, half within the stream, with deletions in the gaps', () => {
  it('misses no deletion, and lists at most once per 10 s', async () => {
    await using all = await fixture();
    const { server, clock } = all;
    const alive = new Set<string>();
    let made = 0;
    // A version that is forgotten, so that the watch cannot tell what was.
    const gap = (): void => {
      for (let no = 0; no < 5; no += 1) {
        made += 1;
        makePod(all, `p-${made}`);
        alive.add(`p-${made}`);
      }
      for (const name of [...alive].filter(() => server.faults.random() < 0.3)) {
        vanish(all, name);
        alive.delete(name);
      }
      server.store.compact();
    };
    server.faults.add({ verbs: ['watch'], share: 0.5, fault: { kind: 'gone', as: 'status' } });
    server.faults.add({ verbs: ['watch'], fault: { kind: 'gone', as: 'event', afterMs: 10_000 } });
    for (let round = 0; round < 60; round += 1) {
      await clock.run(10_000);
      gap();
    }
    server.faults.clear();
    await clock.run(130_000);
    expect(all.names()).toEqual([...alive].sort());
    const deleted = all.told.filter((each) => /^[-=]/.test(each)).map((each) => each.slice(1));
    const known = new Set(all.told.filter((each) => each.startsWith('+')).map((each) => each.slice(1)));
    expect(new Set(deleted)).toEqual(new Set([...known].filter((name) => !alive.has(name))));
    expect(deleted).toHaveLength(new Set(deleted).size);
    expect(all.reflected.metrics.synthesisedDeletions).toBeGreaterThan(20);
    const { made: faults } = server.faults;
    expect(faults.some(({ fault }) => fault.kind === 'gone' && fault.as === 'status')).toBe(true);
    const pauses = lists(all).flatMap((at, index, ats) => (index === 0 ? [] : [at - (ats[index - 1] ?? 0)]));
    expect(pauses.length).toBeGreaterThan(25);
    expect(Math.min(...pauses)).toBeGreaterThanOrEqual(10_000);
  });
});

describe('D-23: a watch that is connected and silent, with bookmarks withheld', () => {
  it('notices within 2 min, and the copy is right again', async () => {
    await using all = await fixture();
    makePod(all, 'before');
    const heal = all.server.faults.add({ verbs: ['watch'], fault: { kind: 'silent' } });
    await all.clock.settle();
    expect(all.names()).toEqual(['before']);
    const silentSince = all.clock.now();
    makePod(all, 'unheard');
    vanish(all, 'before');
    expect(await all.clock.runUntil(() => all.told.includes('+unheard'), { limitMs: 600_000 })).toBe(true);
    expect(all.clock.now() - silentSince).toBeLessThanOrEqual(120_000);
    expect(all.told).toContain('=before');
    expect(all.reflected.metrics.deadWatches).toBe(1);
    // The rest of the ten minutes: still silent, still noticed each time, never a storm.
    makePod(all, 'unheard-too');
    await all.clock.run(600_000);
    expect(all.names()).toEqual(['unheard', 'unheard-too']);
    expect(all.reflected.metrics.lists).toBeLessThanOrEqual(3);
    heal();
    await all.clock.run(100_000);
    makePod(all, 'heard');
    await all.clock.settle();
    expect(all.told).toContain('+heard');
  });

  it('ends a watch after 90 s without anything, and watches again without a LIST when nothing has happened', async () => {
    await using all = await fixture();
    all.server.faults.add({ verbs: ['watch'], fault: { kind: 'no-bookmarks' } });
    await all.clock.run(600_000);
    expect(all.reflected.metrics).toMatchObject({ lists: 1, deadWatches: 0, silences: 6 });
  });

  it('notices too while the LIST that would tell is not answered', async () => {
    await using all = await fixture();
    await all.clock.settle();
    all.server.faults.add({ verbs: ['watch'], fault: { kind: 'silent' } });
    const heal = all.server.faults.add({ verbs: ['list'], fault: { kind: 'hang', when: 'before' } });
    await all.clock.run(400_000);
    expect(all.reflected.metrics.silences).toBeGreaterThanOrEqual(1);
    heal();
    makePod(all, 'later');
    expect(await all.clock.runUntil(() => all.told.includes('+later'), { limitMs: 240_000 })).toBe(true);
  });
});

describe('D-24: LIST from an old snapshot', () => {
  it('does not take it over: nothing counts as deleted, and it is asked again', async () => {
    await using all = await fixture();
    await all.clock.settle();
    const old = all.server.store.version;
    for (const name of ['a', 'b', 'c']) makePod(all, name);
    await all.clock.run(1_000);
    all.told.length = 0;
    const heal = all.server.faults.add({ verbs: ['list'], fault: { kind: 'old-snapshot', version: old } });
    all.server.faults.add({ verbs: ['watch'], times: 1, fault: { kind: 'gone', as: 'status' } });
    // The next watch is told that it is too old, and then LIST is five minutes behind.
    await all.clock.run(300_000 + 320_000);
    expect(all.reflected.metrics.oldLists).toBeGreaterThan(1);
    expect(all.told).toEqual([]);
    expect(all.names()).toEqual(['a', 'b', 'c']);
    heal();
    vanish(all, 'b');
    await all.clock.run(150_000);
    expect(all.told).toEqual(['=b']);
  });

  it('takes it over when it stays so: then a backup was restored', async () => {
    await using all = await fixture();
    await all.clock.settle();
    const old = all.server.store.version;
    makePod(all, 'a');
    await all.clock.run(1_000);
    all.server.faults.add({ verbs: ['list'], fault: { kind: 'old-snapshot', version: old } });
    all.server.faults.add({ verbs: ['watch'], times: 1, fault: { kind: 'gone', as: 'status' } });
    await all.clock.run(320_000 + 600_000 + 300_000);
    expect(all.told).toContain('=a');
  });
});
