/** Asks the control plane: any of its replicas, over HTTP, one JSON for another. Says what came, and decides nothing. */
import { request as httpRequest, Agent as HttpAgent } from 'node:http';
import type { IncomingMessage, RequestOptions } from 'node:http';
import { setTimeout as wait } from 'node:timers/promises';
import type { RunnerSettings } from './settings.ts';

/** A work order holds a config and variables: far less than this. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
/** Heartbeat, log, commit or finish at the same time. */
const SOCKETS_MAX = 4;
/** Longer than this is not waited because a server says so. */
const RETRY_AFTER_S_MAX = 60;

export interface Reply {
  readonly status: number;
  readonly body: unknown;
  readonly retryAfterMs: number | undefined;
}

export interface AskOptions {
  readonly token?: string;
  /** How long the answer may be held back. */
  readonly holdMs?: number;
  readonly signal?: AbortSignal;
  readonly contentType?: string;
}

/** There was no answer: nobody knows whether the question has arrived. */
export class Unreachable extends Error {}

export class ControlClient {
  readonly #base: URL;
  readonly #settings: RunnerSettings;
  #transport: { readonly request: typeof httpRequest; readonly agent: HttpAgent } | undefined;

  constructor(controlUrl: string, settings: RunnerSettings) {
    this.#base = new URL(controlUrl);
    this.#settings = settings;
  }

  /** One try. Throws `Unreachable`. */
  async ask(path: string, body: Uint8Array | object, options: AskOptions = {}): Promise<Reply> {
    const { request, agent } = (this.#transport ??= await transport(this.#base));
    const bytes = body instanceof Uint8Array ? body : Buffer.from(JSON.stringify(body));
    const { token, holdMs = 0, signal, contentType = 'application/json' } = options;
    const request_: RequestOptions = {
      method: 'POST',
      agent,
      path: `${this.#base.pathname.replace(/\/$/, '')}/runner/v1/${path}`,
      hostname: this.#base.hostname.replace(/^\[|\]$/g, ''),
      port: this.#base.port,
      timeout: this.#settings.answerMsMax + holdMs,
      headers: {
        'content-type': contentType,
        'content-length': bytes.length,
        ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
      },
      ...(signal === undefined ? {} : { signal }),
    };
    return new Promise((resolve, reject) => {
      const fail = (error: Error): void => reject(new Unreachable(error.message));
      const call = request(request_, (answer) => {
        readReply(answer).then(resolve, (error: unknown) => {
          call.destroy();
          fail(error instanceof Error ? error : new Error(String(error)));
        });
      });
      call.on('error', fail);
      call.on('timeout', () => call.destroy(new Error('no answer in time')));
      call.end(bytes);
    });
  }

  /**
   * Asks again until there is an answer that decides something, or `mayGoOn` says no. The question must be one that may
   * arrive twice. Undefined when it has given up.
   */
  async askUntilAnswered(
    path: string,
    body: Uint8Array | object,
    { mayGoOn, ...options }: AskOptions & { readonly mayGoOn: () => boolean },
  ): Promise<Reply | undefined> {
    const { retryMsMin, retryMsMax } = this.#settings;
    for (let tries = 0; mayGoOn(); tries += 1) {
      const reply = await this.ask(path, body, options).catch((error: unknown) => {
        if (error instanceof Unreachable) return undefined;
        throw error;
      });
      if (reply !== undefined && reply.status < 500 && reply.status !== 429) return reply;
      const pauseMs = Math.min(retryMsMax, retryMsMin * 2 ** Math.min(tries, 10)) * (0.5 + Math.random() / 2);
      await pause(Math.max(pauseMs, reply?.retryAfterMs ?? 0), options.signal, mayGoOn);
    }
    return undefined;
  }

  close(): void {
    this.#transport?.agent.destroy();
  }
}

/** In pieces: whoever asks may have to give up in the middle. */
const PAUSE_MS = 200;

async function pause(ms: number, signal: AbortSignal | undefined, mayGoOn: () => boolean): Promise<void> {
  const until = performance.now() + ms;
  for (;;) {
    const left = until - performance.now();
    if (left <= 0 || signal?.aborted === true || !mayGoOn()) return;
    await wait(Math.min(left, PAUSE_MS));
  }
}

async function transport({ protocol }: URL): Promise<{ request: typeof httpRequest; agent: HttpAgent }> {
  const options = { keepAlive: true, maxSockets: SOCKETS_MAX };
  if (protocol === 'http:') return { request: httpRequest, agent: new HttpAgent(options) };
  // TLS takes a while to load.
  const { request, Agent } = await import('node:https');
  return { request, agent: new Agent(options) };
}

async function readReply(answer: IncomingMessage): Promise<Reply> {
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of answer as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > ANSWER_BYTES_MAX) throw new Error('the answer does not come to an end');
    chunks.push(chunk);
  }
  const seconds = Number(answer.headers['retry-after']);
  return {
    status: answer.statusCode ?? 0,
    body: jsonOf(Buffer.concat(chunks).toString('utf8')),
    retryAfterMs: seconds > 0 ? Math.min(seconds, RETRY_AFTER_S_MAX) * 1000 : undefined,
  };
}

/** Undefined for what is not JSON: a proxy in between has words of its own. */
function jsonOf(text: string): unknown {
  try {
    return JSON.parse(text) as unknown;
  } catch {
    return undefined;
  }
}
