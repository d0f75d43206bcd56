import type { FinishedObject, Part } from '#connectors/object-store/store.ts';
import type { ObjectSettings, S3Store } from './client.ts';
import { s3Errors } from './errors.ts';

/** Makes the object visible. Once more after a crash it finds that it is. */
export async function publish(store: S3Store, object: FinishedObject, settings: ObjectSettings): Promise<void> {
  const { key, sizeBytes, uploadId, parts } = object;
  if (uploadId === '') {
    await store.putEmpty(key, settings);
    return;
  }
  const numbered = parts.map((etag, index): Part => ({ number: index + 1, etag }));
  if (await store.completeUpload({ key, uploadId }, numbered)) return;
  const place = store.placeOf(key);
  const lost = (): Error => s3Errors.error('S3_UPLOAD_LOST', { place }, { where: { file: place } });
  const stored = await store.head(key).catch((error: unknown) => {
    throw isNotFound(error) ? lost() : error;
  });
  // An etag that tells of parts tells how many.
  const partCount = /-(\d+)"?$/.exec(stored.version)?.[1];
  const isOurs = stored.sizeBytes === sizeBytes && (partCount === undefined || Number(partCount) === parts.length);
  if (!isOurs) throw lost();
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'S3_OBJECT_NOT_FOUND';
}
