/**
 * Writes local files. They are written beside their places, as `.NAME.part`, and get their names together when the
 * whole run has succeeded: a failed run leaves no partial file, and files that were there stay until then
 * (docs/decisions/0003). `atomic: false` writes in place.
 */
import { access, lstat, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { FileOutput, FileSink } from '#spi/files.ts';
import type { Report } from '#spi/records.ts';
import type { Logger } from '#spi/context.ts';
import { systemReason } from '#spi/system-reason.ts';
import type { FileOutputConfig } from './config.ts';
import { fileErrors } from './errors.ts';
import { sequenceFormat } from './sequence.ts';
import { createFile, openRangeTarget, removePart } from './written-file.ts';
import type { PartIdentity, WrittenFile } from './written-file.ts';

interface OutputPlan extends JsonObject {
  readonly taskCount: number;
}

/** A finished file that waits for its name. */
interface FinishedFile extends JsonObject {
  readonly part: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly inode: number;
}

export const fileOutput: FileOutput<FileOutputConfig, OutputPlan> = {
  async plan(config, taskCount) {
    const path = outputPath(config, 0, 0);
    if (taskCount > 1 && outputPath(config, 1, 0) === path) {
      const params = { format: config.sequence_format, reason: `all ${taskCount} outputs would be written to ${path}` };
      throw fileErrors.error('FILE_SEQUENCE_FORMAT', params, { where: { path: ['sequence_format'] } });
    }
    const folder = dirname(path);
    try {
      await access(folder);
    } catch (error) {
      throw fileErrors.error('FILE_OUTPUT_FOLDER', { folder }, { where: { path: ['path_prefix'] }, cause: error });
    }
    return { taskCount };
  },

  async open(config, _plan, ctx) {
    return config.atomic ? atomicSink(config, ctx.taskIndex) : directSink(config, ctx.taskIndex);
  },

  async openRanges(_config, address) {
    // What `rangeAddress` gave.
    return openRangeTarget(address as JsonObject & PartIdentity);
  },

  async commit(_config, _plan, reports, ctx) {
    for (const file of finishedFiles(reports)) await publish(file, ctx.log);
    return {};
  },

  async cleanup(config, plan, reports) {
    if (!config.atomic) return;
    for (const { part, inode } of finishedFiles(reports)) await removePart({ path: part, inode });
    // Tasks that were cut off reported nothing; the names of their first files are known all the same. When all have
    // reported, a part of such a name is another run's.
    const isCutOff = reports.length < plan.taskCount;
    for (let task = 0; isCutOff && task < plan.taskCount; task++) {
      await rm(partPath(outputPath(config, task, 0)), { force: true });
    }
  },
};

function outputPath(config: FileOutputConfig, task: number, file: number): string {
  const path = config.path_prefix + sequenceFormat(config.sequence_format)(task, file) + config.file_ext;
  const reason = path.includes('\0')
    ? 'it contains a NUL character'
    : basename(path).length === 0
      ? 'it has no name'
      : '';
  if (reason !== '' || path.endsWith('/')) {
    throw fileErrors.error('FILE_OUTPUT_PATH', { file: JSON.stringify(path), reason: reason || 'it has no name' });
  }
  return path;
}

function partPath(path: string): string {
  return join(dirname(path), `.${basename(path)}.part`);
}

function finishedFiles(reports: readonly Report[]): FinishedFile[] {
  return reports.flatMap(({ files }): FinishedFile[] =>
    Array.isArray(files) ? (files as readonly Json[]).filter(isJsonObject).map((file) => file as FinishedFile) : [],
  );
}

/** Where the bytes really go: behind a symbolic link; devices and pipes cannot be replaced, only written to. */
async function destination(path: string): Promise<{ path: string; isReplaceable: boolean; mode?: number }> {
  try {
    const isLink = (await lstat(path)).isSymbolicLink();
    const real = isLink ? await realpath(path) : path;
    const stats = await stat(real);
    if (stats.isFile()) return { path: real, isReplaceable: true, mode: stats.mode & 0o7777 };
    return { path: real, isReplaceable: stats.isDirectory() };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return { path, isReplaceable: true };
    throw unwritable(path, error);
  }
}

function atomicSink(config: FileOutputConfig, taskIndex: number): FileSink {
  const finished: FinishedFile[] = [];
  let current: { file: WrittenFile; path: string } | undefined;
  let fileCount = 0;
  const finish = async (): Promise<void> => {
    if (current === undefined) return;
    const { file, path } = current;
    const { sizeBytes } = await file.close();
    if (file.isPart) finished.push({ part: file.path, path, sizeBytes, inode: file.inode });
    current = undefined;
  };
  return {
    async nextFile() {
      await finish();
      const { path, isReplaceable, mode } = await destination(outputPath(config, taskIndex, fileCount++));
      const file = isReplaceable
        ? await createFile(partPath(path), { mode })
        : await createFile(path, { inPlace: true });
      current = { file, path };
    },
    async write(bytes) {
      await current?.file.write(bytes);
    },
    rangeAddress() {
      if (current?.file.isPart !== true) return undefined;
      const { path, inode } = current.file;
      return { path, inode };
    },
    async close() {
      await finish();
      return { files: finished };
    },
    async abort() {
      await current?.file.abandon();
      for (const { part, inode } of finished) await removePart({ path: part, inode });
    },
  };
}

/** As Embulk does it: in place, and what was written stays whatever happens. */
function directSink(config: FileOutputConfig, taskIndex: number): FileSink {
  let current: WrittenFile | undefined;
  let fileCount = 0;
  return {
    async nextFile() {
      await current?.close();
      current = await createFile(outputPath(config, taskIndex, fileCount++), { inPlace: true });
    },
    async write(bytes) {
      await current?.write(bytes);
    },
    async close() {
      await current?.close();
      return {};
    },
    async abort() {
      await current?.close();
    },
  };
}

/** Gives the file its name. After a crash in the middle of a commit it may have it already. */
async function publish({ part, path, sizeBytes, inode }: FinishedFile, log: Logger): Promise<void> {
  const stats = await stat(part).catch(() => undefined);
  if (stats === undefined) {
    const published = await stat(path).catch(() => undefined);
    if (published?.ino === inode && published.size === sizeBytes) return;
  }
  if (stats?.ino !== inode || stats.size !== sizeBytes) {
    throw fileErrors.error('FILE_OUTPUT_REPLACED', { file: part }, { where: { file: path } });
  }
  try {
    await rename(part, path);
  } catch (error) {
    throw unwritable(path, error);
  }
  log.info('Wrote a local file.', { file: path, bytes: sizeBytes });
}

function unwritable(path: string, error: unknown): unknown {
  const reason = systemReason(error);
  if (reason === undefined) return error;
  return fileErrors.error('FILE_OUTPUT_UNWRITABLE', { file: path, reason }, { where: { file: path }, cause: error });
}
