/**
 * A COPY … TO STDOUT under way: takes the socket over from the driver until the last row. The server frames every row
 * by itself; the frames are taken out where the bytes lie, for an object per row would cost more than reading it.
 */
import type { Duplex } from 'node:stream';
import type { Connection, Submittable } from 'pg';
import { copyPiece, viewOf } from '#spi/byte-copy.ts';
import { takeBytes } from './borrowing-socket.ts';
import type { TakenBytes } from './borrowing-socket.ts';

/** Bytes before a message's content: its kind, and its size of 32 bits that counts itself. */
const HEADER_BYTES = 5;
const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
/** CopyOutResponse, NoticeResponse, ParameterStatus, NotificationResponse: they may come before and between rows. */
const passing: ReadonlySet<number> = new Set([0x48, 0x4e, 0x53, 0x41]);

/** Rows are given away in pieces of about this size: a server sends 8 KiB at a time, and each piece costs a turn. */
const GIVEN_BYTES = 128 * 1024;
/** The socket is paused when so many bytes wait. */
const WAITING_BYTES_MAX = 512 * 1024;
/** Longer contents are copied by the engine. */
const SHORT_BYTES = 200;

interface Waiting {
  readonly resolve: (bytes: Buffer | undefined) => void;
  readonly reject: (error: Error) => void;
}

export class CopyOut implements Submittable {
  readonly text: string;
  #stream: Duplex | undefined;
  #taken: TakenBytes | undefined;
  /** Rows that nobody has asked for, in one piece of memory; the other one is with whoever asked last. */
  #ready = new Piece();
  #given = new Piece();
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

  /** The next rows, valid until the next call, or undefined behind the last one. One call at a time. */
  next(): Promise<Buffer | undefined> {
    const isOver = this.#isDone || this.#failure !== undefined;
    if (this.#ready.length >= (isOver ? 1 : GIVEN_BYTES)) return Promise.resolve(this.#take());
    if (this.#failure !== undefined) return Promise.reject(this.#failure);
    if (this.#isDone) return Promise.resolve(undefined);
    return new Promise((resolve, reject) => {
      this.#waiting = { resolve, reject };
      this.#resume();
    });
  }

  /** The driver begins. */
  submit(connection: Connection): void {
    this.#stream = connection.stream;
    this.#taken = takeBytes(connection.stream, this.#onData);
    connection.query(this.text);
  }

  handleCommandComplete(): void {}

  handleReadyForQuery(): void {}

  handleError(error: Error): void {
    this.#handBack();
    this.#failure = error;
    if (this.#ready.length > 0) this.#answer();
    else this.#waiting?.reject(error);
    this.#waiting = undefined;
  }

  readonly #onData = (bytes: Buffer): void => {
    const ready = this.#ready;
    // Contents are no longer than what holds them.
    ready.reserve(bytes.length);
    const source = viewOf(bytes);
    let at = 0;
    while (at < bytes.length) {
      if (this.#left === 0) {
        const end = this.#readHeader(bytes, at);
        if (end < 0) {
          this.#end(bytes, at);
          return;
        }
        at = end;
      }
      const size = Math.min(this.#left, bytes.length - at);
      if (this.#isRow) ready.append(source, at, at + size);
      at += size;
      this.#left -= size;
    }
    if (ready.length >= GIVEN_BYTES) this.#answer();
    if (this.#ready.length >= WAITING_BYTES_MAX) this.#stream?.pause();
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
  #end(bytes: Buffer, at: number): void {
    this.#isDone = bytes[at] === COPY_DONE;
    this.#handBack();
    if (this.#isDone) this.#answer();
    // The driver may keep what it gets.
    this.#taken?.listener(Buffer.from(bytes.subarray(at)));
  }

  #handBack(): void {
    const stream = this.#stream;
    if (stream === undefined) return;
    this.#stream = undefined;
    this.#taken?.handBack();
    stream.resume();
  }

  /** Gives whoever waits what there is. */
  #answer(): void {
    this.#waiting?.resolve(this.#ready.length === 0 ? undefined : this.#take());
    this.#waiting = undefined;
  }

  #take(): Buffer {
    const piece = this.#ready;
    this.#ready = this.#given;
    this.#ready.length = 0;
    this.#given = piece;
    this.#resume();
    return piece.bytes.subarray(0, piece.length);
  }

  #resume(): void {
    if (this.#stream?.isPaused() === true) this.#stream.resume();
  }
}

/** Memory for rows. */
class Piece {
  bytes: Buffer<ArrayBuffer> = Buffer.alloc(0);
  length = 0;
  #view = viewOf(this.bytes);

  reserve(count: number): void {
    if (this.length + count <= this.bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(this.length + count, this.bytes.length * 2, GIVEN_BYTES));
    grown.set(this.bytes.subarray(0, this.length));
    this.bytes = grown;
    this.#view = viewOf(grown);
  }

  append(source: DataView, from: number, to: number): void {
    if (to - from <= SHORT_BYTES) {
      this.length = copyPiece(this.#view, this.length, source, from, to);
      return;
    }
    this.bytes.set(new Uint8Array(source.buffer, source.byteOffset + from, to - from), this.length);
    this.length += to - from;
  }
}
