/**
 * A COPY … TO STDOUT under way: takes the socket over from the driver until the last row. The server frames every row
 * by itself; the frames are taken out where the bytes lie, for an object per row would cost more than reading it.
 */
import type { Duplex } from 'node:stream';
import type { Connection, Submittable } from 'pg';

/** Bytes before a message's content: its kind, and its size of 32 bits that counts itself. */
const HEADER_BYTES = 5;
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
/** CopyOutResponse, NoticeResponse, ParameterStatus, NotificationResponse: they may come before and between rows. */
const passing: ReadonlySet<number> = new Set([0x48, 0x4e, 0x53, 0x41]);

/** So many pieces of what a socket reads at once, of 64 KiB, wait before it is paused. */
const READY_PIECES_MAX = 4;

type DataListener = (bytes: Buffer) => void;

interface Waiting {
  readonly resolve: (bytes: Buffer | undefined) => void;
  readonly reject: (error: Error) => void;
}

export class CopyOut implements Submittable {
  readonly text: string;
  #stream: Duplex | undefined;
  #driver: DataListener = () => {};
  /** Pieces that came while nobody asked. */
  readonly #ready: Buffer[] = [];
  #waiting: Waiting | undefined;
  #isDone = false;
  #failure: Error | undefined;
  /** A header that a piece ended in. */
  readonly #header = Buffer.alloc(HEADER_BYTES);
  #headerBytes = 0;
  /** Of the content of the message under way. */
  #left = 0;
  #isRow = false;

  constructor(text: string) {
    this.text = text;
  }

  /** The next rows, or undefined behind the last one. One call at a time. */
  next(): Promise<Buffer | undefined> {
    const bytes = this.#ready.shift();
    if (bytes !== undefined) return Promise.resolve(bytes);
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#isDone) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#stream?.resume();
    });
  }

  /** The driver begins. */
  submit(connection: Connection): void {
    const { stream } = connection;
    const [driver] = stream.listeners('data');
    // The driver's only one.
    this.#driver = driver as DataListener;
    this.#stream = stream;
    stream.removeListener('data', this.#driver);
    stream.on('data', this.#onData);
    connection.query(this.text);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {}

  handleError(error: Error): void {
    this.#handBack();
    this.#failure = error;
    this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  readonly #onData = (bytes: Buffer): void => {
    let at = 0;
    let to = 0;
    while (at < bytes.length) {
      if (this.#left === 0) {
        const end = this.#readHeader(bytes, at);
        if (end < 0) {
          this.#end(bytes, at, to);
          return;
        }
        at = end;
      }
      const size = Math.min(this.#left, bytes.length - at);
      if (this.#isRow) {
        if (to !== at) bytes.copyWithin(to, at, at + size);
        to += size;
      }
      at += size;
      this.#left -= size;
    }
    this.#give(bytes.subarray(0, to));
  };

  /** The position behind the header or what there is of it, or -1 where a message begins that ends the rows. */
  #readHeader(bytes: Buffer, start: number): number {
    const kind = this.#headerBytes === 0 ? bytes[start] : this.#header[0];
    if (kind !== COPY_DATA && !passing.has(kind ?? 0)) return -1;
    let at = start;
    if (this.#headerBytes === 0 && bytes.length - start >= HEADER_BYTES) {
      this.#begin(kind, bytes.readUInt32BE(start + 1));
      return start + HEADER_BYTES;
    }
    while (at < bytes.length && this.#headerBytes < HEADER_BYTES) this.#header[this.#headerBytes++] = bytes[at++] ?? 0;
    if (this.#headerBytes === HEADER_BYTES) {
      this.#headerBytes = 0;
      this.#begin(kind, this.#header.readUInt32BE(1));
    }
    return at;
  }

  #begin(kind: number | undefined, size: number): void {
    this.#isRow = kind === COPY_DATA;
    this.#left = size - 4;
  }

  /** What follows the rows is the driver's: the end of the command, or an error. */
  #end(bytes: Buffer, at: number, to: number): void {
    const isDone = bytes[at] === COPY_DONE;
    // The driver's bytes are apart from those that are given away.
    const rest = Buffer.from(bytes.subarray(at));
    this.#handBack();
    this.#isDone = isDone;
    this.#give(bytes.subarray(0, to));
    if (isDone && this.#waiting !== undefined) {
      this.#waiting.resolve(undefined);
      this.#waiting = undefined;
    }
    this.#driver(rest);
  }

  #handBack(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#stream = undefined;
    stream.removeListener('data', this.#onData);
    stream.on('data', this.#driver);
    stream.resume();
  }

  #give(bytes: Buffer): void {
    if (bytes.length === 0) return;
    if (this.#waiting === undefined) {
      this.#ready.push(bytes);
      if (this.#ready.length >= READY_PIECES_MAX) this.#stream?.pause();
      return;
    }
    this.#waiting.resolve(bytes);
    this.#waiting = undefined;
  }
}
