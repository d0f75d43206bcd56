/**
 * A COPY … FROM STDIN under way. Rows are put together in two pieces of memory, of which one is filled while the other
 * is on its way to the server: none is made anew, for memory by the megabyte keeps the garbage collector busy.
 */
import type { Duplex } from 'node:stream';
import type { Connection, Submittable } from 'pg';
import { ByteSink } from '#spi/byte-sink.ts';

/** Rows are sent in pieces of at least this size. */
const SENT_BYTES = 128 * 1024;
const FRAMES = 2;
const COPY_DATA = 0x64;
/** The message that ends the rows: its kind, and its size of 32 bits that counts itself. */
const copyDone = Buffer.from([0x63, 0, 0, 0, 4]);
const HEADER_BYTES = 5;

interface Waiting<T> {
  readonly resolve: (value: T) => void;
  readonly reject: (error: Error) => void;
}

export class CopyIn implements Submittable {
  readonly text: string;
  #stream: Duplex | undefined;
  #frame = new ByteSink(SENT_BYTES * 2);
  #other = new ByteSink(SENT_BYTES * 2);
  /** Pieces on their way. */
  #unsent = 0;
  #rowCount = 0;
  #failure: Error | undefined;
  /** For the server's answer, or for a piece of memory. */
  #waiting: Waiting<number> | undefined;

  constructor(text: string) {
    this.text = text;
    this.#begin();
  }

  /** The server has agreed. One call at a time, as of the others. */
  begun(): Promise<unknown> {
    return this.#stream === undefined ? this.#wait() : Promise.resolve();
  }

  /** Takes a copy of rows; what comes next waits for the promise, if there is one. */
  write(bytes: Uint8Array): Promise<unknown> | undefined {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    this.#frame.writeBytes(bytes);
    if (this.#frame.length < SENT_BYTES) return undefined;
    this.#send();
    return this.#unsent < FRAMES ? undefined : this.#wait();
  }

  /** Ends the COPY; returns the number of rows. */
  finish(): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#frame.length > HEADER_BYTES) this.#send();
    // What is still on its way is the driver's.
    this.#unsent = Infinity;
    this.#stream?.write(copyDone);
    return this.#wait();
  }

  /** The driver begins. */
  submit(connection: Connection): void {
    connection.query(this.text);
  }

  handleCopyInResponse({ stream }: Connection): void {
    this.#stream = stream;
    this.#answer();
  }

  handleCommandComplete({ text }: { readonly text: string }): void {
    this.#rowCount = Number(/^COPY (\d+)$/.exec(text)?.[1] ?? 0);
  }

  handleReadyForQuery(): void {
    this.#answer();
  }

  handleError(error: Error): void {
    this.#failure ??= error;
    this.#waiting?.reject(this.#failure);
    this.#waiting = undefined;
  }

  #begin(): void {
    this.#frame.clear();
    this.#frame.reserve(HEADER_BYTES);
    this.#frame.length = HEADER_BYTES;
  }

  #send(): void {
    const frame = this.#frame;
    frame.data.setUint8(0, COPY_DATA);
    frame.data.setUint32(1, frame.length - 1);
    this.#unsent += 1;
    this.#stream?.write(frame.view(), (error) => {
      if (error) this.handleError(error);
      this.#unsent -= 1;
      if (this.#unsent < FRAMES) this.#answer();
    });
    this.#frame = this.#other;
    this.#other = frame;
    this.#begin();
  }

  #wait(): Promise<number> {
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
    });
  }

  #answer(): void {
    this.#waiting?.resolve(this.#rowCount);
    this.#waiting = undefined;
  }
}
