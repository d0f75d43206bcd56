/** A stream as a file that can be read anywhere: some formats keep their table of contents at the end. */
import { open, rm } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { threadId } from 'node:worker_threads';
import type { TaskContext } from '#spi/context.ts';
import type { Bytes } from '#spi/files.ts';
import { systemReason } from '#spi/system-reason.ts';
import { spoolErrors } from './errors.ts';

/** Smaller files stay in memory. */
const MEMORY_BYTES_MAX = 4 * 1024 * 1024;

export interface RandomAccess extends AsyncDisposable {
  readonly sizeBytes: number;
  /** The bytes from `start` to `end`, in memory of their own. */
  read(start: number, end: number): Promise<ArrayBuffer>;
}

/** Reads the stream to its end. */
export async function spool(bytes: Bytes, ctx: TaskContext): Promise<RandomAccess> {
  const held: Uint8Array[] = [];
  let sizeBytes = 0;
  let file: SpooledFile | undefined;
  try {
    for await (const chunk of bytes) {
      sizeBytes += chunk.length;
      if (file === undefined && sizeBytes <= MEMORY_BYTES_MAX) {
        held.push(new Uint8Array(chunk));
        continue;
      }
      if (file === undefined) {
        file = await spooledFile(await ctx.tempDir());
        for (const piece of held.splice(0)) await file.append(piece);
      }
      await file.append(chunk);
    }
  } catch (error) {
    await file?.[Symbol.asyncDispose]();
    throw error;
  }
  return file ?? inMemory(held, sizeBytes);
}

function inMemory(pieces: readonly Uint8Array[], sizeBytes: number): RandomAccess {
  const whole = new Uint8Array(sizeBytes);
  let at = 0;
  for (const piece of pieces) {
    whole.set(piece, at);
    at += piece.length;
  }
  return {
    sizeBytes,
    read: async (start, end) => whole.buffer.slice(start, end),
    async [Symbol.asyncDispose]() {},
  };
}

interface SpooledFile extends RandomAccess {
  append(bytes: Uint8Array): Promise<void>;
}

let spools = 0;

async function spooledFile(folder: string): Promise<SpooledFile> {
  spools += 1;
  // Threads share the folder.
  const path = join(folder, `spool-${threadId}-${spools}`);
  return new FileSpool(path, await inFolder(folder, () => open(path, 'wx+')));
}

export async function inFolder<T>(folder: string, call: () => Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw spoolErrors.error('SPOOL_NO_ROOM', { folder, reason }, { cause: error });
  }
}

class FileSpool implements SpooledFile {
  readonly #path: string;
  readonly #handle: FileHandle;
  #sizeBytes = 0;

  constructor(path: string, handle: FileHandle) {
    this.#path = path;
    this.#handle = handle;
  }

  get sizeBytes(): number {
    return this.#sizeBytes;
  }

  async append(bytes: Uint8Array): Promise<void> {
    for (let at = 0; at < bytes.length;) {
      const from = at;
      const { bytesWritten } = await inFolder(dirname(this.#path), () =>
        this.#handle.write(bytes, from, bytes.length - from, this.#sizeBytes),
      );
      at += bytesWritten;
      this.#sizeBytes += bytesWritten;
    }
  }

  async read(start: number, end: number): Promise<ArrayBuffer> {
    const target = new Uint8Array(Math.max(0, Math.min(end, this.#sizeBytes) - start));
    for (let at = 0; at < target.length;) {
      const { bytesRead } = await this.#handle.read(target, at, target.length - at, start + at);
      if (bytesRead === 0) throw new Error('The spooled file became shorter.');
      at += bytesRead;
    }
    return target.buffer;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.#handle.close();
    await rm(this.#path, { force: true });
  }
}
