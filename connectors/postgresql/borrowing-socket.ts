/**
 * A socket that reads into one piece of memory. By default each read makes memory of its own, 64 KiB for the 8 KiB that
 * a server sends at a time, and the garbage collector takes a third of the time that reading a table takes.
 *
 * Listeners of `data` get copies, as they expect; only who takes the bytes over sees them where they are.
 */
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';

/** Bytes read at once at most. */
const READ_BYTES = 256 * 1024;

export type BytesListener = (bytes: Buffer) => void;

/** Who gets what a socket reads. */
const takers = new WeakMap<Duplex, { taker: BytesListener | undefined }>();

export function borrowingSocket(): Socket {
  const state: { taker: BytesListener | undefined } = { taker: undefined };
  const socket: Socket = new Socket({
    onread: {
      buffer: Buffer.allocUnsafeSlow(READ_BYTES),
      callback(size, memory) {
        const bytes = Buffer.from(memory.buffer, memory.byteOffset, size);
        if (state.taker === undefined) socket.emit('data', Buffer.from(bytes));
        else state.taker(bytes);
        return true;
      },
    },
  });
  takers.set(socket, state);
  return socket;
}

export interface TakenBytes {
  /** Who would have got the bytes. */
  readonly listener: BytesListener;
  handBack(): void;
}

/** Lets `taker` have what the stream reads, valid until it returns, in place of the stream's only listener. */
export function takeBytes(stream: Duplex, taker: BytesListener): TakenBytes {
  // The driver's only one.
  const listener = stream.listeners('data')[0] as BytesListener;
  const state = takers.get(stream);
  if (state !== undefined) {
    state.taker = taker;
    return {
      listener,
      handBack() {
        state.taker = undefined;
      },
    };
  }
  stream.removeListener('data', listener);
  stream.on('data', taker);
  return {
    listener,
    handBack() {
      stream.removeListener('data', taker);
      stream.on('data', listener);
    },
  };
}
