import { errorCatalogue } from '#spi/errors.ts';

export const s3Errors = errorCatalogue({
  S3_PATH_REQUIRED: {
    kind: 'config',
    message: 'Neither `path_prefix` nor `path` is set.',
    hint: "Add one of them; `path_prefix: ''` means the whole bucket.",
  },
  S3_PATTERN: {
    kind: 'config',
    message: "The regular expression '{pattern}' cannot be used: {reason}.",
    hint: "Possessive quantifiers, atomic groups and Java's character class operations (&&) have to be written otherwise.",
  },
  S3_MODIFIED_TIME: {
    kind: 'config',
    message: "The time '{time}' is not one in UTC like 2026-01-02T03:04:05.000Z.",
    hint: 'Correct `last_modified_time`.',
  },
  S3_AUTH_INVALID: {
    kind: 'config',
    message: "The option '{option}' does not belong to `auth_method: {method}`.",
    hint: 'Take it out, or choose another `auth_method`.',
  },
  S3_AUTH_REQUIRED: {
    kind: 'config',
    message: "`auth_method: {method}` needs the option '{option}'.",
    hint: 'Add it, or choose another `auth_method`.',
  },
  S3_ENDPOINT: {
    kind: 'config',
    message: "The endpoint '{endpoint}' is not a host name or a URL.",
    hint: 'Write it like s3.example.com or http://127.0.0.1:9000',
  },
  S3_KEY: {
    kind: 'config',
    message: 'The key {key} cannot be used: {reason}.',
    hint: 'Correct `path_prefix`, `sequence_format` or `file_ext`.',
  },
  S3_LISTING_LIMIT: {
    kind: 'data',
    message: 'More than {limit} objects of {place} are to be read.',
    hint: 'Make `path_prefix` longer, or load them in several runs with `total_file_count_limit`.',
  },
  S3_BUCKET_NOT_FOUND: {
    kind: 'connector',
    message: 'There is no bucket {bucket}.',
    hint: 'Check `bucket`, and `endpoint` if it is not on AWS.',
  },
  S3_OBJECT_NOT_FOUND: {
    kind: 'connector',
    message: 'There is no object {place}.',
    hint: 'Check bucket and path. If it was there when the run was planned, somebody has deleted it.',
  },
  S3_OBJECT_ARCHIVED: {
    kind: 'connector',
    message: 'The object {place} is archived in the storage class {storageClass} and cannot be read.',
    hint: 'Restore it first, or leave such objects out: `skip_glacier_objects: true`',
  },
  S3_OBJECT_CHANGED: {
    kind: 'data',
    message: 'The object {place} changed after the run was planned.',
    hint: 'Run again when nobody writes to it; nothing has been committed.',
  },
  S3_RANGES_UNKNOWN: {
    kind: 'connector',
    message: 'The store does not give parts of objects, of {place} for example.',
    hint: 'It takes a store that knows the Range header, to take up broken connections and to read with several threads.',
  },
  S3_ACCESS_DENIED: {
    kind: 'connector',
    message: 'Access denied while {action} {place}.',
    hint: 'It takes the permission {permission}; without credentials only what is public can be read.',
  },
  S3_CREDENTIALS_REFUSED: {
    kind: 'connector',
    message: 'The credentials were refused while {action} {place}: {reason}.',
    hint: 'Check the access key and the secret: a space too many, or a key that was deleted or disabled.',
  },
  S3_CREDENTIALS_MISSING: {
    kind: 'connector',
    message: 'No credentials were found by `auth_method: {method}`: {reason}.',
    hint: 'Set them up where this method looks for them, or choose another `auth_method`.',
  },
  S3_TOKEN_EXPIRED: {
    kind: 'connector',
    message: 'The session token has expired while {action} {place}.',
    hint: 'Get new temporary credentials, or use an `auth_method` that renews them: instance, assume_role or default.',
  },
  S3_CLOCK_WRONG: {
    kind: 'connector',
    message: "The time of this machine differs too much from the store's while {action} {place}.",
    hint: 'Correct the clock of this machine.',
  },
  S3_REGION_WRONG: {
    kind: 'connector',
    message: 'The bucket {bucket} is not in this region; it is in {region}.',
    hint: 'Set `region: {region}`, and take out `endpoint` if it names a region.',
  },
  S3_SLOW_DOWN: {
    kind: 'connector',
    message: 'The store asks to slow down while {action} {place}: {reason}.',
    hint: 'Run again later, with fewer threads, or with more `maximum_retries`.',
    transient: true,
  },
  S3_UNAVAILABLE: {
    kind: 'connector',
    message: 'The store failed while {action} {place}: {reason}.',
    hint: 'Run again later; the fault is on the side of the store.',
    transient: true,
  },
  S3_UNREACHABLE: {
    kind: 'connector',
    message: 'The connection failed while {action} {place}: {reason}.',
    hint: 'Check `endpoint`, `http_proxy` and the network; if it usually works, run again.',
    transient: true,
  },
  S3_HOST_UNKNOWN: {
    kind: 'connector',
    message: 'The host of the store is not known while {action} {place}: {reason}.',
    hint: 'Check `endpoint`, `region` and `http_proxy`, and that names are resolved on this machine.',
  },
  S3_REQUEST_FAILED: {
    kind: 'connector',
    message: 'The store refused {action} {place}: {reason}.',
    hint: 'The reason is the answer of the store. Check the options that it speaks of.',
  },
  S3_STOPPED: {
    kind: 'data',
    message: 'The run was stopped while {action} {place}.',
    hint: 'Nothing was committed. Start it again when you are ready.',
  },
  S3_FILE_TOO_LARGE: {
    kind: 'data',
    message: 'The object {place} would be larger than the {limit} bytes that a store takes.',
    hint: 'Write more and smaller files: a larger `min_output_tasks`, or a compressing encoder.',
  },
  S3_UPLOAD_LOST: {
    kind: 'connector',
    message: 'The upload of {place} is gone before it was completed.',
    hint: 'Somebody, or a rule of the bucket, has aborted it. Run again.',
  },
});
