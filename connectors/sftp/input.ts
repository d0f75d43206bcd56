/** Reads files of an SFTP server: one is one task, or several that follow each other. */
import type { TaskContext } from '#spi/context.ts';
import type { FileInput } from '#spi/files.ts';
import type { RangeFile } from '#spi/ranges.ts';
import { nextDiff, planTasks } from '#connectors/remote-files/selection.ts';
import type { FileTask, RemoteFile } from '#connectors/remote-files/selection.ts';
import { RANGES_AHEAD, ReadAhead } from '#connectors/object-store/read-ahead.ts';
import type { SftpInputConfig } from './config.ts';
import { listFiles } from './listing.ts';
import { RemoteReader } from './remote-file.ts';
import { openStore } from './store.ts';
import type { SftpStore } from './store.ts';

/** Smaller files come by one stream; every thread that reads ranges connects to the server. */
const RANGES_FROM_BYTES = 4 * 1024 * 1024;

export const sftpInput: FileInput<SftpInputConfig, FileTask> = {
  async plan(config, ctx) {
    const store = openStore(config, ctx);
    const files = await listFiles(store, config, ctx);
    ctx.log.info('Listed files.', { place: store.urlOf(store.path(config.path_prefix)), files: files.length });
    return planTasks(files, config.min_task_size);
  },

  async *read(config, task, ctx) {
    const store = openStore(config, ctx);
    for (const file of task.files) {
      yield { name: store.urlOf(file.path), sizeBytes: file.size, read: () => readBlocks(store, file, ctx) };
    }
    return {};
  },

  async openRanges(config, task, ctx) {
    const [file, ...others] = task.files;
    if (file === undefined || others.length > 0 || file.size < RANGES_FROM_BYTES) return undefined;
    const reader = new RemoteReader(openStore(config, ctx), file);
    try {
      await reader.checkUnchanged();
      return rangeFile(reader, file, ctx);
    } catch (error) {
      await reader[Symbol.asyncDispose]();
      throw error;
    }
  },

  async commit(config, tasks, _reports, ctx) {
    await openStore(config, ctx)[Symbol.asyncDispose]();
    return nextDiff(config, tasks, ctx);
  },
};

async function* readBlocks(store: SftpStore, file: RemoteFile, ctx: TaskContext): AsyncGenerator<Uint8Array> {
  await using reader = new RemoteReader(store, file);
  yield* reader.blocks((bytes) => ctx.progress(bytes));
}

function rangeFile(reader: RemoteReader, file: RemoteFile, { signal }: TaskContext): RangeFile {
  const ahead = new ReadAhead(file.size, (from, target, stop) => reader.read(from, target, stop), signal);
  return {
    name: reader.name,
    sizeBytes: file.size,
    rangesAhead: RANGES_AHEAD,
    announce: (from, to) => ahead.announce(from, to),
    read: (position, target) => ahead.read(position, target),
    async close() {
      ahead.close();
      await using _ = reader;
      // A run that is being stopped need not know.
      if (!signal.aborted) await reader.checkUnchanged();
    },
  };
}
