/** Reads objects of a bucket: one is one task, or several that follow each other. */
import type { Context, TaskContext } from '#spi/context.ts';
import type { FileInput, SourceFile } from '#spi/files.ts';
import type { JsonObject } from '#spi/json.ts';
import type { RangeFile } from '#spi/ranges.ts';
import { openStore } from './client.ts';
import type { S3Store, StoredObject } from './client.ts';
import type { S3InputConfig } from './config.ts';
import { isAnonymous } from './credentials.ts';
import { placeOf } from './failure.ts';
import { listObjects, modifiedTo } from './listing.ts';
import { readInto, readPieces } from './object-reader.ts';
import type { PlannedObject } from './object-reader.ts';
import { RANGES_AHEAD, ReadAhead } from './read-ahead.ts';

/** Smaller objects come by one request; reading in ranges takes several. */
const RANGES_FROM_BYTES = 4 * 1024 * 1024;

interface ObjectOfTask extends PlannedObject, JsonObject {
  readonly key: string;
  readonly size: number;
  readonly etag: string;
}

interface S3Task extends JsonObject {
  readonly objects: readonly ObjectOfTask[];
}

export const s3Input: FileInput<S3InputConfig, S3Task> = {
  async plan(config, ctx) {
    const store = await openStore(config, ctx);
    warnOfSettings(config, ctx);
    const objects = await listObjects(store, config, ctx);
    ctx.log.info('Listed objects.', { bucket: config.bucket, objects: objects.length });
    const tasks = groupBySize(objects, config.min_task_size);
    const taskBytes = tasks.map((task) => task.objects.reduce((sum, { size }) => sum + size, 0));
    return { tasks, taskBytes, sizeBytes: taskBytes.reduce((sum, bytes) => sum + bytes, 0) };
  },

  async *read(config, task, ctx) {
    const store = await openStore(config, ctx);
    for (const object of task.objects) yield sourceFile(store, object, ctx);
    return {};
  },

  async openRanges(config, task, ctx) {
    const [object, ...others] = task.objects;
    if (object === undefined || others.length > 0 || object.size < RANGES_FROM_BYTES) return undefined;
    const store = await openStore(config, ctx);
    await store.head(object.key, object.etag);
    return rangeFile(store, object, ctx);
  },

  async commit(config, tasks, _reports, ctx) {
    if (!config.incremental) return {};
    if (config.use_modified_time) {
      return { last_modified_time: new Date(modifiedTo(ctx.transactionTime)).toISOString() };
    }
    const lastPath = tasks.at(-1)?.objects.at(-1)?.key ?? config.last_path;
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

/** Objects in their order, as many to a task as it takes to reach the size. */
export function groupBySize(objects: readonly StoredObject[], minTaskBytes: number): S3Task[] {
  const tasks: ObjectOfTask[][] = [];
  let bytes = Infinity;
  for (const { key, sizeBytes, etag } of objects) {
    if (bytes >= minTaskBytes) {
      tasks.push([]);
      bytes = 0;
    }
    tasks.at(-1)?.push({ key, size: sizeBytes, etag });
    bytes += sizeBytes;
  }
  return tasks.map((of) => ({ objects: of }));
}

function sourceFile(store: S3Store, object: ObjectOfTask, ctx: TaskContext): SourceFile {
  return {
    name: placeOf({ bucket: store.bucket, key: object.key }),
    sizeBytes: object.size,
    read: () =>
      readPieces(
        store,
        object,
        { from: 0, to: object.size },
        { signal: ctx.signal, progress: (bytes) => ctx.progress(bytes) },
      ),
  };
}

function rangeFile(store: S3Store, object: ObjectOfTask, { signal }: TaskContext): RangeFile {
  const ahead = new ReadAhead(
    object.size,
    (from, target, stop) => readInto(store, object, { from, target }, stop),
    signal,
  );
  return {
    name: placeOf({ bucket: store.bucket, key: object.key }),
    sizeBytes: object.size,
    rangesAhead: RANGES_AHEAD,
    announce: (from, to) => ahead.announce(from, to),
    read: (position, target) => ahead.read(position, target),
    async close() {
      ahead.close();
      // A run that is being stopped need not know.
      if (!signal.aborted) await store.head(object.key, object.etag);
    },
  };
}
