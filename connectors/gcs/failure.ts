/** What the store and the network answer, as errors of ours. */
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { networkFault } from '#connectors/network/faults.ts';
import type { FaultKind } from '#connectors/network/faults.ts';
import { gcsErrors } from './errors.ts';

/** What was being done, for messages. */
export interface Doing {
  /** As `reading`, `listing`. */
  readonly action: string;
  readonly bucket: string;
  /** The name of the object, or what names begin with. */
  readonly key: string;
  readonly permission: string;
}

export function placeOf({ bucket, key }: { readonly bucket: string; readonly key: string }): string {
  return `gs://${bucket}/${key}`;
}

type Code = keyof typeof gcsErrors.entries;

const faultCodes: Readonly<Record<FaultKind, Code>> = {
  unreachable: 'GCS_UNREACHABLE',
  host_unknown: 'GCS_HOST_UNKNOWN',
  tls: 'GCS_REQUEST_FAILED',
  protocol: 'GCS_REQUEST_FAILED',
};

/** The error as a person is told it. What is not the network's doing stays as it is: a bug. */
export function connectionFailure(thrown: unknown, doing: Doing, signal: AbortSignal): unknown {
  if (isRopewayError(thrown)) return thrown;
  const { action } = doing;
  const place = placeOf(doing);
  if (signal.aborted) return gcsErrors.error('GCS_STOPPED', { action, place });
  const fault = networkFault(thrown);
  if (fault === undefined) return thrown;
  const where = fault.kind === 'host_unknown' ? { where: { path: ['endpoint'] } } : {};
  return gcsErrors.error(faultCodes[fault.kind], { action, place, reason: fault.reason }, where);
}

/** An answer that is no success. */
export interface Refusal {
  readonly status: number;
  /** JSON or XML. */
  readonly text: string;
  readonly retryAfterMs: number | undefined;
}

export function refusalFailure(refusal: Refusal, doing: Doing): RopewayError {
  const { status, text, retryAfterMs } = refusal;
  const told = toldBy(text);
  const { action, bucket, permission } = doing;
  const code = codeOf(status, told, doing);
  const place = placeOf(doing);
  const reason = [String(status), told.message === '' ? told.name : told.message].filter((part) => part !== '');
  const params = { action, bucket, permission, place, reason: reason.join(': ').replace(/[.\s]+$/, '') };
  const where = code === 'GCS_BUCKET_NOT_FOUND' ? { path: ['bucket'] } : { file: place };
  return gcsErrors.error(code, params, { where, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) });
}

interface Told {
  /** As `NoSuchBucket`, `rateLimitExceeded`; empty when it says none. */
  readonly name: string;
  readonly message: string;
}

/** Texts longer than this are not shown whole. */
const MESSAGE_LENGTH_MAX = 300;

function toldBy(text: string): Told {
  const xml = /<Code>([^<]*)<\/Code>/.exec(text)?.[1];
  if (xml !== undefined) return { name: xml, message: short(/<Message>([^<]*)<\/Message>/.exec(text)?.[1] ?? '') };
  const message = jsonString(text, 'message') ?? '';
  return { name: jsonString(text, 'reason') ?? '', message: short(message) };
}

/** The first member of the name, wherever it is: errors come in several shapes. */
function jsonString(text: string, name: string): string | undefined {
  const literal = new RegExp(`"${name}"\\s*:\\s*("(?:[^"\\\\]|\\\\.)*")`).exec(text)?.[1];
  try {
    return literal === undefined ? undefined : String(JSON.parse(literal));
  } catch {
    return undefined;
  }
}

function short(message: string): string {
  return message
    .replace(/[\s\p{Cc}]+/gu, ' ')
    .slice(0, MESSAGE_LENGTH_MAX)
    .trim();
}

function codeOf(status: number, { name, message }: Told, { key }: Doing): Code {
  if (name === 'NoSuchUpload') return 'GCS_UPLOAD_LOST';
  if (status === 404) {
    const isBucket = name === 'NoSuchBucket' || key === '' || /bucket does not exist/i.test(message);
    return isBucket ? 'GCS_BUCKET_NOT_FOUND' : 'GCS_OBJECT_NOT_FOUND';
  }
  if (status === 412) return 'GCS_OBJECT_CHANGED';
  if (status === 401) return 'GCS_CREDENTIALS_REFUSED';
  if (status === 429 || /rateLimitExceeded/i.test(name)) return 'GCS_SLOW_DOWN';
  if (status === 403) return 'GCS_ACCESS_DENIED';
  return status === 408 || status >= 500 ? 'GCS_UNAVAILABLE' : 'GCS_REQUEST_FAILED';
}
