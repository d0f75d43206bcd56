/**
 * A file of the server that is written: many requests at a time. Each says where its bytes go, so that those that were
 * not answered before a connection broke are sent again over the next one.
 */
import { PIECE_BYTES } from './session.ts';
import type { Doing, SftpSession } from './session.ts';
import type { SftpStore } from './store.ts';

/** Pieces that are sent and not answered yet: what the way to the server holds, and memory. */
const PIECES_MAX = 64;

export interface WrittenFile {
  readonly sizeBytes: number;
  /** Seconds. */
  readonly mtime: number;
}

interface Opened {
  readonly session: SftpSession;
  readonly handle: Promise<Buffer>;
}

export interface WriterOptions {
  /** What the file is opened as at first: `wx` when it must be a new one. */
  readonly flags: 'w' | 'wx';
  /** Permissions of a new file; without them the server decides. */
  readonly mode?: number | undefined;
}

export class RemoteWriter {
  readonly path: string;
  readonly #store: SftpStore;
  readonly #options: WriterOptions;
  readonly #doing: Doing;
  readonly #pending = new Set<Promise<void>>();
  readonly #spare: Buffer[] = [];
  #piece: Buffer = Buffer.allocUnsafeSlow(PIECE_BYTES);
  #filled = 0;
  #position = 0;
  #opened: Opened | undefined;
  #wasOpened = false;
  #failure: { readonly error: unknown } | undefined;

  private constructor(store: SftpStore, path: string, options: WriterOptions) {
    this.path = path;
    this.#store = store;
    this.#options = options;
    this.#doing = { action: 'writing', file: store.urlOf(path) };
    store.retain();
  }

  static async create(store: SftpStore, path: string, options: WriterOptions): Promise<RemoteWriter> {
    const writer = new RemoteWriter(store, path, options);
    try {
      await store.use(async () => (await writer.#open()).handle);
      return writer;
    } catch (error) {
      store.release();
      throw error;
    }
  }

  async write(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const part = bytes.subarray(at, at + PIECE_BYTES - this.#filled);
      this.#piece.set(part, this.#filled);
      this.#filled += part.length;
      at += part.length;
      if (this.#filled === PIECE_BYTES) await this.#send();
    }
  }

  /** All bytes are with the server. */
  async close(): Promise<WrittenFile> {
    try {
      if (this.#filled > 0) await this.#send();
      await Promise.all(this.#pending);
      this.#check();
      return await this.#store.use(async () => {
        const { session, handle } = await this.#open();
        const { size, mtime } = await session.fstat(await handle, this.#doing);
        await session.closeHandle(await handle, this.#doing);
        this.#opened = undefined;
        return { sizeBytes: size, mtime };
      });
    } finally {
      this.#store.release();
    }
  }

  /** Lets go of the file; what was written stays. */
  async abandon(): Promise<void> {
    await Promise.allSettled(this.#pending);
    try {
      const { session, handle } = this.#opened ?? {};
      if (session?.isBroken === false) await session.closeHandle((await handle) ?? Buffer.alloc(0), this.#doing);
    } catch {
      // What was not opened, or has broken, is closed.
    } finally {
      this.#store.release();
    }
  }

  async #send(): Promise<void> {
    const piece = this.#piece;
    const sending = this.#deliver(piece.subarray(0, this.#filled), this.#position);
    this.#position += this.#filled;
    this.#filled = 0;
    this.#pending.add(sending);
    void sending.then(() => {
      this.#pending.delete(sending);
      this.#spare.push(piece);
    });
    while (this.#pending.size >= PIECES_MAX) await Promise.race(this.#pending);
    this.#check();
    this.#piece = this.#spare.pop() ?? Buffer.allocUnsafeSlow(PIECE_BYTES);
  }

  /** Never rejects: the failure is told to whoever writes next. */
  async #deliver(bytes: Buffer, position: number): Promise<void> {
    while (this.#failure === undefined) {
      try {
        const { session, handle } = await this.#open();
        await session.write(await handle, bytes, position, this.#doing);
        this.#store.achieved();
        return;
      } catch (thrown) {
        await this.#store.recover(thrown).catch((error: unknown) => {
          this.#failure ??= { error };
        });
      }
    }
  }

  #check(): void {
    if (this.#failure !== undefined) throw this.#failure.error;
  }

  /** The file on the connection as it is now; it is created by the first one. */
  async #open(): Promise<Opened> {
    const session = await this.#store.session();
    const opened = this.#opened;
    if (opened?.session === session) return opened;
    const next = { session, handle: this.#openOn(session) };
    next.handle.catch(() => {});
    this.#opened = next;
    return next;
  }

  async #openOn(session: SftpSession): Promise<Buffer> {
    const { flags, mode } = this.#options;
    const remote = this.#store.remote(this.path);
    const handle = await session.open(remote, this.#wasOpened ? 'r+' : flags, this.#doing, mode);
    this.#wasOpened = true;
    return handle;
  }
}
