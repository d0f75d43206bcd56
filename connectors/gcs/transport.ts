/** Requests to the store, one try each. */
import { httpSender, oneOf, textOf } from '#connectors/network/http-sender.ts';
import type { HttpAnswer, Send } from '#connectors/network/http-sender.ts';
import { retryAfterMs } from '#connectors/network/retry-after.ts';
import { untilStopped } from '#connectors/network/until-stopped.ts';
import type { GcsConnection } from './config.ts';
import { checkAuth, credentialsOf } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { gcsErrors } from './errors.ts';
import { connectionFailure, refusalFailure } from './failure.ts';
import type { Doing } from './failure.ts';

/** Connections of a thread to the store at a time. */
const SOCKETS_MAX = 64;
const CONNECT_TIMEOUT_MS = 15_000;
/** A connection on which nothing moves for so long is given up, and the request tried again. */
const IDLE_TIMEOUT_MS = 60_000;
/** Answers that are not objects: pages of lists, errors. */
const TEXT_BYTES_MAX = 64 * 1024 * 1024;

export interface GcsRequest {
  readonly method: 'GET' | 'POST' | 'PUT' | 'DELETE';
  readonly path: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Uint8Array;
}

/** One for all uses of a section in this thread: its connections and credentials are shared. */
const transports = new WeakMap<TransportConfig, Promise<Transport>>();

/** The bucket does not matter. */
export type TransportConfig = Omit<GcsConnection, 'bucket'>;

export function openTransport(config: TransportConfig): Promise<Transport> {
  let transport = transports.get(config);
  if (transport === undefined) {
    transport = newTransport(config);
    transports.set(config, transport);
  }
  return transport;
}

async function newTransport(config: TransportConfig): Promise<Transport> {
  checkAuth(config);
  const base = baseOf(config);
  const [credentials, send] = await Promise.all([
    credentialsOf(config),
    httpSender({
      sockets: SOCKETS_MAX,
      openTimeoutMs: CONNECT_TIMEOUT_MS,
      idleTimeoutMs: IDLE_TIMEOUT_MS,
      tls: config,
      proxy: config.http_proxy,
    }),
  ]);
  const plain = {
    'user-agent': config.application_name,
    ...(config.user_project === undefined ? {} : { 'x-goog-user-project': config.user_project }),
  };
  return new Transport({ base, credentials, plain, send });
}

export function baseOf({ endpoint }: Pick<GcsConnection, 'endpoint'>): string {
  const url = URL.canParse(endpoint) ? new URL(endpoint) : undefined;
  const isHttp = url?.protocol === 'http:' || url?.protocol === 'https:';
  if (url !== undefined && isHttp && url.username === '' && url.search === '') return url.href.replace(/\/+$/, '');
  throw gcsErrors.error('GCS_ENDPOINT', { endpoint }, { where: { path: ['endpoint'] } });
}

interface TransportParts {
  readonly base: string;
  readonly credentials: Credentials;
  readonly plain: Readonly<Record<string, string>>;
  readonly send: Send;
}

export class Transport {
  readonly #parts: TransportParts;

  constructor(parts: TransportParts) {
    this.#parts = parts;
  }

  /** The answer when it is a success; else an error of ours. */
  async send(request: GcsRequest, doing: Doing, signal: AbortSignal): Promise<HttpAnswer> {
    const { base, plain, send } = this.#parts;
    const url = new URL(base + request.path + queryOf(request.query ?? {}));
    try {
      const proof = await untilStopped(this.#parts.credentials(), signal);
      const { method, body } = request;
      const headers = { ...plain, ...proof, ...request.headers };
      const answer = await send(url, { method, headers, signal, ...(body === undefined ? {} : { body }) });
      if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
      const pause = retryAfterMs(oneOf(answer.headers['retry-after']), Date.now());
      const text = await textOf(answer.body, TEXT_BYTES_MAX);
      throw refusalFailure({ status: answer.statusCode, text, retryAfterMs: pause }, doing);
    } catch (error) {
      throw connectionFailure(error, doing, signal);
    }
  }

  /** The answer as text. */
  async text(request: GcsRequest, doing: Doing, signal: AbortSignal): Promise<string> {
    const answer = await this.send(request, doing, signal);
    try {
      return await textOf(answer.body, TEXT_BYTES_MAX);
    } catch (error) {
      throw connectionFailure(error, doing, signal);
    }
  }
}

/** What has no value is the name alone, as the store documents it (`?uploads`). */
function queryOf(query: Readonly<Record<string, string | undefined>>): string {
  const parts = Object.entries(query).flatMap(([name, value]) =>
    value === undefined ? [] : [value === '' ? name : `${name}=${encodeURIComponent(value)}`],
  );
  return parts.length === 0 ? '' : `?${parts.join('&')}`;
}
