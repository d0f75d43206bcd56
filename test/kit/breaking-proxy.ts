/** A proxy before any server on this machine that cuts or holds up connections in their middle. */
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface ConnectionFaults {
  /** Cuts the connection, counted from 0, after so many bytes of the server's; undefined leaves it whole. */
  readonly cutAnswers?: (connection: number) => number | undefined;
  /** The same for the bytes of the client. */
  readonly cutRequests?: (connection: number) => number | undefined;
  /** Called with all bytes of the server's so far; what it returns is waited for, and nothing more passes until then. */
  readonly onAnswer?: (bytes: number) => Promise<void> | undefined;
  /** One fault after so many bytes, of both directions and all connections together. */
  readonly after?: {
    readonly bytes: number;
    /** `cut` ends the connection of that moment once, `hold` lets nothing through any more on any connection. */
    readonly fault: 'cut' | 'hold';
  };
}

export interface BreakingProxy extends AsyncDisposable {
  readonly port: number;
  /** Connections so far. */
  readonly count: number;
  /** Resolves when the fault of `after` has begun. */
  readonly begun: Promise<void>;
}

export async function breakingProxy(targetPort: number, faults: ConnectionFaults): Promise<BreakingProxy> {
  const sockets = new Set<Socket>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();
  let count = 0;
  let answered = 0;
  const gate = gateOf(faults.after, begin);
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
    pass(client, upstream, { cutAfter: faults.cutRequests?.(connection), cut, gate });
    const hold = (length: number): Promise<void> | undefined => {
      answered += length;
      return faults.onAnswer?.(answered);
    };
    pass(upstream, client, { cutAfter: faults.cutAnswers?.(connection), cut, gate, hold });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    // A server that listens to TCP has such an address.
    port: (server.address() as AddressInfo).port,
    get count() {
      return count;
    },
    begun,
    async [Symbol.asyncDispose]() {
      for (const socket of sockets) socket.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}

/** What becomes of so many bytes more. */
type Gate = (length: number) => 'pass' | 'cut' | 'hold';

function gateOf(after: ConnectionFaults['after'], begin: () => void): Gate {
  let passed = 0;
  return (length) => {
    const before = passed;
    passed += length;
    if (after === undefined || passed <= after.bytes) return 'pass';
    begin();
    const isFirst = before <= after.bytes;
    return isFirst || after.fault === 'hold' ? after.fault : 'pass';
  };
}

interface Passing {
  readonly cutAfter: number | undefined;
  readonly cut: () => void;
  readonly gate: Gate;
  readonly hold?: (length: number) => Promise<void> | undefined;
}

function pass(from: Socket, to: Socket, { cutAfter = Infinity, cut, gate, hold }: Passing): void {
  let left = cutAfter;
  from.on('data', (chunk: Buffer) => {
    const fate = gate(chunk.length);
    if (fate === 'cut') cut();
    if (fate !== 'pass') return;
    const isRoomy = to.write(chunk.subarray(0, left));
    left -= chunk.length;
    // What was written goes out first.
    if (left <= 0) to.end(cut);
    const held = hold?.(chunk.length);
    if (held === undefined && isRoomy) return;
    from.pause();
    const drained = isRoomy ? undefined : new Promise<void>((done) => to.once('drain', done));
    void Promise.all([held, drained]).then(() => from.resume());
  });
  from.on('end', () => to.end());
}
