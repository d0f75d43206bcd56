/** Which objects a run reads. */
import type { Context } from '#spi/context.ts';
import { keyPattern } from '#connectors/object-store/key-pattern.ts';
import type { S3Object, S3Store } from './client.ts';
import type { S3InputConfig } from './config.ts';
import { s3Errors } from './errors.ts';
import { placeOf } from './failure.ts';

/** Objects of one run: their names are kept in memory. */
const OBJECTS_MAX = 1_000_000;

const archives = new Set(['GLACIER', 'DEEP_ARCHIVE']);

export async function listObjects(store: S3Store, config: S3InputConfig, ctx: Context): Promise<S3Object[]> {
  const isWanted = objectFilter(config, ctx);
  const found: S3Object[] = [];
  const limit = Math.min(config.total_file_count_limit, OBJECTS_MAX);
  for await (const page of pages(store, config)) {
    for (const object of page) {
      if (!isWanted(object)) continue;
      if (found.length === limit) {
        if (limit < config.total_file_count_limit) throw tooMany(config);
        ctx.log.warn('Too many files matched, stop listing file.', { limit });
        return found;
      }
      found.push(object);
    }
    // A preview reads the first records: later objects do not matter to it.
    if (ctx.isPreview && found.length > 0) return found;
  }
  return found;
}

async function* pages(store: S3Store, config: S3InputConfig): AsyncGenerator<readonly S3Object[]> {
  const { path, path_prefix: prefix } = config;
  if (path !== undefined) {
    yield [await store.head(path)];
    return;
  }
  if (prefix === undefined) {
    throw s3Errors.error('S3_PATH_REQUIRED', {}, { where: { path: ['path_prefix'] } });
  }
  // By time, objects that were there before may have changed: all of them are looked at.
  yield* store.list(prefix, config.use_modified_time ? undefined : config.last_path);
}

function objectFilter(config: S3InputConfig, ctx: Context): (object: S3Object) => boolean {
  const matches = patternOf(config.path_match_pattern);
  const [from, to] = config.use_modified_time
    ? [modifiedFrom(config.last_modified_time), modifiedTo(ctx.transactionTime)]
    : [-Infinity, Infinity];
  return (object) => {
    const { key, sizeBytes, modifiedMs, storageClass } = object;
    if (sizeBytes === 0 || !matches(key) || modifiedMs < from || modifiedMs >= to) return false;
    if (!archives.has(storageClass)) return true;
    const place = placeOf({ bucket: config.bucket, key });
    if (!config.skip_glacier_objects) throw s3Errors.error('S3_OBJECT_ARCHIVED', { place, storageClass });
    ctx.log.warn('An archived object was skipped.', { object: place, storage_class: storageClass });
    return false;
  };
}

function patternOf(pattern: string): (key: string) => boolean {
  try {
    return keyPattern(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const params = { pattern, reason: error.message };
    throw s3Errors.error('S3_PATTERN', params, { where: { path: ['path_match_pattern'] }, cause: error });
  }
}

/** The beginning of the window of times, in milliseconds. */
export function modifiedFrom(time: string | undefined): number {
  if (time === undefined) return -Infinity;
  const ms = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/.test(time) ? Date.parse(time) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw s3Errors.error('S3_MODIFIED_TIME', { time }, { where: { path: ['last_modified_time'] } });
}

/**
 * Its end: the last whole second. Stores tell times of change in whole seconds, so what changes in the second at hand
 * may look older than what this run has seen, and the next run would take it for known.
 */
export function modifiedTo(transactionTime: Date): number {
  return Math.floor(transactionTime.getTime() / 1000) * 1000;
}

function tooMany({ bucket, path_prefix: key = '' }: S3InputConfig): Error {
  return s3Errors.error('S3_LISTING_LIMIT', { limit: OBJECTS_MAX, place: placeOf({ bucket, key }) });
}
