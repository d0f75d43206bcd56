/** Which objects a run reads. */
import type { Context } from '#spi/context.ts';
import { keyPattern } from '#connectors/object-store/key-pattern.ts';
import { eachAtOnce } from '#connectors/object-store/output.ts';
import type { StoredObject } from '#connectors/object-store/store.ts';
import type { GcsInputConfig } from './config.ts';
import { gcsErrors } from './errors.ts';
import type { GcsStore } from './store.ts';

/** Objects of one run: their names are kept in memory. */
const OBJECTS_MAX = 1_000_000;

export async function listObjects(store: GcsStore, config: GcsInputConfig, ctx: Context): Promise<StoredObject[]> {
  const matches = patternOf(config.path_match_pattern);
  const found: StoredObject[] = [];
  const limit = Math.min(config.total_file_count_limit, OBJECTS_MAX);
  for await (const page of pages(store, config, matches)) {
    for (const object of page) {
      if (object.sizeBytes === 0 || !matches(object.key)) continue;
      if (found.length === limit) {
        if (limit < config.total_file_count_limit) throw tooMany(store, config);
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

async function* pages(
  store: GcsStore,
  { path_prefix: prefix, paths, last_path }: GcsInputConfig,
  matches: (key: string) => boolean,
): AsyncGenerator<readonly StoredObject[]> {
  if (prefix !== undefined) {
    yield* store.list(prefix, last_path);
    return;
  }
  if (paths.length === 0) throw gcsErrors.error('GCS_PATH_REQUIRED', {}, { where: { path: ['path_prefix'] } });
  const wanted = paths.filter(matches);
  const objects: StoredObject[] = [];
  await eachAtOnce([...wanted.entries()], async ([index, path]) => {
    objects[index] = await store.stat(path);
  });
  yield objects;
}

function patternOf(pattern: string): (key: string) => boolean {
  try {
    return keyPattern(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const params = { pattern, reason: error.message };
    throw gcsErrors.error('GCS_PATTERN', params, { where: { path: ['path_match_pattern'] }, cause: error });
  }
}

function tooMany(store: GcsStore, { path_prefix = '' }: GcsInputConfig): Error {
  return gcsErrors.error('GCS_LISTING_LIMIT', { limit: OBJECTS_MAX, place: store.placeOf(path_prefix) });
}
