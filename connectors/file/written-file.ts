/** A file being written: bytes are collected into large pieces, and every fault names the file. */
import { constants, writeSync } from 'node:fs';
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { RangeTarget } from '#spi/ranges.ts';
import { systemReason } from '#spi/system-reason.ts';
import { fileErrors } from './errors.ts';

/** Small writes are collected up to this size. */
const BUFFER_BYTES = 256 * 1024;

export interface WrittenFile {
  readonly path: string;
  /** True for a part that still has to get its name. */
  readonly isPart: boolean;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<{ sizeBytes: number; inode: number }>;
  /** Closes and, when it is a part, removes it. */
  abandon(): Promise<void>;
}

export interface CreateOptions {
  /** Writes over what is there instead of making a part. */
  readonly inPlace?: boolean;
  /** Permissions of the file that the part will replace. */
  readonly mode?: number | undefined;
}

const { O_CREAT, O_EXCL, O_TRUNC, O_WRONLY } = constants;

export async function createFile(path: string, { inPlace = false, mode }: CreateOptions = {}): Promise<WrittenFile> {
  const handle = await writing(path, async () => {
    if (inPlace) return open(path, O_WRONLY | O_CREAT | O_TRUNC);
    // What a killed run left goes first; exclusive creation gives a file that is ours alone.
    await rm(path, { force: true });
    return open(path, O_WRONLY | O_CREAT | O_EXCL);
  });
  if (mode !== undefined) await writing(path, () => handle.chmod(mode));
  return new BufferedFile(path, handle, !inPlace);
}

class BufferedFile implements WrittenFile {
  readonly path: string;
  readonly isPart: boolean;
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #buffered = 0;
  #isClosed = false;

  constructor(path: string, handle: FileHandle, isPart: boolean) {
    this.path = path;
    this.#handle = handle;
    this.isPart = isPart;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#buffered + bytes.length > BUFFER_BYTES) await this.#flush();
    if (bytes.length >= BUFFER_BYTES) {
      await this.#writeAll(bytes);
      return;
    }
    this.#buffer.set(bytes, this.#buffered);
    this.#buffered += bytes.length;
  }

  async close(): Promise<{ sizeBytes: number; inode: number }> {
    await this.#flush();
    // Not what was written here: others may have written ranges.
    const { ino, size } = await writing(this.path, () => this.#handle.stat());
    this.#isClosed = true;
    await writing(this.path, () => this.#handle.close());
    return { sizeBytes: size, inode: ino };
  }

  async abandon(): Promise<void> {
    if (!this.#isClosed) await this.#handle.close();
    this.#isClosed = true;
    if (this.isPart) await rm(this.path, { force: true });
  }

  async #flush(): Promise<void> {
    const bytes = this.#buffer.subarray(0, this.#buffered);
    this.#buffered = 0;
    await this.#writeAll(bytes);
  }

  async #writeAll(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const { bytesWritten } = await writing(this.path, () => this.#handle.write(bytes, at, bytes.length - at));
      at += bytesWritten;
    }
  }
}

/** Opens a part for writing at any place, beside whoever created it. */
export async function openRangeTarget(path: string): Promise<RangeTarget> {
  const handle = await writing(path, () => open(path, O_WRONLY));
  return {
    async write(position, bytes) {
      for (let at = 0; at < bytes.length;) {
        at += await writing(path, () => writeSync(handle.fd, bytes, at, bytes.length - at, position + at));
      }
    },
    close: () => writing(path, () => handle.close()),
  };
}

async function writing<T>(path: string, call: () => Promise<T> | T): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw fileErrors.error('FILE_OUTPUT_UNWRITABLE', { file: path, reason }, { where: { file: path }, cause: error });
  }
}
