/**
 * A copy of what the API server has of one resource, kept by LIST and WATCH, which says what changed. It may be late
 * and it may miss things: hints come from it, never conclusions.
 *
 * After a LIST the copy is compared with the one before, and what is missing is told as deleted. A watch that stays
 * silent is ended after 90 s; before that a LIST of one object tells whether anything happened meanwhile, and then it
 * counts as dead: the whole is listed again.
 */
import type { Clock } from '#control/dispatch/clock.ts';
import { pause } from '#control/dispatch/clock.ts';
import type { KubernetesClient } from './kubernetes-client.ts';
import { bodyOf } from './kubernetes-client.ts';
import type { KubeList, KubeObject } from './kubernetes-objects.ts';
import { ReflectorCache } from './reflector-cache.ts';
import type { Changed, Trimmed } from './reflector-cache.ts';
import { relistPace } from './relist-pace.ts';
import { isOlder, keyOf } from './resource-version.ts';
import { watchOnce } from './watch-stream.ts';
import type { WatchEnd } from './watch-stream.ts';

const PAGE_OBJECTS = 500;
/** A LIST whose pages are gone before they are read is begun again so often at once. */
const EXPIRED_PAGES_MAX = 3;
/** A server that shows older and older states for so long has another history now: a backup was restored. */
const OLD_LISTS_MS_MAX = 600_000;
/** A watch that ends sooner than this, and told nothing, did not work. */
const WATCH_MS_MIN = 1_000;
/** Pauses between watches that fail: at first, and at most. */
const REWATCH_MS = 500;
const REWATCH_MS_MAX = 30_000;

export interface ReflectorMetrics {
  lists: number;
  listFailures: number;
  /** Of a LIST that showed an older state than the one that was known; it was not used. */
  oldLists: number;
  watches: number;
  watchFailures: number;
  /** "Too old": as a status, or within a watch. */
  gone: number;
  /** Watches that were ended because they had been silent for too long, */
  silences: number;
  /** or because a LIST had shown that they had missed something. */
  deadWatches: number;
  events: number;
  bookmarks: number;
  synthesisedDeletions: number;
  cacheSize: number;
  /** By the clock: of the last event, bookmark or LIST. */
  heardAt: number;
}

export interface ReflectorOptions<T extends KubeObject, V> {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  /** Below 1; jitter comes from it. */
  readonly random: () => number;
  readonly path: string;
  readonly labelSelector?: string;
  /** What is kept of an object: at most about 1 KB. */
  readonly trim: (object: T) => V;
  readonly changed: (change: Changed<V>) => void;
  /** Called after each LIST that was taken over. */
  readonly listed?: () => void;
}

export interface Reflector<V> {
  /** Until the signal. */
  run(signal: AbortSignal): Promise<void>;
  values(): IterableIterator<V>;
  readonly metrics: Readonly<ReflectorMetrics>;
}

export function reflector<T extends KubeObject, V>(options: ReflectorOptions<T, V>): Reflector<V> {
  return new Reflecting(options);
}

class Reflecting<T extends KubeObject, V> implements Reflector<V> {
  readonly metrics: ReflectorMetrics = {
    lists: 0,
    listFailures: 0,
    oldLists: 0,
    watches: 0,
    watchFailures: 0,
    gone: 0,
    silences: 0,
    deadWatches: 0,
    events: 0,
    bookmarks: 0,
    synthesisedDeletions: 0,
    cacheSize: 0,
    heardAt: 0,
  };
  readonly #options: ReflectorOptions<T, V>;
  readonly #cache: ReflectorCache<T, V>;
  #oldListsSince: number | undefined;

  constructor(options: ReflectorOptions<T, V>) {
    this.#options = options;
    this.#cache = new ReflectorCache(options.trim, (change) => {
      this.metrics.cacheSize = this.#cache.size;
      if (change.type === 'deleted' && change.isSynthesised) this.metrics.synthesisedDeletions += 1;
      options.changed(change);
    });
  }

  values(): IterableIterator<V> {
    return this.#cache.values();
  }

  async run(signal: AbortSignal): Promise<void> {
    const { clock, random } = this.#options;
    const pace = relistPace(clock, random);
    while (!signal.aborted) {
      await pace.next(signal);
      if (signal.aborted) return;
      const version = await this.#list(signal);
      pace.ended(version !== undefined);
      if (version !== undefined) await this.#watch(version, signal);
    }
  }

  /** The version of what was taken over; undefined when nothing was. */
  async #list(signal: AbortSignal): Promise<string | undefined> {
    try {
      for (let tries = 0; tries < EXPIRED_PAGES_MAX; tries += 1) {
        this.metrics.lists += 1;
        const listed = await this.#listPages(signal);
        if (listed === 'expired') continue;
        if (!this.#isNewEnough(listed.version)) return undefined;
        this.metrics.heardAt = this.#options.clock.now();
        this.#cache.replace(listed.objects, listed.version);
        this.#options.listed?.();
        return listed.version;
      }
    } catch {
      // Counted; the pace decides when it is tried again.
    }
    this.metrics.listFailures += 1;
    return undefined;
  }

  /** Without a `resourceVersion`: the newest state, by a quorum. Each page is trimmed before the next is read. */
  async #listPages(signal: AbortSignal): Promise<'expired' | { version: string; objects: Map<string, Trimmed<V>> }> {
    const { client, path } = this.#options;
    const objects = new Map<string, Trimmed<V>>();
    let next: string | undefined;
    for (;;) {
      const query = { limit: PAGE_OBJECTS, continue: next, labelSelector: this.#options.labelSelector };
      const asked = await client.ask('GET', path, { query, signal });
      if (next !== undefined && asked.kind === 'answered' && asked.status === 410) return 'expired';
      // A LIST answers a list of what is listed.
      const page = bodyOf(asked, 'GET', path) as KubeList<T> | undefined;
      if (page === undefined) throw new Error(`there is no ${path}`);
      for (const object of page.items) objects.set(keyOf(object), this.#cache.trimmed(object));
      next = page.metadata.continue;
      if (next === undefined || next === '') return { version: page.metadata.resourceVersion, objects };
    }
  }

  #isNewEnough(version: string): boolean {
    const { clock } = this.#options;
    if (this.#cache.version === undefined || !isOlder(version, this.#cache.version)) {
      this.#oldListsSince = undefined;
      return true;
    }
    this.metrics.oldLists += 1;
    this.#oldListsSince ??= clock.now();
    if (clock.now() - this.#oldListsSince < OLD_LISTS_MS_MAX) return false;
    this.#oldListsSince = undefined;
    return true;
  }

  /** Watches one after the other from that version, until only a LIST can help. */
  async #watch(from: string, signal: AbortSignal): Promise<void> {
    const { client, clock, random, path, labelSelector } = this.#options;
    let failures = 0;
    while (!signal.aborted) {
      this.metrics.watches += 1;
      const began = clock.now();
      let hasHeard = false;
      const end = await watchOnce<T>({
        client,
        clock,
        random,
        path,
        labelSelector,
        signal,
        from: this.#cache.version ?? from,
        isBehind: () => this.#isBehind(signal),
        heard: (event) => {
          failures = 0;
          hasHeard = true;
          this.metrics.heardAt = clock.now();
          if (event.type === 'BOOKMARK') this.metrics.bookmarks += 1;
          else this.metrics.events += 1;
          this.#cache.apply(event);
        },
      });
      this.#count(end);
      if (end === 'gone' || end === 'dead') return;
      if (end !== 'failed' && (hasHeard || clock.now() - began >= WATCH_MS_MIN)) continue;
      const longest = Math.min(REWATCH_MS_MAX, REWATCH_MS * 2 ** failures);
      failures += 1;
      await pause(clock, longest * (0.5 + random() / 2), signal);
    }
  }

  #count(end: WatchEnd): void {
    if (end === 'gone') this.metrics.gone += 1;
    if (end === 'silent') this.metrics.silences += 1;
    if (end === 'dead') this.metrics.deadWatches += 1;
    if (end === 'failed') this.metrics.watchFailures += 1;
  }

  /** Whether something has happened that the watch has not told. */
  async #isBehind(signal: AbortSignal): Promise<boolean> {
    const { client, path, labelSelector } = this.#options;
    const asked = await client.ask('GET', path, { query: { limit: 1, labelSelector }, signal });
    if (asked.kind !== 'answered' || asked.status !== 200) return false;
    // A LIST answers a list.
    const { resourceVersion } = (asked.body as KubeList<T>).metadata;
    return this.#cache.version !== undefined && isOlder(this.#cache.version, resourceVersion);
  }
}
