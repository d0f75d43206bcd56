/** A file of the server that is read: many requests at a time, taken up after a broken connection. */
import { remoteFileErrors } from '#connectors/remote-files/errors.ts';
import type { RemoteFile } from '#connectors/remote-files/selection.ts';
import { PIECE_BYTES } from './session.ts';
import type { Doing, SftpSession } from './session.ts';
import type { SftpStore } from './store.ts';

/** A file is read by blocks; each is asked for in pieces, all at once. */
const BLOCK_BYTES: number = 16 * PIECE_BYTES;
/** Blocks on their way while one is worked on: what the way to the server holds, and memory. */
const BLOCKS_AHEAD = 4;

interface Opened {
  readonly session: SftpSession;
  readonly handle: Promise<Buffer>;
}

export class RemoteReader implements AsyncDisposable {
  readonly name: string;
  readonly #store: SftpStore;
  readonly #file: RemoteFile;
  readonly #doing: Doing;
  #opened: Opened | undefined;

  constructor(store: SftpStore, file: RemoteFile) {
    this.#store = store;
    this.#file = file;
    this.name = store.urlOf(file.path);
    this.#doing = { action: 'reading', file: this.name };
    store.retain();
  }

  /** Fills the target with the bytes from the position on; `signal` says that nobody wants them any more. */
  async read(position: number, target: Uint8Array, signal?: AbortSignal): Promise<void> {
    while (signal?.aborted !== true) {
      try {
        const { session, handle } = await this.open();
        await this.#fill(session, await handle, position, target);
        this.#store.achieved();
        return;
      } catch (error) {
        await this.#store.recover(error);
      }
    }
  }

  /** All bytes; a block is valid until the next one is asked for. */
  async *blocks(progress: (bytes: number) => void): AsyncGenerator<Uint8Array> {
    const { size } = this.#file;
    await this.open();
    const spare: Uint8Array[] = [];
    const ahead: { readonly bytes: Uint8Array; readonly done: Promise<void> }[] = [];
    for (let asked = 0, position = 0; position < size;) {
      while (asked < size && ahead.length < BLOCKS_AHEAD) {
        const length = Math.min(BLOCK_BYTES, size - asked);
        const bytes = (spare.pop() ?? Buffer.allocUnsafeSlow(Math.min(BLOCK_BYTES, size))).subarray(0, length);
        const done = this.read(asked, bytes);
        // Whoever comes to the block hears of its failure.
        done.catch(() => {});
        ahead.push({ bytes, done });
        asked += length;
      }
      const block = ahead.shift();
      if (block === undefined) return;
      await block.done;
      position += block.bytes.length;
      progress(block.bytes.length);
      yield block.bytes;
      spare.push(block.bytes);
    }
    await this.checkUnchanged();
  }

  /** Opens the file on the connection as it is now, and checks that it is the one that was planned. */
  async open(): Promise<Opened> {
    const session = await this.#store.session();
    const opened = this.#opened;
    if (opened?.session === session) return opened;
    const next = { session, handle: this.#openOn(session) };
    next.handle.catch(() => {});
    this.#opened = next;
    return next;
  }

  async checkUnchanged(): Promise<void> {
    await this.#store.use(async () => {
      const { session, handle } = await this.open();
      await this.#check(session, await handle);
    });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    try {
      const { session, handle } = this.#opened ?? {};
      if (session?.isBroken === false) await session.closeHandle((await handle) ?? Buffer.alloc(0), this.#doing);
    } catch {
      // What was not opened, or has broken, is closed.
    } finally {
      this.#store.release();
    }
  }

  async #openOn(session: SftpSession): Promise<Buffer> {
    const handle = await session.open(this.#store.remote(this.#file.path), 'r', this.#doing);
    await this.#check(session, handle);
    return handle;
  }

  async #check(session: SftpSession, handle: Buffer): Promise<void> {
    const { size, mtime } = await session.fstat(handle, this.#doing);
    if (size !== this.#file.size) throw this.#changed(`its size went from ${this.#file.size} to ${size} bytes`);
    if (this.#file.mtime !== undefined && mtime * 1000 !== this.#file.mtime) {
      throw this.#changed(`it was written at ${new Date(mtime * 1000).toISOString()}`);
    }
  }

  async #fill(session: SftpSession, handle: Buffer, position: number, target: Uint8Array): Promise<void> {
    const pieces: Promise<void>[] = [];
    for (let from = 0; from < target.length; from += PIECE_BYTES) {
      const piece = target.subarray(from, from + PIECE_BYTES);
      pieces.push(this.#fillPiece(session, handle, position + from, piece));
    }
    // Nothing may be written into the target any more when this returns.
    for (const result of await Promise.allSettled(pieces)) if (result.status === 'rejected') throw result.reason;
  }

  async #fillPiece(session: SftpSession, handle: Buffer, position: number, piece: Uint8Array): Promise<void> {
    const buffer = Buffer.from(piece.buffer, piece.byteOffset, piece.length);
    for (let length = 0; length < buffer.length;) {
      const count = await session.read(handle, buffer.subarray(length), position + length, this.#doing);
      if (count === 0) throw this.#changed(`it had ${this.#file.size} bytes and ends after ${position + length}`);
      length += count;
    }
  }

  #changed(change: string): Error {
    return remoteFileErrors.error('REMOTE_FILE_CHANGED', { file: this.name, change }, { where: { file: this.name } });
  }
}
