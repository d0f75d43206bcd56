/** Reads objects of a bucket. */
import type { FileInput } from '#spi/files.ts';
import { lastKey, openTaskRanges, planTasks, readTask } from '#connectors/object-store/tasks.ts';
import type { ObjectTask } from '#connectors/object-store/tasks.ts';
import type { GcsInputConfig } from './config.ts';
import { listObjects } from './listing.ts';
import { openStore } from './store.ts';

export const gcsInput: FileInput<GcsInputConfig, ObjectTask> = {
  async plan(config, ctx) {
    const objects = await listObjects(await openStore(config, ctx), config, ctx);
    ctx.log.info('Listed objects.', { bucket: config.bucket, objects: objects.length });
    return planTasks(objects, config.min_task_size);
  },

  async *read(config, task, ctx) {
    return yield* readTask(await openStore(config, ctx), task, ctx);
  },

  openRanges: (config, task, ctx) => openTaskRanges(task, ctx, () => openStore(config, ctx)),

  async commit(config, tasks) {
    const lastPath = lastKey(tasks) ?? config.last_path;
    return !config.incremental || lastPath === undefined ? {} : { last_path: lastPath };
  },
};
