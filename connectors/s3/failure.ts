/** What the store, the network and the providers of credentials answer, as errors of ours. */
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { networkFault } from '#connectors/network/faults.ts';
import type { FaultKind } from '#connectors/network/faults.ts';
import { oneOf } from '#connectors/network/http-sender.ts';
import type { HttpAnswer } from '#connectors/network/http-sender.ts';
import { elementOf } from '#connectors/object-store/xml.ts';
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

/** The fields that errors of the SDK's providers have, and our refusals, as far as they have them. */
interface Fault {
  readonly name: string;
  readonly message: string;
  readonly region?: unknown;
  readonly $metadata?: { readonly httpStatusCode?: number };
}

/** An answer that is no success, before it is known what was being done: its name is the code of the store. */
export function refusal({ statusCode, statusText, headers }: Omit<HttpAnswer, 'body'>, text: string): Error {
  const name = elementOf(text, 'Code') ?? `${statusCode} ${statusText}`.trim();
  const region = elementOf(text, 'Region') ?? oneOf(headers['x-amz-bucket-region']);
  const $metadata = { httpStatusCode: statusCode };
  return Object.assign(new Error(elementOf(text, 'Message') ?? ''), { name, region, $metadata });
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

const faultCodes: Readonly<Record<FaultKind, Code>> = {
  unreachable: 'S3_UNREACHABLE',
  host_unknown: 'S3_HOST_UNKNOWN',
  tls: 'S3_REQUEST_FAILED',
  // What is left of an answer whose beginning got lost.
  protocol: 'S3_UNREACHABLE',
};

/** The error as a person is told it. What is not the store's or the network's doing stays as it is: a bug. */
export function s3Failure(thrown: unknown, doing: Doing, signal: AbortSignal): unknown {
  if (isRopewayError(thrown) || !(thrown instanceof Error)) return thrown;
  const { action } = doing;
  const place = placeOf(doing);
  if (signal.aborted) return s3Errors.error('S3_STOPPED', { action, place });
  const answered = answerFailure(thrown, doing);
  if (answered !== undefined) return answered;
  const fault = networkFault(thrown);
  if (fault === undefined) return thrown;
  const where = fault.kind === 'host_unknown' ? { where: { path: ['endpoint'] } } : {};
  return s3Errors.error(faultCodes[fault.kind], { action, place, reason: fault.reason }, where);
}

function reasonOf({ name, message }: Fault): string {
  const text = message === '' || message === 'UnknownError' ? name : `${name}: ${message}`;
  return text.replace(/[.\s]+$/, '');
}

/** What the store answered, or why it could not even be asked. */
function answerFailure(fault: Fault, doing: Doing): RopewayError | undefined {
  const code = named[fault.name] ?? byStatus(fault.$metadata?.httpStatusCode ?? 0, doing);
  if (code === undefined) return undefined;
  const { action, bucket, permission, authMethod } = doing;
  const place = placeOf(doing);
  const params = {
    ...{ action, bucket, permission, place },
    method: authMethod,
    reason: reasonOf(fault),
    region: typeof fault.region === 'string' ? fault.region : 'another one',
    storageClass: 'of an archive',
  };
  const option = options[code];
  return s3Errors.error(code, params, { where: option === undefined ? { file: place } : { path: [option] } });
}
