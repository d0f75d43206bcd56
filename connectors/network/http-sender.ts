/** Requests over HTTP, one try each, redirects not followed: the library is behind this file. */
import type { buildConnector, Dispatcher } from 'undici';
import type { ProxyConfig } from './proxy-config.ts';
import { proxyToken, proxyUrl } from './proxy-config.ts';
import { tlsConfigOf, tlsOptions } from './tls-config.ts';
import type { TlsOptions } from './tls-config.ts';

export type HttpAnswer = Dispatcher.ResponseData;

export type Send = (url: URL, options: Omit<Dispatcher.RequestOptions, 'origin' | 'path'>) => Promise<HttpAnswer>;

export interface SenderOptions {
  /** Connections to one host at a time. */
  readonly sockets: number;
  readonly openTimeoutMs: number;
  /** How long nothing may move, before the answer and in its middle. */
  readonly idleTimeoutMs: number;
  readonly tls: TlsOptions;
  readonly proxy: ProxyConfig | undefined;
}

export async function httpSender(options: SenderOptions): Promise<Send> {
  const [{ Agent, ProxyAgent, request }, tls] = await Promise.all([
    import('undici'),
    tlsOptions(tlsConfigOf(options.tls)),
  ]);
  const { openTimeoutMs: timeout, idleTimeoutMs, proxy } = options;
  // The library takes what `tls.connect` takes, and declares it without its `undefined`s.
  const connect = { ...tls, timeout } as buildConnector.BuildOptions;
  const common = { connections: options.sockets, headersTimeout: idleTimeoutMs, bodyTimeout: idleTimeoutMs };
  if (proxy === undefined) {
    const dispatcher = new Agent({ ...common, connect });
    return (url, more) => request(url, { ...more, dispatcher });
  }
  const token = proxyToken(proxy);
  const dispatcher = new ProxyAgent({
    ...common,
    uri: proxyUrl(proxy),
    requestTls: connect,
    proxyTls: { timeout },
    ...(token === undefined ? {} : { token }),
  });
  return (url, more) => request(url, { ...more, dispatcher });
}

export function oneOf(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header[0] : header;
}
