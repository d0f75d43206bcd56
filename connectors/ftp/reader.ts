/** Reading a file: a broken connection is taken up where it broke, and a file that changes meanwhile is an error. */
import { remoteFileErrors } from '#connectors/remote-files/errors.ts';
import type { RemoteFile } from '#connectors/remote-files/selection.ts';
import { ftpErrors } from './errors.ts';
import type { FtpSession } from './session.ts';
import type { FtpStore } from './store.ts';

export interface ReadOptions {
  readonly isAscii: boolean;
  readonly progress: (bytes: number) => void;
}

export async function* readFile(
  store: FtpStore,
  planned: RemoteFile,
  { isAscii, progress }: ReadOptions,
): AsyncGenerator<Uint8Array> {
  const name = store.urlOf(planned.path);
  const action = `reading ${name}`;
  const retries = store.retries();
  let file = planned;
  let position = 0;
  for (;;) {
    try {
      const session = await store.take();
      let isWhole = false;
      try {
        file = await checked(session, file, name);
        await session.setAscii(isAscii);
        for await (const chunk of session.download(file.path, position, action)) {
          position += chunk.length;
          retries.reset();
          progress(chunk.length);
          yield chunk;
        }
        await session.setAscii(false);
        await checked(session, file, name);
        if (!isAscii && position !== file.size) throw cutShort(store, action, `${position} of ${file.size} bytes came`);
        isWhole = true;
        return;
      } finally {
        if (isWhole) store.giveBack(session);
        else session.close();
      }
    } catch (error) {
      // Positions in a converted text are none in the file.
      if (isAscii && position > 0) throw error;
      await retries.pause(error);
    }
  }
}

/** The file as it is, with its time of change if the server tells it; throws when it is another one than before. */
async function checked(session: FtpSession, file: RemoteFile, name: string): Promise<RemoteFile> {
  const action = `looking at ${name}`;
  const size = await session.size(file.path, action);
  if (size !== undefined && size !== file.size) {
    throw changed(name, `its size went from ${file.size} to ${size} bytes`);
  }
  const mtime = await session.modified(file.path, action);
  if (mtime === undefined) return file;
  if (file.mtime !== undefined && mtime !== file.mtime) {
    throw changed(name, `it was written at ${new Date(mtime).toISOString()}`);
  }
  return { ...file, mtime };
}

/** The server said that all was well. */
function cutShort(store: FtpStore, action: string, reason: string): Error {
  return ftpErrors.error('FTP_UNREACHABLE', { server: store.server, action, reason });
}

function changed(name: string, change: string): Error {
  return remoteFileErrors.error('REMOTE_FILE_CHANGED', { file: name, change }, { where: { file: name } });
}

const CR = 13;
const LF = 10;

/** Ends of lines as they are here. */
export async function* unixLines(bytes: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
  let hasPendingCr = false;
  for await (const chunk of bytes) {
    const target = new Uint8Array(chunk.length + 1);
    let length = 0;
    for (const byte of chunk) {
      if (hasPendingCr && byte !== LF) target[length++] = CR;
      hasPendingCr = byte === CR;
      if (!hasPendingCr) target[length++] = byte;
    }
    yield target.subarray(0, length);
  }
  if (hasPendingCr) yield Uint8Array.of(CR);
}
