import { z } from 'zod';
import { openTo, option } from '#spi/fields.ts';
import { httpsFields } from '#connectors/network/https-config.ts';
import { authFields } from './auth-config.ts';

/** Where the store is, and how it is reached. */
const connectionFields = {
  bucket: option(z.string().min(1), { title: 'Bucket', description: 'Name of the bucket.' }),
  endpoint: option(z.string().optional(), {
    title: 'Endpoint',
    description:
      'Host or URL of an S3-compatible store, or of an AWS region. It wins over `region`. Without both the store is ' +
      'AWS, and the region is found out.',
    examples: ['s3-ap-northeast-1.amazonaws.com', 'http://127.0.0.1:9000'],
  }),
  region: option(z.string().optional(), {
    title: 'Region',
    description: 'Region of the bucket.',
    examples: ['ap-northeast-1'],
  }),
  path_style_access: option(z.boolean().optional(), {
    title: 'Path-style access',
    description:
      'The bucket is a part of the path instead of the host name. By default so for every endpoint that is not of AWS.',
    'x-advanced': true,
  }),
  http_proxy: option(
    z
      .strictObject({
        host: option(z.string(), { title: 'Host', description: 'Name or address of the proxy.' }),
        port: option(z.number().int().optional(), {
          title: 'Port',
          description: 'Port of the proxy; without it 80.',
        }),
        https: option(z.boolean().default(true), {
          title: 'HTTPS',
          description: 'The store is spoken to by HTTPS when its endpoint does not say `http://`.',
        }),
        user: option(z.string().optional(), { title: 'User', description: 'User name for the proxy.' }),
        password: option(z.string().optional(), {
          title: 'Password',
          description: 'Password for the proxy.',
          'x-secret': true,
        }),
      })
      .optional(),
    { title: 'HTTP proxy', description: 'Proxy through which the store is reached.', 'x-advanced': true },
  ),
  maximum_retries: option(z.number().int().nonnegative().default(7), {
    title: 'Maximum retries',
    description: 'How often a request is tried again that failed for a reason that passes.',
    'x-advanced': true,
  }),
  initial_retry_interval_millis: option(z.number().int().positive().default(2000), {
    title: 'Initial retry interval (ms)',
    description: 'The wait before the first further try; it doubles with every one after that.',
    'x-advanced': true,
  }),
  maximum_retry_interval_millis: option(z.number().int().positive().default(480_000), {
    title: 'Maximum retry interval (ms)',
    description: 'The longest wait between two tries.',
    'x-advanced': true,
  }),
  ...authFields,
  ...httpsFields(),
};

const connectionSchema = z.strictObject(connectionFields);
/** What both directions have in common. */
export type S3Connection = z.output<typeof connectionSchema>;

export const s3ConnectionConfig = z.strictObject({
  ...connectionFields,
  bucket: option(z.string().min(1).optional(), {
    title: 'Bucket',
    description: 'The bucket, when there is one to keep to; without it those of the account are shown.',
  }),
  path_prefix: option(z.string().default(''), {
    title: 'Path prefix',
    description: 'How the keys of the objects begin that a test looks at and writes.',
    examples: ['logs/'],
  }),
});

export type S3ConnectionConfig = z.output<typeof s3ConnectionConfig>;

export const s3InputConfig = z.strictObject({
  ...connectionFields,
  bucket: openTo(connectionFields.bucket, 'name'),
  path_prefix: option(z.string().optional(), {
    title: 'Path prefix',
    description: "How the keys of the objects begin; `''` means the whole bucket. This or `path` is required.",
    examples: ['logs/csv-'],
    'x-variables': 'path',
  }),
  path: option(z.string().min(1).optional(), {
    title: 'Path',
    description: 'Key of the one object to read. It wins over `path_prefix`.',
    examples: ['logs/csv-2026.csv'],
    'x-variables': 'path',
  }),
  path_match_pattern: option(z.string().default('.*'), {
    title: 'Path match pattern',
    description: "A regular expression in Java's notation that must match somewhere in the key.",
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
    description: 'Keys up to and including this one are left out. Incremental loading sets it.',
    'x-advanced': true,
    'x-variables': 'path',
  }),
  use_modified_time: option(z.boolean().default(false), {
    title: 'Use modified time',
    description: 'Incremental loading goes by the time of change (`last_modified_time`) instead of the key.',
  }),
  last_modified_time: option(z.string().optional(), {
    title: 'Last modified time',
    description:
      'With `use_modified_time`: objects that were changed before this time (UTC) are left out. Incremental loading ' +
      'sets it.',
    examples: ['2026-01-02T03:04:05.000Z'],
    'x-advanced': true,
    'x-variables': 'line',
  }),
  skip_glacier_objects: option(z.boolean().default(false), {
    title: 'Skip Glacier objects',
    description: 'Objects in Glacier storage classes are left out, with a warning; otherwise they are an error.',
    'x-advanced': true,
  }),
});

export type S3InputConfig = z.output<typeof s3InputConfig>;

export const s3OutputConfig = z.strictObject({
  ...connectionFields,
  bucket: openTo(connectionFields.bucket, 'name'),
  path_prefix: option(z.string(), {
    title: 'Path prefix',
    description: 'How the keys of the objects begin.',
    examples: ['logs/out'],
    'x-variables': 'path',
  }),
  file_ext: option(z.string(), {
    title: 'File extension',
    description: 'How the keys end. The default sequence has no dot at its end, so this begins with one.',
    examples: ['.csv', '.jsonl.gz'],
    'x-variables': 'path',
  }),
  sequence_format: option(z.string().default('.%03d.%02d'), {
    title: 'Sequence format',
    description: 'The middle of the keys: a Java format with the task number and the number of the file in the task.',
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
  canned_acl: option(
    z
      .enum([
        'Private',
        'PublicRead',
        'PublicReadWrite',
        'AuthenticatedRead',
        'LogDeliveryWrite',
        'BucketOwnerRead',
        'BucketOwnerFullControl',
        'AwsExecRead',
      ])
      .optional(),
    { title: 'Canned ACL', description: 'Who may do what with the objects.', 'x-advanced': true },
  ),
  storage_class: option(z.string().optional(), {
    title: 'Storage class',
    description: "Storage class of the objects; without it the bucket's own.",
    examples: ['STANDARD_IA', 'INTELLIGENT_TIERING'],
    'x-advanced': true,
  }),
  server_side_encryption: option(z.enum(['AES256', 'aws:kms', 'aws:kms:dsse']).optional(), {
    title: 'Server-side encryption',
    description: "How the store encrypts the objects; without it as the bucket's own settings say.",
    'x-advanced': true,
  }),
  sse_kms_key_id: option(z.string().optional(), {
    title: 'KMS key',
    description: 'For encryption by KMS: the key, when it is not the default one.',
    'x-advanced': true,
  }),
});

export type S3OutputConfig = z.output<typeof s3OutputConfig>;
