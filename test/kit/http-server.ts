/** An HTTP server on this machine whose answers a test writes. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: IncomingMessage['headers'];
  readonly body: string;
  /** Requests to this server before. */
  readonly index: number;
}

export type Handler = (asked: Asked, answer: ServerResponse) => void | Promise<void>;

export interface HttpServer extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  readonly asked: readonly Asked[];
}

export async function httpServer(handler: Handler): Promise<HttpServer> {
  const all: Asked[] = [];
  const server = createServer((incoming, answer) => {
    const chunks: Buffer[] = [];
    incoming.on('data', (chunk: Buffer) => chunks.push(chunk));
    incoming.on('end', () => {
      const { method = '', headers } = incoming;
      const url = new URL(incoming.url ?? '/', `http://${headers.host ?? 'localhost'}`);
      const asked = { method, url, headers, body: Buffer.concat(chunks).toString(), index: all.length };
      all.push(asked);
      void handler(asked, answer);
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // A server that listens to TCP has such an address.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    asked: all,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
