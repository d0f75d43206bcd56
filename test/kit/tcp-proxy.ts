/** A proxy before any server on this machine, that cuts or holds up connections in the middle. */
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface TcpFaults {
  /** After so many bytes, of both directions and all connections together, the fault begins. */
  readonly afterBytes: number;
  /**
   * `cut` ends the connection of that moment once, `hold` lets nothing through any more on any connection.
   */
  readonly fault: 'cut' | 'hold';
}

export interface TcpProxy extends AsyncDisposable {
  readonly port: number;
  /** Resolves when the fault has begun. */
  readonly begun: Promise<void>;
}

export async function tcpProxy(targetPort: number, { afterBytes, fault }: TcpFaults): Promise<TcpProxy> {
  const sockets = new Set<Socket>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  let passed = 0;
  let isHeld = false;
  const server = createServer((client) => {
    const target = createConnection({ host: '127.0.0.1', port: targetPort });
    const both = [client, target] as const;
    const end = (): void => both.forEach((socket) => void socket.destroy());
    for (const [from, to] of [both, [target, client]] as const) {
      sockets.add(from);
      from.on('close', () => sockets.delete(from) && end());
      from.on('error', end);
      from.on('data', (bytes: Buffer) => {
        const before = passed;
        passed += bytes.length;
        const isFault = before <= afterBytes && passed > afterBytes;
        if (isFault) begin();
        if (isFault && fault === 'cut') end();
        isHeld ||= isFault && fault === 'hold';
        if (!isHeld && !to.write(bytes)) {
          from.pause();
          to.once('drain', () => from.resume());
        }
      });
    }
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    // A server that listens to TCP has such an address.
    port: (server.address() as AddressInfo).port,
    begun,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
