/** A file being written: bytes are collected into large pieces, and every fault names the file. */
import { constants, writeSync } from 'node:fs';
import { open, rm, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import type { RangeTarget } from '#spi/ranges.ts';
import { systemReason } from '#spi/system-reason.ts';
import { fileErrors } from './errors.ts';

/** Small writes are collected up to this size. */
const BUFFER_BYTES = 256 * 1024;

/** A part, whoever puts another one in its place. */
export interface PartIdentity {
  readonly path: string;
  readonly inode: number;
}

export interface WrittenFile extends PartIdentity {
  /** True for a part that still has to get its name. */
  readonly isPart: boolean;
  write(bytes: Uint8Array): Promise<void>;
  close(): Promise<{ sizeBytes: number }>;
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
  const { ino } = await writing(path, () => handle.stat());
  return new BufferedFile({ path, inode: ino, isPart: !inPlace }, handle);
}

class BufferedFile implements WrittenFile {
  readonly path: string;
  readonly inode: number;
  readonly isPart: boolean;
  readonly #handle: FileHandle;
  readonly #buffer = Buffer.allocUnsafeSlow(BUFFER_BYTES);
  #buffered = 0;
  #isClosed = false;

  constructor({ path, inode, isPart }: Pick<WrittenFile, 'path' | 'inode' | 'isPart'>, handle: FileHandle) {
    this.path = path;
    this.inode = inode;
    this.isPart = isPart;
    this.#handle = handle;
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

  async close(): Promise<{ sizeBytes: number }> {
    await this.#flush();
    // Not what was written here: others may have written ranges.
    const { size } = await writing(this.path, () => this.#handle.stat());
    this.#isClosed = true;
    await writing(this.path, () => this.#handle.close());
    return { sizeBytes: size };
  }

  async abandon(): Promise<void> {
    if (!this.#isClosed) await this.#handle.close();
    this.#isClosed = true;
    if (this.isPart) await removePart(this);
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

/** Removes a part, unless another run has put its own in its place. */
export async function removePart({ path, inode }: PartIdentity): Promise<void> {
  const stats = await stat(path).catch(() => undefined);
  if (stats?.ino === inode) await rm(path, { force: true });
}

/** Opens a part for writing at any place, beside whoever created it. */
export async function openRangeTarget({ path, inode }: PartIdentity): Promise<RangeTarget> {
  const handle = await writing(path, () => open(path, O_WRONLY));
  if ((await handle.stat()).ino !== inode) {
    await handle.close();
    throw fileErrors.error('FILE_OUTPUT_REPLACED', { file: path });
  }
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
