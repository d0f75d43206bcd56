/** Writes objects of a bucket. */
import { sequenceFormat } from '#connectors/file/sequence.ts';
import { objectOutput } from '#connectors/object-store/output.ts';
import { abortStaleUploads, staleUploads } from '#connectors/object-store/stale-uploads.ts';
import type { ObjectTarget } from '#connectors/object-store/store.ts';
import { openStore } from './client.ts';
import type { ObjectSettings, S3Store } from './client.ts';
import type { S3OutputConfig } from './config.ts';
import { s3Errors } from './errors.ts';
import { publish } from './publish.ts';

export const s3Output = objectOutput<S3OutputConfig>({
  open: async (config, ctx) => targetOf(await openStore(config, ctx), settingsOf(config)),

  keyOf: ({ path_prefix, sequence_format, file_ext }, task, file) =>
    path_prefix + sequenceFormat(sequence_format)(task, file) + file_ext,

  async afterCommit(config, ctx) {
    if (config.stale_upload_hours !== undefined) {
      await abortStaleUploads(await openStore(config, ctx), staleUploads(config, config.stale_upload_hours, ctx.log));
    }
  },

  keyError: (key, reason, option) => s3Errors.error('S3_KEY', { key, reason }, { where: { path: [option] } }),
});

function targetOf(store: S3Store, settings: ObjectSettings): ObjectTarget {
  return {
    placeOf: (key) => store.placeOf(key),
    createUpload: (key) => store.createUpload(key, settings),
    uploadPart: (upload, part, stop) => store.uploadPart(upload, part, stop),
    abortUpload: (upload) => store.abortUpload(upload),
    publish: (object) => publish(store, object, settings),
    tooLarge(key, limit) {
      const place = store.placeOf(key);
      return s3Errors.error('S3_FILE_TOO_LARGE', { place, limit }, { where: { file: place } });
    },
  };
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
    ...(canned_acl === undefined ? {} : { 'x-amz-acl': acls[canned_acl] }),
    ...(storage_class === undefined ? {} : { 'x-amz-storage-class': storage_class }),
    ...(server_side_encryption === undefined ? {} : { 'x-amz-server-side-encryption': server_side_encryption }),
    ...(sse_kms_key_id === undefined ? {} : { 'x-amz-server-side-encryption-aws-kms-key-id': sse_kms_key_id }),
  };
}
