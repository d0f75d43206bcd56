/** A proxy before an FTP server that sees the connections for files as well: it writes itself into the answers. */
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import { breakingProxy } from './breaking-proxy.ts';
import type { BreakingProxy, ConnectionFaults } from './breaking-proxy.ts';

export interface FtpProxy extends AsyncDisposable {
  readonly port: number;
  /** Commands of clients, without passwords. */
  readonly commands: readonly string[];
}

/** `faults` are those of the connections for files and listings, counted from 0 over all clients. */
export async function ftpProxy(
  targetPort: number,
  faults: (dataConnection: number) => ConnectionFaults,
): Promise<FtpProxy> {
  const commands: string[] = [];
  const sockets = new Set<Socket>();
  const dataProxies: BreakingProxy[] = [];
  const server: Server = createServer((client) => {
    const upstream = createConnection({ host: '127.0.0.1', port: targetPort });
    for (const socket of [client, upstream]) {
      sockets.add(socket);
      socket.on('error', () => socket.destroy());
      socket.on('close', () => {
        client.destroy();
        upstream.destroy();
      });
    }
    client.on('data', (chunk: Buffer) => {
      commands.push(
        ...chunk
          .toString()
          .split('\r\n')
          .filter(Boolean)
          .map((line) => line.replace(/^PASS .*/, 'PASS')),
      );
      upstream.write(chunk);
    });
    let passing = Promise.resolve();
    upstream.on('data', (chunk: Buffer) => {
      passing = passing.then(async () => {
        const text = chunk.toString('latin1');
        const port = /\(\|\|\|(\d+)\|\)/.exec(text)?.[1];
        if (port === undefined) {
          client.write(chunk);
          return;
        }
        const proxy = await breakingProxy(Number(port), faults(dataProxies.length));
        dataProxies.push(proxy);
        client.write(text.replace(port, String(proxy.port)), 'latin1');
      });
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    // A server that listens to TCP has such an address.
    port: (server.address() as AddressInfo).port,
    commands,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      for (const proxy of dataProxies) await proxy[Symbol.asyncDispose]();
      await new Promise((done) => server.close(done));
    },
  };
}
