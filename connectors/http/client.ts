/** Requests to a server, redirects included; the HTTP library is behind this file. One try each. */
import { setTimeout as wait } from 'node:timers/promises';
import { drain, httpSender, oneOf } from '#connectors/network/http-sender.ts';
import type { HttpAnswer, Send } from '#connectors/network/http-sender.ts';
import { basicToken } from '#connectors/network/proxy-config.ts';
import { retryAfterMs } from '#connectors/network/retry-after.ts';
import type { HttpConnection } from './config.ts';
import { httpErrors } from './errors.ts';
import { connectionFailure, statusFailure } from './failure.ts';
import type { HttpRequest } from './requests.ts';
import { refusal, shownUrl, urlOf, withoutSecrets } from './urls.ts';

/** As browsers and the original do it, or less. */
const REDIRECTS_MAX = 10;
/** Connections of a thread to one host. */
const SOCKETS_MAX = 8;
/** What is read of an answer that nobody wants, so that its connection can be used again. */
const UNWANTED_BYTES_MAX = 64 * 1024;
/** What is shown of an answer that is an error. */
const SHOWN_CHARACTERS_MAX = 300;

export type AnswerHeaders = HttpAnswer['headers'];

export interface Answer {
  /** Where it came from in the end. */
  readonly url: URL;
  readonly status: number;
  readonly headers: AnswerHeaders;
  readonly body: HttpAnswer['body'];
}

export interface SendOptions {
  readonly signal: AbortSignal;
  readonly headers?: Readonly<Record<string, string>>;
}

/** One client for all uses of a section in this thread: its connections are shared. */
const clients = new WeakMap<HttpConnection, Promise<HttpClient>>();

export function openClient(config: HttpConnection, plain: Readonly<Record<string, string>> = {}): Promise<HttpClient> {
  let client = clients.get(config);
  if (client === undefined) {
    client = newClient(config, plain);
    clients.set(config, client);
  }
  return client;
}

async function newClient(config: HttpConnection, plain: Readonly<Record<string, string>>): Promise<HttpClient> {
  const home = urlOf(config);
  const headers = headersOf(config, plain);
  const { open_timeout: openTimeoutMs, read_timeout: idleTimeoutMs, http_proxy: proxy } = config;
  const send = await httpSender({ sockets: SOCKETS_MAX, openTimeoutMs, idleTimeoutMs, tls: config, proxy });
  return new HttpClient({ config, home, headers, send });
}

interface Headers {
  /** For every host. */
  readonly plain: ReadonlyMap<string, string>;
  /** For the host of `url` alone. */
  readonly home: ReadonlyMap<string, string>;
}

function headersOf(config: HttpConnection, own: Readonly<Record<string, string>>): Headers {
  const plain = new Map([
    ['accept', '*/*'],
    ['accept-encoding', 'gzip, br, zstd'],
    ['accept-language', 'en-us,en;q=0.5'],
    ['user-agent', config.user_agent],
  ]);
  const { basic_auth: basic, bearer_token: token } = config;
  if (basic !== undefined && token !== undefined) throw httpErrors.error('HTTP_AUTH');
  const home = new Map(plain);
  if (basic !== undefined) home.set('authorization', basicToken(basic.user, basic.password));
  if (token !== undefined) home.set('authorization', `Bearer ${token}`);
  for (const [name, value] of [...Object.entries(own), ...Object.entries(config.auth_headers)]) {
    home.set(name.toLowerCase(), value);
  }
  for (const [name, value] of home) checkHeader(name, value);
  return { plain, home };
}

function checkHeader(name: string, value: string): void {
  const isName = /^[!#$%&'*+\-.^_`|~0-9a-z]+$/.test(name);
  const isValue = /^[\t\x20-\x7e\x80-\xff]*$/.test(value);
  if (isName && isValue) return;
  const reason = isName ? 'its value holds characters that headers cannot' : 'that is no name of a header';
  throw httpErrors.error('HTTP_HEADER', { name, reason });
}

interface ClientParts {
  readonly config: HttpConnection;
  readonly home: URL;
  readonly headers: Headers;
  readonly send: Send;
}

export class HttpClient {
  readonly #parts: ClientParts;
  #nextAt = 0;

  constructor(parts: ClientParts) {
    this.#parts = parts;
  }

  isHome(url: URL): boolean {
    return url.origin === this.#parts.home.origin;
  }

  shown(url: URL): string {
    return shownUrl(url, this.#parts.config);
  }

  /** Waits until the interval since the last request of this thread is over; the result is to be called at the end. */
  async turn(intervalMs: number, { isWhole, signal }: { isWhole: boolean; signal: AbortSignal }): Promise<() => void> {
    for (let left = this.#nextAt - performance.now(); left > 0; left = this.#nextAt - performance.now()) {
      await wait(Math.ceil(left), undefined, { signal });
    }
    const startedAt = performance.now();
    // Others that wait are served one after the other.
    this.#nextAt = startedAt + intervalMs;
    return () => {
      if (!isWhole) this.#nextAt = performance.now() + intervalMs;
    };
  }

  /** The answer to the request, when it is a success; else an error of ours is thrown. */
  async send(request: HttpRequest, options: SendOptions): Promise<Answer> {
    const place = this.shown(request.url);
    try {
      return await this.#follow(request, options);
    } catch (error) {
      throw connectionFailure(error, place, options.signal);
    }
  }

  async #follow(first: HttpRequest, options: SendOptions): Promise<Answer> {
    let request = first;
    for (let redirects = 0; ; redirects++) {
      const { url } = request;
      const answer = await this.#once(request, options);
      const { statusCode: status, headers, body } = answer;
      const location = redirectOf(status, headers);
      if (location === undefined) {
        if (status >= 200 && status < 300) return { url, status, headers, body };
        throw await this.#refused(answer, url);
      }
      await drain(body, UNWANTED_BYTES_MAX);
      if (redirects === REDIRECTS_MAX) throw this.#astray(first.url, `${REDIRECTS_MAX} redirects in a row`);
      request = this.#redirected(request, status, location);
    }
  }

  #once({ url, method, body, contentType }: HttpRequest, options: SendOptions): Promise<HttpAnswer> {
    const { headers, send } = this.#parts;
    const all = new Map(this.isHome(url) ? headers.home : headers.plain);
    if (contentType !== undefined && !all.has('content-type')) all.set('content-type', contentType);
    for (const [name, value] of Object.entries(options.headers ?? {})) all.set(name, value);
    const { signal } = options;
    return send(url, { method, headers: Object.fromEntries(all), signal, ...(body === undefined ? {} : { body }) });
  }

  /** Where a redirect leads. The body of a request stays with the host that it is for. */
  #redirected(request: HttpRequest, status: number, location: string): HttpRequest {
    const { url: before, method } = request;
    const url = URL.canParse(location, before) ? new URL(location, before) : undefined;
    if (url === undefined) throw this.#astray(before, 'the address is none');
    const reason = refusal(url);
    if (reason !== undefined) throw this.#astray(before, reason);
    if (before.protocol === 'https:' && url.protocol === 'http:') {
      throw this.#astray(before, `from https: to http: at ${url.host}`);
    }
    if (method === 'GET' || status === 301 || status === 302 || status === 303) return { url, method: 'GET' };
    if (url.origin === before.origin) return { ...request, url };
    throw this.#astray(before, `what is posted would go to another host, ${url.host}`);
  }

  #astray(url: URL, reason: string): Error {
    return httpErrors.error('HTTP_REDIRECT', { place: this.shown(url), reason });
  }

  async #refused({ statusCode, statusText, headers, body }: HttpAnswer, url: URL): Promise<Error> {
    const status = [statusCode, statusText].filter((part) => part !== '').join(' ');
    const text = await beginning(body, headers['content-encoding'] !== undefined);
    const reason = text === '' ? status : `${status}: ${text}`;
    const pause = retryAfterMs(oneOf(headers['retry-after']), Date.now());
    return statusFailure(statusCode, withoutSecrets(reason, this.#parts.config), this.shown(url), pause);
  }
}

function redirectOf(status: number, headers: AnswerHeaders): string | undefined {
  const isRedirect = status === 301 || status === 302 || status === 303 || status === 307 || status === 308;
  return isRedirect ? oneOf(headers['location']) : undefined;
}

/** The first words of an answer, on one line. */
async function beginning(body: Answer['body'], isPacked: boolean): Promise<string> {
  let text = '';
  try {
    for await (const chunk of body) {
      if (!isPacked) text += String(chunk);
      if (isPacked || text.length > SHOWN_CHARACTERS_MAX) break;
    }
  } catch {
    // The status says enough.
  }
  return text
    .slice(0, SHOWN_CHARACTERS_MAX)
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .replace(/[.\s]+$/, '')
    .trim();
}
