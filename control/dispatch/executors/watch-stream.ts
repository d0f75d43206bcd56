/** One WATCH, from its request to its end, and why it ended. */
import type { Clock } from '#control/dispatch/clock.ts';
import type { KubernetesClient } from './kubernetes-client.ts';
import type { KubeObject, KubeStatus } from './kubernetes-objects.ts';

/** How long the server shall keep it: all watches of a fleet at once are a stampede. */
const WATCH_S = 290;
const WATCH_JITTER_S = 30;
/** Bookmarks come about once a minute: after more than that one asks whether anything has happened, */
const DOUBT_MS = 75_000;
/** and after this one does not wait any more. */
const SILENCE_MS_MAX = 90_000;
/** The largest object that the API server stores has 1.5 MB. */
const EVENT_BYTES_MAX = 8 * 1024 * 1024;

export interface WatchEvent<T extends KubeObject> {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK';
  readonly object: T;
}

/**
 * `ended`: its time was up · `silent`: nothing came · `dead`: nothing came, though something had happened · `gone`: the
 * version is too old · `failed`: anything else.
 */
export type WatchEnd = 'ended' | 'silent' | 'dead' | 'gone' | 'failed';

export interface WatchOptions<T extends KubeObject> {
  readonly client: KubernetesClient;
  readonly clock: Clock;
  readonly random: () => number;
  readonly path: string;
  readonly labelSelector: string | undefined;
  readonly from: string;
  readonly signal: AbortSignal;
  readonly heard: (event: WatchEvent<T>) => void;
  readonly isBehind: () => Promise<boolean>;
}

export async function watchOnce<T extends KubeObject>(options: WatchOptions<T>): Promise<WatchEnd> {
  const { client, random, path, labelSelector, from } = options;
  const silence = watchSilence(options);
  const query = {
    watch: true,
    resourceVersion: from,
    allowWatchBookmarks: true,
    timeoutSeconds: Math.round(WATCH_S + (random() * 2 - 1) * WATCH_JITTER_S),
    labelSelector,
  };
  try {
    const streamed = await client.stream(path, { query, signal: silence.signal });
    if (streamed.kind !== 'streaming') {
      if (streamed.kind === 'answered' && streamed.status === 410) return 'gone';
      return silence.verdict ?? 'failed';
    }
    for await (const line of lines(streamed.body)) {
      silence.broken();
      // A watch tells objects of its path, or a status.
      const event = JSON.parse(line) as { type: string; object: T | KubeStatus };
      if (event.type === 'ERROR') return (event.object as KubeStatus).code === 410 ? 'gone' : 'failed';
      options.heard(event as WatchEvent<T>);
    }
    return silence.verdict ?? 'ended';
  } catch {
    return silence.verdict ?? 'failed';
  } finally {
    silence.end();
  }
}

interface Silence {
  /** Of the watch: it ends when nothing comes. */
  readonly signal: AbortSignal;
  readonly verdict: 'silent' | 'dead' | undefined;
  broken(): void;
  end(): void;
}

function watchSilence<T extends KubeObject>({ clock, signal, isBehind }: WatchOptions<T>): Silence {
  const own = new AbortController();
  let verdict: 'silent' | 'dead' | undefined;
  let timers: (() => void)[] = [];
  let since = 0;
  const give = (reason: 'silent' | 'dead'): void => {
    verdict ??= reason;
    own.abort(new Error(`the watch is ${reason}`));
  };
  const callOff = (): void => {
    for (const each of timers) each();
    timers = [];
  };
  const doubt = async (): Promise<void> => {
    const began = since;
    const isDead = await isBehind();
    // What was said meanwhile counts: the watch lives.
    if (isDead && began === since && timers.length > 0) give('dead');
  };
  const broken = (): void => {
    callOff();
    since += 1;
    timers = [clock.after(DOUBT_MS, () => void doubt()), clock.after(SILENCE_MS_MAX, () => give('silent'))];
  };
  broken();
  return {
    signal: AbortSignal.any([own.signal, signal]),
    get verdict() {
      return verdict;
    },
    broken,
    end() {
      callOff();
      // Whatever is left of the connection.
      own.abort(new Error('the watch is over'));
    },
  };
}

async function* lines(body: AsyncIterable<Buffer>): AsyncGenerator<string> {
  let rest: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    let from = 0;
    for (let at = chunk.indexOf(10); at !== -1; at = chunk.indexOf(10, from)) {
      const line = Buffer.concat([...rest, chunk.subarray(from, at)]).toString();
      rest = [];
      size = 0;
      from = at + 1;
      if (line.trim() !== '') yield line;
    }
    const left = chunk.subarray(from);
    size += left.length;
    if (size > EVENT_BYTES_MAX) throw new Error(`an event of more than ${EVENT_BYTES_MAX} bytes`);
    rest.push(left);
  }
}
