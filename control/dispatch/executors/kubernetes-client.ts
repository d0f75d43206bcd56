/**
 * Requests to a Kubernetes API server, one try each. What the vendor's client does not say is the point here: whether a
 * request that failed had left this process (then it may have been done) or had not (then it was not).
 */
import type { Dispatcher, request } from 'undici';
import { systemClock } from '#control/dispatch/clock.ts';
import type { Clock } from '#control/dispatch/clock.ts';
import { executorErrors } from './errors.ts';
import type { ClusterAccess, OpenAccess } from './kubernetes-access.ts';
import type { KubeStatus } from './kubernetes-objects.ts';

/** A call that has not ended by then may still be done. */
const REQUEST_MS_MAX = 30_000;
const CONNECT_MS_MAX = 10_000;
/** Of one answer, in memory: a page of 500 pods has about 5 MB. */
const ANSWER_BYTES_MAX = 64 * 1024 * 1024;
/** Three watches, and as many launches at once as the rate gives. */
const CONNECTIONS_MAX = 64;

export type Asked =
  | { readonly kind: 'answered'; readonly status: number; readonly body: unknown; readonly retryAfterMs?: number }
  /** Nothing has left this process. */
  | { readonly kind: 'unsent'; readonly cause: unknown }
  /** It left, and no answer came: it may have been done, or be done yet. */
  | { readonly kind: 'unanswered'; readonly cause: unknown };

export interface AskOptions {
  readonly query?: Readonly<Record<string, string | number | boolean | undefined>>;
  readonly body?: unknown;
  readonly contentType?: string;
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
}

export type Streamed = { readonly kind: 'streaming'; readonly body: AsyncIterable<Buffer> } | Asked;

export interface KubernetesClient extends AsyncDisposable {
  ask(method: Dispatcher.HttpMethod, path: string, options?: AskOptions): Promise<Asked>;
  /** The body as it comes, until the signal or its end; anything but 200 is answered as `ask` does. */
  stream(path: string, options: AskOptions & { readonly signal: AbortSignal }): Promise<Streamed>;
  /** Requests without their whole answer, or without the beginning of their stream. */
  readonly inFlight: number;
}

export interface ClientOptions {
  readonly access: OpenAccess;
  readonly clock?: Clock;
  /** Told of each answer; a breaker and metrics listen here. */
  readonly heard?: (asked: Asked, latencyMs: number) => void;
}

interface Sending {
  readonly method: Dispatcher.HttpMethod;
  readonly path: string;
  readonly options: AskOptions;
  readonly signal: AbortSignal;
  isSent: boolean;
}

export function kubernetesClient(options: ClientOptions): KubernetesClient {
  const clock = options.clock ?? systemClock;
  let connection: Promise<Connection> | undefined;
  let inFlight = 0;

  const connected = (): Promise<Connection> => {
    connection ??= connect(options.access).catch((error: unknown) => {
      connection = undefined;
      throw error;
    });
    return connection;
  };
  /** One refresh of the credentials: a 401 was not done, so asking again is safe. */
  const once = async <T extends Asked | Streamed>(send: (to: Connection) => Promise<T>): Promise<T> => {
    let to: Connection;
    try {
      to = await connected();
      const first = await send(to);
      if (first.kind !== 'answered' || first.status !== 401) return first;
      connection = undefined;
      void to.agent.close();
      to = await connected();
    } catch (cause) {
      // `T` is one of two unions, and this is a member of both.
      return { kind: 'unsent', cause } as T;
    }
    return send(to);
  };
  const counted = async <T extends Asked | Streamed>(run: () => Promise<T>): Promise<T> => {
    const began = clock.now();
    inFlight += 1;
    try {
      const asked = await run();
      if (asked.kind !== 'streaming') options.heard?.(asked, clock.now() - began);
      return asked;
    } finally {
      inFlight -= 1;
    }
  };
  return {
    get inFlight() {
      return inFlight;
    },
    ask: (method, path, asking = {}) =>
      counted(() =>
        limited(clock, asking, (signal) =>
          once(async (to) => {
            const sending = { method, path, options: asking, signal, isSent: false };
            return settle(sending, () => exchange(to, sending));
          }),
        ),
      ),
    stream: (path, asking) =>
      counted(() =>
        limited(clock, asking, (signal) =>
          once(async (to) => {
            const sending: Sending = { method: 'GET', path, options: asking, signal, isSent: false };
            return settle<Streamed>(sending, async () => {
              const answer = await send(to, sending);
              return answer.statusCode === 200
                ? { kind: 'streaming', body: answer.body }
                : answered(answer, await readAll(answer.body));
            });
          }),
        ),
      ),
    async [Symbol.asyncDispose]() {
      const open = await connection?.catch(() => undefined);
      await open?.agent.destroy();
    },
  };
}

interface Connection {
  readonly access: ClusterAccess;
  readonly agent: Dispatcher;
  readonly request: typeof request;
}

async function connect(open: OpenAccess): Promise<Connection> {
  const [undici, access] = await Promise.all([import('undici'), open()]);
  // The library takes what `tls.connect` takes, and declares it without its `undefined`s.
  const connecting = { ...access.tls, timeout: CONNECT_MS_MAX } as object;
  // Its own limits are off: ours know what was sent.
  const agent = new undici.Agent({
    connect: connecting,
    connections: CONNECTIONS_MAX,
    headersTimeout: 0,
    bodyTimeout: 0,
  });
  return { access, agent, request: undici.request };
}

/** Ends the request when its time is up; a stream only until it has begun. */
async function limited<T>(
  clock: Clock,
  { timeoutMs = REQUEST_MS_MAX, signal }: AskOptions,
  run: (signal: AbortSignal) => Promise<T>,
): Promise<T> {
  const own = new AbortController();
  const callOff = clock.after(timeoutMs, () => own.abort(new Error(`no answer within ${timeoutMs} ms`)));
  try {
    return await run(signal === undefined ? own.signal : AbortSignal.any([own.signal, signal]));
  } finally {
    callOff();
  }
}

/** The library gives up a request that waits for its connection only when that is made: so not by it alone. */
async function settle<T extends Asked | Streamed>(sending: Sending, run: () => Promise<T>): Promise<T | Asked> {
  const { signal } = sending;
  const { promise: givenUp, reject } = Promise.withResolvers<never>();
  const giveUp = (): void => reject(signal.reason);
  try {
    signal.throwIfAborted();
    signal.addEventListener('abort', giveUp, { once: true });
    const running = run();
    // Whichever is later is nobody's business any more.
    running.catch(() => {});
    givenUp.catch(() => {});
    return await Promise.race([running, givenUp]);
  } catch (cause) {
    return sending.isSent ? { kind: 'unanswered', cause } : { kind: 'unsent', cause };
  } finally {
    signal.removeEventListener('abort', giveUp);
  }
}

async function exchange(to: Connection, sending: Sending): Promise<Asked> {
  const answer = await send(to, sending);
  return answered(answer, await readAll(answer.body));
}

async function send(to: Connection, sending: Sending): Promise<Dispatcher.ResponseData> {
  const { method, path, options, signal } = sending;
  const url = new URL(path, to.access.server.endsWith('/') ? to.access.server : `${to.access.server}/`);
  // A server may live below a path; then ours is below that.
  url.pathname = new URL(to.access.server).pathname.replace(/\/$/, '') + path;
  for (const [name, value] of Object.entries(options.query ?? {})) {
    if (value !== undefined) url.searchParams.set(name, String(value));
  }
  const headers: Record<string, string> = { ...(await to.access.headers()), accept: 'application/json' };
  if (options.body !== undefined) headers['content-type'] = options.contentType ?? 'application/json';
  signal.throwIfAborted();
  return to.request(url, {
    method,
    headers,
    signal,
    // Else the library gives the connection up after each DELETE with a body, for servers that do not read it.
    reset: false,
    dispatcher: noticing(to.agent, () => {
      if (!signal.aborted) sending.isSent = true;
    }),
    ...(options.body === undefined ? {} : { body: JSON.stringify(options.body) }),
  });
}

/** Tells when a request has its connection: the first byte leaves right after. */
function noticing(agent: Dispatcher, sent: () => void): Dispatcher {
  return agent.compose(
    (dispatch) => (options, handler) =>
      dispatch(options, {
        onRequestStart(controller, context: unknown) {
          sent();
          handler.onRequestStart?.(controller, context);
        },
        onResponseStart: (...all) => handler.onResponseStart?.(...all),
        onResponseData: (...all) => handler.onResponseData?.(...all),
        onResponseEnd: (...all) => handler.onResponseEnd?.(...all),
        onResponseError: (...all) => handler.onResponseError?.(...all),
      }),
  );
}

async function readAll(body: AsyncIterable<Buffer>): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of body) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) throw new Error(`an answer of more than ${ANSWER_BYTES_MAX} bytes`);
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString();
}

function answered({ statusCode, headers }: Dispatcher.ResponseData, text: string): Asked {
  let body: unknown = text;
  try {
    body = JSON.parse(text);
  } catch {
    // A proxy before the server answers in its own words.
  }
  const after = Number(headers['retry-after'] ?? Number.NaN);
  return {
    kind: 'answered',
    status: statusCode,
    body,
    ...(Number.isFinite(after) ? { retryAfterMs: after * 1000 } : {}),
  };
}

/** Reason and message of an answer that is no object, for people and for telling refusals apart. */
export function statusOf(asked: Asked): KubeStatus {
  if (asked.kind !== 'answered') {
    const { cause } = asked;
    return { kind: 'Status', message: cause instanceof Error ? cause.message : String(cause) };
  }
  const { body } = asked;
  const isStatus = typeof body === 'object' && body !== null && 'kind' in body && body.kind === 'Status';
  // The server says that it is one.
  return isStatus ? (body as KubeStatus) : { kind: 'Status', message: String(body).slice(0, 500), code: asked.status };
}

/** The body when the status is one of the expected, else undefined when it is 404, else an error. */
export function bodyOf(asked: Asked, method: string, path: string): unknown {
  if (asked.kind === 'answered' && asked.status >= 200 && asked.status < 300) return asked.body;
  if (asked.kind === 'answered' && asked.status === 404) return undefined;
  const { message = 'without a reason' } = statusOf(asked);
  if (asked.kind !== 'answered' || asked.status >= 500 || asked.status === 429) {
    const retry = asked.kind === 'answered' && asked.retryAfterMs !== undefined ? asked.retryAfterMs : undefined;
    throw executorErrors.error(
      'KUBERNETES_UNREACHABLE',
      { method, path, reason: message },
      { ...(retry === undefined ? {} : { retryAfterMs: retry }), ...(asked.kind === 'answered' ? {} : asked) },
    );
  }
  throw executorErrors.error('KUBERNETES_REFUSED', { method, path, status: asked.status, reason: message });
}
