/** Writes objects of a bucket. */
import { sequenceFormat } from '#connectors/file/sequence.ts';
import { objectOutput } from '#connectors/object-store/output.ts';
import { abortStaleUploads, staleUploads } from '#connectors/object-store/stale-uploads.ts';
import type { FinishedObject, ObjectTarget } from '#connectors/object-store/store.ts';
import type { GcsOutputConfig } from './config.ts';
import { gcsErrors } from './errors.ts';
import { openStore } from './store.ts';
import type { GcsStore, ObjectSettings } from './store.ts';

export const gcsOutput = objectOutput<GcsOutputConfig>({
  async open(config, ctx) {
    const settings = { contentType: config.content_type, storageClass: config.storage_class };
    return targetOf(await openStore(config, ctx), settings);
  },

  keyOf({ path_prefix, sequence_format, file_ext }, task, file) {
    return nameOf(path_prefix + sequenceFormat(sequence_format)(task, file) + file_ext);
  },

  async afterCommit(config, ctx) {
    const { stale_upload_hours: hours, path_prefix } = config;
    if (hours === undefined) return;
    const keys = { ...config, path_prefix: nameOf(path_prefix) };
    await abortStaleUploads(await openStore(config, ctx), staleUploads(keys, hours, ctx.log));
  },

  keyError: (key, reason, option) => gcsErrors.error('GCS_NAME', { key, reason }, { where: { path: [option] } }),
});

/** As in the original: no folder without a name, no name of dots. */
function nameOf(text: string): string {
  return text.replace(/^\.*\/*/, '');
}

function targetOf(store: GcsStore, settings: ObjectSettings): ObjectTarget {
  return {
    placeOf: (key) => store.placeOf(key),
    createUpload: (key) => store.createUpload(key, settings),
    uploadPart: (upload, part, stop) => store.uploadPart(upload, part, stop),
    abortUpload: (upload) => store.abortUpload(upload),
    publish: (object) => publish(store, object, settings),
    tooLarge(key, limit) {
      const place = store.placeOf(key);
      return gcsErrors.error('GCS_FILE_TOO_LARGE', { place, limit }, { where: { file: place } });
    },
  };
}

async function publish(store: GcsStore, object: FinishedObject, settings: ObjectSettings): Promise<void> {
  const { key, uploadId, parts, mark } = object;
  if (uploadId === '') {
    await store.putEmpty(key, settings);
    return;
  }
  const numbered = parts.map((etag, index) => ({ number: index + 1, etag }));
  if (await store.completeUpload({ key, uploadId }, numbered)) return;
  // Completed before, by a commit that was cut short, or by a request whose answer was lost.
  const place = store.placeOf(key);
  const lost = (): Error => gcsErrors.error('GCS_UPLOAD_LOST', { place }, { where: { file: place } });
  const stored = await store.stat(key).catch((error: unknown) => {
    const isMissing = error instanceof Error && 'code' in error && error.code === 'GCS_OBJECT_NOT_FOUND';
    throw isMissing ? lost() : error;
  });
  if (mark === undefined || stored.mark !== mark) throw lost();
}
