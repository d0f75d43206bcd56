/**
 * Reads named pipes without a thread waiting in the kernel: a thread that waits for a writer cannot be stopped, and
 * would keep a stopped run from ending.
 */
import { constants, openSync } from 'node:fs';
import { Socket } from 'node:net';

export async function* readPipe(path: string, progress: (bytes: number) => void): AsyncGenerator<Uint8Array> {
  // Without a writer this answers at once, and reading waits in the event loop until one comes.
  const fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  const socket = new Socket({ fd, readable: true, writable: false });
  try {
    for await (const chunk of socket) {
      const bytes = chunk as Buffer; // a socket without an encoding
      progress(bytes.length);
      yield bytes;
    }
  } finally {
    socket.destroy();
  }
}
