/**
 * The client of the API, typed by the contract. What the server refuses is thrown as an `ApiError`. Calls that may be
 * repeated are, when the server is busy or not there for a moment.
 */
import type { z } from 'zod';
import { isRopewayError } from '#spi/errors.ts';
import { ApiError } from './api-error.ts';
import { endpoints } from './contract.ts';
import type { EndpointId, EndpointOf } from './contract.ts';
import { fullPath } from './endpoint.ts';
import type { AnswerBody, Endpoint } from './endpoint.ts';
import { apiErrors } from './errors.ts';
import { followEvents } from './follow-events.ts';
import type { Followed } from './follow-events.ts';
import { problem } from './problem.ts';
import { pathText, queryString } from './query-text.ts';
import { TRIES_MAX, backOffMs, pause, retryAfterMs } from './retry.ts';

export interface ClientOptions {
  /** `http://127.0.0.1:8080`, without the path of the API. */
  readonly url: string;
  readonly token?: string;
  readonly fetch?: typeof fetch;
  /** Tries of a call at most; 1 never repeats. */
  readonly triesMax?: number;
}

/** The type of an object without any fields: what has no required ones takes it. */
// oxlint-disable-next-line typescript/no-generated-empty-object-type -- it is that type
type Nothing = NonNullable<unknown>;

// What has no required fields may be left out.
type Part<Name extends string, Fields> = Nothing extends Fields
  ? { readonly [Key in Name]?: Fields }
  : { readonly [Key in Name]: Fields };

export type CallOf<E extends Endpoint> = Part<'params', z.input<E['params']>> &
  Part<'query', z.input<E['query']>> &
  (E['body'] extends z.ZodUndefined ? unknown : Part<'body', z.input<E['body']>>) & {
    readonly ifMatch?: string;
    /** By default one of its own for each call. */
    readonly idempotencyKey?: string;
    readonly signal?: AbortSignal;
  };

export interface Reply<Body> {
  readonly status: number;
  readonly body: Body;
  /** For `ifMatch` of an update. */
  readonly etag: string | undefined;
}

type Arguments<Id extends EndpointId> =
  Nothing extends CallOf<EndpointOf<Id>> ? [call?: CallOf<EndpointOf<Id>>] : [call: CallOf<EndpointOf<Id>>];

/** The endpoints whose answers are pages. */
export type ListId = {
  [Id in EndpointId]: AnswerBody<EndpointOf<Id>['answer']> extends { items: readonly unknown[] } ? Id : never;
}[EndpointId];
type ItemOf<Id extends ListId> =
  AnswerBody<EndpointOf<Id>['answer']> extends { items: readonly (infer Item)[] } ? Item : never;

/** The endpoints that answer events. */
export type StreamId = {
  [Id in EndpointId]: EndpointOf<Id>['answer'] extends { kind: 'events' } ? Id : never;
}[EndpointId];
type EventsOf<Id extends StreamId> = EndpointOf<Id>['answer'] extends { events: infer Events } ? Events : never;
/** An event of a stream; its data by its name. */
export type EventOf<Id extends StreamId> = {
  [Name in keyof EventsOf<Id>]: {
    readonly event: Name;
    readonly id: string | undefined;
    readonly data: EventsOf<Id>[Name] extends z.ZodType ? z.output<EventsOf<Id>[Name]> : never;
  };
}[keyof EventsOf<Id>];

export interface Client {
  /** The body of the answer. */
  call<Id extends EndpointId>(id: Id, ...call: Arguments<Id>): Promise<AnswerBody<EndpointOf<Id>['answer']>>;
  /** The answer with its ETag. */
  ask<Id extends EndpointId>(id: Id, ...call: Arguments<Id>): Promise<Reply<AnswerBody<EndpointOf<Id>['answer']>>>;
  /** The items of all pages, asked for as they are needed. */
  items<Id extends ListId>(id: Id, ...call: Arguments<Id>): AsyncGenerator<ItemOf<Id>>;
  /** The events of a stream, across breaks of the line, until its end or the signal. */
  follow<Id extends StreamId>(
    id: Id,
    call: CallOf<EndpointOf<Id>> & { readonly lastEventId?: string },
  ): AsyncGenerator<EventOf<Id>>;
  /** The answer as it comes, for what is too long to be held. */
  open<Id extends EndpointId>(id: Id, ...call: Arguments<Id>): Promise<Response>;
}

/** A call without its types. */
interface PlainCall {
  readonly params?: Readonly<Record<string, unknown>>;
  readonly query?: Readonly<Record<string, unknown>>;
  readonly body?: unknown;
  readonly ifMatch?: string;
  readonly idempotencyKey?: string;
  readonly signal?: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

export function makeClient(options: ClientOptions): Client {
  const open = (id: EndpointId, call: PlainCall = {}): Promise<Response> => send(endpoints[id], call, options);
  const ask = async (id: EndpointId, call?: PlainCall): Promise<Reply<unknown>> => {
    const response = await open(id, call);
    return {
      status: response.status,
      body: await bodyOf(endpoints[id], response, options.url),
      etag: response.headers.get('etag') ?? undefined,
    };
  };
  async function* items(id: EndpointId, call: PlainCall = {}): AsyncGenerator {
    let cursor: unknown = call.query?.['cursor'];
    do {
      const query = cursor === undefined ? call.query : { ...call.query, cursor };
      // What a list answers is a page.
      const page = (await ask(id, { ...call, query: query ?? {} })).body as { items: unknown[]; next?: string };
      yield* page.items;
      cursor = page.next;
    } while (cursor !== undefined);
  }
  const follow = (id: EndpointId, call: PlainCall & { lastEventId?: string }): AsyncGenerator<Followed> =>
    followEvents(
      (lastEventId) =>
        open(id, { ...call, headers: lastEventId === undefined ? {} : { 'last-event-id': lastEventId } }),
      { lastEventId: call.lastEventId, signal: call.signal },
    );
  const client = {
    call: async (id: EndpointId, call?: PlainCall) => (await ask(id, call)).body,
    ask,
    items,
    follow,
    open,
  };
  // The types are those of the contract, which the answers were made by.
  return client as unknown as Client;
}

async function send(endpoint: Endpoint, call: PlainCall, options: ClientOptions): Promise<Response> {
  const request = requestOf(endpoint, call, options);
  const triesMax = endpoint.repeat === 'once' ? 1 : (options.triesMax ?? TRIES_MAX);
  for (let tries = 1; ; tries += 1) {
    try {
      const response = await (options.fetch ?? fetch)(request.url, request.init);
      if (response.ok) return response;
      throw await refusalOf(response, options.url);
    } catch (error) {
      call.signal?.throwIfAborted();
      const refusal = isRopewayError(error)
        ? error
        : apiErrors.error('API_UNREACHABLE', { url: options.url, reason: reasonOf(error) }, { cause: error });
      // Whether an update was made is not known when its answer was lost; made again, it would not match.
      const isUnsure = endpoint.needsMatch && refusal.code === 'API_UNREACHABLE';
      if (tries >= triesMax || !refusal.transient || isUnsure) throw refusal;
      await pause(retryAfterMs(refusal.retryAfterMs) ?? backOffMs(tries), call.signal);
    }
  }
}

function requestOf(endpoint: Endpoint, call: PlainCall, options: ClientOptions): { url: string; init: RequestInit } {
  const query = queryString(call.query ?? {});
  const url = `${options.url.replace(/\/+$/, '')}${pathText(fullPath(endpoint), call.params ?? {})}`;
  const headers: Record<string, string> = { ...call.headers };
  headers['accept'] = endpoint.answer.kind === 'events' ? 'text/event-stream' : '*/*';
  if (options.token !== undefined) headers['authorization'] = `Bearer ${options.token}`;
  if (call.ifMatch !== undefined) headers['if-match'] = call.ifMatch;
  if (endpoint.repeat === 'keyed') headers['idempotency-key'] = call.idempotencyKey ?? crypto.randomUUID();
  if (call.body !== undefined) headers['content-type'] = 'application/json';
  return {
    url: query === '' ? url : `${url}?${query}`,
    init: {
      method: endpoint.method,
      headers,
      redirect: 'error',
      ...(call.body === undefined ? {} : { body: JSON.stringify(call.body) }),
      ...(call.signal === undefined ? {} : { signal: call.signal }),
    },
  };
}

async function bodyOf(endpoint: Endpoint, response: Response, url: string): Promise<unknown> {
  if (endpoint.answer.kind === 'nothing') return undefined;
  if (endpoint.answer.kind !== 'json') return response.text();
  try {
    return await response.json();
  } catch (error) {
    const params = { url, status: response.status, reason: reasonOf(error) };
    throw apiErrors.error('API_ANSWER_UNREADABLE', params, { cause: error });
  }
}

async function refusalOf(response: Response, url: string): Promise<Error> {
  const text = await response.text();
  const seconds = Number(response.headers.get('retry-after') ?? Number.NaN);
  const parsed = problem.safeParse(jsonOf(text));
  if (parsed.success) {
    const { retryAfterS = Number.isFinite(seconds) ? seconds : undefined, ...rest } = parsed.data;
    return new ApiError(retryAfterS === undefined ? rest : { ...rest, retryAfterS });
  }
  const params = { url, status: response.status, reason: text.slice(0, 200).trim() || response.statusText };
  // A proxy's words for "not now".
  if (response.status === 502 || response.status === 503 || response.status === 504) {
    return apiErrors.error('API_UNREACHABLE', { url, reason: `${response.status} ${response.statusText}` });
  }
  return apiErrors.error('API_ANSWER_UNREADABLE', params);
}

function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    // Not JSON is not a problem of ours: the caller says so with the text.
    return undefined;
  }
}

/** `fetch failed` has its reason inside. */
function reasonOf(error: unknown): string {
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  if (cause instanceof Error) return cause.message;
  return error instanceof Error ? error.message : String(error);
}
