/** From an HTTP request to what is asked of the fake API server, and what is done for it. */
import type { KubeObject } from '#control/dispatch/executors/kubernetes-objects.ts';
import type { Verb } from './faults.ts';
import { Refusal } from './object-store.ts';
import type { DeleteOptions, ObjectStore, Resource } from './object-store.ts';
import { labelSelector } from './selectors.ts';

export interface ApiRequest {
  readonly verb: Verb;
  readonly resource: Resource;
  readonly namespace: string | undefined;
  readonly name: string | undefined;
  readonly query: URLSearchParams;
  readonly body: unknown;
}

const LIST_MAX = 10_000;

const routes: readonly { readonly pattern: RegExp; readonly resource?: Resource }[] = [
  { pattern: /^\/api\/v1\/(?<resource>nodes|namespaces)(\/(?<name>[^/]+))?$/ },
  {
    pattern:
      /^\/api\/v1\/namespaces\/(?<namespace>[^/]+)\/(?<resource>pods|secrets|resourcequotas)(\/(?<name>[^/]+)(?<log>\/log)?)?$/,
  },
  { pattern: /^\/apis\/batch\/v1\/namespaces\/(?<namespace>[^/]+)\/(?<resource>jobs)(\/(?<name>[^/]+))?$/ },
];

export function parseRequest(method: string, url: URL, body: string): ApiRequest {
  const found = routes.map(({ pattern }) => pattern.exec(url.pathname)?.groups).find((groups) => groups !== undefined);
  if (found === undefined) throw new Refusal(404, 'NotFound', 'the server could not find the requested resource');
  const { namespace, name, log } = found;
  // The pattern admits these names only.
  const resource = found['resource'] as Resource;
  const verb = verbOf(method, url.searchParams, { isNamed: name !== undefined, isLog: log !== undefined });
  let parsed: unknown;
  try {
    parsed = body === '' ? undefined : JSON.parse(body);
  } catch {
    throw new Refusal(400, 'BadRequest', 'the body is not JSON');
  }
  return { verb, resource, namespace, name, query: url.searchParams, body: parsed };
}

function verbOf(method: string, query: URLSearchParams, of: { isNamed: boolean; isLog: boolean }): Verb {
  if (method === 'GET' && of.isLog) return 'log';
  if (method === 'GET' && of.isNamed) return 'get';
  if (method === 'GET') return ['true', '1'].includes(query.get('watch') ?? '') ? 'watch' : 'list';
  const verb = ({ POST: 'create', PATCH: 'patch', DELETE: 'delete' } as const)[method];
  if (verb === undefined || (verb === 'create') === of.isNamed) {
    throw new Refusal(405, 'MethodNotAllowed', `${method} is not one of the methods here`);
  }
  return verb;
}

export function keyOf(namespace: string | undefined, name: string): string {
  return namespace === undefined ? name : `${namespace}/${name}`;
}

export interface Done {
  readonly status: number;
  readonly body: unknown;
}

/** All but watches and logs. `snapshot`: the version that a LIST shows instead of the newest. */
export function perform(store: ObjectStore, request: ApiRequest, snapshot?: number): Done {
  const { verb, resource, namespace, name = '' } = request;
  const key = keyOf(namespace, name);
  switch (verb) {
    case 'get':
      return { status: 200, body: existing(store, resource, key) };
    case 'list':
      return { status: 200, body: list(store, request, snapshot) };
    case 'create':
      return { status: 201, body: create(store, request) };
    case 'patch':
      existing(store, resource, key);
      return {
        status: 200,
        body: store.update(resource, key, (object) => merge(object, request.body)) ?? success,
      };
    case 'delete': {
      const options: DeleteOptions = request.body ?? {};
      const object = store.delete(resource, key, options);
      const isGone = store.get(resource, key) === undefined;
      return { status: isGone || resource === 'pods' ? 200 : 202, body: isGone ? success : object };
    }
    case 'watch':
    case 'log':
      throw new Error(`${verb} is a stream`);
  }
}

const success = { kind: 'Status', apiVersion: 'v1', status: 'Success' } as const;

export function existing(store: ObjectStore, resource: Resource, key: string): KubeObject {
  const object = store.get(resource, key);
  if (object !== undefined) return object;
  const name = key.split('/').at(-1) ?? key;
  throw new Refusal(404, 'NotFound', `${resource} "${name}" not found`, { name, kind: resource });
}

function create(store: ObjectStore, { resource, namespace, body }: ApiRequest): KubeObject {
  if (namespace !== undefined && store.get('namespaces', namespace) === undefined) {
    throw new Refusal(404, 'NotFound', `namespaces "${namespace}" not found`, { name: namespace, kind: 'namespaces' });
  }
  const object = body as Partial<KubeObject> | undefined;
  const name = object?.metadata?.name ?? '';
  const isName = /^[a-z0-9]([-a-z0-9.]{0,61}[a-z0-9])?$/.test(name);
  if (object === undefined || !isName) {
    throw new Refusal(422, 'Invalid', `${resource} "${name}" is invalid: metadata.name: Invalid value`, { name });
  }
  if (resource === 'jobs' && (object as { spec?: { template?: unknown } }).spec?.template === undefined) {
    throw new Refusal(422, 'Invalid', `Job.batch "${name}" is invalid: spec.template: Required value`, { name });
  }
  if (namespace !== undefined) respectQuota(store, { resource, namespace, name });
  const labelled = { ...object, metadata: { ...object.metadata, name, ...(namespace && { namespace }) } };
  return store.create(resource, keyOf(namespace, name), labelled);
}

/** `count/jobs.batch`, `count/secrets`, `pods`. */
function respectQuota(
  store: ObjectStore,
  { resource, namespace, name }: { resource: Resource; namespace: string; name: string },
): void {
  const counted = { jobs: 'count/jobs.batch', secrets: 'count/secrets', pods: 'pods' }[resource as string];
  if (counted === undefined || store.get(resource, keyOf(namespace, name)) !== undefined) return;
  const used = [...store.of(resource).keys()].filter((key) => key.startsWith(`${namespace}/`)).length;
  for (const quota of store.of('resourcequotas').values()) {
    if (quota.metadata.namespace !== namespace) continue;
    const limit = quota.spec.hard[counted];
    if (limit === undefined || used < Number(limit)) continue;
    const numbers = `requested: ${counted}=1, used: ${counted}=${used}, limited: ${counted}=${limit}`;
    const of = resource === 'jobs' ? 'jobs.batch' : resource;
    const message = `${of} "${name}" is forbidden: exceeded quota: ${quota.metadata.name}, ${numbers}`;
    throw new Refusal(403, 'Forbidden', message, { name, kind: resource });
  }
}

/** What a LIST of that version may show. */
function shown(store: ObjectStore, { resource, query }: ApiRequest, version: number): ReadonlyMap<string, KubeObject> {
  if (version === store.version) return store.candidates(resource, query.get('labelSelector') ?? '');
  const objects = store.snapshot(resource, version);
  if (objects !== undefined) return objects;
  throw new Refusal(410, 'Expired', 'The provided continue parameter is too old to display a consistent list result.');
}

function list(store: ObjectStore, request: ApiRequest, snapshot?: number): object {
  const { namespace, query } = request;
  const token = query.get('continue');
  // The token is ours.
  const next = token === null ? undefined : (JSON.parse(atob(token)) as { version: number; after: string });
  const version = next?.version ?? snapshot ?? store.version;
  const objects = shown(store, request, version);
  const matches = labelSelector(query.get('labelSelector'));
  const all: [string, KubeObject][] = [];
  for (const [key, object] of objects) {
    const { metadata } = object;
    if (namespace !== undefined && metadata.namespace !== namespace) continue;
    if ((next === undefined || key > next.after) && matches(metadata.labels)) all.push([key, object]);
  }
  all.sort(([a], [b]) => (a < b ? -1 : 1));
  const limit = Math.min(Number(query.get('limit') ?? '0') || LIST_MAX, LIST_MAX);
  const page = all.slice(0, limit);
  const last = page.at(-1)?.[0];
  const hasMore = all.length > page.length && last !== undefined;
  return {
    kind: 'List',
    metadata: {
      resourceVersion: String(version),
      ...(hasMore
        ? { continue: btoa(JSON.stringify({ version, after: last })), remainingItemCount: all.length - page.length }
        : {}),
    },
    items: page.map(([, object]) => object),
  };
}

/** A JSON merge patch; what it changes within objects is changed in copies. */
function merge(target: object, patch: unknown): void {
  // Patches name fields of any object.
  const fields = target as Record<string, unknown>;
  for (const [name, value] of Object.entries(patch ?? {})) {
    const present = fields[name];
    if (value === null) delete fields[name];
    else if (isPlain(value) && isPlain(present)) {
      const copy = { ...present };
      merge(copy, value);
      fields[name] = copy;
    } else fields[name] = value;
  }
}

function isPlain(value: unknown): value is object {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
