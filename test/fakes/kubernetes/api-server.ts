/**
 * A Kubernetes API server in this process, as far as the executor needs one: jobs, pods, secrets, nodes, namespaces and
 * quotas with versions, pages, watches, preconditions and finalizers over HTTP; a cluster that plays controllers,
 * scheduler and kubelets (`cluster.ts`); and faults drawn from a seed (`faults.ts`). All time is of the given clock.
 */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { systemClock } from '#control/dispatch/clock.ts';
import type { Clock } from '#control/dispatch/clock.ts';
import type { ClusterAccess } from '#control/dispatch/executors/kubernetes-access.ts';
import { fakeCluster } from './cluster.ts';
import type { ClusterOptions, FakeCluster } from './cluster.ts';
import { faults } from './faults.ts';
import type { Fault, Faults, Verb } from './faults.ts';
import { ObjectStore, Refusal } from './object-store.ts';
import type { Resource } from './object-store.ts';
import { existing, keyOf, parseRequest, perform } from './requests.ts';
import type { ApiRequest, Done } from './requests.ts';
import { serveWatch } from './watches.ts';

/** Midnight of the first of January 2026: wall time when the clock shows 0. */
const EPOCH_MS = Date.UTC(2026, 0, 1);

export interface Audited {
  readonly at: number;
  readonly verb: Verb;
  readonly resource: Resource;
  readonly name: string | undefined;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
  /** 0 when there was no answer. */
  readonly status: number;
  /** Whether it was done, whatever was answered. */
  readonly isDone: boolean;
}

export interface FakeKubernetesOptions extends ClusterOptions {
  readonly seed?: number;
  readonly clock?: Clock;
  readonly namespaces?: readonly string[];
  /** Tokens that are let in; everybody is without it. */
  readonly tokens?: ReadonlySet<string>;
  /** What is forbidden by the roles. */
  readonly isForbidden?: (verb: Verb, resource: Resource) => boolean;
}

export interface FakeKubernetes extends AsyncDisposable {
  readonly url: string;
  readonly access: () => Promise<ClusterAccess>;
  readonly store: ObjectStore;
  readonly cluster: FakeCluster;
  readonly faults: Faults;
  readonly audit: readonly Audited[];
  /** Requests that are held up on purpose. */
  readonly held: number;
  /** Cuts all connections, and refuses new ones until `comeBack`. */
  goAway(): Promise<void>;
  comeBack(): Promise<void>;
}

export async function fakeKubernetes(options: FakeKubernetesOptions = {}): Promise<FakeKubernetes> {
  const world = new Server(options);
  await world.listen(0);
  const url = `http://127.0.0.1:${world.port}`;
  const access: ClusterAccess = { server: url, tls: {}, headers: () => Promise.resolve({}) };
  return {
    url,
    access: () => Promise.resolve(access),
    store: world.store,
    cluster: world.cluster,
    faults: world.faults,
    audit: world.audit,
    get held() {
      return world.held;
    },
    goAway: () => world.close(),
    comeBack: () => world.listen(world.port),
    async [Symbol.asyncDispose]() {
      world.cluster.end();
      await world.close();
    },
  };
}

class Server {
  port = 0;
  held = 0;
  readonly audit: Audited[] = [];
  readonly store: ObjectStore;
  readonly faults: Faults;
  readonly cluster: FakeCluster;
  readonly #clock: Clock;
  readonly #options: FakeKubernetesOptions;
  #http = createServer();

  constructor(options: FakeKubernetesOptions) {
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.faults = faults(options.seed ?? 1, () => this.#clock.now());
    const wallTime = options.clock === undefined ? Date.now : () => EPOCH_MS + this.#clock.now();
    this.store = new ObjectStore(wallTime);
    for (const name of options.namespaces ?? ['ropeway']) this.store.create('namespaces', name, { metadata: { name } });
    this.cluster = fakeCluster(this.store, this.#clock, options);
  }

  async listen(port: number): Promise<void> {
    this.#http = createServer((incoming, answer) => void this.#serve(incoming, answer));
    this.#http.keepAliveTimeout = 60_000;
    await new Promise<void>((done) => this.#http.listen(port, '127.0.0.1', done));
    // A server that listens to TCP has such an address.
    this.port = (this.#http.address() as AddressInfo).port;
  }

  async close(): Promise<void> {
    this.#http.closeAllConnections();
    await new Promise((done) => this.#http.close(done));
  }

  async #serve(incoming: IncomingMessage, answer: ServerResponse): Promise<void> {
    try {
      const chunks: Buffer[] = [];
      for await (const chunk of incoming) chunks.push(chunk as Buffer);
      const url = new URL(incoming.url ?? '/', 'http://localhost');
      const request = parseRequest(incoming.method ?? '', url, Buffer.concat(chunks).toString());
      await this.#answer(request, incoming.headers.authorization, answer);
    } catch (error) {
      if (error instanceof Refusal) send(answer, { status: error.status.code, body: error.status });
      // A connection that ended while its request came is nobody's fault here.
      else if (!answer.destroyed && incoming.complete) throw error;
    }
  }

  async #answer(request: ApiRequest, authorization: string | undefined, answer: ServerResponse): Promise<void> {
    const drawn = this.faults.drawFor(request);
    for (const fault of drawn) {
      if (fault.kind !== 'latency') continue;
      this.held += 1;
      await new Promise<void>((done) => this.#clock.after(fault.ms, done));
      this.held -= 1;
    }
    const early = drawn.find((fault) => 'when' in fault && fault.when === 'before');
    if (early !== undefined) return this.#cut(request, early, answer, false);
    let done: Done | undefined;
    try {
      this.#admit(request, authorization);
      const refused = drawn.find((fault) => fault.kind === 'answer');
      if (refused !== undefined) throw refusal(refused);
      done = this.#perform(request, drawn, answer);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      done = { status: error.status.code, body: error.status };
    }
    const late = drawn.find((fault) => 'when' in fault && fault.when === 'after');
    if (late !== undefined && done !== undefined) return this.#cut(request, late, answer, done.status < 300);
    this.#note(request, done?.status ?? 200, done === undefined || done.status < 300);
    if (done !== undefined) send(answer, done);
  }

  /** Undefined when the answer is a stream, which has begun. */
  #perform(request: ApiRequest, drawn: readonly Fault[], answer: ServerResponse): Done | undefined {
    if (request.verb === 'watch') {
      serveWatch({ store: this.store, clock: this.#clock, faults: this.faults }, request, drawn, answer);
      return undefined;
    }
    if (request.verb === 'log') {
      const key = keyOf(request.namespace, request.name ?? '');
      existing(this.store, 'pods', key);
      answer.writeHead(200, { 'content-type': 'text/plain' });
      answer.end(this.cluster.log(key, Number(request.query.get('tailLines') ?? Number.MAX_SAFE_INTEGER)));
      return undefined;
    }
    const old = drawn.find((fault) => fault.kind === 'old-snapshot');
    return perform(this.store, request, old?.version);
  }

  #admit({ verb, resource, name = '' }: ApiRequest, authorization: string | undefined): void {
    const { tokens, isForbidden } = this.#options;
    if (tokens !== undefined && !tokens.has(authorization?.replace(/^Bearer /, '') ?? '')) {
      throw new Refusal(401, 'Unauthorized', 'Unauthorized');
    }
    if (isForbidden?.(verb, resource) !== true) return;
    const what = `cannot ${verb} resource "${resource}"`;
    throw new Refusal(403, 'Forbidden', `${resource} "${name}" is forbidden: User "ropeway" ${what}`, { name });
  }

  #cut(request: ApiRequest, fault: Fault, answer: ServerResponse, isDone: boolean): void {
    this.#note(request, 0, isDone);
    if (fault.kind === 'reset') return void answer.socket?.resetAndDestroy();
    this.held += 1;
    answer.on('close', () => (this.held -= 1));
  }

  #note({ verb, resource, name, query, body }: ApiRequest, status: number, isDone: boolean): void {
    const created = verb === 'create' ? (body as { metadata?: { name?: string } } | undefined)?.metadata?.name : name;
    this.audit.push({
      at: this.#clock.now(),
      verb,
      resource,
      name: created,
      query: Object.fromEntries(query),
      body,
      status,
      isDone,
    });
  }
}

function refusal({ status, retryAfterS, reason }: Extract<Fault, { kind: 'answer' }>): Refusal {
  const after = retryAfterS ?? (status === 429 ? 1 : undefined);
  const details = after === undefined ? {} : { retryAfterSeconds: after };
  return new Refusal(status, reason ?? reasons[status] ?? 'InternalError', `a fault of the test: ${status}`, details);
}

const reasons: Readonly<Record<number, string>> = {
  400: 'BadRequest',
  403: 'Forbidden',
  410: 'Expired',
  422: 'Invalid',
  429: 'TooManyRequests',
  503: 'ServiceUnavailable',
};

function send(answer: ServerResponse, { status, body }: Done): void {
  const after = (body as { details?: { retryAfterSeconds?: number } } | undefined)?.details?.retryAfterSeconds;
  answer.writeHead(status, {
    'content-type': 'application/json',
    ...(after === undefined ? {} : { 'retry-after': String(after) }),
  });
  answer.end(JSON.stringify(body));
}
