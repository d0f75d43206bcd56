/** What the SDK throws, as errors of ours. Nothing of its objects is kept: they hold the headers of requests. */
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { s3Errors } from './errors.ts';

/** What was being done, for messages. */
export interface Doing {
  /** As `reading`, `listing`. */
  readonly action: string;
  readonly bucket: string;
  /** The key, or what keys begin with. */
  readonly key: string;
  /** What IAM calls it. */
  readonly permission: string;
  readonly authMethod: string;
}

export function placeOf({ bucket, key }: { readonly bucket: string; readonly key: string }): string {
  return `s3://${bucket}/${key}`;
}

/** The fields that the SDK's errors and Node's have, as far as they have them. */
interface Fault {
  readonly name: string;
  readonly message: string;
  readonly code?: unknown;
  readonly Region?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
  readonly $response?: { readonly statusCode?: number; readonly headers?: Readonly<Record<string, string>> };
  readonly errors?: readonly unknown[];
}

type Code = keyof typeof s3Errors.entries;

/** What the names of answers mean; the status speaks for the others. */
const named: Readonly<Record<string, Code>> = {
  NoSuchBucket: 'S3_BUCKET_NOT_FOUND',
  NoSuchKey: 'S3_OBJECT_NOT_FOUND',
  NoSuchUpload: 'S3_UPLOAD_LOST',
  PermanentRedirect: 'S3_REGION_WRONG',
  TemporaryRedirect: 'S3_REGION_WRONG',
  AuthorizationHeaderMalformed: 'S3_REGION_WRONG',
  IllegalLocationConstraintException: 'S3_REGION_WRONG',
  CredentialsProviderError: 'S3_CREDENTIALS_MISSING',
  ProviderError: 'S3_CREDENTIALS_MISSING',
  TokenProviderError: 'S3_CREDENTIALS_MISSING',
  InvalidAccessKeyId: 'S3_CREDENTIALS_REFUSED',
  SignatureDoesNotMatch: 'S3_CREDENTIALS_REFUSED',
  InvalidToken: 'S3_CREDENTIALS_REFUSED',
  InvalidClientTokenId: 'S3_CREDENTIALS_REFUSED',
  ExpiredToken: 'S3_TOKEN_EXPIRED',
  ExpiredTokenException: 'S3_TOKEN_EXPIRED',
  TokenRefreshRequired: 'S3_TOKEN_EXPIRED',
  RequestTimeTooSkewed: 'S3_CLOCK_WRONG',
  InvalidObjectState: 'S3_OBJECT_ARCHIVED',
  SlowDown: 'S3_SLOW_DOWN',
  Throttling: 'S3_SLOW_DOWN',
  ThrottlingException: 'S3_SLOW_DOWN',
  RequestLimitExceeded: 'S3_SLOW_DOWN',
  TooManyRequests: 'S3_SLOW_DOWN',
  RequestTimeout: 'S3_UNAVAILABLE',
  InternalError: 'S3_UNAVAILABLE',
};

function byStatus(status: number, { key }: Doing): Code | undefined {
  if (status === 301) return 'S3_REGION_WRONG';
  if (status === 404) return key === '' ? 'S3_BUCKET_NOT_FOUND' : 'S3_OBJECT_NOT_FOUND';
  if (status === 412) return 'S3_OBJECT_CHANGED';
  if (status === 401 || status === 403) return 'S3_ACCESS_DENIED';
  if (status === 429 || status === 503) return 'S3_SLOW_DOWN';
  if (status === 408 || status >= 500) return 'S3_UNAVAILABLE';
  return status >= 300 ? 'S3_REQUEST_FAILED' : undefined;
}

/** The option that an error is about. */
const options: Readonly<Partial<Record<Code, string>>> = {
  S3_BUCKET_NOT_FOUND: 'bucket',
  S3_REGION_WRONG: 'region',
  S3_CREDENTIALS_MISSING: 'auth_method',
};

const network = new Set([
  ...['ECONNRESET', 'ECONNREFUSED', 'ECONNABORTED', 'EPIPE', 'ETIMEDOUT', 'EHOSTUNREACH', 'ENETUNREACH'],
  ...['EAI_AGAIN', 'ERR_STREAM_PREMATURE_CLOSE', 'HPE_INVALID_CONSTANT', 'ERR_PROXY_TUNNEL', 'UND_ERR_SOCKET'],
]);

/** The error as a person is told it. What is not the store's or the network's doing stays as it is: a bug. */
export function s3Failure(thrown: unknown, doing: Doing): unknown {
  if (isRopewayError(thrown) || !(thrown instanceof Error)) return thrown;
  const fault: Fault = thrown;
  return answerFailure(fault, doing) ?? connectionFailure(fault, doing) ?? thrown;
}

function statusOf({ $metadata, $response }: Fault): number {
  return $metadata?.httpStatusCode ?? $response?.statusCode ?? 0;
}

function reasonOf({ name, message }: Fault): string {
  const text = message === '' || message === 'UnknownError' ? name : `${name}: ${message}`;
  return text.replace(/[.\s]+$/, '');
}

/** What the store answered, or why it could not even be asked. */
function answerFailure(fault: Fault, doing: Doing): RopewayError | undefined {
  const code = named[fault.name] ?? byStatus(statusOf(fault), doing);
  if (code === undefined) return undefined;
  const { action, bucket, permission, authMethod } = doing;
  const place = placeOf(doing);
  const region = fault.Region ?? fault.$response?.headers?.['x-amz-bucket-region'];
  const params = {
    ...{ action, bucket, permission, place },
    method: authMethod,
    reason: reasonOf(fault),
    region: typeof region === 'string' ? region : 'another one',
    storageClass: 'of an archive',
  };
  const option = options[code];
  return s3Errors.error(code, params, { where: option === undefined ? { file: place } : { path: [option] } });
}

/** What the network does. */
function connectionFailure(fault: Fault, doing: Doing): RopewayError | undefined {
  const { action } = doing;
  const place = placeOf(doing);
  if (fault.name === 'AbortError') return s3Errors.error('S3_STOPPED', { action, place });
  const first = fault.errors?.[0];
  // Several addresses of one host were tried: the first one's error speaks for all.
  const inner: Fault = first instanceof Error ? first : fault;
  const code = String(inner.code ?? inner.name);
  const params = { action, place, reason: inner.message === '' ? code : inner.message };
  if (code === 'ENOTFOUND') return s3Errors.error('S3_HOST_UNKNOWN', params, { where: { path: ['endpoint'] } });
  const isCut = network.has(code) || fault.name === 'TimeoutError' || fault.message === 'aborted';
  if (isCut) return s3Errors.error('S3_UNREACHABLE', params);
  return code.startsWith('ERR_TLS') || code.startsWith('CERT_') || code.includes('CERT')
    ? s3Errors.error('S3_REQUEST_FAILED', params)
    : undefined;
}
