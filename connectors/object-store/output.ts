/**
 * A file output that writes objects. Their parts are uploaded while the run goes on, and the uploads are completed by
 * the commit: until then nothing is visible, and objects that were there stay. A failed run gives its uploads up.
 */
import type { Context } from '#spi/context.ts';
import type { FileOutput, FileSink } from '#spi/files.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { Report } from '#spi/records.ts';
import { ObjectWriter } from './upload.ts';
import type { FinishedObject, ObjectTarget } from './store.ts';

/** What stores allow. */
const KEY_BYTES_MAX = 1024;
/** Requests of a commit or a clean-up at a time. */
const REQUESTS_AT_A_TIME = 8;

interface OutputPlan extends JsonObject {
  readonly taskCount: number;
}

export interface ObjectOutputParts<C> {
  open(config: C, ctx: Context): Promise<ObjectTarget>;
  keyOf(config: C, task: number, file: number): string;
  /** The error of a key that cannot be used; `option` is what makes it so. */
  keyError(key: string, reason: string, option: 'sequence_format' | 'path_prefix'): Error;
  /** When everything is visible; what it throws fails the run no more. */
  afterCommit?(config: C, ctx: Context): Promise<void>;
}

/** Plans whose uploads are all completed: there is nothing to give up. */
const committed = new WeakSet<OutputPlan>();

export function objectOutput<C>(parts: ObjectOutputParts<C>): FileOutput<C, OutputPlan> {
  const checkedKey = (config: C, task: number, file: number): string =>
    checkKey(parts, parts.keyOf(config, task, file));
  return {
    async plan(config, taskCount, ctx) {
      const key = checkedKey(config, 0, 0);
      if (taskCount > 1 && checkedKey(config, 1, 0) === key) {
        throw parts.keyError(key, `all ${taskCount} outputs would be written to it`, 'sequence_format');
      }
      await parts.open(config, ctx);
      return { taskCount };
    },

    async open(config, _plan, ctx) {
      const { taskIndex, signal } = ctx;
      return objectSink(await parts.open(config, ctx), (file) => checkedKey(config, taskIndex, file), signal);
    },

    async commit(config, plan, reports, ctx) {
      const target = await parts.open(config, ctx);
      await eachAtOnce(finishedObjects(reports), async (object) => {
        await target.publish(object);
        ctx.log.info('Wrote an object.', { object: target.placeOf(object.key) });
      });
      committed.add(plan);
      await parts.afterCommit?.(config, ctx);
      return {};
    },

    async cleanup(config, plan, reports, ctx) {
      if (committed.has(plan)) return;
      const target = await parts.open(config, ctx);
      await eachAtOnce(finishedObjects(reports), (object) => giveUp(target, object));
    },
  };
}

function checkKey<C>(parts: ObjectOutputParts<C>, key: string): string {
  const bytes = Buffer.byteLength(key);
  if (bytes > 0 && bytes <= KEY_BYTES_MAX) return key;
  const reason = bytes === 0 ? 'it is empty' : `it has ${bytes} bytes, and ${KEY_BYTES_MAX} are the limit`;
  throw parts.keyError(JSON.stringify(key), reason, 'path_prefix');
}

function objectSink(target: ObjectTarget, keyOf: (file: number) => string, signal: AbortSignal): FileSink {
  const finished: FinishedObject[] = [];
  let current: ObjectWriter | undefined;
  let fileCount = 0;
  const finish = async (): Promise<void> => {
    if (current !== undefined) finished.push(await current.finish());
    current = undefined;
  };
  return {
    async nextFile() {
      await finish();
      current = new ObjectWriter(target, keyOf(fileCount++));
    },
    async write(bytes) {
      // Of a run that is being stopped nothing is kept; the engine says so.
      if (!signal.aborted) await current?.write(bytes);
    },
    async close() {
      await finish();
      return { objects: finished };
    },
    async abort() {
      const uploads = finished.map((object) => giveUp(target, object));
      if (current !== undefined) uploads.push(current.abort());
      for (const { reason } of rejections(await Promise.allSettled(uploads))) throw reason;
    },
  };
}

function rejections(results: readonly PromiseSettledResult<void>[]): PromiseRejectedResult[] {
  return results.filter((result) => result.status === 'rejected');
}

async function giveUp(target: ObjectTarget, { key, uploadId }: FinishedObject): Promise<void> {
  if (uploadId !== '') await target.abortUpload({ key, uploadId });
}

function finishedObjects(reports: readonly Report[]): FinishedObject[] {
  return reports.flatMap(({ objects }): FinishedObject[] =>
    // Only `close` above makes these reports.
    Array.isArray(objects)
      ? (objects as readonly Json[]).filter(isJsonObject).map((object) => object as FinishedObject)
      : [],
  );
}

/** A few at a time; the first failure is thrown when those under way have ended. */
export async function eachAtOnce<T>(items: readonly T[], call: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const serve = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await call(item);
  };
  const results = await Promise.allSettled(Array.from({ length: REQUESTS_AT_A_TIME }, serve));
  for (const { reason } of rejections(results)) throw reason;
}
