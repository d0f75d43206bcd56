/**
 * The store as inputs and outputs see it, by its own API: what of the SDK could make the requests takes 38 MB and 0.2
 * seconds in every thread (docs/decisions/0010).
 */
import { createHash } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { BrowseRequest, EntryPage } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { giveUp } from '#connectors/network/give-up.ts';
import { drain, oneOf } from '#connectors/network/http-sender.ts';
import type { HttpAnswer } from '#connectors/network/http-sender.ts';
import { retrying, Retries } from '#connectors/network/retry.ts';
import { bucketEntry } from '#connectors/object-store/browse.ts';
import type { BrowsedStore, ChildPage, ChildQuery } from '#connectors/object-store/browse.ts';
import type { BegunUpload, UploadList } from '#connectors/object-store/stale-uploads.ts';
import type { ObjectSource, Part, PlannedObject, StoredObject, Upload } from '#connectors/object-store/store.ts';
import { completionXml, elementOf, elementsOf, nextPage, timeOf } from '#connectors/object-store/xml.ts';
import type { S3Connection } from './config.ts';
import { placeOf, refusal, s3Failure } from './failure.ts';
import type { Doing } from './failure.ts';
import { s3Errors } from './errors.ts';
import { openTransport } from './transport.ts';
import type { S3Request, Transport } from './transport.ts';

/** Giving uploads up must not keep a stopped run from ending. */
const ABORT_TIMEOUT_MS = 10_000;
const LIST_PAGE_KEYS = 1000;
/** Read of an answer that says nothing more. */
const UNWANTED_BYTES_MAX = 64 * 1024;

export interface S3Object extends StoredObject {
  readonly modifiedMs: number;
  readonly storageClass: string;
}

/** How an object is created: headers. */
export interface ObjectSettings {
  readonly 'x-amz-acl'?: string;
  readonly 'x-amz-storage-class'?: string;
  readonly 'x-amz-server-side-encryption'?: string;
  readonly 'x-amz-server-side-encryption-aws-kms-key-id'?: string;
}

export async function openStore(config: S3Connection, ctx: Context): Promise<S3Store> {
  return new S3Store(config, ctx, await openTransport(config));
}

export class S3Store implements ObjectSource, UploadList, BrowsedStore {
  readonly bucket: string;
  readonly #config: S3Connection;
  readonly #ctx: Context;
  readonly #transport: Transport;

  constructor(config: S3Connection, ctx: Context, transport: Transport) {
    this.bucket = config.bucket;
    this.#config = config;
    this.#ctx = ctx;
    this.#transport = transport;
  }

  placeOf(key: string): string {
    return placeOf({ bucket: this.bucket, key });
  }

  /** Objects whose keys begin with the prefix and come after `after`, page by page, in the order of keys. */
  async *list(prefix: string, after: string | undefined): AsyncGenerator<readonly S3Object[]> {
    const doing = this.#doing('listing', prefix, 's3:ListBucket');
    const query = { 'list-type': '2', prefix, 'max-keys': String(LIST_PAGE_KEYS), 'start-after': after };
    let from: Readonly<Record<string, string>> | undefined = {};
    while (from !== undefined) {
      const page = await this.#text({ method: 'GET', bucket: this.bucket, query: { ...query, ...from } }, doing);
      yield elementsOf(page, 'Contents').map((object) => ({
        key: elementOf(object, 'Key') ?? '',
        sizeBytes: Number(elementOf(object, 'Size') ?? 0),
        version: elementOf(object, 'ETag') ?? '',
        modifiedMs: modifiedMs(elementOf(object, 'LastModified')),
        storageClass: elementOf(object, 'StorageClass') ?? '',
      }));
      from = nextPage(page, { 'continuation-token': 'NextContinuationToken' });
    }
  }

  /** The object as it is now; with an etag, an error when it is another one. */
  async head(key: string, etag?: string): Promise<S3Object> {
    const doing = this.#doing('reading', key, 's3:GetObject');
    const request: S3Request = { ...this.#at(key), method: 'HEAD', headers: { 'if-match': matching(etag) } };
    const headers = await this.#try(doing, async (signal) => {
      const answer = await this.#transport.send(request, signal);
      answer.body.resume();
      return answer.headers;
    });
    return {
      key,
      sizeBytes: Number(headers['content-length'] ?? 0),
      version: headers.etag ?? '',
      modifiedMs: modifiedMs(headers['last-modified']),
      storageClass: oneOf(headers['x-amz-storage-class']) ?? '',
    };
  }

  async check({ key, version }: PlannedObject): Promise<void> {
    await this.head(key, version);
  }

  readRetries(key: string, signal: AbortSignal): Retries {
    return new Retries(this.#config, this.#hooks(this.#doing('reading', key, 's3:GetObject'), signal));
  }

  async get(
    { key, version: etag }: PlannedObject,
    { from, to }: { readonly from: number; readonly to?: number },
    signal: AbortSignal,
  ): Promise<Readable> {
    const isPart = from > 0 || to !== undefined;
    const range = isPart ? `bytes=${from}-${to === undefined ? '' : to - 1}` : undefined;
    const request: S3Request = { ...this.#at(key), method: 'GET', headers: { 'if-match': matching(etag), range } };
    const { body, headers } = await this.#transport.send(request, signal);
    const place = this.placeOf(key);
    // Stores that are not AWS may know neither conditions nor ranges, and answer with what was not asked for.
    if (etag !== '' && headers.etag !== undefined && bare(headers.etag) !== bare(etag)) {
      giveUp(body);
      throw s3Errors.error('S3_OBJECT_CHANGED', { place }, { where: { file: place } });
    }
    if (isPart && headers['content-range']?.startsWith(`bytes ${from}-`) !== true) {
      giveUp(body);
      throw s3Errors.error('S3_RANGES_UNKNOWN', { place }, { where: { file: place } });
    }
    return body;
  }

  async createUpload(key: string, settings: ObjectSettings): Promise<Upload> {
    const doing = this.#doing('writing', key, 's3:PutObject');
    const request: S3Request = {
      ...this.#at(key),
      ...{ method: 'POST', query: { uploads: '' }, headers: { ...settings }, body: '' },
    };
    return { key, uploadId: elementOf(await this.#text(request, doing), 'UploadId') ?? '' };
  }

  async uploadPart(
    { key, uploadId }: Upload,
    { number, bytes }: { readonly number: number; readonly bytes: Uint8Array },
    stop: AbortSignal,
  ): Promise<Part> {
    // Stores that are not AWS do not know the newer checksums.
    const headers = { 'content-md5': createHash('md5').update(bytes).digest('base64') };
    const query = { partNumber: String(number), uploadId };
    const request: S3Request = { ...this.#at(key), method: 'PUT', query, headers, body: bytes };
    const doing = this.#doing('writing', key, 's3:PutObject');
    const signal = AbortSignal.any([this.#ctx.signal, stop]);
    const answer = await this.#try(doing, (abortSignal) => this.#settled(request, abortSignal), signal);
    return { number, etag: answer.headers.etag ?? '' };
  }

  /** False when the store knows no such upload (any more). */
  async completeUpload({ key, uploadId }: Upload, parts: readonly Part[]): Promise<boolean> {
    const headers = { 'content-type': 'application/xml' };
    const body = completionXml(parts);
    const request: S3Request = { ...this.#at(key), method: 'POST', query: { uploadId }, headers, body };
    const complete = async (signal: AbortSignal): Promise<void> => {
      const text = await this.#transport.text(request, signal);
      // The status is sent before the parts have been put together.
      if (elementOf(text, 'Error') !== undefined) throw refusal({ statusCode: 500, statusText: '', headers: {} }, text);
    };
    return this.#try(this.#doing('writing', key, 's3:PutObject'), (signal) => knownUpload(complete(signal)));
  }

  /** Gives an upload up, also when the run is being stopped; one that is gone is given up already. */
  async abortUpload({ key, uploadId }: Upload): Promise<void> {
    const request: S3Request = { ...this.#at(key), method: 'DELETE', query: { uploadId } };
    const doing = this.#doing('giving up the upload of', key, 's3:AbortMultipartUpload');
    const signal = AbortSignal.timeout(ABORT_TIMEOUT_MS);
    await this.#try(doing, (abortSignal) => knownUpload(this.#settled(request, abortSignal)), signal);
  }

  async putEmpty(key: string, settings: ObjectSettings): Promise<void> {
    const headers = { 'content-type': 'application/octet-stream', ...settings };
    const request: S3Request = { ...this.#at(key), method: 'PUT', headers, body: '' };
    await this.#try(this.#doing('writing', key, 's3:PutObject'), (signal) => this.#settled(request, signal));
  }

  async *uploads(prefix: string): AsyncGenerator<readonly BegunUpload[]> {
    const doing = this.#doing('listing uploads of', prefix, 's3:ListBucketMultipartUploads');
    let from: Readonly<Record<string, string>> | undefined = {};
    while (from !== undefined) {
      const query = { uploads: '', prefix, ...from };
      const page = await this.#text({ method: 'GET', bucket: this.bucket, query }, doing);
      yield elementsOf(page, 'Upload').map((upload) => ({
        key: elementOf(upload, 'Key') ?? '',
        uploadId: elementOf(upload, 'UploadId') ?? '',
        begunMs: timeOf(elementOf(upload, 'Initiated')),
      }));
      from = nextPage(page, { 'key-marker': 'NextKeyMarker', 'upload-id-marker': 'NextUploadIdMarker' });
    }
  }

  async lastPartMs({ key, uploadId }: Upload): Promise<number | undefined> {
    const doing = this.#doing('listing parts of', key, 's3:ListMultipartUploadParts');
    let last: number | undefined;
    let from: Readonly<Record<string, string>> | undefined = {};
    while (from !== undefined) {
      const page = await this.#text({ ...this.#at(key), method: 'GET', query: { uploadId, ...from } }, doing);
      for (const part of elementsOf(page, 'Part')) {
        last = Math.max(last ?? 0, timeOf(elementOf(part, 'LastModified')));
      }
      from = nextPage(page, { 'part-number-marker': 'NextPartNumberMarker' });
    }
    return last;
  }

  async buckets({ after, limit, prefix }: BrowseRequest): Promise<EntryPage> {
    const doing = this.#doing('listing buckets of', '', 's3:ListAllMyBuckets');
    const query = { prefix, 'continuation-token': after, 'max-buckets': String(limit) };
    const page = await this.#text({ method: 'GET', bucket: '', query }, doing);
    const names = elementsOf(page, 'Bucket').map((bucket) => elementOf(bucket, 'Name') ?? '');
    // Stores that are not AWS may know neither prefixes nor order, and give all buckets at once.
    const entries = names
      .filter((name) => name.startsWith(prefix ?? ''))
      .sort()
      .map(bucketEntry);
    const next = elementOf(page, 'ContinuationToken') ?? '';
    return next === '' ? { entries } : { entries, next };
  }

  async children(bucket: string, { prefix, after, limit }: ChildQuery): Promise<ChildPage> {
    const doing = { ...this.#doing('listing', prefix, 's3:ListBucket'), bucket };
    const place = { 'list-type': '2', prefix, delimiter: '/' };
    const query = { ...place, 'max-keys': String(limit), 'continuation-token': after };
    const page = await this.#text({ method: 'GET', bucket, query }, doing);
    return {
      prefixes: elementsOf(page, 'CommonPrefixes').map((folder) => elementOf(folder, 'Prefix') ?? ''),
      objects: elementsOf(page, 'Contents').map((object) => ({
        key: elementOf(object, 'Key') ?? '',
        details: {
          sizeBytes: Number(elementOf(object, 'Size') ?? 0),
          modified: elementOf(object, 'LastModified') ?? '',
          storageClass: elementOf(object, 'StorageClass') ?? 'STANDARD',
        },
      })),
      next: nextPage(page, { token: 'NextContinuationToken' })?.['token'],
    };
  }

  #at(key: string): { readonly bucket: string; readonly key: string } {
    return { bucket: this.bucket, key };
  }

  #doing(action: string, key: string, permission: string): Doing {
    return { action, bucket: this.bucket, key, permission, authMethod: this.#config.auth_method };
  }

  #text(request: S3Request, doing: Doing): Promise<string> {
    return this.#try(doing, (signal) => this.#transport.text(request, signal));
  }

  /** The answer when it has come to its end, which says nothing. */
  async #settled(request: S3Request, signal: AbortSignal): Promise<HttpAnswer> {
    const answer = await this.#transport.send(request, signal);
    await drain(answer.body, UNWANTED_BYTES_MAX);
    return answer;
  }

  #hooks(doing: Doing, signal: AbortSignal): ConstructorParameters<typeof Retries>[1] {
    return { log: this.#ctx.log, signal, translate: (error) => s3Failure(error, doing, signal) };
  }

  #try<T>(doing: Doing, call: (signal: AbortSignal) => Promise<T>, signal = this.#ctx.signal): Promise<T> {
    return retrying(() => call(signal), this.#config, this.#hooks(doing, signal));
  }
}

/** A time that is not told is long ago. */
function modifiedMs(text: string | undefined): number {
  const time = Date.parse(text ?? '');
  return Number.isNaN(time) ? 0 : time;
}

function matching(etag: string | undefined): string | undefined {
  return etag === '' ? undefined : etag;
}

/** Stores are not of one mind about quotes. */
function bare(etag: string): string {
  return etag.replace(/^W\//, '').replaceAll('"', '');
}

async function knownUpload(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (error instanceof Error && error.name === 'NoSuchUpload') return false;
    throw error;
  }
}
