/** Requests to the store, one try each, signed. */
import { httpSender, oneOf, textOf } from '#connectors/network/http-sender.ts';
import type { HttpAnswer, Send } from '#connectors/network/http-sender.ts';
import { untilStopped } from '#connectors/network/until-stopped.ts';
import { addressOf } from './address.ts';
import type { S3Connection } from './config.ts';
import { checkAuth, credentialsOf, isAnonymous } from './credentials.ts';
import type { Credentials } from './credentials.ts';
import { destinationOf } from './endpoint.ts';
import type { Destination } from './endpoint.ts';
import { refusal } from './failure.ts';
import { queryOf, signed } from './signature.ts';

/** Connections of a thread to the store at a time. */
const SOCKETS_MAX = 64;
const CONNECT_TIMEOUT_MS = 15_000;
/** A connection on which nothing moves for so long is given up, and the request tried again. */
const IDLE_TIMEOUT_MS = 60_000;
/** Answers that are not objects: pages of lists, errors. */
const TEXT_BYTES_MAX = 64 * 1024 * 1024;

export interface S3Request {
  readonly method: 'GET' | 'HEAD' | 'POST' | 'PUT' | 'DELETE';
  /** Empty: the store itself. */
  readonly bucket: string;
  readonly key?: string;
  readonly query?: Readonly<Record<string, string | undefined>>;
  /** By names in lower case. */
  readonly headers?: Readonly<Record<string, string | undefined>>;
  readonly body?: string | Uint8Array;
}

/** One for all uses of a section in this thread: its connections and credentials are shared. */
const transports = new WeakMap<S3Connection, Promise<Transport>>();

export function openTransport(config: S3Connection): Promise<Transport> {
  let transport = transports.get(config);
  if (transport === undefined) {
    transport = newTransport(config);
    transports.set(config, transport);
  }
  return transport;
}

async function newTransport(config: S3Connection): Promise<Transport> {
  checkAuth(config);
  const destination = destinationOf(config);
  const limits = { sockets: SOCKETS_MAX, openTimeoutMs: CONNECT_TIMEOUT_MS, idleTimeoutMs: IDLE_TIMEOUT_MS };
  const send = await httpSender({ ...limits, tls: config, proxy: config.http_proxy });
  const credentials = isAnonymous(config) ? undefined : credentialsOf(config, destination.region);
  return new Transport({ destination, credentials, send });
}

interface TransportParts {
  readonly destination: Destination;
  /** Undefined: requests are not signed. */
  readonly credentials: Credentials | undefined;
  readonly send: Send;
}

export class Transport {
  readonly #parts: TransportParts;
  #region: string;

  constructor(parts: TransportParts) {
    this.#parts = parts;
    this.#region = parts.destination.region;
  }

  /** The answer when it is a success; else an error with what the store says. */
  async send(request: S3Request, signal: AbortSignal): Promise<HttpAnswer> {
    const region = this.#region;
    const answer = await this.#once(request, region, signal);
    if (answer.statusCode >= 200 && answer.statusCode < 300) return answer;
    const text = await textOf(answer.body, TEXT_BYTES_MAX);
    const home = oneOf(answer.headers['x-amz-bucket-region']);
    const isAway = answer.statusCode === 301 || answer.statusCode === 400;
    if (!this.#parts.destination.followsRegion || !isAway || home === undefined || home === region) {
      throw refusal(answer, text);
    }
    this.#region = home;
    const next = await this.#once(request, home, signal);
    if (next.statusCode >= 200 && next.statusCode < 300) return next;
    throw refusal(next, await textOf(next.body, TEXT_BYTES_MAX));
  }

  /** The answer as text. */
  async text(request: S3Request, signal: AbortSignal): Promise<string> {
    return textOf((await this.send(request, signal)).body, TEXT_BYTES_MAX);
  }

  async #once(request: S3Request, region: string, signal: AbortSignal): Promise<HttpAnswer> {
    const { destination, credentials, send } = this.#parts;
    const { method, bucket, key, body } = request;
    const found = credentials?.();
    const identity = found instanceof Promise ? await untilStopped(found, signal) : found;
    const { url, path } = addressOf(destination, region, bucket, key);
    const query = queryOf(request.query ?? {});
    const headers: Record<string, string> = { host: url.host, 'user-agent': 'Ropeway' };
    for (const [name, value] of Object.entries(request.headers ?? {})) if (value !== undefined) headers[name] = value;
    const all =
      identity === undefined
        ? headers
        : signed({ method, path, query, headers, body: body ?? '' }, { identity, region, now: new Date() });
    const sent = query === '' ? path : `${path}?${query}`;
    return send(url, { method, headers: all, signal, path: sent, ...(body === undefined ? {} : { body }) });
  }
}
