/** Serves HTTP on a port, and stops without cutting anybody off. */
import { once } from 'node:events';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createAdaptorServer } from '@hono/node-server';

export interface ServeOptions {
  readonly fetch: (request: Request, env?: unknown) => Response | Promise<Response>;
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** Aborted when the stop begins: streams that listen to it end by themselves. */
  readonly stopping: AbortController;
}

export interface HttpService {
  readonly url: string;
  readonly port: number;
  /** No new connections; requests on their way have this long to end. */
  stop(graceMs?: number): Promise<void>;
}

const GRACE_MS = 20_000;
/** For the head, and for the whole of a request: who sends slower is cut off. */
const HEADERS_MS_MAX = 10_000;
const REQUEST_MS_MAX = 60_000;
/** Longer than that of what stands in front of us, which else would send into a closed connection. */
const KEEP_ALIVE_MS = 65_000;
const CONNECTIONS_MAX = 10_000;
const IDLE_LOOK_MS = 50;

export async function serveHttp({ fetch, host, port, stopping }: ServeOptions): Promise<HttpService> {
  // Without options that ask for another kind it is one of node:http.
  const server = createAdaptorServer({ fetch, overrideGlobalObjects: false }) as Server;
  server.headersTimeout = HEADERS_MS_MAX;
  server.requestTimeout = REQUEST_MS_MAX;
  server.keepAliveTimeout = KEEP_ALIVE_MS;
  server.maxConnections = CONNECTIONS_MAX;
  server.listen(port, host);
  await once(server, 'listening');
  // It listens on TCP.
  const address = server.address() as AddressInfo;
  const shownHost = address.family === 'IPv6' ? `[${address.address}]` : address.address;
  return {
    url: `http://${shownHost}:${address.port}`,
    port: address.port,
    stop: (graceMs = GRACE_MS) => stop(server, stopping, graceMs),
  };
}

async function stop(server: Server, stopping: AbortController, graceMs: number): Promise<void> {
  stopping.abort();
  const closed = new Promise<void>((resolve) => server.close(() => resolve()));
  // Connections become idle one after the other, and would be kept alive.
  const looking = setInterval(() => server.closeIdleConnections(), IDLE_LOOK_MS);
  const cut = setTimeout(() => server.closeAllConnections(), graceMs);
  await closed;
  clearInterval(looking);
  clearTimeout(cut);
}
