/**
 * Writes objects. Their parts are uploaded while the run goes on, and the uploads are completed by the commit: until
 * then nothing is visible, and objects that were there stay. A failed run gives its uploads up.
 */
import type { TaskContext } from '#spi/context.ts';
import type { FileOutput, FileSink } from '#spi/files.ts';
import { isJsonObject } from '#spi/json.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import type { Report } from '#spi/records.ts';
import { sequenceFormat } from '#connectors/file/sequence.ts';
import { openStore } from './client.ts';
import type { ObjectSettings, S3Store } from './client.ts';
import type { S3OutputConfig } from './config.ts';
import { s3Errors } from './errors.ts';
import { placeOf } from './failure.ts';
import { ObjectWriter, publish } from './upload.ts';
import type { FinishedObject } from './upload.ts';

/** What the store allows. */
const KEY_BYTES_MAX = 1024;
/** Requests of a commit or a clean-up at a time. */
const REQUESTS_AT_A_TIME = 8;

interface OutputPlan extends JsonObject {
  readonly taskCount: number;
}

/** Plans whose uploads are all completed: there is nothing to give up. */
const committed = new WeakSet<OutputPlan>();

export const s3Output: FileOutput<S3OutputConfig, OutputPlan> = {
  async plan(config, taskCount, ctx) {
    const key = objectKey(config, 0, 0);
    if (taskCount > 1 && objectKey(config, 1, 0) === key) {
      const reason = `all ${taskCount} outputs would be written to it`;
      throw s3Errors.error('S3_KEY', { key, reason }, { where: { path: ['sequence_format'] } });
    }
    await openStore(config, ctx);
    return { taskCount };
  },

  async open(config, _plan, ctx) {
    return objectSink(config, await openStore(config, ctx), ctx);
  },

  async commit(config, plan, reports, ctx) {
    const store = await openStore(config, ctx);
    await eachAtOnce(finishedObjects(reports), async (object) => {
      await publish(store, object, settingsOf(config));
      ctx.log.info('Wrote an object.', { object: placeOf({ bucket: config.bucket, key: object.key }) });
    });
    committed.add(plan);
    return {};
  },

  async cleanup(config, plan, reports, ctx) {
    if (committed.has(plan)) return;
    const store = await openStore(config, ctx);
    await eachAtOnce(finishedObjects(reports), (object) => giveUp(store, object));
  },
};

/** Checks the key as well. */
function objectKey(config: S3OutputConfig, task: number, file: number): string {
  const key = config.path_prefix + sequenceFormat(config.sequence_format)(task, file) + config.file_ext;
  const bytes = Buffer.byteLength(key);
  const reason = bytes === 0 ? 'it is empty' : `it has ${bytes} bytes, and ${KEY_BYTES_MAX} are the limit`;
  if (bytes > 0 && bytes <= KEY_BYTES_MAX) return key;
  throw s3Errors.error('S3_KEY', { key: JSON.stringify(key), reason }, { where: { path: ['path_prefix'] } });
}

const acls: Readonly<Record<NonNullable<S3OutputConfig['canned_acl']>, string>> = {
  Private: 'private',
  PublicRead: 'public-read',
  PublicReadWrite: 'public-read-write',
  AuthenticatedRead: 'authenticated-read',
  LogDeliveryWrite: 'log-delivery-write',
  BucketOwnerRead: 'bucket-owner-read',
  BucketOwnerFullControl: 'bucket-owner-full-control',
  AwsExecRead: 'aws-exec-read',
};

function settingsOf(config: S3OutputConfig): ObjectSettings {
  const { canned_acl, storage_class, server_side_encryption, sse_kms_key_id } = config;
  return {
    ...(canned_acl === undefined ? {} : { ACL: acls[canned_acl] }),
    ...(storage_class === undefined ? {} : { StorageClass: storage_class }),
    ...(server_side_encryption === undefined ? {} : { ServerSideEncryption: server_side_encryption }),
    ...(sse_kms_key_id === undefined ? {} : { SSEKMSKeyId: sse_kms_key_id }),
  };
}

function objectSink(config: S3OutputConfig, store: S3Store, { taskIndex, signal }: TaskContext): FileSink {
  const settings = settingsOf(config);
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
      current = new ObjectWriter(store, objectKey(config, taskIndex, fileCount++), settings);
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
      const uploads = finished.map((object) => giveUp(store, object));
      if (current !== undefined) uploads.push(current.abort());
      for (const { reason } of rejections(await Promise.allSettled(uploads))) throw reason;
    },
  };
}

function rejections(results: readonly PromiseSettledResult<void>[]): PromiseRejectedResult[] {
  return results.filter((result) => result.status === 'rejected');
}

async function giveUp(store: S3Store, { key, uploadId }: FinishedObject): Promise<void> {
  if (uploadId !== '') await store.abortUpload({ key, uploadId });
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
async function eachAtOnce<T>(items: readonly T[], call: (item: T) => Promise<void>): Promise<void> {
  const waiting = [...items];
  const serve = async (): Promise<void> => {
    for (let item = waiting.shift(); item !== undefined; item = waiting.shift()) await call(item);
  };
  const results = await Promise.allSettled(Array.from({ length: REQUESTS_AT_A_TIME }, serve));
  for (const { reason } of rejections(results)) throw reason;
}
