/**
 * The HTTP API: a route for each endpoint of the contract. A request is let in, counted, checked, held against the
 * rights and served, in this order; what goes wrong on the way is answered as a problem. Answers hold what the contract
 * lists, nothing more.
 */
import { randomUUID } from 'node:crypto';
import type { IncomingMessage } from 'node:http';
import { Hono } from 'hono';
import type { Context } from 'hono';
import { contract } from '#api/contract.ts';
import { fullPath } from '#api/endpoint.ts';
import type { Endpoint } from '#api/endpoint.ts';
import { PROBLEM_MEDIA } from '#api/problem.ts';
import { AuditLog, entryOf, isAudited, namedIn } from '#control/audit/audit-log.ts';
import type { AuditEnd } from '#control/audit/audit-log.ts';
import { Gate } from '#control/auth/gate.ts';
import type { Resource } from '#control/auth/resource-group.ts';
import { errorFields } from '#control/log.ts';
import type { Logger } from '#spi/context.ts';
import { checkRequest } from './checked-request.ts';
import type { CheckedRequest } from './checked-request.ts';
import { Door } from './door.ts';
import type { DoorOptions } from './door.ts';
import { httpErrors } from './errors.ts';
import { Streams } from './event-response.ts';
import type { StreamLimits } from './event-response.ts';
import { anonymous } from './handler.ts';
import type { AnyHandler, Handlers, Principal, SentEvent } from './handler.ts';
import type { Idempotency } from './idempotency.ts';
import { Refusal, problemOf, refusalOf } from './refusal.ts';
import { BODY_BYTES_MAX } from './request-body.ts';
import { visitorOf } from './visitor.ts';
import type { Reach, Visitor } from './visitor.ts';

export interface AppOptions extends DoorOptions {
  readonly handlers: Handlers;
  readonly idempotency: Idempotency;
  readonly log: Logger;
  /** Aborts when the server stops: streams end, and their clients come back elsewhere. */
  readonly stopping?: AbortSignal;
  readonly bodyBytesMax?: number;
  /** How people reach the server. */
  readonly reach?: Reach;
  readonly streams?: StreamLimits;
}

const streamsDefault: StreamLimits = { all: 1000, perPrincipal: 100 };

/** What every answer says: nothing of it is to be kept, guessed at, framed or read by another page. */
const commonHeaders: Readonly<Record<string, string>> = {
  'cache-control': 'no-store',
  'content-security-policy': "default-src 'none'; frame-ancestors 'none'",
  'cross-origin-resource-policy': 'same-origin',
  'referrer-policy': 'no-referrer',
  'x-content-type-options': 'nosniff',
};

export function makeApp(options: AppOptions): Hono {
  const app = new Hono();
  const desk = new Desk(options);
  for (const endpoint of contract) app.on(endpoint.method, fullPath(endpoint), (c) => desk.serve(endpoint, c));
  for (const [path, methods] of allowedMethods()) app.all(path, (c) => desk.otherMethod(c, methods));
  app.notFound((c) => desk.refuse(c, new Refusal(httpErrors.error('ROUTE_UNKNOWN', { path: shown(c.req.path) }), 404)));
  app.onError((error, c) => desk.refuse(c, refusalOf(error)));
  return app;
}

function allowedMethods(): ReadonlyMap<string, readonly string[]> {
  const methods = new Map<string, string[]>();
  for (const endpoint of contract) {
    const known = methods.get(fullPath(endpoint)) ?? ['OPTIONS'];
    methods.set(fullPath(endpoint), [endpoint.method, ...(endpoint.method === 'GET' ? ['HEAD'] : []), ...known]);
  }
  return methods;
}

const SHOWN_LENGTH_MAX = 200;

/** The path of a stranger's request, for a message. */
function shown(path: string): string {
  return path.replace(/[^\x21-\x7e]/g, '?').slice(0, SHOWN_LENGTH_MAX);
}

/** What is known of a request while it is served. */
interface Visit {
  readonly requestId: string;
  readonly startedAtMs: number;
  readonly visitor: Visitor;
  principal: Principal;
}

interface Admitted {
  readonly visit: Visit;
  readonly checked: CheckedRequest;
  readonly resource?: Resource | undefined;
}

class Desk {
  readonly #options: AppOptions;
  readonly #door: Door;
  readonly #streams: Streams;
  readonly #gate: Gate;
  readonly #audit: AuditLog;

  constructor(options: AppOptions) {
    this.#options = options;
    this.#door = new Door(options);
    this.#gate = new Gate(options.store);
    this.#audit = new AuditLog(options.store);
    this.#streams = new Streams(options.streams ?? streamsDefault, options.stopping ?? new AbortController().signal);
  }

  async serve(endpoint: Endpoint & { id: keyof Handlers }, c: Context): Promise<Response> {
    const visit = this.#newVisit(c);
    try {
      visit.principal = await this.#door.letIn(endpoint, c.req.raw, visit.visitor);
      const checked = await checkRequest(endpoint, c.req.raw, {
        params: c.req.param(),
        bytesMax: this.#options.bodyBytesMax ?? BODY_BYTES_MAX,
      });
      const resource = await this.#admit(endpoint, { visit, checked });
      const response = await this.#answer(endpoint, { c, visit, checked, resource });
      return this.#leave(c, visit, response, endpoint.id);
    } catch (error) {
      return this.#refused(c, visit, refusalOf(error), endpoint.id);
    }
  }

  otherMethod(c: Context, methods: readonly string[]): Response {
    const allow = methods.join(', ');
    const visit = this.#newVisit(c);
    if (c.req.method === 'OPTIONS')
      return this.#leave(c, visit, new Response(null, { status: 204, headers: { allow } }));
    const error = httpErrors.error('METHOD_NOT_ALLOWED', { method: shown(c.req.method), path: shown(c.req.path) });
    return this.#refused(c, visit, new Refusal(error, 405, { headers: { allow } }));
  }

  refuse(c: Context, refusal: Refusal): Response {
    return this.#refused(c, this.#newVisit(c), refusal);
  }

  /** A refusal for want of a role is worth a line in the audit log, when something was to be changed. */
  async #admit(endpoint: Endpoint, { visit, checked }: Admitted): Promise<Resource | undefined> {
    const { principal, requestId } = visit;
    try {
      return await this.#gate.admit(endpoint, checked, principal);
    } catch (error) {
      if (error instanceof Refusal && error.status === 403 && isAudited(endpoint)) {
        const entry = entryOf(endpoint, checked, { principal, resource: undefined, requestId });
        await this.#audit.record(entry, { outcome: 'refused', code: error.code });
      }
      throw error;
    }
  }

  /** Serves it, with a row in the audit log around it when it changes something. */
  async #serve(
    endpoint: Endpoint & { id: keyof Handlers },
    { c, visit, checked, resource }: Admitted & { c: Context },
    signal: AbortSignal = c.req.raw.signal,
  ): Promise<unknown> {
    // The request has been checked against the endpoint's schemas, of which the handler's types are made.
    const handler = this.#options.handlers[endpoint.id] as unknown as AnyHandler;
    const { principal, visitor, requestId } = visit;
    const request = { ...checked, principal, visitor, signal };
    if (!isAudited(endpoint)) return handler(request);
    const id = await this.#audit.begin(entryOf(endpoint, checked, { principal, resource, requestId }));
    try {
      const answer = await handler(request);
      await this.#noteEnd(id, { outcome: 'succeeded', ...namedIn(answer) });
      return answer;
    } catch (error) {
      const { status, code } = refusalOf(error);
      await this.#noteEnd(id, { outcome: status < 500 ? 'refused' : 'failed', code });
      throw error;
    }
  }

  /** What was done is done, also when its end cannot be written down. */
  async #noteEnd(id: string, end: AuditEnd): Promise<void> {
    try {
      await this.#audit.end(id, end);
    } catch (error) {
      this.#options.log.warn('The end of an audit event was not written.', { event: id, error: errorFields(error) });
    }
  }

  async #answer(
    endpoint: Endpoint & { id: keyof Handlers },
    { c, visit, checked, resource }: Admitted & { c: Context },
  ): Promise<Response> {
    const { answer } = endpoint;
    const { principal } = visit;
    const isHead = c.req.raw.method === 'HEAD';
    if (answer.kind === 'json') {
      const serve = async (): Promise<{ status: number; body: string }> => {
        const body = await this.#serve(endpoint, { c, visit, checked, resource });
        return { status: answer.status, body: JSON.stringify(answer.body.parse(body)) };
      };
      return jsonResponse(await this.#once(endpoint, { c, visit, checked }, serve), answer.hasEtag === true);
    }
    if (answer.kind === 'nothing') {
      await this.#serve(endpoint, { c, visit, checked, resource });
      return new Response(null, { status: answer.status });
    }
    const media = answer.kind === 'text' ? answer.media : 'text/event-stream';
    if (isHead) return new Response(null, { headers: { 'content-type': media } });
    // Both may go on for long, and count as streams.
    const leave = this.#streams.enter(principal.rateKey);
    const left = new AbortController();
    try {
      const signal = AbortSignal.any([c.req.raw.signal, left.signal]);
      const source = await this.#serve(endpoint, { c, visit, checked, resource }, signal);
      const body =
        answer.kind === 'text'
          ? textBody(source as AsyncIterable<string>, leave)
          : this.#streams.body(checkedEvents(source as AsyncIterable<SentEvent>, answer.events), { left, leave });
      return new Response(body, { headers: { 'content-type': media, 'x-accel-buffering': 'no' } });
    } catch (error) {
      leave();
      throw error;
    }
  }

  async #once(
    endpoint: Endpoint,
    { c, visit, checked }: { c: Context; visit: Visit; checked: CheckedRequest },
    serve: () => Promise<{ status: number; body: string }>,
  ): Promise<{ status: number; body: string; isKept?: boolean }> {
    if (checked.idempotencyKey === undefined) return serve();
    const keyed = {
      // Nobody is answered with what another one was shown.
      owner: visit.principal.userId ?? visit.principal.rateKey,
      workspaceId: visit.principal.workspaceId,
      endpointId: endpoint.id,
      key: checked.idempotencyKey,
      content: JSON.stringify([c.req.path, checked.query, checked.body]),
    };
    return this.#options.idempotency.answer(keyed, serve);
  }

  #newVisit(c: Context): Visit {
    const given = c.req.header('x-request-id') ?? '';
    const requestId = /^[\w.-]{1,64}$/.test(given) ? given : randomUUID();
    const visitor = visitorOf(c.req.raw, peerOf(c), this.#options.reach ?? {});
    return { requestId, startedAtMs: performance.now(), visitor, principal: anonymous };
  }

  #refused(c: Context, visit: Visit, refusal: Refusal, endpointId?: string): Response {
    const { retryAfterS, headers } = refusal.extra;
    const response = new Response(JSON.stringify(problemOf(refusal, visit.requestId)), {
      status: refusal.status,
      headers: {
        'content-type': PROBLEM_MEDIA,
        ...(retryAfterS === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterS)) }),
        ...headers,
      },
    });
    if (refusal.status >= 500) {
      this.#options.log[refusal.status === 503 ? 'warn' : 'error']('A request failed.', {
        requestId: visit.requestId,
        endpoint: endpointId,
        error: errorFields(refusal.cause ?? refusal),
      });
    }
    return this.#leave(c, visit, response, endpointId);
  }

  #leave(c: Context, visit: Visit, response: Response, endpointId?: string): Response {
    for (const [name, value] of Object.entries(commonHeaders)) response.headers.set(name, value);
    response.headers.set('x-request-id', visit.requestId);
    for (const cookie of visit.visitor.cookies.lines()) response.headers.append('set-cookie', cookie);
    this.#options.log.info('A request was answered.', {
      requestId: visit.requestId,
      method: c.req.method,
      // The route, not the path: what strangers ask for is not for the log.
      endpoint: endpointId ?? 'none',
      status: response.status,
      ms: Math.round((performance.now() - visit.startedAtMs) * 10) / 10,
      actor: visit.principal.actor,
    });
    return response;
  }
}

/** Of the other end of the connection. */
function peerOf(c: Context): string | undefined {
  // Set by the adapter to Node's server; requests of tests have none.
  const { incoming } = (c.env ?? {}) as { incoming?: IncomingMessage };
  return incoming?.socket.remoteAddress;
}

function jsonResponse(
  { status, body, isKept = false }: { status: number; body: string; isKept?: boolean },
  hasEtag: boolean,
): Response {
  const headers: Record<string, string> = { 'content-type': 'application/json' };
  // What has an ETag has a version.
  if (hasEtag) headers['etag'] = `"${(JSON.parse(body) as { version: number }).version}"`;
  if (isKept) headers['idempotent-replay'] = 'true';
  return new Response(body, { status, headers });
}

async function* checkedEvents(
  source: AsyncIterable<SentEvent>,
  schemas: Readonly<Record<string, { parse(data: unknown): unknown }>>,
): AsyncGenerator<SentEvent> {
  for await (const { event, data, ...rest } of source) {
    yield { ...rest, event, data: schemas[event]?.parse(data) };
  }
}

function textBody(source: AsyncIterable<string>, leave: () => void): ReadableStream {
  const iterator = source[Symbol.asyncIterator]();
  const encoder = new TextEncoder();
  return new ReadableStream<Uint8Array>({
    async pull(controller) {
      try {
        const { done, value } = await iterator.next();
        if (done !== true) {
          controller.enqueue(encoder.encode(value));
          return;
        }
        leave();
        controller.close();
      } catch (error) {
        leave();
        controller.error(error);
      }
    },
    async cancel() {
      leave();
      await iterator.return?.();
    },
  });
}
