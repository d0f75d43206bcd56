/** A proxy before a server on this machine that breaks connections in their middle. */
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface ConnectionFaults {
  /** Cuts the connection, counted from 0, after so many bytes of the server's; undefined leaves it whole. */
  readonly cutAnswers?: (connection: number) => number | undefined;
  /** The same for the bytes of the client. */
  readonly cutRequests?: (connection: number) => number | undefined;
  /** Called with all bytes of the server's so far; what it returns is waited for, and nothing more passes until then. */
  readonly onAnswer?: (bytes: number) => Promise<void> | undefined;
}

export interface BreakingProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  readonly count: number;
}

export async function breakingProxy(targetPort: number, faults: ConnectionFaults): Promise<BreakingProxy> {
  const sockets = new Set<Socket>();
  let count = 0;
  let answered = 0;
  const server = createServer((client) => {
    const connection = count++;
    const upstream = createConnection({ host: '127.0.0.1', port: targetPort });
    const cut = (): void => {
      client.destroy();
      upstream.destroy();
    };
    for (const [socket, other] of [
      [client, upstream],
      [upstream, client],
    ] as const) {
      sockets.add(socket);
      socket.on('error', cut).on('close', () => {
        sockets.delete(socket);
        // What is on its way still arrives.
        other.destroySoon();
      });
    }
    pass(client, upstream, { cutAfter: faults.cutRequests?.(connection), cut });
    const hold = (length: number): Promise<void> | undefined => {
      answered += length;
      return faults.onAnswer?.(answered);
    };
    pass(upstream, client, { cutAfter: faults.cutAnswers?.(connection), cut, hold });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    // A server that listens to TCP has such an address.
    port: (server.address() as AddressInfo).port,
    get count() {
      return count;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

interface Passing {
  readonly cutAfter: number | undefined;
  readonly cut: () => void;
  readonly hold?: (length: number) => Promise<void> | undefined;
}

function pass(from: Socket, to: Socket, { cutAfter = Infinity, cut, hold }: Passing): void {
  let left = cutAfter;
  from.on('data', (chunk: Buffer) => {
    to.write(chunk.subarray(0, left));
    left -= chunk.length;
    // What was written goes out first.
    if (left <= 0) to.end(cut);
    const held = hold?.(chunk.length);
    if (held === undefined) return;
    from.pause();
    void held.then(() => from.resume());
  });
  from.on('end', () => to.end());
}
