import { errorCatalogue } from '#spi/errors.ts';

export const gcsErrors = errorCatalogue({
  GCS_PATH_REQUIRED: {
    kind: 'config',
    message: 'Neither `path_prefix` nor `paths` is set.',
    hint: "Add one of them; `path_prefix: ''` means the whole bucket.",
  },
  GCS_PATTERN: {
    kind: 'config',
    message: "The regular expression '{pattern}' cannot be used: {reason}.",
    hint: "Possessive quantifiers, atomic groups and Java's character class operations (&&) have to be written otherwise.",
  },
  GCS_AUTH_REQUIRED: {
    kind: 'config',
    message: "`auth_method: {method}` needs the option '{option}'.",
    hint: 'Add it, or choose another `auth_method`.',
  },
  GCS_AUTH_TWICE: {
    kind: 'config',
    message: "Both 'p12_keyfile' and its older name '{option}' are set.",
    hint: 'Take one of them out.',
  },
  GCS_KEY_FILE: {
    kind: 'config',
    message: "The key of '{option}' cannot be used: {reason}.",
    hint: 'Make a new key of the service account, best in JSON format (`auth_method: json_key`).',
  },
  GCS_ENDPOINT: {
    kind: 'config',
    message: "The endpoint '{endpoint}' is not a URL of a store.",
    hint: 'Write it like https://storage.googleapis.com or http://127.0.0.1:4443',
  },
  GCS_PROJECT_REQUIRED: {
    kind: 'config',
    message: 'Neither `bucket` nor `project` is set.',
    hint: 'Add one of them: buckets are listed by their project.',
  },
  GCS_NAME: {
    kind: 'config',
    message: 'The name {key} cannot be used: {reason}.',
    hint: 'Correct `path_prefix`, `sequence_format` or `file_ext`.',
  },
  GCS_LISTING_LIMIT: {
    kind: 'data',
    message: 'More than {limit} objects of {place} are to be read.',
    hint: 'Make `path_prefix` longer, or load them in several runs with `total_file_count_limit`.',
  },
  GCS_BUCKET_NOT_FOUND: {
    kind: 'connector',
    message: 'There is no bucket {bucket}.',
    hint: 'Check `bucket`, and `endpoint` if it is set.',
  },
  GCS_OBJECT_NOT_FOUND: {
    kind: 'connector',
    message: 'There is no object {place}.',
    hint: 'Check bucket and path. If it was there when the run was planned, somebody has deleted it.',
  },
  GCS_OBJECT_CHANGED: {
    kind: 'data',
    message: 'The object {place} changed after the run was planned.',
    hint: 'Run again when nobody writes to it; nothing has been committed.',
  },
  GCS_RANGES_UNKNOWN: {
    kind: 'connector',
    message: 'The store does not give parts of objects, of {place} for example.',
    hint: 'It takes a store that knows the Range header, to take up broken connections and to read with several threads.',
  },
  GCS_ACCESS_DENIED: {
    kind: 'connector',
    message: 'Access denied while {action} {place}: {reason}.',
    hint: 'It takes the permission {permission}; without credentials only what is public can be read.',
  },
  GCS_CREDENTIALS_REFUSED: {
    kind: 'connector',
    message: 'The credentials were refused while {action} {place}: {reason}.',
    hint: 'Check that the key was not deleted, that it is of the right account, and that the clock of this machine is right.',
  },
  GCS_CREDENTIALS_MISSING: {
    kind: 'connector',
    message: 'No credentials were found by `auth_method: {method}`: {reason}.',
    hint: 'Set them up where this method looks for them, or choose another `auth_method`.',
  },
  GCS_SLOW_DOWN: {
    kind: 'connector',
    message: 'The store asks to slow down while {action} {place}: {reason}.',
    hint: 'Run again later, with fewer threads, or with more `max_connection_retry`.',
    transient: true,
  },
  GCS_UNAVAILABLE: {
    kind: 'connector',
    message: 'The store failed while {action} {place}: {reason}.',
    hint: 'Run again later; the fault is on the side of the store.',
    transient: true,
  },
  GCS_UNREACHABLE: {
    kind: 'connector',
    message: 'The connection failed while {action} {place}: {reason}.',
    hint: 'Check `endpoint` and the network; if it usually works, run again.',
    transient: true,
  },
  GCS_HOST_UNKNOWN: {
    kind: 'connector',
    message: 'The host of the store is not known while {action} {place}: {reason}.',
    hint: 'Check `endpoint`, and that names are resolved on this machine.',
  },
  GCS_REQUEST_FAILED: {
    kind: 'connector',
    message: 'The store refused {action} {place}: {reason}.',
    hint: 'The reason is the answer of the store. Check the options that it speaks of.',
  },
  GCS_STOPPED: {
    kind: 'data',
    message: 'The run was stopped while {action} {place}.',
    hint: 'Nothing was committed. Start it again when you are ready.',
  },
  GCS_FILE_TOO_LARGE: {
    kind: 'data',
    message: 'The object {place} would be larger than the {limit} bytes that a store takes.',
    hint: 'Write more and smaller files: a larger `min_output_tasks`, or a compressing encoder.',
  },
  GCS_UPLOAD_LOST: {
    kind: 'connector',
    message: 'The upload of {place} is gone before it was completed.',
    hint: 'Somebody, or a rule of the bucket, has aborted it. Run again.',
  },
});
