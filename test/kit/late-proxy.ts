/** A proxy before a server on this machine that can hold back what clients send, even beyond their end. */
import { createConnection, createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';

export interface LateProxy extends AsyncDisposable {
  readonly port: number;
  /** From now on what the connections of this moment send waits; connections that come later are not touched. */
  hold(): void;
  /** Sends what was held back; resolves when the server has ended those connections by itself. */
  release(): Promise<void>;
}

export async function lateProxy(targetPort: number): Promise<LateProxy> {
  const targets = new Map<Socket, { held: Buffer[] | undefined; readonly closed: Promise<void> }>();
  const server = createServer((client) => {
    const target = createConnection({ host: '127.0.0.1', port: targetPort });
    const closed = new Promise<void>((resolve) => target.once('close', () => resolve()));
    const state = { held: undefined, closed } as { held: Buffer[] | undefined; readonly closed: Promise<void> };
    targets.set(target, state);
    target.on('error', () => client.destroy()).on('close', () => client.destroy());
    target.on('data', (bytes: Buffer) => void client.write(bytes));
    client.on('error', () => undefined);
    client.on('data', (bytes: Buffer) => {
      if (state.held === undefined) target.write(bytes);
      else state.held.push(bytes);
    });
    client.on('close', () => {
      if (state.held === undefined) target.destroy();
    });
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    // A server that listens to TCP has such an address.
    port: (server.address() as AddressInfo).port,
    hold() {
      for (const state of targets.values()) state.held = [];
    },
    async release() {
      const late = [...targets].filter(([, { held }]) => held !== undefined);
      for (const [target, { held = [] }] of late) for (const bytes of held) target.write(bytes);
      await Promise.all(late.map(([, { closed }]) => closed));
    },
    async [Symbol.asyncDispose]() {
      for (const target of targets.keys()) target.destroy();
      await new Promise((done) => server.close(done));
    },
  };
}
