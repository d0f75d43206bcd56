/**
 * Connections that read into the same memory again and again. Node makes new memory for each read, 64 KiB that lie
 * about until the next collection: for a large object that is tens of megabytes in every thread. An answer gets copies,
 * unless whoever reads it has said that it takes the bytes at once.
 */
import type { Agent, IncomingMessage } from 'node:http';
import type { Socket } from 'node:net';
import type { Duplex, Readable } from 'node:stream';

/** Of one connection. Larger ones are no faster, and leave the cache. */
const READ_BYTES = 128 * 1024;
/** The beginning of an answer is copied: it comes before anybody can say that it is taken at once. */
const COPIED_BYTES = 16 * 1024;

/** What reads from the connection at the moment and keeps nothing of what it is given. */
const takers = new WeakMap<Duplex, IncomingMessage>();

/** Called while a piece of the answer is taken: later ones need not outlive the call that hands them over. */
export function takesAtOnce(body: Readable): void {
  // Of a stream that holds pieces back, those would change. Other streams than answers have no connection.
  if (body.readableLength === 0 && 'socket' in body) {
    const answer = body as IncomingMessage;
    takers.set(answer.socket, answer);
  }
}

/** For an agent that goes straight to the server: through a proxy, connections are made otherwise. */
export function reuseReads(agent: Agent): void {
  const create = agent.createConnection.bind(agent);
  agent.createConnection = (options, callback) => {
    const memory = new ReadMemory();
    let socket: Socket | undefined;
    const taker = (): IncomingMessage | undefined => (socket === undefined ? undefined : takers.get(socket));
    const onread = {
      buffer: () => memory.next(taker()),
      callback(length: number): boolean {
        memory.handOver(length, taker(), (bytes) => void socket?.emit('data', bytes));
        return true;
      },
    };
    // Both kinds of agents hand this on to `net.connect` or `tls.connect`, whose option it is, and return the socket.
    socket = create({ ...options, onread } as Parameters<typeof create>[0], callback) as Socket;
    return socket;
  };
}

function isTaken(answer: IncomingMessage | undefined): answer is IncomingMessage {
  return answer !== undefined && !answer.complete && !answer.destroyed;
}

class ReadMemory {
  #large = Buffer.allocUnsafeSlow(0);
  readonly #small = Buffer.allocUnsafeSlow(COPIED_BYTES);
  #current = this.#small;

  /** Where the next read goes to. */
  next(answer: IncomingMessage | undefined): Buffer {
    if (!isTaken(answer)) this.#current = this.#small;
    else {
      if (this.#large.length === 0) this.#large = Buffer.allocUnsafeSlow(READ_BYTES);
      this.#current = this.#large;
    }
    return this.#current;
  }

  handOver(length: number, answer: IncomingMessage | undefined, take: (bytes: Buffer) => void): void {
    const bytes = this.#current.subarray(0, length);
    if (!isTaken(answer)) {
      take(Buffer.from(bytes));
      return;
    }
    take(bytes);
    // Against expectation a piece was kept: it keeps the memory.
    if (answer.readableLength === 0) return;
    if (this.#current === this.#large) this.#large = Buffer.allocUnsafeSlow(0);
  }
}
