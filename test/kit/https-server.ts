/** An HTTPS server on this machine, and a proxy that leads to it by CONNECT. */
import { createServer as createPlain } from 'node:http';
import type { RequestListener, Server } from 'node:http';
import { createServer } from 'node:https';
import { connect } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import type { IssuedCertificate } from './certificates.ts';

export interface LocalServer extends AsyncDisposable {
  readonly port: number;
}

export function httpsServer(
  { certificate: cert, key }: IssuedCertificate,
  answer: RequestListener,
): Promise<LocalServer> {
  const server = createServer({ cert, key }, answer);
  server.on('tlsClientError', () => {});
  return started(server);
}

export interface ConnectProxy extends LocalServer {
  /** Where clients wanted to go, with what they said of themselves. */
  readonly asked: readonly string[];
}

/** Lets through who brings the header, whatever the host that is asked for. */
export async function connectProxy(targetPort: number, authorization: string | undefined): Promise<ConnectProxy> {
  const asked: string[] = [];
  const server = createPlain();
  const sockets = new Set<Socket>();
  server.on('connect', ({ url, headers }, client: Socket) => {
    asked.push(`${url} ${headers['proxy-authorization'] ?? ''}`.trim());
    client.on('error', () => {});
    if (headers['proxy-authorization'] !== authorization) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\n\r\n');
      return;
    }
    const onward = connect(targetPort, '127.0.0.1', () => {
      client.write('HTTP/1.1 200 OK\r\n\r\n');
      client.pipe(onward).pipe(client);
    });
    onward.on('error', () => client.destroy());
    sockets.add(onward).add(client);
  });
  const local = await started(server);
  return {
    port: local.port,
    asked,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await local[Symbol.asyncDispose]();
    },
  };
}

async function started(server: Server): Promise<LocalServer> {
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    // A server that listens to TCP has such an address.
    port: (server.address() as AddressInfo).port,
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((done) => server.close(done));
    },
  };
}
