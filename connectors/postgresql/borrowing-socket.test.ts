import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { PassThrough } from 'node:stream';
import type { Duplex } from 'node:stream';
import { describe, expect, it } from 'vitest';
import { borrowingSocket, takeBytes } from './borrowing-socket.ts';

/** Both ends of a connection. */
async function connected(): Promise<{ socket: Socket; peer: Socket } & AsyncDisposable> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const socket = borrowingSocket();
  const arrived = once(server, 'connection');
  socket.connect((server.address() as AddressInfo).port, '127.0.0.1'); // a TCP server has one
  const [peer] = (await arrived) as [Socket];
  return {
    socket,
    peer,
    async [Symbol.asyncDispose]() {
      socket.destroy();
      peer.destroy();
      await new Promise((resolve) => server.close(resolve));
    },
  };
}

/** Resolves when so many bytes have been given to it. */
function collector(count: number): {
  readonly pieces: Buffer[];
  take(bytes: Buffer): void;
  readonly full: Promise<void>;
} {
  const { promise, resolve } = Promise.withResolvers<void>();
  const pieces: Buffer[] = [];
  let size = 0;
  return {
    pieces,
    full: promise,
    take(bytes) {
      pieces.push(bytes);
      size += bytes.length;
      if (size >= count) resolve();
    },
  };
}

describe('borrowingSocket()', () => {
  it('gives listeners bytes of their own', async () => {
    await using both = await connected();
    const [first, second] = [collector(5), collector(10)];
    both.socket.on('data', (bytes: Buffer) => first.take(bytes));
    both.socket.on('data', (bytes: Buffer) => second.take(bytes));
    both.peer.write('12345');
    await first.full;
    both.peer.write('67890');
    await second.full;
    expect(Buffer.concat(first.pieces).toString()).toBe('1234567890');
  });

  it('is paused and goes on without losing a byte', async () => {
    await using both = await connected();
    const bytes = Buffer.from(Array.from({ length: 1_000_000 }, (_, index) => index % 251));
    const all = collector(bytes.length);
    both.socket.on('data', (piece: Buffer) => {
      both.socket.pause();
      all.take(piece);
      setImmediate(() => both.socket.resume());
    });
    both.peer.write(bytes);
    await all.full;
    expect(Buffer.concat(all.pieces).equals(bytes)).toBe(true);
  });
});

describe('takeBytes()', () => {
  async function taken(stream: Duplex, write: (text: string) => void): Promise<void> {
    const [listener, taker] = [collector(6), collector(4)];
    stream.on('data', (bytes: Buffer) => listener.take(bytes));
    const borrowed = takeBytes(stream, (bytes) => taker.take(Buffer.from(bytes)));
    write('rows');
    await taker.full;
    borrowed.listener(Buffer.from('re'));
    borrowed.handBack();
    write('rest');
    await listener.full;
    expect(Buffer.concat(taker.pieces).toString()).toBe('rows');
    expect(Buffer.concat(listener.pieces).toString()).toBe('rerest');
  }

  it('takes the bytes of a socket for a while', async () => {
    await using both = await connected();
    await taken(both.socket, (text) => both.peer.write(text));
  });

  it('takes the bytes of any stream for a while', async () => {
    const stream = new PassThrough();
    await taken(stream, (text) => stream.write(text));
  });
});
