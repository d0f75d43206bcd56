/** One request to a destination: a judged address, no redirects, an answer of which little is read, a limit on all. */
import { request as requestHttp } from 'node:http';
import type { ClientRequest, IncomingMessage } from 'node:http';
import { request as requestHttps } from 'node:https';
import type { LookupFunction } from 'node:net';
import { isRopewayError } from '#spi/errors.ts';
import { systemReason } from '#spi/system-reason.ts';
import { judgedAddress } from './address-guard.ts';
import type { JudgedAddress, Resolve } from './address-guard.ts';
import { shownAnswer } from './send-outcome.ts';
import type { SendOutcome } from './send-outcome.ts';
import type { NoticeSettings } from './settings.ts';

export interface HttpMessage {
  readonly url: URL;
  readonly method: 'POST' | 'PUT';
  readonly contentType: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
  /** The same for each try: a receiver that keeps it takes the message once. */
  readonly key: string;
  /** What no log may show. */
  readonly secrets: readonly string[];
}

export interface HttpParts {
  readonly settings: Pick<NoticeSettings, 'allowed' | 'own' | 'release' | 'ca'>;
  readonly resolve?: Resolve | undefined;
  readonly timeoutMs?: number | undefined;
}

/** For the whole of it: name, connection, TLS, request, answer. */
const TIMEOUT_MS = 15_000;
const ANSWER_BYTES_MAX = 16_384;
/** What is asked for beyond that is not waited for. */
const RETRY_AFTER_S_MAX = 6 * 3600;

export async function sendHttp(message: HttpMessage, parts: HttpParts): Promise<SendOutcome> {
  const { timeoutMs = TIMEOUT_MS } = parts;
  const deadline = AbortSignal.timeout(timeoutMs);
  try {
    const address = await unless(deadline, judgedAddress(message.url, parts.settings, parts.resolve));
    return await exchange(message, parts, { address, deadline });
  } catch (error) {
    if (!deadline.aborted) return failureOf(error, message.secrets);
    return { outcome: 'retry', status: null, answer: `There was no answer within ${timeoutMs / 1000} s.` };
  }
}

/** Name servers cannot be told to stop. */
async function unless<T>(deadline: AbortSignal, work: Promise<T>): Promise<T> {
  const late = new Promise<never>((_, reject) => {
    deadline.addEventListener('abort', () => reject(new Error('late')), { once: true });
  });
  return Promise.race([work, late]);
}

function failureOf(error: unknown, secrets: readonly string[]): SendOutcome {
  if (isRopewayError(error)) return { outcome: 'failed', status: null, answer: shownAnswer(error.message, secrets) };
  const text = systemReason(error) ?? (error instanceof Error ? error.message : String(error));
  return { outcome: 'retry', status: null, answer: shownAnswer(text, secrets) };
}

function exchange(
  message: HttpMessage,
  { settings }: HttpParts,
  { address, deadline }: { readonly address: JudgedAddress; readonly deadline: AbortSignal },
): Promise<SendOutcome> {
  const { url, method, body, secrets } = message;
  const pinned: LookupFunction = (_host, options, done) => {
    if (options.all === true) done(null, [address]);
    else done(null, address.address, address.family);
  };
  const options = {
    method,
    agent: false as const,
    lookup: pinned,
    signal: deadline,
    headers: headersOf(message, settings.release),
  };
  const send = (answered: (answer: IncomingMessage) => void): ClientRequest =>
    url.protocol === 'https:'
      ? requestHttps(url, { ...options, ...(settings.ca === undefined ? {} : { ca: settings.ca }) }, answered)
      : requestHttp(url, options, answered);
  return new Promise<SendOutcome>((resolve, reject) => {
    let isAnswered = false;
    const request = send((answer) => {
      isAnswered = true;
      void readAnswer(answer).then((text) => {
        request.destroy();
        resolve(judge(answer, text, secrets));
      });
    });
    // Once there is an answer its status counts, whatever becomes of the rest: it may have been done.
    request.on('error', (error) => {
      if (!isAnswered) reject(error);
    });
    request.end(body);
  });
}

function headersOf({ headers, contentType, body, key }: HttpMessage, release: string): Record<string, string> {
  return {
    ...headers,
    'content-type': `${contentType}; charset=utf-8`,
    'content-length': String(Buffer.byteLength(body)),
    'user-agent': `Ropeway/${release}`,
    'idempotency-key': key,
    // A connection for each: nothing is kept that another one's answer could come over.
    connection: 'close',
  };
}

/** The beginning; that the rest breaks changes nothing about the status, which has been said. */
async function readAnswer(answer: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of answer) {
      // A stream without an encoding gives buffers.
      chunks.push(chunk as Buffer);
      size += (chunk as Buffer).length;
      if (size >= ANSWER_BYTES_MAX) break;
    }
  } catch {
    // What has come is enough.
  }
  return Buffer.concat(chunks).subarray(0, ANSWER_BYTES_MAX).toString('utf8');
}

function judge({ statusCode = 0, headers }: IncomingMessage, text: string, secrets: readonly string[]): SendOutcome {
  const said = { status: statusCode, answer: shownAnswer(text, secrets) };
  if (statusCode >= 200 && statusCode < 300) return { outcome: 'sent', ...said };
  if (statusCode >= 300 && statusCode < 400) {
    const to = shownAnswer(headers.location ?? 'nowhere', secrets);
    return { outcome: 'failed', status: statusCode, answer: `Redirects are not followed: it leads to ${to}` };
  }
  const mayDo = statusCode >= 500 || statusCode === 408 || statusCode === 425 || statusCode === 429;
  if (!mayDo) return { outcome: 'failed', ...said };
  const retryAfterS = retryAfter(headers['retry-after']);
  return { outcome: 'retry', ...said, ...(retryAfterS === undefined ? {} : { retryAfterS }) };
}

/** Seconds, or a date of HTTP. */
export function retryAfter(header: string | undefined, now: number = Date.now()): number | undefined {
  if (header === undefined) return undefined;
  const text = header.trim();
  const seconds = /^\d{1,9}$/.test(text) ? Number(text) : (Date.parse(text) - now) / 1000;
  if (Number.isNaN(seconds)) return undefined;
  return Math.min(RETRY_AFTER_S_MAX, Math.max(0, Math.ceil(seconds)));
}
