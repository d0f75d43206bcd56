/**
 * What we use of the driver besides its queries: commands of our own, which are given packets as they come. The driver
 * connects, authenticates, encrypts and cuts the stream into packets; rows never become its objects.
 */
import type { Socket } from 'node:net';
import type { Connection } from 'mysql2';

/** A packet; valid during the call, but its buffer is nobody else's afterwards. */
export interface DriverPacket {
  readonly buffer: Buffer;
  /** Where its header of four bytes begins. */
  readonly start: number;
  /** Where its payload begins. */
  readonly offset: number;
  readonly end: number;
  asError(encoding: string): Error;
}

/** A command: called without a packet to begin, then with each packet, until it returns true. */
export interface DriverCommand {
  execute(packet: DriverPacket | undefined, connection: DriverConnection): boolean;
  /** Called when the connection breaks. */
  onResult(error: Error): void;
}

export interface DriverConnection {
  readonly stream: Socket;
  addCommand(command: DriverCommand): void;
  writePacket(packet: OutgoingPacket): void;
  _resetSequenceId(): void;
}

/** As the driver takes packets: four bytes for the header, then the payload. */
export interface OutgoingPacket {
  readonly buffer: Buffer;
  /** Bytes of the payload. */
  length(): number;
  writeHeader(sequence: number): void;
}

/** These members are not among the driver's types. */
export function innards(connection: Connection): DriverConnection {
  return connection as unknown as DriverConnection;
}

export const HEADER_BYTES = 4;

/** A packet of a buffer that begins with room for the header. */
export function outgoing(buffer: Buffer): OutgoingPacket {
  const length = buffer.length - HEADER_BYTES;
  return {
    buffer,
    length: () => length,
    writeHeader(sequence) {
      buffer.writeUIntLE(length, 0, 3);
      buffer[3] = sequence;
    },
  };
}

export const ERROR_MARK = 0xff;
export const EOF_MARK = 0xfe;
/** A packet that begins like the end of rows, and is longer, is none. */
export const EOF_BYTES_MAX = 8;
