import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { kubernetesClient } from '#control/dispatch/executors/kubernetes-client.ts';
import type { Asked, KubernetesClient } from '#control/dispatch/executors/kubernetes-client.ts';
import { paths } from '#control/dispatch/executors/kubernetes-objects.ts';
import type { KubeList, KubeObject } from '#control/dispatch/executors/kubernetes-objects.ts';
import { bootstrapSecret, jobManifest } from '#control/dispatch/executors/job-manifest.ts';
import { attemptSpec } from '#test/kit/executor-conformance.ts';
import { jobProfile } from '#test/kit/kubernetes-bench.ts';
import { virtualClock } from '#test/kit/virtual-clock.ts';
import type { VirtualClock } from '#test/kit/virtual-clock.ts';
import { fakeKubernetes } from './api-server.ts';
import type { FakeKubernetes, FakeKubernetesOptions } from './api-server.ts';
import type { RunningPod } from './cluster.ts';
import { labelSelector } from './selectors.ts';

const jobs = paths.jobs('ropeway');
const pods = paths.pods('ropeway');

interface Fixture extends AsyncDisposable {
  readonly server: FakeKubernetes;
  readonly client: KubernetesClient;
  readonly clock: VirtualClock;
  /** Makes the Job of an attempt with its Secret; its name. */
  launch(): Promise<string>;
}

async function fixture(options: FakeKubernetesOptions = {}): Promise<Fixture> {
  const clock: VirtualClock = virtualClock(() => client.inFlight > server.held);
  const server = await fakeKubernetes({ clock, ...options });
  const client = kubernetesClient({ access: server.access, clock });
  return {
    server,
    client,
    clock,
    async launch() {
      const spec = attemptSpec();
      await client.ask('POST', paths.secrets('ropeway'), { body: bootstrapSecret(spec, jobProfile) });
      await client.ask('POST', jobs, { body: jobManifest(spec, jobProfile) });
      return spec.name;
    },
    async [Symbol.asyncDispose]() {
      await client[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const status = (asked: Asked): number => (asked.kind === 'answered' ? asked.status : 0);
// What is asked here answers objects and lists.
const objectOf = (asked: Asked): KubeObject => (asked.kind === 'answered' ? asked.body : undefined) as KubeObject;
const listOf = (asked: Asked): KubeList<KubeObject> =>
  (asked.kind === 'answered' ? asked.body : undefined) as KubeList<KubeObject>;

describe('fakeKubernetes(): objects', () => {
  it('creates a name once, and says 404, 405, 409 and 422 where the API does', async () => {
    await using all = await fixture();
    const { client } = all;
    const name = await all.launch();
    const { metadata } = objectOf(await client.ask('GET', `${jobs}/${name}`));
    expect(metadata).toMatchObject({ name, namespace: 'ropeway', resourceVersion: expect.stringMatching(/^\d+$/) });
    expect(status(await client.ask('POST', jobs, { body: { metadata: { name }, spec: { template: {} } } }))).toBe(409);
    expect(status(await client.ask('POST', jobs, { body: { metadata: { name: 'A_B' }, spec: {} } }))).toBe(422);
    expect(status(await client.ask('POST', jobs, { body: { metadata: { name: 'x' }, spec: {} } }))).toBe(422);
    expect(status(await client.ask('POST', paths.jobs('other'), { body: { metadata: { name: 'x' } } }))).toBe(404);
    expect(status(await client.ask('GET', `${jobs}/other`))).toBe(404);
    expect(status(await client.ask('PUT', `${jobs}/${name}`, { body: {} }))).toBe(405);
  });

  it('shows one state on all pages, and 410 when that is forgotten', async () => {
    await using all = await fixture({ nodes: [], hasJobController: false });
    const { client, server } = all;
    const names = [await all.launch(), await all.launch(), await all.launch()].sort();
    const first = listOf(await client.ask('GET', jobs, { query: { limit: 2 } }));
    expect(first.metadata).toMatchObject({ remainingItemCount: 1 });
    server.store.vanish('jobs', `ropeway/${names[2]}`);
    await all.launch();
    const query = { limit: 2, continue: first.metadata.continue };
    const second = listOf(await client.ask('GET', jobs, { query }));
    expect(second.metadata).toEqual({ resourceVersion: first.metadata.resourceVersion });
    expect([...first.items, ...second.items].map(({ metadata }) => metadata.name)).toEqual(names);
    server.store.compact();
    expect(status(await client.ask('GET', jobs, { query }))).toBe(410);
  });

  it('deletes only the object of that uid', async () => {
    await using all = await fixture();
    const name = await all.launch();
    const body = { preconditions: { uid: 'another' } };
    expect(status(await all.client.ask('DELETE', `${jobs}/${name}`, { body }))).toBe(409);
    expect(status(await all.client.ask('DELETE', `${jobs}/${name}`))).toBe(200);
    expect(status(await all.client.ask('DELETE', `${jobs}/${name}`))).toBe(404);
  });

  it('keeps what has a finalizer until that is taken away', async () => {
    await using all = await fixture();
    const path = `${jobs}/${await all.launch()}`;
    const finalizing = (finalizers: readonly string[]): Promise<Asked> =>
      all.client.ask('PATCH', path, { body: { metadata: { finalizers } } });
    await finalizing(['a/b']);
    expect(status(await all.client.ask('DELETE', path))).toBe(202);
    expect(objectOf(await all.client.ask('GET', path)).metadata.deletionTimestamp).toBeDefined();
    await finalizing([]);
    expect(status(await all.client.ask('GET', path))).toBe(404);
  });

  it.each([
    ['Background', { jobsAtOnce: 0, podsLater: 0 }],
    ['Foreground', { jobsAtOnce: 1, podsLater: 0 }],
    ['Orphan', { jobsAtOnce: 0, podsLater: 1 }],
  ] as const)('propagates a deletion: %s', async (propagationPolicy, { jobsAtOnce, podsLater }) => {
    await using all = await fixture({ plan: () => ({ endAfterMs: 'never' }) });
    const name = await all.launch();
    await all.clock.run(10);
    await all.client.ask('DELETE', `${jobs}/${name}`, { body: { propagationPolicy } });
    expect(listOf(await all.client.ask('GET', jobs)).items).toHaveLength(jobsAtOnce);
    expect(listOf(await all.client.ask('GET', pods)).items).toHaveLength(1);
    await all.clock.run(120_000);
    expect(listOf(await all.client.ask('GET', jobs)).items).toHaveLength(0);
    expect(listOf(await all.client.ask('GET', pods)).items).toHaveLength(podsLater);
  });
});

describe('fakeKubernetes(): cluster', () => {
  it('lets a test be the runner in each pod, with what a container is given', async () => {
    const pods: RunningPod[] = [];
    await using all = await fixture({
      plan: () => ({
        async run(running) {
          pods.push(running);
          running.print('one\ntwo\n');
          await new Promise((done) => running.stop.addEventListener('abort', done, { once: true }));
          return { exitCode: 143, message: 'stopped' };
        },
      }),
    });
    const name = await all.launch();
    await all.clock.run(10);
    const [running] = pods;
    expect(running?.env).toMatchObject({ ROPEWAY_ATTEMPT_NO: '1', ROPEWAY_PROCESS_UID: running?.pod.metadata.uid });
    expect(running?.secrets['token']).toMatch(/^canary/);
    const log = await all.client.stream(`${paths.pods('ropeway')}/${running?.pod.metadata.name}/log`, {
      query: { tailLines: 1 },
      signal: new AbortController().signal,
    });
    const text = log.kind === 'streaming' ? Buffer.concat(await Array.fromAsync(log.body)).toString() : '';
    expect(text).toBe('two\n');
    await all.client.ask('DELETE', `${jobs}/${name}`);
    await all.clock.run(10);
    expect(all.server.store.of('pods').size).toBe(0);
  });

  it('ends what ignores SIGTERM when its grace is over, and takes a finished Job away after its time', async () => {
    await using all = await fixture({ plan: () => ({ endAfterMs: 'never', ignoresStop: true }) });
    await all.launch();
    await all.clock.run(10);
    const [pod] = [...all.server.store.of('pods').values()];
    await all.client.ask('DELETE', `${pods}/${pod?.metadata.name}`, { body: { gracePeriodSeconds: 30 } });
    await all.clock.run(29_000);
    expect(all.server.store.of('pods').size).toBe(1);
    await all.clock.run(2_000);
    expect(all.server.store.of('pods').size).toBe(0);
    const [job] = [...all.server.store.of('jobs').values()];
    expect(job?.status?.conditions).toMatchObject([{ type: 'Failed' }]);
    await all.clock.run(86_400_000);
    expect(all.server.store.of('jobs').size).toBe(0);
  });

  it('fails a Job at its deadline', async () => {
    await using all = await fixture({ plan: () => ({ unschedulable: '0/1 nodes are available' }) });
    await all.launch();
    await all.clock.run(3_725_000);
    const [job] = [...all.server.store.of('jobs').values()];
    expect(job?.status?.conditions).toMatchObject([{ type: 'Failed', reason: 'DeadlineExceeded' }]);
    expect(all.server.store.of('pods').size).toBe(0);
  });
});

describe('fakeKubernetes(): faults', () => {
  it('draws the same faults from the same seed', async () => {
    const run = async (seed: number): Promise<string> => {
      await using all = await fixture({ seed });
      all.server.faults.add({ share: 0.3, fault: { kind: 'answer', status: 503 } });
      const statuses: number[] = [];
      for (let no = 0; no < 30; no += 1) statuses.push(status(await all.client.ask('GET', jobs)));
      expect(all.server.faults.made).toHaveLength(statuses.filter((each) => each === 503).length);
      return statuses.join(' ');
    };
    const first = await run(7);
    expect(await run(7)).toBe(first);
    expect(await run(8)).not.toBe(first);
  });

  it('writes down what was done, whatever was answered', async () => {
    await using all = await fixture();
    const rule = { verbs: ['create'], resources: ['jobs'], times: 1 } as const;
    all.server.faults.add({ ...rule, fault: { kind: 'reset', when: 'before' } });
    const [before, after] = [attemptSpec(), attemptSpec()].map((spec) => jobManifest(spec, jobProfile));
    await all.client.ask('POST', jobs, { body: before });
    all.server.faults.add({ ...rule, fault: { kind: 'reset', when: 'after' } });
    await all.client.ask('POST', jobs, { body: after });
    expect(all.server.audit.map(({ name, isDone, status: answered }) => [name, isDone, answered])).toEqual([
      [before?.metadata.name, false, 0],
      [after?.metadata.name, true, 0],
    ]);
  });

  it('holds answers back for as long as the clock says', async () => {
    await using all = await fixture();
    all.server.faults.add({ fault: { kind: 'latency', ms: 5_000 } });
    const asking = all.client.ask('GET', jobs);
    while (all.server.held === 0) await turn();
    await all.clock.run(4_000);
    expect(all.client.inFlight).toBe(1);
    await all.clock.run(2_000);
    expect(status(await asking)).toBe(200);
  });
});

describe('labelSelector()', () => {
  const labels = { a: '1', b: '2' };
  it.each([
    ['', true],
    ['a=1', true],
    ['a==1,b=2', true],
    ['a=2', false],
    ['a!=2', true],
    ['c!=2', true],
    ['a', true],
    ['c', false],
    ['!c', true],
    ['a in (1, 3),b', true],
    ['a in (2,3)', false],
    ['a notin (2,3)', true],
    ['a=1,c', false],
  ])('%s', (text, matches) => expect(labelSelector(text)(labels)).toBe(matches));
});
