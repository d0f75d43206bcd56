/** Reads files of an FTP server: one is one task, or several that follow each other. */
import type { FileInput } from '#spi/files.ts';
import { nextDiff, planTasks } from '#connectors/remote-files/selection.ts';
import type { FileTask } from '#connectors/remote-files/selection.ts';
import type { FtpInputConfig } from './config.ts';
import { listFiles } from './listing.ts';
import { readFile, unixLines } from './reader.ts';
import { openStore } from './store.ts';

export const ftpInput: FileInput<FtpInputConfig, FileTask> = {
  async plan(config, ctx) {
    const files = await listFiles(openStore(config, ctx), config, ctx);
    ctx.log.info('Listed files.', { host: config.host, prefix: config.path_prefix, files: files.length });
    return planTasks(files, config.min_task_size);
  },

  async *read(config, task, ctx) {
    const store = openStore(config, ctx);
    const { ascii_mode: isAscii } = config;
    for (const file of task.files) {
      const read = (): AsyncGenerator<Uint8Array> =>
        readFile(store, file, { isAscii, progress: (bytes) => ctx.progress(bytes) });
      yield {
        name: store.urlOf(file.path),
        ...(isAscii ? {} : { sizeBytes: file.size }),
        read: isAscii ? () => unixLines(read()) : read,
      };
    }
    return {};
  },

  async commit(config, tasks, _reports, ctx) {
    openStore(config, ctx)[Symbol.dispose]();
    return nextDiff(config, tasks, ctx);
  },
};
