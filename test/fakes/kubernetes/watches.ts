/** WATCH of the fake API server: what was since a version, what happens, bookmarks, and an end when its time is up. */
import type { ServerResponse } from 'node:http';
import type { Clock } from '#control/dispatch/clock.ts';
import type { KubeObject } from '#control/dispatch/executors/kubernetes-objects.ts';
import type { Fault, Faults } from './faults.ts';
import { Refusal } from './object-store.ts';
import type { Change, ObjectStore } from './object-store.ts';
import type { ApiRequest } from './requests.ts';
import { labelSelector } from './selectors.ts';

const BOOKMARK_MS = 60_000;
const TIMEOUT_S = 1800;

export interface WatchWorld {
  readonly store: ObjectStore;
  readonly clock: Clock;
  readonly faults: Faults;
}

export function serveWatch(
  { store, clock, faults }: WatchWorld,
  request: ApiRequest,
  drawn: readonly Fault[],
  answer: ServerResponse,
): void {
  const { resource, namespace, query } = request;
  const from = Number(query.get('resourceVersion') ?? '0');
  const isGoneAtOnce = drawn.some((fault) => fault.kind === 'gone' && fault.as === 'status');
  if (isGoneAtOnce || (from !== 0 && from < store.oldest)) throw tooOld(from, store.oldest);
  answer.writeHead(200, { 'content-type': 'application/json' });
  answer.flushHeaders();
  if (drawn.some((fault) => fault.kind === 'silent')) return;

  const matches = labelSelector(query.get('labelSelector'));
  const dropped = drawn.reduce((share, fault) => (fault.kind === 'drop-events' ? fault.share : share), 0);
  const isOurs = (object: KubeObject | undefined): object is KubeObject =>
    object !== undefined &&
    (namespace === undefined || object.metadata.namespace === namespace) &&
    matches(object.metadata.labels);
  let sent = from;
  const tell = ({ version, resource: of, before, after }: Change): void => {
    if (of !== resource || version <= sent) return;
    sent = version;
    const type = isOurs(after) ? (isOurs(before) ? 'MODIFIED' : 'ADDED') : isOurs(before) ? 'DELETED' : undefined;
    if (type === undefined || (dropped > 0 && faults.random() < dropped)) return;
    write(answer, type, after ?? before);
  };
  if (from === 0) {
    for (const object of store.of(resource).values()) if (isOurs(object)) write(answer, 'ADDED', object);
    sent = store.version;
  } else {
    for (const change of store.changesSince(from)) tell(change);
  }
  const ends = [store.listen(tell)];
  const end = (): void => {
    for (const stop of ends.splice(0)) stop();
    answer.end();
  };
  answer.on('close', end);
  ends.push(clock.after(Number(query.get('timeoutSeconds') ?? TIMEOUT_S) * 1000, end));
  for (const fault of drawn) {
    if (fault.kind !== 'gone' || fault.as !== 'event') continue;
    const fail = (): void => {
      write(answer, 'ERROR', tooOld(from, store.version).status);
      end();
    };
    ends.push(clock.after(fault.afterMs, fail));
  }
  if (query.get('allowWatchBookmarks') !== 'true' || drawn.some((fault) => fault.kind === 'no-bookmarks')) return;
  const bookmark = (): void => {
    write(answer, 'BOOKMARK', { metadata: { resourceVersion: String(store.version) } });
    ends.push(clock.after(BOOKMARK_MS, bookmark));
  };
  ends.push(clock.after(BOOKMARK_MS, bookmark));
}

/** Each state of an object is told to many. */
const texts = new WeakMap<object, string>();

function write(answer: ServerResponse, type: string, object: object = {}): void {
  let text = texts.get(object);
  if (text === undefined) texts.set(object, (text = JSON.stringify(object)));
  answer.write(`{"type":"${type}","object":${text}}\n`);
}

function tooOld(asked: number, oldest: number): Refusal {
  return new Refusal(410, 'Expired', `too old resource version: ${asked} (${oldest})`);
}
