/** The Kubernetes executor over a fake API server, for the rules of all executors and for its own tests. */
import { expect } from 'vitest';
import { labels } from '#control/dispatch/executors/job-manifest.ts';
import type { JobProfile } from '#control/dispatch/executors/job-manifest.ts';
import { kubernetesExecutor } from '#control/dispatch/executors/kubernetes.ts';
import type { KubernetesExecutor } from '#control/dispatch/executors/kubernetes.ts';
import { fakeKubernetes } from '#test/fakes/kubernetes/api-server.ts';
import type { FakeKubernetes } from '#test/fakes/kubernetes/api-server.ts';
import type { PodEnd, RunningPod } from '#test/fakes/kubernetes/cluster.ts';
import { installationId } from './executor-conformance.ts';
import type { Behaviour, ExecutorBench } from './executor-conformance.ts';
import { until } from './until.ts';

const signal = new AbortController().signal;

export const jobProfile: JobProfile = {
  namespace: 'ropeway',
  imageRepository: 'registry.example.com/ropeway',
  serviceAccount: 'ropeway-runner',
  scratchMb: 2048,
  userId: 10_001,
  pendingS: 1_800,
  hasCpuLimit: false,
};

export interface KubernetesBench extends ExecutorBench {
  readonly executor: KubernetesExecutor;
  readonly server: FakeKubernetes;
}

export async function kubernetesBench(): Promise<KubernetesBench> {
  const behaviours = new Map<string, Behaviour>();
  const started = new Map<string, number>();
  const server = await fakeKubernetes({
    plan: () => ({
      run(running) {
        const name = running.pod.metadata.labels?.[labels.name] ?? '';
        started.set(name, (started.get(name) ?? 0) + 1);
        return behave(running, behaviours.get(name));
      },
    }),
  });
  const ends: (() => Promise<void>)[] = [];
  const make = async (): Promise<KubernetesExecutor> => {
    const executor = kubernetesExecutor({
      access: server.access,
      installationId,
      profile: jobProfile,
      limits: { cpuMillisMax: 4_000, memoryMbMax: 16_384 },
    });
    const ending = new AbortController();
    const observing = executor.observe(() => {}, ending.signal);
    ends.push(async () => {
      ending.abort();
      await observing;
      await executor[Symbol.asyncDispose]();
    });
    // What it has not begun to watch it cannot have the last words of.
    const { pods } = executor.metrics;
    await until('the pods are watched', () => Promise.resolve(pods.watches > 0 || undefined));
    return executor;
  };
  const executor = await make();
  return {
    executor,
    server,
    stopTakesAway: true,
    behave: async ({ name }, behaviour) => void behaviours.set(name, behaviour),
    restarted: make,
    starts: async ({ name }) => started.get(name) ?? 0,
    async launchWithLostAnswer(spec) {
      const fault = { kind: 'reset', when: 'after' } as const;
      server.faults.add({ verbs: ['create'], resources: ['jobs'], times: 1, fault });
      await expect(executor.launch(spec, signal)).rejects.toMatchObject({ kind: 'ambiguous' });
    },
    async lose(name) {
      for (const { metadata } of server.cluster.podsOf(name)) server.cluster.loseContainer(metadata.name);
    },
    async intrude(name) {
      const template = { metadata: { labels: {} }, spec: { containers: [{ name: 'other' }] } };
      const spec = { template, ttlSecondsAfterFinished: 60, activeDeadlineSeconds: 60 };
      server.store.create('jobs', `ropeway/${name}`, { metadata: { name, namespace: 'ropeway' }, spec });
    },
    async [Symbol.asyncDispose]() {
      await Promise.all(ends.map((end) => end()));
      await server[Symbol.asyncDispose]();
    },
  };
}

async function behave(running: RunningPod, behaviour: Behaviour | undefined): Promise<PodEnd> {
  if (behaviour?.kind === 'exits') {
    running.print(behaviour.prints ?? '');
    return { exitCode: behaviour.code, ...(behaviour.message === undefined ? {} : { message: behaviour.message }) };
  }
  const { stop, killed } = running;
  const end = behaviour?.kind === 'obeys' ? AbortSignal.any([stop, killed]) : killed;
  if (!end.aborted) await new Promise((done) => end.addEventListener('abort', done, { once: true }));
  return { exitCode: behaviour?.kind === 'obeys' ? behaviour.code : 137 };
}
