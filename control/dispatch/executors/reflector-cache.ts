/** What a reflector knows: trimmed objects by name, and what a new word about them changes. */
import type { KubeObject } from './kubernetes-objects.ts';
import { isOlder, keyOf } from './resource-version.ts';
import type { WatchEvent } from './watch-stream.ts';

export type Changed<V> =
  | { readonly type: 'added' | 'modified'; readonly key: string; readonly value: V }
  /** `value` is the last that is known; synthesised when nobody told the deletion and a LIST showed it. */
  | { readonly type: 'deleted'; readonly key: string; readonly value: V; readonly isSynthesised: boolean };

export interface Trimmed<V> {
  readonly uid: string;
  readonly version: string;
  readonly value: V;
}

export class ReflectorCache<T extends KubeObject, V> {
  /** Everything up to this version is in it. */
  version: string | undefined;
  readonly #trim: (object: T) => V;
  readonly #changed: (change: Changed<V>) => void;
  #objects = new Map<string, Trimmed<V>>();

  constructor(trim: (object: T) => V, changed: (change: Changed<V>) => void) {
    this.#trim = trim;
    this.#changed = changed;
  }

  get size(): number {
    return this.#objects.size;
  }

  *values(): IterableIterator<V> {
    for (const { value } of this.#objects.values()) yield value;
  }

  trimmed(object: T): Trimmed<V> {
    const { uid = '', resourceVersion = '' } = object.metadata;
    return { uid, version: resourceVersion, value: this.#trim(object) };
  }

  /** Takes over a whole LIST, and tells each difference. */
  replace(objects: Map<string, Trimmed<V>>, version: string): void {
    const before = this.#objects;
    this.#objects = objects;
    this.version = version;
    for (const [key, { uid, value }] of before) {
      // Another object of the same name: the one before is gone.
      if (objects.get(key)?.uid !== uid) this.#changed({ type: 'deleted', key, value, isSynthesised: true });
    }
    for (const [key, object] of objects) {
      const known = before.get(key);
      if (known?.uid !== object.uid) this.#changed({ type: 'added', key, value: object.value });
      else if (known.version !== object.version) this.#changed({ type: 'modified', key, value: object.value });
    }
  }

  apply({ type, object }: WatchEvent<T>): void {
    const { resourceVersion } = object.metadata;
    if (resourceVersion !== undefined && (this.version === undefined || isOlder(this.version, resourceVersion))) {
      this.version = resourceVersion;
    }
    if (type === 'BOOKMARK') return;
    const key = keyOf(object);
    const known = this.#objects.get(key);
    const told = this.trimmed(object);
    if (type === 'DELETED') {
      // Of an object that another one has followed, nothing is left to take away.
      if (known !== undefined && known.uid !== told.uid) return;
      this.#objects.delete(key);
      return this.#changed({ type: 'deleted', key, value: told.value, isSynthesised: false });
    }
    if (known?.uid === told.uid && !isOlder(known.version, told.version)) return;
    this.#objects.set(key, told);
    if (known !== undefined && known.uid !== told.uid) {
      this.#changed({ type: 'deleted', key, value: known.value, isSynthesised: true });
    }
    this.#changed({ type: known?.uid === told.uid ? 'modified' : 'added', key, value: told.value });
  }
}
