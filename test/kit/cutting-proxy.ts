/** A proxy before a server on this machine that does to its answers what networks and busy stores do. */
import { createServer, request } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface ProxyFaults {
  /** Cuts the connection in the middle of an answer, after so many bytes; undefined leaves it whole. */
  readonly cutAfterBytes?: (asked: IncomingMessage) => number | undefined;
  /** Takes the header away before the request goes on: a store that does not know it. */
  readonly ignores?: string;
  /** What happens before the request goes on; one that never resolves is a store that hangs. */
  readonly before?: (asked: IncomingMessage) => Promise<void>;
  /** Answers itself, with this status. */
  readonly answers?: (asked: IncomingMessage) => number | undefined;
}

export interface CuttingProxy extends AsyncDisposable {
  readonly url: string;
  readonly port: number;
  /** What was asked for: method, path and range. */
  readonly asked: readonly string[];
}

export async function cuttingProxy(targetPort: number, faults: ProxyFaults): Promise<CuttingProxy> {
  const asked: string[] = [];
  const server = createServer((incoming, answer) => {
    asked.push([incoming.method, incoming.url, incoming.headers.range].filter(Boolean).join(' '));
    const status = faults.answers?.(incoming);
    if (status === undefined) {
      const before = faults.before?.(incoming) ?? Promise.resolve();
      void before.then(() => pass(incoming, answer, targetPort, faults));
      return;
    }
    incoming.resume();
    answer.writeHead(status).end();
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // A server that listens to TCP has such an address.
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    port,
    asked,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}

function pass(incoming: IncomingMessage, answer: ServerResponse, port: number, faults: ProxyFaults): void {
  // A client that takes this for its HTTP proxy asks for a whole URL.
  const path = (incoming.url ?? '/').replace(/^http:\/\/[^/]+/, '');
  const { method } = incoming;
  const headers: OutgoingHttpHeaders = { ...incoming.headers, host: `127.0.0.1:${port}` };
  if (faults.ignores !== undefined) delete headers[faults.ignores];
  const outgoing = request({ host: '127.0.0.1', port, path, method, headers }, (reply) => {
    answer.writeHead(reply.statusCode ?? 502, reply.headers);
    let left = faults.cutAfterBytes?.(incoming) ?? Infinity;
    reply.on('data', (chunk: Buffer) => {
      answer.write(chunk.subarray(0, left));
      left -= chunk.length;
      if (left > 0) return;
      reply.destroy();
      // What was written goes out first.
      answer.socket?.end();
    });
    reply.on('end', () => answer.end());
  });
  outgoing.on('error', () => answer.destroy());
  incoming.pipe(outgoing);
}
