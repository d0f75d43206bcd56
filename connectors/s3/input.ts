/** Reads objects of a bucket. */
import type { Context } from '#spi/context.ts';
import type { FileInput } from '#spi/files.ts';
import { lastKey, openTaskRanges, planTasks, readTask } from '#connectors/object-store/tasks.ts';
import type { ObjectTask } from '#connectors/object-store/tasks.ts';
import { openStore } from './client.ts';
import type { S3InputConfig } from './config.ts';
import { isAnonymous } from './credentials.ts';
import { listObjects, modifiedTo } from './listing.ts';

export const s3Input: FileInput<S3InputConfig, ObjectTask> = {
  async plan(config, ctx) {
    const store = await openStore(config, ctx);
    warnOfSettings(config, ctx);
    const objects = await listObjects(store, config, ctx);
    ctx.log.info('Listed objects.', { bucket: config.bucket, objects: objects.length });
    return planTasks(objects, config.min_task_size);
  },

  async *read(config, task, ctx) {
    return yield* readTask(await openStore(config, ctx), task, ctx);
  },

  openRanges: (config, task, ctx) => openTaskRanges(task, ctx, () => openStore(config, ctx)),

  async commit(config, tasks, _reports, ctx) {
    if (!config.incremental) return {};
    if (config.use_modified_time) {
      return { last_modified_time: new Date(modifiedTo(ctx.transactionTime)).toISOString() };
    }
    const lastPath = lastKey(tasks) ?? config.last_path;
    return lastPath === undefined ? {} : { last_path: lastPath };
  },
};

function warnOfSettings(config: S3InputConfig, ctx: Context): void {
  if (config.auth_method === 'basic' && isAnonymous(config)) {
    ctx.log.warn('No access key is set: requests are not signed. `auth_method: anonymous` says so.');
  }
  if (config.path_prefix === '/') {
    ctx.log.info("Keys do not begin with a slash as a rule; `path_prefix: ''` means the whole bucket.");
  }
}
