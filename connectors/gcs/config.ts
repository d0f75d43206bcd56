import { z } from 'zod';
import { openTo, option } from '#spi/fields.ts';
import { httpsFields } from '#connectors/network/https-config.ts';
import { proxyOption } from '#connectors/network/proxy-config.ts';
import { authFields } from './auth-config.ts';

/** Where the store is, and how it is reached. */
const connectionFields = {
  bucket: option(z.string().min(1), { title: 'Bucket', description: 'Name of the bucket.' }),
  endpoint: option(z.string().default('https://storage.googleapis.com'), {
    title: 'Endpoint',
    description: 'URL of the store, when it is another one: an emulator, a private endpoint.',
    examples: ['http://127.0.0.1:4443'],
    'x-advanced': true,
  }),
  user_project: option(z.string().min(1).optional(), {
    title: 'User project',
    description: 'The project that pays for the requests, for buckets whose readers pay.',
    'x-advanced': true,
  }),
  http_proxy: proxyOption,
  application_name: option(z.string().default('Ropeway'), {
    title: 'Application name',
    description: 'What the header User-Agent says.',
    'x-advanced': true,
  }),
  ...authFields,
  ...httpsFields(),
};

/** Embulk's two plugins have different defaults. */
function retryFields(initialMs: number, maximumMs: number) {
  return {
    max_connection_retry: option(z.number().int().nonnegative().default(10), {
      title: 'Maximum retries',
      description: 'How often a request is tried again that failed for a reason that passes.',
      'x-advanced': true,
    }),
    initial_retry_interval_millis: option(z.number().int().positive().default(initialMs), {
      title: 'Initial retry interval (ms)',
      description: 'The wait before the first further try; it doubles with every one after that.',
      'x-advanced': true,
    }),
    maximum_retry_interval_millis: option(z.number().int().positive().default(maximumMs), {
      title: 'Maximum retry interval (ms)',
      description: 'The longest wait between two tries.',
      'x-advanced': true,
    }),
  };
}

const connectionSchema = z.strictObject({ ...connectionFields, ...retryFields(1000, 300_000) });
/** What both directions have in common. */
export type GcsConnection = z.output<typeof connectionSchema>;

export const gcsConnectionConfig = z.strictObject({
  ...connectionFields,
  ...retryFields(1000, 300_000),
  bucket: option(z.string().min(1).optional(), {
    title: 'Bucket',
    description: 'The bucket, when there is one to keep to. This or `project` is required.',
  }),
  project: option(z.string().min(1).optional(), {
    title: 'Project',
    description: 'The project whose buckets are shown.',
    examples: ['my-project'],
  }),
  path_prefix: option(z.string().default(''), {
    title: 'Path prefix',
    description: 'How the names of the objects begin that a test looks at and writes.',
    examples: ['logs/'],
  }),
});

export type GcsConnectionConfig = z.output<typeof gcsConnectionConfig>;

/** The older name of `p12_keyfile`, which is another one in each direction. */
const olderName = option(z.string().min(1).optional(), {
  title: 'P12 key file (older name)',
  description: 'The same as `p12_keyfile`.',
  'x-advanced': true,
});

export const gcsInputConfig = z.strictObject({
  ...connectionFields,
  bucket: openTo(connectionFields.bucket, 'name'),
  ...retryFields(1000, 300_000),
  p12_keyfile_fullpath: olderName,
  path_prefix: option(z.string().optional(), {
    title: 'Path prefix',
    description: "How the names of the objects begin; `''` means the whole bucket. This or `paths` is required.",
    examples: ['logs/csv-'],
    'x-variables': 'path',
  }),
  paths: option(z.array(z.string().min(1)).default([]), {
    title: 'Paths',
    description: 'Names of the objects to read. `path_prefix` wins over it.',
    examples: [['logs/csv-2026.csv']],
    'x-variables': 'path',
  }),
  path_match_pattern: option(z.string().default('.*'), {
    title: 'Path match pattern',
    description: "A regular expression in Java's notation that must match somewhere in the name.",
    examples: ['\\.csv(\\.gz)?$'],
    'x-variables': 'line',
  }),
  total_file_count_limit: option(z.number().int().positive().default(2_147_483_647), {
    title: 'Total file count limit',
    description: 'Listing stops, with a warning, after so many objects.',
    'x-advanced': true,
  }),
  min_task_size: option(z.number().int().nonnegative().default(0), {
    title: 'Minimum task size',
    description: 'Objects that follow each other are read by one task until it has so many bytes.',
    'x-advanced': true,
  }),
  incremental: option(z.boolean().default(true), {
    title: 'Incremental',
    description: 'The diff for the next run (`-c`) says where this one ended.',
  }),
  last_path: option(z.string().optional(), {
    title: 'Last path',
    description: 'Names up to and including this one are left out. Incremental loading sets it.',
    'x-advanced': true,
    'x-variables': 'path',
  }),
});

export type GcsInputConfig = z.output<typeof gcsInputConfig>;

export const gcsOutputConfig = z.strictObject({
  ...connectionFields,
  bucket: openTo(connectionFields.bucket, 'name'),
  ...retryFields(500, 30_000),
  p12_keyfile_path: olderName,
  path_prefix: option(z.string(), {
    title: 'Path prefix',
    description: 'How the names of the objects begin.',
    examples: ['logs/out'],
    'x-variables': 'path',
  }),
  file_ext: option(z.string(), {
    title: 'File extension',
    description: 'How the names end. The default sequence has no dot at its end, so this begins with one.',
    examples: ['.csv', '.jsonl.gz'],
    'x-variables': 'path',
  }),
  sequence_format: option(z.string().default('.%03d.%02d'), {
    title: 'Sequence format',
    description: 'The middle of the names: a Java format with the task number and the number of the file in the task.',
    'x-advanced': true,
  }),
  stale_upload_hours: option(z.number().int().min(24).optional(), {
    title: 'Stale upload hours',
    description:
      'When the run has succeeded, uploads to keys of this output that another run left, and to which nothing has ' +
      'been added for so many hours, are given up. It has to be longer than any run takes.',
    examples: [72],
    'x-advanced': true,
  }),
  content_type: option(z.string().default('application/octet-stream'), {
    title: 'Content type',
    description: 'What the store says of the objects.',
    examples: ['text/csv'],
  }),
  storage_class: option(z.string().min(1).optional(), {
    title: 'Storage class',
    description: "Storage class of the objects; without it the bucket's own.",
    examples: ['NEARLINE', 'COLDLINE'],
    'x-advanced': true,
  }),
});

export type GcsOutputConfig = z.output<typeof gcsOutputConfig>;
