/**
 * Executes a prepared statement and hands its rows on as bytes: stretches of the received chunks that hold whole
 * packets, one behind the other. The socket is paused while too much waits.
 */
import { EOF_BYTES_MAX, EOF_MARK, ERROR_MARK, HEADER_BYTES, outgoing } from './driver.ts';
import type { DriverCommand, DriverConnection, DriverPacket } from './driver.ts';

/** Whole packets: each has the length of its payload in four bytes, little end first, in front of it. */
export interface RowBytes {
  readonly buffer: Buffer;
  readonly start: number;
  end: number;
}

/** What the server says about a column when it sends rows. */
export interface WireType {
  readonly type: number;
  readonly flags: number;
}

/** The socket is paused while so many bytes wait. */
const WAITING_BYTES_MAX = 1024 * 1024;

const COM_STMT_EXECUTE = 0x17;
/** The tail of a column's definition, counted from its end. */
const TYPE_FROM_END = 6;
const FLAGS_FROM_END = 5;

type State = 'new' | 'count' | 'columns' | 'end of columns' | 'rows' | 'over';

export class RowStream implements DriverCommand {
  readonly #statementId: number;
  readonly #check: (types: readonly WireType[]) => void;
  readonly #types: WireType[] = [];
  #state: State = 'new';
  #columns = 0;
  #waiting: RowBytes[] = [];
  #waitingBytes = 0;
  #isPaused = false;
  #connection: DriverConnection | undefined;
  #failure: { readonly error: unknown } | undefined;
  #wake: (() => void) | undefined;

  /** `check` is given the columns before the first row; what it throws ends the stream. */
  constructor(statementId: number, check: (types: readonly WireType[]) => void) {
    this.#statementId = statementId;
    this.#check = check;
  }

  /** The next stretch, or undefined at the end. */
  async next(): Promise<RowBytes | undefined> {
    for (;;) {
      const bytes = this.#waiting.shift();
      if (bytes !== undefined) {
        this.#waitingBytes -= bytes.end - bytes.start;
        this.#resume();
        return bytes;
      }
      if (this.#failure !== undefined) throw this.#failure.error;
      if (this.#state === 'over') return undefined;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  execute(packet: DriverPacket | undefined, connection: DriverConnection): boolean {
    this.#connection = connection;
    if (packet === undefined) {
      this.#begin(connection);
      return false;
    }
    const mark = packet.buffer[packet.offset] as number; // no packet here is empty
    if (mark === ERROR_MARK) {
      this.onResult(packet.asError('utf8'));
      return true;
    }
    if (this.#state === 'rows') {
      if (mark !== EOF_MARK || packet.end - packet.offset > EOF_BYTES_MAX) this.#take(packet);
      else this.#end();
    } else this.#readHead(packet, mark);
    return this.#state === 'over';
  }

  onResult(error: unknown): void {
    this.#failure ??= { error };
    this.#end();
  }

  #begin(connection: DriverConnection): void {
    this.#state = 'count';
    const buffer = Buffer.alloc(HEADER_BYTES + 10);
    buffer[HEADER_BYTES] = COM_STMT_EXECUTE;
    buffer.writeUInt32LE(this.#statementId, HEADER_BYTES + 1);
    // No cursor, one iteration.
    buffer.writeUInt32LE(1, HEADER_BYTES + 6);
    connection._resetSequenceId();
    connection.writePacket(outgoing(buffer));
  }

  #readHead({ buffer, offset, end }: DriverPacket, mark: number): void {
    if (this.#state === 'count') {
      // Up to 4,096 columns: one byte, or two behind a mark. None is a statement without rows.
      this.#columns = mark < 0xfb ? mark : buffer.readUInt16LE(offset + 1);
      if (this.#columns === 0) this.#end();
      else this.#state = 'columns';
    } else if (this.#state === 'columns') {
      this.#types.push({
        type: buffer[end - TYPE_FROM_END] as number, // of a definition, as below
        flags: buffer.readUInt16LE(end - FLAGS_FROM_END),
      });
      if (this.#types.length === this.#columns) this.#state = 'end of columns';
    } else {
      this.#state = 'rows';
      try {
        this.#check(this.#types);
      } catch (error) {
        this.#failure = { error };
        this.#wake?.();
      }
    }
  }

  #take({ buffer, start, end }: DriverPacket): void {
    if (this.#failure !== undefined) return;
    // The header's length has three bytes, of packets that were put together none; the fourth is a sequence number.
    if (start === 0) buffer.writeUInt32LE(end - HEADER_BYTES, 0);
    else buffer[start + 3] = 0;
    const last = this.#waiting.at(-1);
    if (last !== undefined && last.buffer === buffer && last.end === start) last.end = end;
    else this.#waiting.push({ buffer, start, end });
    this.#waitingBytes += end - start;
    if (this.#waitingBytes > WAITING_BYTES_MAX && !this.#isPaused) {
      this.#isPaused = true;
      this.#connection?.stream.pause();
    }
    this.#wake?.();
  }

  #resume(): void {
    if (!this.#isPaused || this.#waitingBytes > WAITING_BYTES_MAX / 2) return;
    this.#isPaused = false;
    this.#connection?.stream.resume();
  }

  #end(): void {
    this.#state = 'over';
    this.#wake?.();
  }
}
