/** What precedes TLS: the server greets, and says whether it speaks it; the client asks for it. */
import type { Socket } from 'node:net';
import { mysqlServerErrors } from './errors.ts';

/** TLS, and the protocol and authentication of this century. */
const CAPABILITIES = 0x0000_0800 | 0x0000_0200 | 0x0000_8000;
const TLS_CAPABILITY = 0x0800;
const UTF8MB4 = 45;
const PACKET_BYTES_MAX = 16 * 1024 * 1024;
/** Behind the version: the number of the connection, eight bytes of a nonce, and a filler. */
const CAPABILITIES_OFFSET = 4 + 8 + 1;

export async function askForTls(socket: Socket): Promise<void> {
  const greeting = await new Promise<Buffer>((resolve, reject) => {
    socket.once('error', reject);
    socket.once('data', resolve);
    socket.once('end', () => resolve(Buffer.alloc(0)));
  });
  socket.pause();
  const server = `${socket.remoteAddress}:${socket.remotePort}`;
  // A header of four bytes, the version of the protocol, and the version of the server, which ends with a zero.
  const versionEnd = greeting.indexOf(0, 5);
  const at = versionEnd + 1 + CAPABILITIES_OFFSET;
  if (greeting[4] !== 10 || versionEnd < 0 || at + 2 > greeting.length) {
    const text = greeting
      .subarray(7)
      .toString('latin1')
      .replace(/[^ -~]/g, '');
    const reason = greeting[4] === 0xff ? `the server says: ${text}` : 'this is no MySQL server';
    throw mysqlServerErrors.error('MYSQL_TLS', { server, reason });
  }
  if ((greeting.readUInt16LE(at) & TLS_CAPABILITY) === 0) {
    throw mysqlServerErrors.error('MYSQL_TLS', { server, reason: 'the server does not offer TLS' });
  }
  const request = Buffer.alloc(4 + 32);
  request.writeUIntLE(32, 0, 3);
  request[3] = 1;
  request.writeUInt32LE(CAPABILITIES, 4);
  request.writeUInt32LE(PACKET_BYTES_MAX, 8);
  request[12] = UTF8MB4;
  socket.write(request);
}
