/** Buckets, and what is in them by folders: names up to the next slash. */
import type { BrowseRequest, Entry, EntryPage } from '#spi/connections.ts';
import type { Json } from '#spi/json.ts';

export interface Child {
  readonly key: string;
  readonly details: Readonly<Record<string, Json>>;
}

export interface ChildPage {
  /** Keys up to and including the next slash. */
  readonly prefixes: readonly string[];
  readonly objects: readonly Child[];
  readonly next: string | undefined;
}

export interface ChildQuery {
  readonly prefix: string;
  readonly after: string | undefined;
  readonly limit: number;
}

export interface BrowsedStore {
  buckets(request: BrowseRequest): Promise<EntryPage>;
  children(bucket: string, query: ChildQuery): Promise<ChildPage>;
}

/** What stores give at a time. */
const PAGE_MAX = 1000;

export async function browseStore(store: BrowsedStore, request: BrowseRequest): Promise<EntryPage> {
  const limit = Math.max(1, Math.min(request.limit, PAGE_MAX));
  const [bucket, ...folders] = request.path;
  if (bucket === undefined) return store.buckets({ ...request, limit });
  const base = folders.map((folder) => `${folder}/`).join('');
  const prefix = base + (request.prefix ?? '');
  const page = await store.children(bucket, { prefix, after: request.after, limit });
  const entries = [
    ...page.prefixes.map((key): Entry => ({ name: key.slice(base.length, -1), kind: 'folder', isContainer: true })),
    // An object with the name of the folder itself is how some tools make one.
    ...page.objects
      .filter(({ key }) => key !== base)
      .map(({ key, details }): Entry => ({ name: key.slice(base.length), kind: 'file', isContainer: false, details })),
  ];
  const sorted = entries.sort((one, other) => Buffer.compare(Buffer.from(one.name), Buffer.from(other.name)));
  return page.next === undefined ? { entries: sorted } : { entries: sorted, next: page.next };
}

export function bucketEntry(name: string): Entry {
  return { name, kind: 'bucket', isContainer: true };
}
