/**
 * Attempts as Jobs of a Kubernetes cluster. What is asked of one attempt is asked of the API server; the copies that
 * `observe` keeps give hints, and the last words of pods that are gone: a process that has ended stays ended.
 */
import { systemClock } from '#control/dispatch/clock.ts';
import type { Clock } from '#control/dispatch/clock.ts';
import type { Executor, Observed } from './executor.ts';
import { CONTAINER, labels, labelValue, secretName } from './job-manifest.ts';
import type { JobProfile } from './job-manifest.ts';
import type { OpenAccess } from './kubernetes-access.ts';
import { bodyOf, kubernetesClient } from './kubernetes-client.ts';
import type { Asked, KubernetesClient } from './kubernetes-client.ts';
import { launchJob } from './kubernetes-launch.ts';
import type { Job, KubeList, KubeNode, KubeObject, Pod } from './kubernetes-objects.ts';
import { paths } from './kubernetes-objects.ts';
import { kubernetesObserver } from './kubernetes-observer.ts';
import type { KubernetesObserver } from './kubernetes-observer.ts';
import { attemptNameOf, observedOf } from './pod-status.ts';

const PAGE_OBJECTS = 500;
/** Of one log, read from the node for its end. */
const LOG_BYTES_MAX = 64 * 1024 * 1024;
/** Lines are rarely shorter: so many of the last are asked for. */
const LINE_BYTES_MIN = 16;
const LOG_MS_MAX = 60_000;

export interface KubernetesExecutorOptions {
  readonly access: OpenAccess;
  readonly installationId: string;
  readonly profile: JobProfile;
  readonly limits: Executor['limits'];
  readonly mayMakeNamespace?: boolean;
  readonly clock?: Clock;
  readonly random?: () => number;
  /** Told of each answer of the API server; a breaker and metrics listen here. */
  readonly heard?: (asked: Asked, latencyMs: number) => void;
}

export interface KubernetesExecutor extends Executor, AsyncDisposable {
  /** The bootstrap token has been used: its Secret goes. */
  claimed(name: string): Promise<void>;
  readonly metrics: KubernetesObserver['metrics'];
  /** Requests that have no answer yet. */
  readonly inFlight: number;
}

export function kubernetesExecutor(options: KubernetesExecutorOptions): KubernetesExecutor {
  const { access, profile, installationId, heard, clock = systemClock, random = Math.random } = options;
  const client = kubernetesClient({ access, clock, ...(heard && { heard }) });
  const selector = `${labels.installation}=${labelValue(installationId)}`;
  const observer = kubernetesObserver({ client, clock, random, namespace: profile.namespace, selector });
  const launching = { client, profile, random, mayMakeNamespace: options.mayMakeNamespace ?? false };
  const cluster = new Cluster(client, profile.namespace, selector);
  return {
    kind: 'kubernetes',
    limits: options.limits,
    metrics: observer.metrics,
    get inFlight() {
      return client.inFlight;
    },
    launch: (spec, signal) => launchJob(launching, spec, signal),
    async get(name, processUid) {
      const [job, listed] = await Promise.all([cluster.job(name), cluster.podsOf(name)]);
      const seen = new Set(listed.map(({ metadata }) => metadata.uid));
      const all = [...listed, ...observer.lastWords(name).filter(({ metadata }) => !seen.has(metadata.uid))];
      const pods = all.filter((pod) => job === undefined || ownerOf(pod) === job.metadata.uid);
      if (job === undefined && pods.length === 0) return 'absent';
      return observedOf({ name, job, pods, nodes: await cluster.nodesOf(pods), processUid });
    },
    async stop(name, ref, { graceMs }) {
      await cluster.deleteJob(name, ref);
      const gracePeriodSeconds = Math.max(1, Math.ceil(graceMs / 1000));
      const pods = (await cluster.podsOf(name)).filter((pod) => ownerOf(pod) === ref);
      await Promise.all(pods.map((pod) => cluster.deletePod(pod, gracePeriodSeconds)));
    },
    async remove(name, ref) {
      // Another object has the name: its Secret is not ours to take.
      if ((await cluster.deleteJob(name, ref)) === 'other') return;
      await cluster.deleteSecret(name);
      // Those that run still have their grace; what has ended can go without the garbage collector.
      const pods = (await cluster.podsOf(name)).filter((pod) => ownerOf(pod) === ref && hasEnded(pod));
      await Promise.all(pods.map((pod) => cluster.deletePod(pod, 1)));
      observer.forget(name);
    },
    claimed: (name) => cluster.deleteSecret(name),
    observe: (changed, signal) => observer.observe(changed, signal),
    watches: () =>
      Object.entries(observer.metrics).map(([resource, seen]) => ({
        resource,
        silentS: Math.max(0, clock.now() - seen.heardAt) / 1000,
        lists: seen.lists,
        failures: seen.listFailures + seen.watchFailures + seen.deadWatches,
        cached: seen.cacheSize,
      })),
    list: () => cluster.list(),
    async tail(name, ref, bytesMax) {
      const pod = (await cluster.podsOf(name)).find((each) => ownerOf(each) === ref);
      return pod === undefined ? undefined : cluster.tail(pod, bytesMax);
    },
    [Symbol.asyncDispose]: () => client[Symbol.asyncDispose](),
  };
}

function ownerOf({ metadata }: Pod): string | undefined {
  return metadata.ownerReferences?.find(({ kind }) => kind === 'Job')?.uid;
}

function hasEnded({ status }: Pod): boolean {
  return status?.containerStatuses?.some(({ state }) => state?.terminated !== undefined) === true;
}

/** What the executor asks of the API server. */
class Cluster {
  readonly #client: KubernetesClient;
  readonly #jobs: string;
  readonly #pods: string;
  readonly #secrets: string;
  readonly #selector: string;

  constructor(client: KubernetesClient, namespace: string, selector: string) {
    this.#client = client;
    this.#jobs = paths.jobs(namespace);
    this.#pods = paths.pods(namespace);
    this.#secrets = paths.secrets(namespace);
    this.#selector = selector;
  }

  async job(name: string): Promise<Job | undefined> {
    const path = `${this.#jobs}/${name}`;
    // A GET answers the object.
    return bodyOf(await this.#client.ask('GET', path), 'GET', path) as Job | undefined;
  }

  async podsOf(name: string): Promise<readonly Pod[]> {
    const query = { labelSelector: `${this.#selector},${labels.name}=${name}`, limit: PAGE_OBJECTS };
    const asked = await this.#client.ask('GET', this.#pods, { query });
    // A LIST answers a list; of one attempt there is never more than a page.
    return (bodyOf(asked, 'GET', this.#pods) as KubeList<Pod> | undefined)?.items ?? [];
  }

  /** Of pods that have not ended; whether their node is there decides what their silence means. */
  async nodesOf(pods: readonly Pod[]): Promise<ReadonlyMap<string, KubeNode | 'absent'>> {
    const names = new Set(pods.filter((pod) => !hasEnded(pod)).map(({ spec }) => spec.nodeName ?? ''));
    names.delete('');
    const nodes = new Map<string, KubeNode | 'absent'>();
    for (const name of names) {
      const asked = await this.#client.ask('GET', `${paths.nodes}/${name}`);
      // Not knowing the node is not knowing that it is lost.
      if (asked.kind !== 'answered') continue;
      if (asked.status === 200) nodes.set(name, asked.body as KubeNode);
      if (asked.status === 404) nodes.set(name, 'absent');
    }
    return nodes;
  }

  async deleteJob(name: string, uid: string): Promise<'gone' | 'other'> {
    const path = `${this.#jobs}/${name}`;
    const body = { propagationPolicy: 'Background', preconditions: { uid } };
    const asked = await this.#client.ask('DELETE', path, { body });
    if (asked.kind === 'answered' && asked.status === 409) return 'other';
    bodyOf(asked, 'DELETE', path);
    return 'gone';
  }

  async deletePod({ metadata }: Pod, gracePeriodSeconds: number): Promise<void> {
    const path = `${this.#pods}/${metadata.name}`;
    const body = { gracePeriodSeconds, preconditions: { uid: metadata.uid } };
    const asked = await this.#client.ask('DELETE', path, { body });
    if (asked.kind !== 'answered' || asked.status !== 409) bodyOf(asked, 'DELETE', path);
  }

  async deleteSecret(name: string): Promise<void> {
    const path = `${this.#secrets}/${secretName(name)}`;
    bodyOf(await this.#client.ask('DELETE', path), 'DELETE', path);
  }

  /** Pods first: whoever has one then has its Job in what is read afterwards, unless that was deleted meanwhile. */
  async *list(): AsyncGenerator<Observed> {
    const pods = new Map<string, Pod[]>();
    for await (const pod of this.#all<Pod>(this.#pods)) {
      const name = attemptNameOf(pod);
      if (name === undefined) continue;
      const { managedFields: _, ...metadata } = pod.metadata as Pod['metadata'] & { managedFields?: unknown };
      pods.set(name, [...(pods.get(name) ?? []), { ...pod, metadata }]);
    }
    const nodes = new Map<string, KubeNode>();
    for await (const node of this.#all<KubeNode>(paths.nodes, false)) nodes.set(node.metadata.name, node);
    for await (const job of this.#all<Job>(this.#jobs)) {
      const name = attemptNameOf(job) ?? job.metadata.name;
      const own = (pods.get(name) ?? []).filter((pod) => ownerOf(pod) === job.metadata.uid);
      pods.delete(name);
      yield observedOf({ name, job, pods: own, nodes });
    }
    for (const [name, left] of pods) yield observedOf({ name, job: undefined, pods: left, nodes });
  }

  /** Only what may be missing is not `needed`: then a refusal is an empty list. */
  async *#all<T extends KubeObject>(path: string, isNeeded = true): AsyncGenerator<T> {
    let next: string | undefined;
    do {
      const query = {
        limit: PAGE_OBJECTS,
        continue: next,
        labelSelector: isNeeded ? this.#selector : undefined,
      };
      const asked = await this.#client.ask('GET', path, { query });
      if (!isNeeded && (asked.kind !== 'answered' || asked.status !== 200)) return;
      // A LIST answers a list of what is listed.
      const page = bodyOf(asked, 'GET', path) as KubeList<T> | undefined;
      yield* page?.items ?? [];
      next = page?.metadata.continue;
    } while (next !== undefined && next !== '');
  }

  async tail({ metadata }: Pod, bytesMax: number): Promise<Uint8Array | undefined> {
    const ending = new AbortController();
    const query = { container: CONTAINER, tailLines: Math.ceil(bytesMax / LINE_BYTES_MIN) };
    const path = `${this.#pods}/${metadata.name}/log`;
    const streamed = await this.#client.stream(path, { query, signal: ending.signal, timeoutMs: LOG_MS_MAX });
    if (streamed.kind !== 'streaming') {
      // It has not started, or is gone.
      if (streamed.kind === 'answered' && streamed.status === 400) return undefined;
      bodyOf(streamed, 'GET', path);
      return undefined;
    }
    let kept = Buffer.alloc(0);
    let read = 0;
    for await (const chunk of streamed.body) {
      kept = Buffer.concat([kept, chunk]).subarray(-bytesMax);
      read += chunk.length;
      if (read > LOG_BYTES_MAX) break;
    }
    ending.abort();
    return kept;
  }
}
