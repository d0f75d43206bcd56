/** What the fake API server keeps: objects with resource versions, their history for watches, and how they end. */
import { randomUUID } from 'node:crypto';
import { labels } from '#control/dispatch/executors/job-manifest.ts';
import type { Job, KubeNode, KubeObject, KubeStatus, Pod } from '#control/dispatch/executors/kubernetes-objects.ts';

export interface Objects {
  readonly jobs: Job;
  readonly pods: Pod;
  readonly nodes: KubeNode;
  readonly secrets: KubeObject & { readonly stringData?: Readonly<Record<string, string>> };
  readonly namespaces: KubeObject;
  readonly resourcequotas: KubeObject & { readonly spec: { readonly hard: Readonly<Record<string, string | number>> } };
}

export type Resource = keyof Objects;

const kinds: Readonly<Record<Resource, { readonly kind: string; readonly apiVersion: string }>> = {
  jobs: { kind: 'Job', apiVersion: 'batch/v1' },
  pods: { kind: 'Pod', apiVersion: 'v1' },
  secrets: { kind: 'Secret', apiVersion: 'v1' },
  nodes: { kind: 'Node', apiVersion: 'v1' },
  namespaces: { kind: 'Namespace', apiVersion: 'v1' },
  resourcequotas: { kind: 'ResourceQuota', apiVersion: 'v1' },
};

/** Labels by which one attempt's objects are looked for; they never change. */
const INDEXED = ['job-name', labels.name] as const;
/** Changes that are remembered; watches from before the oldest of them are told 410. */
const HISTORY_MAX = 20_000;
const DEFAULT_POD_GRACE_S = 30;

export interface Change {
  readonly version: number;
  readonly resource: Resource;
  readonly key: string;
  readonly before: KubeObject | undefined;
  readonly after: KubeObject | undefined;
}

export interface DeleteOptions {
  readonly preconditions?: { readonly uid?: string };
  readonly gracePeriodSeconds?: number;
  readonly propagationPolicy?: 'Background' | 'Foreground' | 'Orphan';
}

/** What the API answers instead of an object. */
export class Refusal extends Error {
  readonly status: KubeStatus & { readonly code: number };

  constructor(code: number, reason: string, message: string, details: KubeStatus['details'] = {}) {
    super(message);
    this.status = { kind: 'Status', status: 'Failure', code, reason, message, details };
  }
}

export class ObjectStore {
  #version = 1000;
  /** Watches may begin at this version or later. */
  #oldest = 1000;
  readonly #objects = new Map<Resource, Map<string, KubeObject>>();
  readonly #history: Change[] = [];
  /** By the uid of their owner: resource and key. */
  readonly #owned = new Map<string, Map<string, readonly [Resource, string]>>();
  /** Keys by resource, label and value. */
  readonly #labelled = new Map<string, Set<string>>();
  readonly #listeners = new Set<(change: Change) => void>();
  readonly #wallTime: () => number;

  constructor(wallTime: () => number) {
    this.#wallTime = wallTime;
  }

  get version(): number {
    return this.#version;
  }

  get oldest(): number {
    return this.#oldest;
  }

  timestamp(plusMs = 0): string {
    return new Date(this.#wallTime() + plusMs).toISOString().replace(/\.\d+Z$/, 'Z');
  }

  of<R extends Resource>(resource: R): Map<string, Objects[R]> {
    let objects = this.#objects.get(resource);
    if (objects === undefined) this.#objects.set(resource, (objects = new Map()));
    // Each collection holds objects of its resource only.
    return objects as Map<string, Objects[R]>;
  }

  get<R extends Resource>(resource: R, key: string): Objects[R] | undefined {
    return this.of(resource).get(key);
  }

  /** What a selector can match, where an index tells; everything of the resource otherwise. */
  candidates(resource: Resource, selector: string): ReadonlyMap<string, KubeObject> {
    const all = this.of(resource);
    const label = INDEXED.find((each) => new RegExp(`(^|,)${each}=`).test(selector));
    if (label === undefined) return all;
    const [, value = ''] = new RegExp(`(?:^|,)${label}=([^,]+)`).exec(selector) ?? [];
    const keys = this.#labelled.get(`${resource} ${label} ${value}`) ?? new Set<string>();
    // An index holds keys of what is there.
    return new Map([...keys].map((key) => [key, all.get(key) as KubeObject]));
  }

  listen(heard: (change: Change) => void): () => void {
    this.#listeners.add(heard);
    return () => this.#listeners.delete(heard);
  }

  changesSince(version: number): readonly Change[] {
    return this.#history.filter((change) => change.version > version);
  }

  /** As it was at that version; undefined when that is forgotten. */
  snapshot(resource: Resource, version: number): ReadonlyMap<string, KubeObject> | undefined {
    if (version < this.#oldest) return undefined;
    if (version === this.#version) return this.of(resource);
    const objects = new Map<string, KubeObject>(this.of(resource));
    for (let at = this.#history.length - 1; at >= 0; at -= 1) {
      const change = this.#history[at];
      if (change === undefined || change.version <= version) break;
      if (change.resource !== resource) continue;
      if (change.before === undefined) objects.delete(change.key);
      else objects.set(change.key, change.before);
    }
    return objects;
  }

  /** Forgets all changes so far, as etcd does every five minutes. */
  compact(): void {
    this.#oldest = this.#version;
    this.#history.length = 0;
  }

  create(resource: Resource, key: string, given: object): KubeObject {
    if (this.get(resource, key) !== undefined) {
      const name = key.split('/').at(-1) ?? key;
      throw new Refusal(409, 'AlreadyExists', `${resource} "${name}" already exists`, { name });
    }
    // Only what has a name gets here.
    const object = structuredClone(given) as KubeObject;
    const metadata = { ...object.metadata, uid: randomUUID(), creationTimestamp: this.timestamp() };
    return this.#put(resource, key, { ...kinds[resource], ...object, metadata });
  }

  /** Changes a copy of what is there; nothing when it is not. */
  update<R extends Resource>(resource: R, key: string, change: (object: Objects[R]) => void): KubeObject | undefined {
    const before = this.get(resource, key);
    if (before === undefined) return undefined;
    // Specs are large, and only their own fields change.
    const { metadata, ...rest } = before;
    const fields = rest as { spec?: object; status?: object };
    const after = {
      ...rest,
      metadata: structuredClone(metadata),
      ...(fields.spec && { spec: { ...fields.spec } }),
      ...(fields.status && { status: structuredClone(fields.status) }),
    } as Objects[R];
    change(after);
    const { deletionTimestamp, finalizers = [], deletionGracePeriodSeconds = 0 } = after.metadata;
    if (deletionTimestamp === undefined || finalizers.length > 0 || deletionGracePeriodSeconds > 0) {
      return this.#put(resource, key, after);
    }
    return this.#end(resource, key, after);
  }

  delete(resource: Resource, key: string, options: DeleteOptions = {}): KubeObject {
    const object = this.get(resource, key);
    const name = key.split('/').at(-1) ?? key;
    if (object === undefined) throw new Refusal(404, 'NotFound', `${resource} "${name}" not found`, { name });
    const uid = options.preconditions?.uid;
    if (uid !== undefined && uid !== object.metadata.uid) {
      const message = `Precondition failed: UID in precondition: ${uid}, UID in object meta: ${object.metadata.uid}`;
      throw new Refusal(409, 'Conflict', message, { name });
    }
    if (resource === 'jobs') this.#propagate(key, options.propagationPolicy ?? 'Background');
    const graceS = resource === 'pods' ? podGraceS(object, options) : 0;
    const finalizers = this.get(resource, key)?.metadata.finalizers ?? [];
    if (graceS === 0 && finalizers.length === 0) return this.#end(resource, key, object);
    const deleting = this.update(resource, key, ({ metadata }) => {
      // A later deletion may shorten the grace, never lengthen it.
      const shorter = Math.min(graceS, metadata.deletionGracePeriodSeconds ?? graceS);
      if (metadata.deletionTimestamp === undefined || shorter !== metadata.deletionGracePeriodSeconds) {
        metadata.deletionTimestamp = this.timestamp(shorter * 1000);
        metadata.deletionGracePeriodSeconds = shorter;
      }
    });
    return deleting ?? object;
  }

  /** Takes it away whatever its finalizers say: an administrator's hand, or the end of a fake world. */
  vanish(resource: Resource, key: string): void {
    const object = this.get(resource, key);
    if (object !== undefined) this.#end(resource, key, object);
  }

  #propagate(key: string, policy: 'Background' | 'Foreground' | 'Orphan'): void {
    const uid = this.get('jobs', key)?.metadata.uid;
    const dependents = this.#dependents(uid);
    if (policy === 'Orphan') {
      for (const [resource, dependent] of dependents) {
        this.update(resource, dependent, ({ metadata }) => void delete metadata.ownerReferences);
      }
    }
    if (policy !== 'Foreground' || dependents.length === 0) return;
    this.update('jobs', key, ({ metadata }) => {
      metadata.deletionTimestamp ??= this.timestamp();
      metadata.finalizers = [...new Set([...(metadata.finalizers ?? []), 'foregroundDeletion'])];
    });
    for (const [resource, dependent] of dependents) this.delete(resource, dependent);
  }

  #dependents(uid: string | undefined): (readonly [Resource, string])[] {
    return [...(this.#owned.get(uid ?? '')?.values() ?? [])].filter(([resource, key]) => {
      const owners = this.get(resource, key)?.metadata.ownerReferences ?? [];
      return owners.some((owner) => owner.uid === uid);
    });
  }

  #index(resource: Resource, { metadata }: KubeObject, change: (keys: Set<string>) => void): void {
    for (const label of INDEXED) {
      const value = metadata.labels?.[label];
      if (value === undefined) continue;
      const of = `${resource} ${label} ${value}`;
      const keys = this.#labelled.get(of) ?? new Set<string>();
      change(keys);
      if (keys.size === 0) this.#labelled.delete(of);
      else this.#labelled.set(of, keys);
    }
  }

  #own(resource: Resource, key: string, { metadata }: KubeObject): void {
    for (const { uid } of metadata.ownerReferences ?? []) {
      let owned = this.#owned.get(uid);
      if (owned === undefined) this.#owned.set(uid, (owned = new Map()));
      owned.set(`${resource} ${key}`, [resource, key]);
    }
  }

  #end(resource: Resource, key: string, object: KubeObject): KubeObject {
    this.of(resource).delete(key);
    this.#index(resource, object, (keys) => void keys.delete(key));
    for (const { uid } of object.metadata.ownerReferences ?? []) {
      const owned = this.#owned.get(uid);
      owned?.delete(`${resource} ${key}`);
      if (owned?.size === 0) this.#owned.delete(uid);
    }
    // The last word about an object carries a version of its own.
    const last = this.#versioned(object);
    this.#remember({ version: this.#version, resource, key, before: object, after: undefined }, last);
    for (const owner of resource === 'pods' ? (object.metadata.ownerReferences ?? []) : []) {
      this.#release(owner.uid, `${object.metadata.namespace}/${owner.name}`);
    }
    return last;
  }

  /** The last dependent of what is deleted in the foreground lets it go. */
  #release(uid: string, key: string): void {
    const metadata = this.get('jobs', key)?.metadata;
    const isWaiting = metadata?.uid === uid && metadata.finalizers?.includes('foregroundDeletion') === true;
    if (isWaiting && this.#dependents(uid).length === 0) {
      this.update('jobs', key, (job) => {
        job.metadata.finalizers = (job.metadata.finalizers ?? []).filter((each) => each !== 'foregroundDeletion');
      });
    }
  }

  /** What is left without its owner, as the garbage collector finds it. */
  orphansOf(uid: string | undefined): readonly (readonly [Resource, string])[] {
    return this.#dependents(uid);
  }

  #put(resource: Resource, key: string, object: KubeObject): KubeObject {
    const before = this.get(resource, key);
    const after = this.#versioned(object);
    this.#collection(resource).set(key, after);
    this.#own(resource, key, after);
    if (before === undefined) this.#index(resource, after, (keys) => void keys.add(key));
    this.#remember({ version: this.#version, resource, key, before, after });
    return after;
  }

  #collection(resource: Resource): Map<string, KubeObject> {
    // Whoever writes has an object of that resource in hand.
    return this.of(resource) as Map<string, KubeObject>;
  }

  #versioned(object: KubeObject): KubeObject {
    this.#version += 1;
    return { ...object, metadata: { ...object.metadata, resourceVersion: String(this.#version) } };
  }

  #remember(change: Change, last?: KubeObject): void {
    const told = last === undefined ? change : { ...change, before: last };
    this.#history.push(told);
    if (this.#history.length > HISTORY_MAX) {
      const dropped = this.#history.splice(0, HISTORY_MAX / 10);
      this.#oldest = dropped.at(-1)?.version ?? this.#oldest;
    }
    for (const heard of this.#listeners) heard(told);
  }
}

function podGraceS(object: KubeObject, { gracePeriodSeconds }: DeleteOptions): number {
  // Asked of pods only.
  const { spec, status } = object as Pod;
  const isOver = status?.phase === 'Succeeded' || status?.phase === 'Failed';
  // No kubelet has it, or has anything left to do.
  if (spec.nodeName === undefined || isOver) return 0;
  return gracePeriodSeconds ?? spec.terminationGracePeriodSeconds ?? DEFAULT_POD_GRACE_S;
}
