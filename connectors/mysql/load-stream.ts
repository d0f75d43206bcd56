/**
 * A statement that gives no rows; LOAD DATA LOCAL among them, whose rows come from memory. The server names a file when
 * it wants them; the name is not even looked at: what is sent are the bytes at hand.
 */
import { ERROR_MARK, HEADER_BYTES, outgoing } from './driver.ts';
import type { DriverCommand, DriverConnection, DriverPacket } from './driver.ts';

export interface LoadResult {
  readonly rows: number;
  /** 65,535 stands for more, too. */
  readonly warnings: number;
}

const COM_QUERY = 0x03;
const FILE_WANTED = 0xfb;
/** Smaller than what any server takes. */
const PACKET_BYTES = 256 * 1024;

export class LoadStream implements DriverCommand {
  readonly result: Promise<LoadResult>;
  readonly #sql: Buffer;
  readonly #rows: Buffer | undefined;
  readonly #outcome = Promise.withResolvers<LoadResult>();

  /** `rows` is what the server gets when it wants a file. */
  constructor(sql: Buffer, rows: Buffer | undefined) {
    this.#sql = sql;
    this.#rows = rows;
    this.result = this.#outcome.promise;
  }

  execute(packet: DriverPacket | undefined, connection: DriverConnection): boolean {
    if (packet === undefined) {
      connection._resetSequenceId();
      const head = Buffer.alloc(HEADER_BYTES + 1);
      head[HEADER_BYTES] = COM_QUERY;
      connection.writePacket(outgoing(Buffer.concat([head, this.#sql])));
      return false;
    }
    const { buffer, offset } = packet;
    const mark = buffer[offset] as number; // no packet here is empty
    if (mark === FILE_WANTED) {
      this.#sendRows(connection);
      return false;
    }
    if (mark === ERROR_MARK) this.#outcome.reject(packet.asError('utf8'));
    else this.#outcome.resolve(resultOf(buffer, offset + 1));
    return true;
  }

  onResult(error: Error): void {
    this.#outcome.reject(error);
  }

  #sendRows(connection: DriverConnection): void {
    const rows = this.#rows ?? Buffer.alloc(0);
    connection.stream.cork();
    for (let start = 0; start < rows.length; start += PACKET_BYTES) {
      const part = rows.subarray(start, start + PACKET_BYTES);
      connection.writePacket(outgoing(Buffer.concat([Buffer.alloc(HEADER_BYTES), part])));
    }
    // An empty packet is the end.
    connection.writePacket(outgoing(Buffer.alloc(HEADER_BYTES)));
    connection.stream.uncork();
  }
}

/** Rows, the last id, two bytes of state, two of warnings. */
function resultOf(buffer: Buffer, start: number): LoadResult {
  const rows = lengthEncoded(buffer, start);
  const { end } = lengthEncoded(buffer, rows.end);
  return { rows: rows.value, warnings: buffer.readUInt16LE(end + 2) };
}

function lengthEncoded(buffer: Buffer, at: number): { value: number; end: number } {
  const first = buffer[at] as number; // of a packet
  if (first < 0xfb) return { value: first, end: at + 1 };
  const size = first === 0xfc ? 2 : first === 0xfd ? 3 : 8;
  const value = size === 8 ? Number(buffer.readBigUInt64LE(at + 1)) : buffer.readUIntLE(at + 1, size);
  return { value, end: at + 1 + size };
}
