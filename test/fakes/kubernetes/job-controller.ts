/** The job controller, the TTL controller and the garbage collector of the fake cluster. */
import type { Condition, KubeObject, Pod } from '#control/dispatch/executors/kubernetes-objects.ts';
import type { World } from './cluster.ts';
import { keyOf } from './requests.ts';

const TRACKING = 'batch.kubernetes.io/job-tracking';

export class JobController {
  readonly #world: World;
  #podsMade = 0;

  constructor(world: World) {
    this.#world = world;
  }

  created(key: string): void {
    const world = this.#world;
    const { store } = world;
    world.after(0, () => {
      const job = store.get('jobs', key);
      if (job === undefined || job.metadata.deletionTimestamp !== undefined) return;
      this.makePod(key);
      world.after(job.spec.activeDeadlineSeconds * 1000, () => this.#passDeadline(key, job.metadata.uid));
    });
  }

  gone(job: KubeObject | undefined): void {
    const world = this.#world;
    const { store } = world;
    world.after(0, () => {
      for (const [resource, key] of store.orphansOf(job?.metadata.uid)) {
        if (store.get(resource, key)?.metadata.deletionTimestamp === undefined) store.delete(resource, key);
        if (resource === 'pods') world.after(0, () => this.#untrack(key));
      }
    });
  }

  podChanged(key: string, pod: Pod | undefined): void {
    if (pod?.metadata.finalizers?.includes(TRACKING) !== true) return;
    const { status, metadata } = pod;
    const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
    const isDeleted = metadata.deletionTimestamp !== undefined && metadata.deletionGracePeriodSeconds === 0;
    if (!isOver && !isDeleted) return;
    this.#world.after(0, () => {
      const [owner] = metadata.ownerReferences ?? [];
      const failed = { type: 'Failed', status: 'True', reason: 'PodFailurePolicy' };
      const ending = status?.phase === 'Succeeded' ? { type: 'Complete', status: 'True' } : failed;
      this.#finish(keyOf(metadata.namespace, owner?.name ?? ''), owner?.uid, ending);
      this.#untrack(key);
    });
  }

  makePod(jobKey: string): string {
    const { store } = this.#world;
    const job = store.get('jobs', jobKey);
    if (job === undefined) throw new Error(`there is no job ${jobKey}`);
    const { name, uid = '', namespace = '' } = job.metadata;
    this.#podsMade += 1;
    const podName = `${name}-${this.#podsMade.toString(36).padStart(5, '0')}`;
    const { metadata, spec } = job.spec.template;
    const jobLabels = {
      'job-name': name,
      'batch.kubernetes.io/job-name': name,
      'batch.kubernetes.io/controller-uid': uid,
    };
    store.create('pods', keyOf(namespace, podName), {
      metadata: {
        name: podName,
        namespace,
        labels: { ...metadata.labels, ...jobLabels },
        annotations: metadata.annotations,
        ownerReferences: [{ apiVersion: 'batch/v1', kind: 'Job', name, uid, controller: true }],
        finalizers: [TRACKING],
      },
      spec,
      status: { phase: 'Pending' },
    });
    store.update('jobs', jobKey, (changed) => void (changed.status = { ...changed.status, active: 1 }));
    return podName;
  }

  #finish(jobKey: string, uid: string | undefined, condition: Condition): void {
    const world = this.#world;
    const { store } = world;
    const job = store.get('jobs', jobKey);
    if (job === undefined || job.metadata.uid !== uid || (job.status?.conditions ?? []).length > 0) return;
    store.update('jobs', jobKey, (changed) => {
      const counts = condition.type === 'Complete' ? { succeeded: 1 } : { failed: 1 };
      changed.status = { ...changed.status, ...counts, active: 0, conditions: [condition] };
    });
    world.after(job.spec.ttlSecondsAfterFinished * 1000, () => {
      if (store.get('jobs', jobKey)?.metadata.uid === uid) store.delete('jobs', jobKey);
    });
  }

  #passDeadline(jobKey: string, uid: string | undefined): void {
    const { store } = this.#world;
    const job = store.get('jobs', jobKey);
    if (job === undefined || job.metadata.uid !== uid || (job.status?.conditions ?? []).length > 0) return;
    for (const [resource, pod] of store.orphansOf(uid)) if (resource === 'pods') store.delete('pods', pod);
    this.#finish(jobKey, uid, { type: 'Failed', status: 'True', reason: 'DeadlineExceeded' });
  }

  /** The controller has counted the pod, or does not care any more. */
  #untrack(key: string): void {
    const { store } = this.#world;
    const finalizers = store.get('pods', key)?.metadata.finalizers;
    if (finalizers?.includes(TRACKING) !== true) return;
    const others = finalizers.filter((each) => each !== TRACKING);
    store.update('pods', key, ({ metadata }) => void (metadata.finalizers = others));
  }
}
