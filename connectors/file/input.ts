/** Reads local files: one file is one task. */
import { readSync } from 'node:fs';
import { open, stat } from 'node:fs/promises';
import type { FileHandle } from 'node:fs/promises';
import { resolve } from 'node:path';
import type { TaskContext } from '#spi/context.ts';
import type { FileInput, SourceFile } from '#spi/files.ts';
import type { RangeFile } from '#spi/ranges.ts';
import type { JsonObject } from '#spi/json.ts';
import { systemReason } from '#spi/system-reason.ts';
import type { FileInputConfig } from './config.ts';
import { fileErrors } from './errors.ts';
import { listFiles } from './listing.ts';
import { readPipe } from './pipe.ts';

/** One read from the disk; two such buffers are in use, so that reading goes on while a chunk is parsed. */
const CHUNK_BYTES = 1024 * 1024;

/** A file as it was when the run was planned; without size and time when it is no regular file. */
interface FileTask extends JsonObject {
  readonly path: string;
  readonly size?: number;
  readonly mtime?: number;
  readonly isPipe?: boolean;
}

export const fileInput: FileInput<FileInputConfig, FileTask> = {
  async plan(config, ctx) {
    const { folder, namePrefix, files } = await listFiles(config);
    ctx.log.info('Listed local files.', { folder, prefix: namePrefix, files: files.length });
    const tasks = files.map(({ path, sizeBytes, mtimeMs, isPipe = false }): FileTask =>
      sizeBytes === undefined || mtimeMs === undefined ? { path, isPipe } : { path, size: sizeBytes, mtime: mtimeMs },
    );
    const taskBytes = tasks.flatMap(({ size }) => size ?? []);
    if (taskBytes.length < tasks.length) return { tasks };
    return { tasks, sizeBytes: taskBytes.reduce((sum, size) => sum + size, 0), taskBytes };
  },

  async *read(_config, task, ctx) {
    yield sourceFile(task, ctx);
    return {};
  },

  async openRanges(_config, task) {
    // Files without a size (of the system's making) may have contents all the same: they are read to their end.
    return task.size === undefined || task.size === 0 ? undefined : openRangeFile({ ...task, size: task.size });
  },

  async commit(config, tasks) {
    const paths = tasks.map(({ path }) => path);
    const last = paths.reduce<string | undefined>(
      (greatest, path) => (greatest === undefined || path > greatest ? path : greatest),
      undefined,
    );
    const lastPath = last ?? config.last_path;
    return lastPath === undefined ? {} : { last_path: lastPath };
  },
};

function sourceFile(task: FileTask, ctx: TaskContext): SourceFile {
  const name = resolve(task.path);
  return {
    name,
    ...(task.size === undefined ? {} : { sizeBytes: task.size }),
    read: () => (task.isPipe === true ? readNamedPipe(task, name, ctx) : readChunks(task, name, ctx)),
  };
}

/** Reads are synchronous: they come from memory as a rule, and a hand-over to another thread costs more than that. */
async function openRangeFile(task: FileTask & { readonly size: number }): Promise<RangeFile> {
  const name = resolve(task.path);
  const handle = await reading(name, () => open(task.path, 'r'));
  await checkUnchanged(task, name, handle);
  return {
    name,
    sizeBytes: task.size,
    async read(position, target) {
      let length = 0;
      while (length < target.length && position + length < task.size) {
        const count = await reading(name, () =>
          readSync(handle.fd, target, length, target.length - length, position + length),
        );
        if (count === 0) throw changed(name, `it had ${task.size} bytes and ends after ${position + length}`);
        length += count;
      }
      return length;
    },
    async close() {
      try {
        await checkUnchanged(task, name, handle);
      } finally {
        await handle.close();
      }
    },
  };
}

async function* readNamedPipe(task: FileTask, name: string, ctx: TaskContext): AsyncGenerator<Uint8Array> {
  // A resumed run may find a file where there was a pipe.
  const stats = await reading(name, () => stat(task.path));
  if (stats.isFIFO()) yield* readPipe(task.path, (bytes) => ctx.progress(bytes));
  else yield* readChunks(task, name, ctx);
}

async function* readChunks(task: FileTask, name: string, ctx: TaskContext): AsyncGenerator<Uint8Array> {
  const handle = await reading(name, () => open(task.path, 'r'));
  try {
    await checkUnchanged(task, name, handle);
    const sizeBytes = Math.min(CHUNK_BYTES, Math.max(1, task.size ?? CHUNK_BYTES));
    let buffers = [Buffer.allocUnsafeSlow(sizeBytes), Buffer.allocUnsafeSlow(sizeBytes)] as const;
    let position = 0;
    let next = fill(handle, buffers[0], name);
    for (;;) {
      const length = await next;
      if (length === 0) break;
      position += length;
      const [current, other] = buffers;
      buffers = [other, current];
      next = fill(handle, other, name);
      // An unawaited read must not become an unhandled rejection when the consumer leaves.
      next.catch(() => {});
      ctx.progress(length);
      yield current.subarray(0, length);
    }
    if (task.size !== undefined && position !== task.size) {
      throw changed(name, `it had ${task.size} bytes and ${position} were read`);
    }
    await checkUnchanged(task, name, handle);
  } finally {
    await handle.close();
  }
}

/** Fills the buffer as far as the file goes; pipes give less at a time. */
async function fill(handle: FileHandle, buffer: Buffer, name: string): Promise<number> {
  let length = 0;
  while (length < buffer.length) {
    const { bytesRead } = await reading(name, () => handle.read(buffer, length, buffer.length - length, null));
    if (bytesRead === 0) break;
    length += bytesRead;
  }
  return length;
}

async function reading<T>(name: string, call: () => Promise<T> | T): Promise<T> {
  try {
    return await call();
  } catch (error) {
    const reason = systemReason(error);
    if (reason === undefined) throw error;
    throw fileErrors.error('FILE_UNREADABLE', { file: name, reason }, { where: { file: name }, cause: error });
  }
}

async function checkUnchanged(task: FileTask, name: string, handle: FileHandle): Promise<void> {
  if (task.size === undefined || task.mtime === undefined) return;
  const { size, mtimeMs } = await handle.stat();
  if (size !== task.size) throw changed(name, `its size went from ${task.size} to ${size} bytes`);
  if (mtimeMs !== task.mtime) throw changed(name, `it was written at ${new Date(mtimeMs).toISOString()}`);
}

function changed(name: string, change: string): Error {
  return fileErrors.error('FILE_CHANGED', { file: name, change }, { where: { file: name } });
}
