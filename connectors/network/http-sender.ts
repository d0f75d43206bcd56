/**
 * Requests over HTTP, one try each, redirects not followed. By Node's own client: others cost every thread 20 MB and
 * more for their modules, and half as much again for each byte.
 */
import { Agent as HttpAgent, request as httpRequest } from 'node:http';
import type { ClientRequest, IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent as HttpsAgent, request as httpsRequest } from 'node:https';
import type { Readable } from 'node:stream';
import { TLSSocket } from 'node:tls';
import { giveUp } from './give-up.ts';
import { proxyUrl } from './proxy-config.ts';
import type { ProxyConfig } from './proxy-config.ts';
import { reuseReads } from './reused-reads.ts';
import { tlsConfigOf, tlsOptions } from './tls-config.ts';
import type { TlsOptions } from './tls-config.ts';

export interface HttpAnswer {
  readonly statusCode: number;
  readonly statusText: string;
  readonly headers: IncomingHttpHeaders;
  /** To be read to its end, or given up. */
  readonly body: Readable;
}

export interface SendOptions {
  readonly method: string;
  readonly headers: Readonly<Record<string, string>>;
  readonly signal: AbortSignal;
  readonly body?: string | Uint8Array;
  /** The path as it is to be sent, with its query, where that is not what the URL makes of it. */
  readonly path?: string;
}

export type Send = (url: URL, options: SendOptions) => Promise<HttpAnswer>;

export interface SenderOptions {
  /** Connections to one host at a time. */
  readonly sockets: number;
  readonly openTimeoutMs: number;
  /** How long nothing may move, before the answer and in its middle. */
  readonly idleTimeoutMs: number;
  readonly tls: TlsOptions;
  readonly proxy: ProxyConfig | undefined;
}

/** A connection that nobody has used for so long is closed, before the server does it in the middle of a request. */
const KEPT_MS = 4000;

export async function httpSender(options: SenderOptions): Promise<Send> {
  const { proxy, sockets: maxSockets, idleTimeoutMs } = options;
  const tls = await tlsOptions(tlsConfigOf(options.tls));
  const url = proxy === undefined ? undefined : proxyUrl(proxy);
  const through = url === undefined ? {} : { proxyEnv: { HTTP_PROXY: url, HTTPS_PROXY: url } };
  const common = { keepAlive: true, maxSockets, timeout: KEPT_MS, ...through };
  const plain = new HttpAgent(common);
  const secure = new HttpsAgent({ ...common, ...tls });
  if (proxy === undefined) for (const agent of [plain, secure]) reuseReads(agent);
  return (to, { method, headers, signal, body, path }) => {
    const length = body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) };
    const isSecure = to.protocol === 'https:';
    const request = {
      ...{ method, signal, timeout: idleTimeoutMs, headers: { ...headers, ...length } },
      ...(path === undefined ? {} : { path }),
    };
    const asked = isSecure
      ? httpsRequest(to, { ...request, agent: secure })
      : httpRequest(to, { ...request, agent: plain });
    const isTunnel = isSecure && proxy !== undefined;
    const answer = answerOf(asked, options, isTunnel);
    asked.end(body);
    return answer;
  };
}

function answerOf(asked: ClientRequest, limits: SenderOptions, isTunnel: boolean): Promise<HttpAnswer> {
  return new Promise((resolve, reject) => {
    asked.on('error', reject);
    limitOpening(asked, limits.openTimeoutMs, isTunnel);
    let body: IncomingMessage | undefined;
    // The request itself would hear of the first time only.
    asked.once('socket', (socket) => {
      const silent = (): void => {
        // There are other limits for connecting, and for those who do not read what has come.
        if (socket.connecting || (body !== undefined && body.readableLength > 0)) {
          socket.setTimeout(limits.idleTimeoutMs);
        } else if (body === undefined) asked.destroy(silence('there was no answer in time'));
        else body.destroy(silence('the answer stopped in its middle'));
      };
      socket.on('timeout', silent);
      asked.once('close', () => socket.off('timeout', silent));
    });
    asked.once('response', (answer) => {
      body = answer;
      const { statusCode = 0, statusMessage: statusText = '', headers } = answer;
      resolve({ statusCode, statusText, headers, body: answer });
    });
  });
}

/** A tunnel through a proxy shows as a connection when it is there; others when they begin. */
function limitOpening(asked: ClientRequest, openTimeoutMs: number, isTunnel: boolean): void {
  let late: NodeJS.Timeout | undefined;
  const begin = (): void => {
    late ??= setTimeout(() => asked.destroy(silence('connecting took too long')), openTimeoutMs);
  };
  const end = (): void => clearTimeout(late);
  if (isTunnel) begin();
  asked.once('socket', (socket) => {
    if (!socket.connecting) {
      end();
      return;
    }
    begin();
    socket.once(socket instanceof TLSSocket ? 'secureConnect' : 'connect', end);
  });
  asked.once('close', end);
}

function silence(message: string): Error {
  return Object.assign(new Error(message), { code: 'ETIMEDOUT' });
}

/** Reads what nobody wants, so that the connection can be used again; of more than `limit` bytes it is closed. */
export async function drain(body: Readable, limit: number): Promise<void> {
  await textOf(body, limit);
}

/** An answer that is no object, as a text; of more than `limit` bytes, the beginning. */
export async function textOf(body: Readable, limit: number): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of body) {
    // A stream without an encoding gives buffers.
    const bytes = chunk as Buffer;
    length += bytes.length;
    if (length > limit) {
      giveUp(body);
      break;
    }
    chunks.push(bytes);
  }
  return Buffer.concat(chunks).toString('utf8');
}

export function oneOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
