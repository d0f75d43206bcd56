/** The scheduler and the kubelets of the fake cluster. */
import type { ContainerState, Pod } from '#control/dispatch/executors/kubernetes-objects.ts';
import type { PodEnd, PodPlan, World } from './cluster.ts';
import { keyOf } from './requests.ts';

interface Process {
  readonly uid: string;
  readonly stop: AbortController;
  readonly killed: AbortController;
  readonly plan: PodPlan;
}

export class Kubelets {
  readonly #world: World;
  readonly #processes = new Map<string, Process>();
  readonly #logs = new Map<string, string>();
  readonly #silent = new Set<string>();
  #scheduled = 0;

  constructor(world: World) {
    this.#world = world;
  }

  changed(key: string, before: Pod | undefined, after: Pod | undefined): void {
    if (before === undefined) this.#world.after(0, () => this.#schedule(key));
    // Taken away by force: the process lives on, and nobody hears of it any more.
    if (before === undefined || after === undefined) return;
    const { deletionGracePeriodSeconds: graceS = 0 } = after.metadata;
    if (graceS > 0 && graceS !== before.metadata.deletionGracePeriodSeconds) this.#terminate(key, graceS);
  }

  /** The process ends like this; `uid`: only if it is of that pod. */
  end(key: string, ended: PodEnd, uid?: string): void {
    const process = this.#processes.get(key);
    if (process === undefined || (uid !== undefined && process.uid !== uid)) return;
    this.#processes.delete(key);
    process.killed.abort();
    const pod = this.#pod(key);
    if (pod?.metadata.uid !== process.uid || this.#isSilent(key)) return;
    const { store } = this.#world;
    const startedAt = pod.status?.startTime ?? store.timestamp();
    const reason = ended.reason ?? (ended.exitCode === 0 ? 'Completed' : 'Error');
    const terminated = { ...ended, reason, startedAt, finishedAt: store.timestamp() };
    store.update('pods', key, (changed) =>
      setState(changed, { terminated }, ended.exitCode === 0 ? 'Succeeded' : 'Failed'),
    );
    this.#forgetIfDeleting(key);
  }

  log(key: string, tailLines: number): string {
    const lines = (this.#logs.get(key) ?? '').split(/(?<=\n)/);
    return lines.slice(Math.max(0, lines.length - tailLines)).join('');
  }

  /** Does nothing for this node any more, though the processes on it may live on. */
  silence(node: string): void {
    this.#silent.add(node);
  }

  abandon(): void {
    for (const { stop, killed } of this.#processes.values()) {
      stop.abort();
      killed.abort();
    }
    this.#processes.clear();
  }

  #pod(key: string): Pod | undefined {
    return this.#world.store.get('pods', key);
  }

  #isSilent(key: string): boolean {
    return this.#silent.has(this.#pod(key)?.spec.nodeName ?? '');
  }

  #planOf(pod: Pod): PodPlan {
    const [owner] = pod.metadata.ownerReferences ?? [];
    const job = this.#world.store.get('jobs', keyOf(pod.metadata.namespace, owner?.name ?? ''));
    // What is gone needs no plan.
    return job === undefined ? {} : this.#world.plan(pod, job);
  }

  #schedule(key: string): void {
    const { store } = this.#world;
    const pod = this.#pod(key);
    if (pod === undefined || pod.metadata.deletionTimestamp !== undefined) return;
    const plan = this.#planOf(pod);
    const nodes = [...store.of('nodes').keys()].filter((name) => !this.#silent.has(name));
    const node = plan.unschedulable === undefined ? nodes[this.#scheduled % nodes.length] : undefined;
    if (node === undefined) {
      const message = plan.unschedulable ?? '0/0 nodes are available';
      const condition = { type: 'PodScheduled', status: 'False', reason: 'Unschedulable', message };
      store.update('pods', key, (changed) => void (changed.status = { ...changed.status, conditions: [condition] }));
      return;
    }
    this.#scheduled += 1;
    const { waiting } = plan;
    store.update('pods', key, (changed) => {
      changed.spec.nodeName = node;
      setState(changed, { waiting: waiting ?? { reason: 'ContainerCreating' } }, 'Pending');
      changed.status = { ...changed.status, conditions: [{ type: 'PodScheduled', status: 'True' }] };
    });
    if (waiting !== undefined) return;
    this.#world.after(plan.startAfterMs ?? 0, () => this.#start(key, plan, pod.metadata.uid));
  }

  #start(key: string, plan: PodPlan, uid = ''): void {
    const { store } = this.#world;
    const pod = this.#pod(key);
    if (pod?.metadata.uid !== uid || pod.metadata.deletionTimestamp !== undefined || this.#isSilent(key)) return;
    const process: Process = { uid, plan, stop: new AbortController(), killed: new AbortController() };
    this.#processes.set(key, process);
    store.update('pods', key, (changed) => {
      const startTime = store.timestamp();
      setState(changed, { running: { startedAt: startTime } }, 'Running');
      changed.status = { ...changed.status, startTime };
    });
    if (plan.run !== undefined) {
      const running = {
        pod,
        env: environment(pod),
        secrets: this.#secretsOf(pod),
        stop: process.stop.signal,
        killed: process.killed.signal,
        print: (text: string) => void this.#logs.set(key, (this.#logs.get(key) ?? '') + text),
      };
      void plan.run(running).then((ended) => this.end(key, ended, uid));
    } else if (plan.endAfterMs !== 'never') {
      this.#world.after(plan.endAfterMs ?? 0, () => this.end(key, plan.end ?? { exitCode: 0 }, uid));
    }
  }

  /** A kubelet takes the object away only when the containers have stopped. */
  #forgetIfDeleting(key: string): void {
    this.#world.after(0, () => {
      if (this.#pod(key)?.metadata.deletionTimestamp === undefined) return;
      this.#world.store.update('pods', key, ({ metadata }) => void (metadata.deletionGracePeriodSeconds = 0));
    });
  }

  #terminate(key: string, graceS: number): void {
    if (this.#isSilent(key)) return;
    const process = this.#processes.get(key);
    if (process === undefined) return this.#forgetIfDeleting(key);
    const { plan, uid } = process;
    process.stop.abort();
    if (plan.run === undefined && plan.ignoresStop !== true) {
      this.#world.after(0, () => this.end(key, { exitCode: 143, reason: 'Error' }, uid));
    }
    this.#world.after(graceS * 1000, () => this.end(key, { exitCode: 137, reason: 'Error' }, uid));
  }

  #secretsOf(pod: Pod): Record<string, string> {
    // Manifests of ours have volumes like these.
    const volumes = (pod.spec['volumes'] ?? []) as { secret?: { secretName: string } }[];
    const secrets = volumes.flatMap(({ secret }) => {
      const object = this.#world.store.get('secrets', keyOf(pod.metadata.namespace, secret?.secretName ?? ''));
      return Object.entries(object?.stringData ?? {});
    });
    return Object.fromEntries(secrets);
  }
}

function setState(pod: Pod, state: ContainerState, phase: string): void {
  const names = pod.spec.containers.map(({ name }) => name);
  pod.status = { ...pod.status, phase, containerStatuses: names.map((name) => ({ name, state })) };
}

interface EnvironmentEntry {
  readonly name: string;
  readonly value?: string;
  readonly valueFrom?: { readonly fieldRef?: { readonly fieldPath: string } };
}

function environment(pod: Pod): Record<string, string> {
  // Manifests of ours have entries like these.
  const entries = (pod.spec.containers[0]?.['env'] ?? []) as readonly EnvironmentEntry[];
  const { uid = '', name } = pod.metadata;
  return Object.fromEntries(
    entries.map((entry) => {
      const fromPod = entry.valueFrom?.fieldRef?.fieldPath === 'metadata.uid' ? uid : name;
      return [entry.name, entry.value ?? fromPod];
    }),
  );
}
