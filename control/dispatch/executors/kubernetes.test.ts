import { describe, expect, it } from 'vitest';
import type { FaultRule } from '#test/fakes/kubernetes/faults.ts';
import { fakeKubernetes } from '#test/fakes/kubernetes/api-server.ts';
import type { FakeKubernetes, FakeKubernetesOptions } from '#test/fakes/kubernetes/api-server.ts';
import type { PodPlan } from '#test/fakes/kubernetes/cluster.ts';
import { attemptSpec, conformsAsExecutor, ended, inPhase, installationId } from '#test/kit/executor-conformance.ts';
import { jobProfile, kubernetesBench } from '#test/kit/kubernetes-bench.ts';
import { until } from '#test/kit/until.ts';
import { LaunchError } from './executor.ts';
import type { AttemptSpec, Observed } from './executor.ts';
import { jobManifest } from './job-manifest.ts';
import { kubernetesExecutor } from './kubernetes.ts';
import type { KubernetesExecutor, KubernetesExecutorOptions } from './kubernetes.ts';

const signal = new AbortController().signal;

conformsAsExecutor('kubernetesExecutor()', kubernetesBench);

interface Fixture extends AsyncDisposable {
  readonly server: FakeKubernetes;
  readonly executor: KubernetesExecutor;
  /** What `launch` throws. */
  refusal(spec: AttemptSpec): Promise<LaunchError>;
  posts(resource: string): number;
}

async function fixture(
  options: FakeKubernetesOptions = {},
  more: Partial<KubernetesExecutorOptions> = {},
): Promise<Fixture> {
  const server = await fakeKubernetes({ plan: () => ({ endAfterMs: 'never' }), ...options });
  const executor = kubernetesExecutor({
    access: server.access,
    installationId,
    profile: jobProfile,
    limits: { cpuMillisMax: 4_000, memoryMbMax: 16_384 },
    ...more,
  });
  return {
    server,
    executor,
    async refusal(spec) {
      const error: unknown = await executor.launch(spec, signal).then(
        () => undefined,
        (thrown: unknown) => thrown,
      );
      if (!(error instanceof LaunchError)) throw new Error(`not refused: ${String(error)}`);
      return error;
    },
    posts: (resource) => server.audit.filter((each) => each.verb === 'create' && each.resource === resource).length,
    async [Symbol.asyncDispose]() {
      await executor[Symbol.asyncDispose]();
      await server[Symbol.asyncDispose]();
    },
  };
}

const onJobs = (fault: FaultRule['fault']): FaultRule => ({ verbs: ['create'], resources: ['jobs'], times: 1, fault });

describe('D-25: what has the name already', () => {
  const key = (spec: AttemptSpec): string => `ropeway/${spec.name}`;

  it('ours and equal: adopted, also when it has finished', async () => {
    await using all = await fixture({ plan: () => ({ end: { exitCode: 3 } }) });
    const spec = attemptSpec();
    const { ref } = await all.executor.launch(spec, signal);
    await ended(all.executor, spec.name);
    expect(await all.executor.launch(spec, signal)).toEqual({ ref, adopted: true });
    expect(all.server.cluster.podsOf(spec.name)).toHaveLength(1);
  });

  it('ours of another fence: a clash, and it is left alone', async () => {
    await using all = await fixture();
    const spec = attemptSpec();
    const { ref } = await all.executor.launch(spec, signal);
    expect(await all.refusal({ ...spec, fence: '1' })).toMatchObject({ kind: 'clash', code: 'KUBERNETES_OTHER_FENCE' });
    expect(all.server.store.get('jobs', key(spec))?.metadata).toMatchObject({ uid: ref });
  });

  it('foreign: a clash, also while it is being deleted', async () => {
    await using all = await fixture();
    const spec = attemptSpec();
    const { metadata, ...job } = jobManifest(spec, jobProfile);
    const foreign = { name: spec.name, namespace: 'ropeway', finalizers: ['somebody/else'] };
    all.server.store.create('jobs', key(spec), { ...job, metadata: foreign });
    expect(await all.refusal(spec)).toMatchObject({ kind: 'clash', code: 'KUBERNETES_NAME_CLASH' });
    all.server.store.delete('jobs', key(spec));
    expect(await all.refusal(spec)).toMatchObject({ kind: 'clash', code: 'KUBERNETES_NAME_CLASH' });
    expect(metadata.name).toBe(spec.name);
  });

  it('ours and being deleted: gone, whatever becomes of it', async () => {
    await using all = await fixture();
    const spec = attemptSpec();
    await all.executor.launch(spec, signal);
    all.server.store.update('jobs', key(spec), ({ metadata }) => void (metadata.finalizers = ['somebody/else']));
    all.server.store.delete('jobs', key(spec));
    expect(await all.refusal(spec)).toMatchObject({ kind: 'gone', code: 'KUBERNETES_JOB_GONE' });
    expect(all.posts('jobs')).toBe(2);
  });

  it('there, and gone before it was looked at: gone', async () => {
    await using all = await fixture();
    const spec = attemptSpec();
    await all.executor.launch(spec, signal);
    all.server.faults.add({ verbs: ['get'], times: 1, fault: { kind: 'answer', status: 404 } });
    expect(await all.refusal(spec)).toMatchObject({ kind: 'gone', code: 'KUBERNETES_JOB_GONE' });
  });

  it('there, and not to be looked at: ambiguous', async () => {
    await using all = await fixture();
    const spec = attemptSpec();
    await all.executor.launch(spec, signal);
    all.server.faults.add({ verbs: ['get'], times: 1, fault: { kind: 'answer', status: 503 } });
    expect(await all.refusal(spec)).toMatchObject({ kind: 'ambiguous' });
  });
});

describe('kubernetesExecutor().launch', () => {
  it.each<[string, FaultRule['fault'], Partial<LaunchError>, number]>([
    ['422', { kind: 'answer', status: 422 }, { kind: 'refused', code: 'KUBERNETES_SPEC_INVALID' }, 0],
    ['400', { kind: 'answer', status: 400 }, { kind: 'refused', code: 'KUBERNETES_SPEC_INVALID' }, 0],
    ['403', { kind: 'answer', status: 403 }, { kind: 'unavailable', code: 'KUBERNETES_FORBIDDEN' }, 0],
    ['429', { kind: 'answer', status: 429, retryAfterS: 7 }, { kind: 'throttled', retryAfterMs: 7_000 }, 0],
    ['409 of a quota', { kind: 'answer', status: 409, reason: 'Conflict' }, { kind: 'throttled' }, 0],
    ['500', { kind: 'answer', status: 500 }, { kind: 'ambiguous', code: 'KUBERNETES_UNANSWERED' }, 0],
    [
      '503 with Retry-After',
      { kind: 'answer', status: 503, retryAfterS: 2 },
      { kind: 'ambiguous', retryAfterMs: 2_000 },
      0,
    ],
    ['504', { kind: 'answer', status: 504 }, { kind: 'ambiguous' }, 0],
    ['a reset before it was done', { kind: 'reset', when: 'before' }, { kind: 'ambiguous' }, 0],
    ['a reset after it was done', { kind: 'reset', when: 'after' }, { kind: 'ambiguous' }, 1],
  ])('tells what %s says, and a repetition gives one Job', async (_, fault, error, made) => {
    await using all = await fixture();
    const spec = attemptSpec();
    all.server.faults.add(onJobs(fault));
    expect(await all.refusal(spec)).toMatchObject(error);
    expect(all.server.store.of('jobs').size).toBe(made);
    expect(await all.executor.launch(spec, signal)).toMatchObject({ adopted: made === 1 });
    expect(all.server.store.of('jobs').size).toBe(1);
  });

  it('makes no Job while its Secret is not there', async () => {
    await using all = await fixture();
    all.server.faults.add({ verbs: ['create'], resources: ['secrets'], fault: { kind: 'answer', status: 503 } });
    expect(await all.refusal(attemptSpec())).toMatchObject({ kind: 'ambiguous' });
    expect(all.posts('jobs')).toBe(0);
  });

  it('knows that nothing was made when nobody listens', async () => {
    await using all = await fixture();
    await all.server.goAway();
    expect(await all.refusal(attemptSpec())).toMatchObject({ kind: 'unavailable', code: 'KUBERNETES_UNREACHABLE' });
  });

  it('knows that it may have been made when it was given up in the middle', async () => {
    await using all = await fixture();
    const spec = attemptSpec();
    all.server.faults.add(onJobs({ kind: 'hang', when: 'after' }));
    const giving = new AbortController();
    const launching = all.executor.launch(spec, giving.signal);
    launching.catch(() => {});
    await until('it is made', () => Promise.resolve(all.server.held > 0 || undefined));
    giving.abort();
    await expect(launching).rejects.toMatchObject({ kind: 'ambiguous' });
    expect(await all.executor.launch(spec, signal)).toMatchObject({ adopted: true });
  });

  it('waits for a quota, about half a minute', async () => {
    await using all = await fixture();
    const quota = { metadata: { name: 'q', namespace: 'ropeway' }, spec: { hard: { 'count/jobs.batch': 1 } } };
    all.server.store.create('resourcequotas', 'ropeway/q', quota);
    const spec = attemptSpec();
    await all.executor.launch(spec, signal);
    const error = await all.refusal(attemptSpec());
    expect(error).toMatchObject({ kind: 'throttled', code: 'KUBERNETES_QUOTA' });
    expect(error.retryAfterMs).toBeGreaterThanOrEqual(24_000);
    expect(error.retryAfterMs).toBeLessThanOrEqual(36_000);
    // What is there already is not asked of the quota.
    expect(await all.executor.launch(spec, signal)).toMatchObject({ adopted: true });
  });

  it('refuses without a namespace, and makes it once when it may', async () => {
    await using all = await fixture({ namespaces: [] });
    expect(await all.refusal(attemptSpec())).toMatchObject({ kind: 'refused', code: 'KUBERNETES_NAMESPACE_MISSING' });
    await using making = await fixture({ namespaces: [] }, { mayMakeNamespace: true });
    expect(await making.executor.launch(attemptSpec(), signal)).toMatchObject({ adopted: false });
    expect(making.posts('namespaces')).toBe(1);
  });

  it('reads its credentials again after a 401, once', async () => {
    const tokens = new Set(['new']);
    let opened = 0;
    await using all = await fixture(
      { tokens },
      {
        access: async () => {
          opened += 1;
          const token = opened === 1 ? 'old' : 'new';
          return { ...(await all.server.access()), headers: async () => ({ authorization: `Bearer ${token}` }) };
        },
      },
    );
    await all.executor.launch(attemptSpec(), signal);
    expect(opened).toBe(2);
    tokens.clear();
    expect(await all.refusal(attemptSpec())).toMatchObject({ kind: 'unavailable', code: 'KUBERNETES_UNAUTHORIZED' });
    expect(opened).toBe(3);
  });

  it('launches without the rights that only make it tidier: to patch Secrets, to read nodes', async () => {
    const isForbidden = (verb: string, resource: string): boolean => verb === 'patch' || resource === 'nodes';
    await using all = await fixture({ isForbidden });
    const spec = attemptSpec();
    const { ref } = await all.executor.launch(spec, signal);
    await inPhase(all.executor, spec.name, 'running');
    await all.executor.stop(spec.name, ref, { graceMs: 1_000 });
    await until('it is gone', async () => (await all.executor.get(spec.name)) === 'absent' || undefined);
    await all.executor.remove(spec.name, ref);
    expect(all.server.store.of('secrets').size).toBe(0);
  });
});

describe('D-43: what befalls a pod, as the executor sees it', () => {
  type Cluster = FakeKubernetes['cluster'];
  it.each<[string, PodPlan, (cluster: Cluster, pod: string) => void, Partial<Observed>]>([
    ['an image that is missing', { waiting: { reason: 'ErrImagePull' } }, () => {}, { reason: 'image' }],
    ['a config error', { waiting: { reason: 'CreateContainerConfigError' } }, () => {}, { reason: 'launch_config' }],
    ['no room', { unschedulable: '0/1 nodes' }, () => {}, { phase: 'pending', reason: 'unschedulable' }],
    ['OOM', { end: { exitCode: 137, reason: 'OOMKilled' } }, () => {}, { phase: 'ended', reason: 'oom' }],
    [
      'node pressure',
      { endAfterMs: 'never' },
      (cluster, pod) => cluster.evict(pod, 'The node was low on resource: memory.'),
      { phase: 'ended', reason: 'evicted', detail: { isOwnLimit: false } },
    ],
    [
      'its own storage limit',
      { endAfterMs: 'never' },
      (cluster, pod) => cluster.evictForOwnLimit(pod, 'Usage of EmptyDir volume "scratch" exceeds the limit "2Gi". '),
      { phase: 'ended', reason: 'evicted', detail: { isOwnLimit: true } },
    ],
    ...(['EvictionByEvictionAPI', 'PreemptionByScheduler', 'DeletionByTaintManager'] as const).map(
      (reason): [string, PodPlan, (cluster: Cluster, pod: string) => void, Partial<Observed>] => [
        reason,
        { endAfterMs: 'never' },
        (cluster, pod) => cluster.disrupt(pod, reason),
        { phase: 'ended', reason: 'disrupted', exitCode: 143, detail: { disruption: reason } },
      ],
    ),
  ])('%s', async (_, plan, befall, seen) => {
    await using all = await fixture({ plan: () => plan });
    const spec = attemptSpec();
    // The pod of a disruption is soon gone: what is left of it are its last words.
    const watching = new AbortController();
    const observing = all.executor.observe(() => {}, watching.signal);
    const { pods } = all.executor.metrics;
    await until('the pods are watched', () => Promise.resolve(pods.watches > 0 || undefined));
    await all.executor.launch(spec, signal);
    if (plan.endAfterMs === 'never') {
      await inPhase(all.executor, spec.name, 'running');
      befall(all.server.cluster, all.server.cluster.podsOf(spec.name)[0]?.metadata.name ?? '');
    }
    const { detail = {}, ...rest } = seen;
    const observed = await until('it is seen', async () => {
      const found = await all.executor.get(spec.name);
      return found !== 'absent' && found.reason === rest.reason ? found : undefined;
    });
    expect(observed).toMatchObject(rest);
    expect(observed.detail).toMatchObject(detail);
    watching.abort();
    await observing;
  });

  it('D-47: the Job is deleted by hand: what its pod said is still known, and nothing is made up without it', async () => {
    await using all = await fixture();
    const watching = new AbortController();
    const observing = all.executor.observe(() => {}, watching.signal);
    const { pods } = all.executor.metrics;
    await until('the pods are watched', () => Promise.resolve(pods.watches > 0 || undefined));
    const [told, untold] = [attemptSpec(), attemptSpec()];
    for (const spec of [told, untold]) {
      await all.executor.launch(spec, signal);
      await inPhase(all.executor, spec.name, 'running');
    }
    const podOf = (spec: AttemptSpec): string => all.server.cluster.podsOf(spec.name)[0]?.metadata.name ?? '';
    all.server.cluster.finish(podOf(told), { exitCode: 3, message: '{"why":1}' });
    await until('it is told', async () => {
      const observed = await all.executor.get(told.name);
      return (observed !== 'absent' && observed.phase === 'ended') || undefined;
    });
    all.server.cluster.forceDelete(podOf(untold));
    for (const { name } of [told, untold]) all.server.store.delete('jobs', `ropeway/${name}`);
    await until('all is gone', () => Promise.resolve(all.server.store.of('pods').size === 0 || undefined));
    expect(await all.executor.get(told.name)).toMatchObject({ exitCode: 3, terminationMessage: '{"why":1}' });
    expect(await all.executor.get(untold.name)).toBe('absent');
    watching.abort();
    await observing;
  });
});

describe('D-20: an API server that refuses 20 % of the calls and loses another 5 % of the answers', () => {
  it.each([1, 2, 3])('gives one Job per attempt to whoever repeats, seed %i', async (seed) => {
    await using all = await fixture({ seed });
    const { faults } = all.server;
    for (const [share, fault] of [
      [0.05, { kind: 'answer', status: 429, retryAfterS: 1 }],
      [0.05, { kind: 'answer', status: 500 }],
      [0.05, { kind: 'answer', status: 503 }],
      [0.05, { kind: 'reset', when: 'before' }],
      [0.05, { kind: 'reset', when: 'after' }],
    ] as const) {
      faults.add({ verbs: ['create', 'get', 'patch', 'delete'], share, fault });
    }
    const specs = Array.from({ length: 60 }, () => attemptSpec());
    const kinds = new Set<string>();
    const launched: { ref: string; adopted: boolean }[] = [];
    // One after the other: then the same seed gives the same faults.
    for (const spec of specs) {
      const launch = (): ReturnType<typeof all.executor.launch> => all.executor.launch(spec, signal);
      launched.push(
        await until('it is launched', () =>
          launch().catch((error: unknown) => {
            if (!(error instanceof LaunchError)) throw error;
            kinds.add(error.kind);
            return undefined;
          }),
        ),
      );
    }
    expect([...kinds].sort()).toEqual(['ambiguous', 'throttled']);
    expect(launched.some(({ adopted }) => adopted)).toBe(true);
    const made = all.server.audit.filter(
      ({ verb, resource, isDone }) => verb === 'create' && resource === 'jobs' && isDone,
    );
    expect(made.map(({ name }) => name ?? '').sort()).toEqual(specs.map(({ name }) => name).sort());
    faults.clear();
    const seen: string[] = [];
    for await (const { name, ref } of all.executor.list()) seen.push(`${name} ${ref}`);
    expect(seen.sort()).toEqual(specs.map(({ name }, index) => `${name} ${launched[index]?.ref}`).sort());
  });
});

describe('kubernetesExecutor()', () => {
  it('hands the token over in a Secret that goes with the claim', async () => {
    await using all = await fixture();
    const spec = attemptSpec();
    const { ref } = await all.executor.launch(spec, signal);
    const secret = all.server.store.get('secrets', `ropeway/${spec.name}-b`);
    expect(secret).toMatchObject({ stringData: { token: spec.bootstrapToken } });
    expect(secret?.metadata.ownerReferences).toMatchObject([{ kind: 'Job', uid: ref }]);
    await all.executor.claimed?.(spec.name);
    await all.executor.claimed?.(spec.name);
    expect(all.server.store.of('secrets').size).toBe(0);
  });

  it('reads no Secret, and lists none', async () => {
    await using all = await fixture();
    const spec = attemptSpec();
    const { ref } = await all.executor.launch(spec, signal);
    await all.executor.launch(spec, signal);
    await all.executor.remove(spec.name, ref);
    const verbs = all.server.audit.filter(({ resource }) => resource === 'secrets').map(({ verb }) => verb);
    expect(new Set(verbs)).toEqual(new Set(['create', 'patch', 'delete']));
  });

  it('cannot say that something is absent when it was not told so', async () => {
    await using all = await fixture();
    for (const fault of [
      { kind: 'answer', status: 500 },
      { kind: 'answer', status: 403 },
      { kind: 'answer', status: 429 },
      { kind: 'reset', when: 'before' },
    ] as const) {
      const heal = all.server.faults.add({ verbs: ['list'], resources: ['pods'], fault });
      await expect(all.executor.get('r-x-a1')).rejects.toMatchObject({ kind: 'connector' });
      heal();
    }
    expect(await all.executor.get('r-x-a1')).toBe('absent');
  });

  it('follows the pod that claimed, though the controller made a second one', async () => {
    await using all = await fixture();
    const spec = attemptSpec();
    await all.executor.launch(spec, signal);
    const { processUid } = await inPhase(all.executor, spec.name, 'running');
    const second = all.server.cluster.secondPod(spec.name);
    await until('both run', async () => {
      const phases = all.server.cluster.podsOf(spec.name).map(({ status }) => status?.phase);
      return phases.every((phase) => phase === 'Running') || undefined;
    });
    all.server.cluster.finish(second, { exitCode: 0 });
    expect(await all.executor.get(spec.name, processUid)).toMatchObject({ phase: 'running', processUid });
  });

  it('sees a node that is lost, and does not take its pod for ended when the object is collected', async () => {
    await using all = await fixture();
    const spec = attemptSpec();
    await all.executor.launch(spec, signal);
    await inPhase(all.executor, spec.name, 'running');
    all.server.cluster.loseNode('node-1');
    expect(await all.executor.get(spec.name)).toMatchObject({ phase: 'running', reason: 'node_lost' });
    all.server.cluster.removeNode('node-1');
    await until('the pod is gone', () => Promise.resolve(all.server.store.of('pods').size === 0 || undefined));
    expect(await all.executor.get(spec.name)).toMatchObject({ phase: 'running', reason: 'node_lost' });
  });

  it('hints at an attempt whose node is lost', async () => {
    await using all = await fixture();
    const spec = attemptSpec();
    const watching = new AbortController();
    const heard: string[] = [];
    const observing = all.executor.observe((name) => void heard.push(name), watching.signal);
    await all.executor.launch(spec, signal);
    const { jobs, pods, nodes } = all.executor.metrics;
    const isWatching = (): boolean => [jobs, pods, nodes].every(({ watches }) => watches > 0);
    await until('all is watched', () => Promise.resolve((isWatching() && heard.length > 2) || undefined));
    await inPhase(all.executor, spec.name, 'running');
    await until('it is told', () => Promise.resolve(pods.events + pods.cacheSize >= 2 || undefined));
    heard.length = 0;
    all.server.cluster.loseNode('node-1');
    await until('it is told', () => Promise.resolve(heard.includes(spec.name) || undefined));
    watching.abort();
    await observing;
  });

  it('is told of each answer, for a breaker', async () => {
    const told: string[] = [];
    await using all = await fixture({}, { heard: (asked) => void told.push(asked.kind) });
    await all.executor.get('r-x-a1');
    await all.server.goAway();
    await expect(all.executor.get('r-x-a1')).rejects.toMatchObject({ code: 'KUBERNETES_UNREACHABLE' });
    expect(told.slice(0, 2)).toEqual(['answered', 'answered']);
    expect(told.slice(2)).not.toContain('answered');
  });
});
