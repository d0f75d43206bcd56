/**
 * Writes local files. They are written beside their places, as `.NAME.RUN.part`, and get their names together when the
 * whole run has succeeded: a failed run leaves no partial file, and files that were there stay until then
 * (docs/decisions/0003). `atomic: false` writes in place.
 */
import { access, lstat, realpath, rename, rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { FileOutput, FileSink } from '#spi/files.ts';
import type { Report } from '#spi/records.ts';
import type { Logger, TaskContext } from '#spi/context.ts';
import { systemReason } from '#spi/system-reason.ts';
import type { FileOutputConfig } from './config.ts';
import { fileErrors } from './errors.ts';
import { newRunId, partPath, removeLeftovers } from './part-names.ts';
import type { RunId } from './part-names.ts';
import { sequenceFormat, sequencePattern } from './sequence.ts';
import { createFile, openRangeTarget, removePart } from './written-file.ts';
import type { PartIdentity, WrittenFile } from './written-file.ts';

interface OutputPlan extends JsonObject {
  readonly taskCount: number;
  /** Makes the names of parts the run's own. */
  readonly run: RunId;
}

/** A finished file that waits for its name. */
interface FinishedFile extends JsonObject {
  readonly part: string;
  readonly path: string;
  readonly sizeBytes: number;
  readonly inode: number;
}

export const fileOutput: FileOutput<FileOutputConfig, OutputPlan> = {
  async plan(config, taskCount, ctx) {
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
    if (config.atomic) await removeLeftovers(folder, ownNames(config), ctx.log);
    return { taskCount, run: newRunId() };
  },

  async open(config, { run }, ctx) {
    return config.atomic ? atomicSink(config, run, ctx) : directSink(config, ctx.taskIndex);
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
    // Tasks that were cut off reported nothing; the names of their first files are known all the same.
    const isCutOff = reports.length < plan.taskCount;
    for (let task = 0; isCutOff && task < plan.taskCount; task++) {
      const { path } = await destination(outputPath(config, task, 0));
      await rm(partPath(path, plan.run), { force: true });
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

/** Whether a name in the folder of the outputs is that of one. */
function ownNames(config: FileOutputConfig): (name: string) => boolean {
  const { path_prefix: prefix, sequence_format: format, file_ext: end } = config;
  const path = outputPath(config, 0, 0);
  const folder = path.slice(0, path.lastIndexOf('/') + 1);
  const pattern = new RegExp(`^${RegExp.escape(prefix)}${sequencePattern(format)}${RegExp.escape(end)}$`);
  return (name) => pattern.test(folder + name);
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

function atomicSink(config: FileOutputConfig, run: RunId, { taskIndex, log }: TaskContext): FileSink {
  const firstFolder = dirname(outputPath(config, 0, 0));
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
      if (!isReplaceable) {
        current = { file: await createFile(path, { inPlace: true }), path };
        return;
      }
      // The plan has looked into the folder that most files are in; links lead elsewhere, and sequences may.
      const folder = dirname(path);
      const name = basename(path);
      if (folder !== firstFolder) await removeLeftovers(folder, (other) => other === name, log);
      current = { file: await createFile(partPath(path, run), { mode }), path };
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
