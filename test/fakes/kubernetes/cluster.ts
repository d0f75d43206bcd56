/**
 * Plays what stands behind an API server: job controller, scheduler, kubelets, garbage collector. How each pod fares is
 * the plan of a test; what happens to nodes and pods from outside is done by hand.
 */
import type { Clock } from '#control/dispatch/clock.ts';
import type { Job, KubeNode, KubeObject, Pod } from '#control/dispatch/executors/kubernetes-objects.ts';
import { disruptions } from './disruptions.ts';
import type { Disruptions } from './disruptions.ts';
import { JobController } from './job-controller.ts';
import { Kubelets } from './kubelet.ts';
import type { ObjectStore } from './object-store.ts';

/** How a process in a pod ends. */
export interface PodEnd {
  readonly exitCode: number;
  /** Of the container: `OOMKilled`, `StartError`; `Completed` or `Error` without it. */
  readonly reason?: string;
  /** What it wrote as its termination message. */
  readonly message?: string;
}

/** A pod whose container runs, for whoever plays the runner in it. */
export interface RunningPod {
  readonly pod: Pod;
  /** Of its container; names from the downward API are filled in. */
  readonly env: Readonly<Record<string, string>>;
  /** What its volumes hold from secrets. */
  readonly secrets: Readonly<Record<string, string>>;
  /** SIGTERM. */
  readonly stop: AbortSignal;
  /** SIGKILL: nothing that it does counts any more. */
  readonly killed: AbortSignal;
  print(text: string): void;
}

/** How a pod fares; without any of it, it starts at once and ends with 0. */
export interface PodPlan {
  /** Never gets a node, and this is why. */
  readonly unschedulable?: string;
  /** The container never starts: the reason that the kubelet gives, and its message. */
  readonly waiting?: { readonly reason: string; readonly message?: string };
  readonly startAfterMs?: number;
  /** Ends by itself after so long. */
  readonly endAfterMs?: number | 'never';
  readonly end?: PodEnd;
  /** Instead of an end after a while: a process of the test. */
  readonly run?: (running: RunningPod) => Promise<PodEnd>;
  /** Does not react to SIGTERM. */
  readonly ignoresStop?: boolean;
}

export interface ClusterOptions {
  readonly nodes?: readonly string[];
  /** For each pod, when it is made; also for second pods of one job. */
  readonly plan?: (pod: Pod, job: Job) => PodPlan;
  /** False: pods are made by hand, with `secondPod`. */
  readonly hasJobController?: boolean;
}

export interface FakeCluster extends Disruptions {
  /** Ends the process of a running pod. */
  finish(podName: string, end: PodEnd): void;
  /** One more pod for a job, as the controller is known to make at times; its name. */
  secondPod(jobName: string): string;
  podsOf(jobName: string): readonly Pod[];
  log(key: string, tailLines: number): string;
  end(): void;
}

/** What the parts of a cluster share. */
export interface World {
  readonly store: ObjectStore;
  readonly plan: (pod: Pod, job: Job) => PodPlan;
  /** Called off when the world ends. */
  after(ms: number, run: () => void): () => void;
  updatePod(key: string, change: (pod: Pod) => void): void;
}

export function fakeCluster(store: ObjectStore, clock: Clock, options: ClusterOptions): FakeCluster {
  const timers = new Set<() => void>();
  let hasEnded = false;
  const world: World = {
    store,
    plan: options.plan ?? (() => ({})),
    after(ms, run) {
      if (hasEnded) return () => {};
      const callOff = clock.after(ms, () => {
        timers.delete(callOff);
        run();
      });
      timers.add(callOff);
      return callOff;
    },
    updatePod: (key, change) => void store.update('pods', key, change),
  };
  for (const name of options.nodes ?? ['node-1']) addNode(store, name);
  const jobs = new JobController(world);
  const kubelets = new Kubelets(world);
  store.listen(({ resource, key, before, after }) => {
    if (hasEnded) return;
    if (resource === 'jobs' && before === undefined && options.hasJobController !== false) jobs.created(key);
    if (resource === 'jobs' && after === undefined) jobs.gone(before);
    if (resource === 'pods') {
      // Changes of pods are about pods.
      kubelets.changed(key, before as Pod | undefined, after as Pod | undefined);
      jobs.podChanged(key, after as Pod | undefined);
    }
  });
  const keyOfPod = (name: string): string => {
    const found = [...store.of('pods')].find(([, pod]) => pod.metadata.name === name);
    if (found === undefined) throw new Error(`there is no pod ${name}`);
    return found[0];
  };
  return {
    ...disruptions(world, kubelets, keyOfPod),
    finish: (name, end) => kubelets.end(keyOfPod(name), end),
    secondPod(jobName) {
      const found = [...store.of('jobs')].find(([, job]) => job.metadata.name === jobName);
      if (found === undefined) throw new Error(`there is no job ${jobName}`);
      return jobs.makePod(found[0]);
    },
    podsOf: (jobName) =>
      [...store.of('pods').values()].filter(({ metadata }) => metadata.labels?.['job-name'] === jobName),
    log: (key, tailLines) => kubelets.log(key, tailLines),
    end() {
      hasEnded = true;
      for (const callOff of timers) callOff();
      kubelets.abandon();
    },
  };
}

function addNode(store: ObjectStore, name: string): KubeObject {
  const node: Omit<KubeNode, 'apiVersion'> = {
    metadata: { name },
    status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] },
  };
  return store.create('nodes', name, node);
}
