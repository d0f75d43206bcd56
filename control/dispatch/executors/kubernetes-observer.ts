/** Copies of the Jobs, pods and nodes of a cluster: hints about attempts, and the last words of pods that are gone. */
import type { Clock } from '#control/dispatch/clock.ts';
import { labels } from './job-manifest.ts';
import type { KubernetesClient } from './kubernetes-client.ts';
import { paths } from './kubernetes-objects.ts';
import type { Job, KubeNode, Pod } from './kubernetes-objects.ts';
import { attemptNameOf } from './pod-status.ts';
import { reflector } from './reflector.ts';
import type { ReflectorMetrics } from './reflector.ts';

/** Attempts whose last words are kept; each has about 6 KB at most. */
const LAST_WORDS_MAX = 4_000;

export interface ObserverOptions {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly namespace: string;
  readonly selector: string;
}

export interface KubernetesObserver {
  observe(changed: (name: string) => void, signal: AbortSignal): Promise<void>;
  /** Pods of an attempt as they were when their process had ended; they may be gone since. */
  lastWords(name: string): readonly Pod[];
  forget(name: string): void;
  readonly metrics: Readonly<Record<'jobs' | 'pods' | 'nodes', Readonly<ReflectorMetrics>>>;
}

export function kubernetesObserver(options: ObserverOptions): KubernetesObserver {
  const { client, clock, random, namespace, selector } = options;
  const words = new Map<string, Pod[]>();
  let tell: (name: string) => void = () => {};
  const hint = (name: string | undefined): void => {
    if (name !== undefined) tell(name);
  };
  const ready = new Map<string, boolean>();
  const shared = { client, clock, random };
  const jobs = reflector({
    ...shared,
    path: paths.jobs(namespace),
    labelSelector: selector,
    trim: (job: Job) => attemptNameOf(job),
    changed: ({ value }) => hint(value),
  });
  const pods = reflector({
    ...shared,
    path: paths.pods(namespace),
    labelSelector: selector,
    trim: (pod: Pod) => {
      const name = attemptNameOf(pod);
      if (name !== undefined) keep(words, name, pod);
      return { name, node: pod.spec.nodeName };
    },
    changed: ({ value }) => hint(value.name),
  });
  const nodes = reflector({
    ...shared,
    path: paths.nodes,
    trim: ({ metadata, status }: KubeNode) => ({
      name: metadata.name,
      ready: status?.conditions?.find(({ type }) => type === 'Ready')?.status,
    }),
    changed: (change) => {
      // Each node says every few seconds that it is well: only what is new about that is a hint.
      const isReady = change.type !== 'deleted' && change.value.ready === 'True';
      const wasReady = ready.get(change.key) ?? true;
      if (change.type === 'deleted') ready.delete(change.key);
      else ready.set(change.key, isReady);
      if (isReady === wasReady) return;
      for (const { name, node } of pods.values()) if (node === change.value.name) hint(name);
    },
  });
  return {
    metrics: { jobs: jobs.metrics, pods: pods.metrics, nodes: nodes.metrics },
    lastWords: (name) => words.get(name) ?? [],
    forget: (name) => void words.delete(name),
    async observe(changed, signal) {
      tell = changed;
      await Promise.all([jobs, pods, nodes].map((each) => each.run(signal)));
    },
  };
}

/** Keeps what says how it ended, and what says whose it was. */
function keep(words: Map<string, Pod[]>, name: string, pod: Pod): void {
  const { metadata, spec, status } = pod;
  if (status?.containerStatuses?.some(({ state }) => state?.terminated !== undefined) !== true) return;
  const ours = Object.entries(metadata.labels ?? {}).filter(([label]) => Object.values<string>(labels).includes(label));
  const { managedFields: _, ...kept } = metadata as Pod['metadata'] & { managedFields?: unknown };
  const node = spec.nodeName === undefined ? {} : { nodeName: spec.nodeName };
  const last: Pod = {
    metadata: { ...kept, labels: Object.fromEntries(ours) },
    spec: { ...node, containers: [] },
    status,
  };
  const others = (words.get(name) ?? []).filter((other) => other.metadata.uid !== metadata.uid);
  words.delete(name);
  words.set(name, [...others, last]);
  const [oldest] = words.keys();
  if (words.size > LAST_WORDS_MAX && oldest !== undefined) words.delete(oldest);
}
