/**
 * The store as inputs and outputs see it; the SDK is behind this file. It loads with the first job that names S3.
 * Trying again is ours: the SDK's own way knows neither the user's limits nor the log.
 */
import { createHash } from 'node:crypto';
import { Agent as HttpAgent } from 'node:http';
import { Agent as HttpsAgent } from 'node:https';
import type { Readable } from 'node:stream';
import type * as Sdk from '@aws-sdk/client-s3';
import type { GetObjectCommandOutput, S3Client, S3ClientConfig } from '@aws-sdk/client-s3';
import type { BrowseRequest, EntryPage } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { retrying, Retries } from '#connectors/network/retry.ts';
import { tlsConfigOf, tlsOptions } from '#connectors/network/tls-config.ts';
import { bucketEntry } from '#connectors/object-store/browse.ts';
import type { BrowsedStore, ChildPage, ChildQuery } from '#connectors/object-store/browse.ts';
import type { BegunUpload, UploadList } from '#connectors/object-store/stale-uploads.ts';
import type { ObjectSource, Part, PlannedObject, StoredObject, Upload } from '#connectors/object-store/store.ts';
import type { S3Connection } from './config.ts';
import { checkAuth, credentialsOf, isAnonymous } from './credentials.ts';
import { destinationOf, proxyUrl } from './endpoint.ts';
import { s3Errors } from './errors.ts';
import { placeOf, s3Failure } from './failure.ts';
import type { Doing } from './failure.ts';

/** Connections of a thread to the store at a time. */
const SOCKETS_MAX = 64;
const CONNECT_TIMEOUT_MS = 15_000;
/** A connection on which nothing moves for so long is given up, and the request tried again. */
const IDLE_TIMEOUT_MS = 60_000;
/** Giving uploads up must not keep a stopped run from ending. */
const ABORT_TIMEOUT_MS = 10_000;
const LIST_PAGE_KEYS = 1000;

export interface S3Object extends StoredObject {
  readonly modifiedMs: number;
  readonly storageClass: string;
}

/** How an object is created. */
export interface ObjectSettings {
  readonly ACL?: string;
  readonly StorageClass?: string;
  readonly ServerSideEncryption?: string;
  readonly SSEKMSKeyId?: string;
}

/** One client for all uses of a section in this thread: its connections and credentials are shared. */
const clients = new WeakMap<S3Connection, Promise<{ sdk: typeof Sdk; client: S3Client }>>();

export async function openStore(config: S3Connection, ctx: Context): Promise<S3Store> {
  let opened = clients.get(config);
  if (opened === undefined) {
    checkAuth(config);
    opened = openClient(config);
    clients.set(config, opened);
  }
  return new S3Store(config, ctx, await opened);
}

async function openClient(config: S3Connection): Promise<{ sdk: typeof Sdk; client: S3Client }> {
  const { endpoint, region, isPathStyle, followsRegion } = destinationOf(config);
  const [sdk, credentials] = await Promise.all([import('@aws-sdk/client-s3'), credentialsOf(config, region)]);
  const proxy = proxyUrl(config);
  const proxyEnv = proxy === undefined ? {} : { proxyEnv: { HTTP_PROXY: proxy, HTTPS_PROXY: proxy } };
  const tls = await tlsOptions(tlsConfigOf(config));
  const agent = { keepAlive: true, maxSockets: SOCKETS_MAX, ...proxyEnv };
  const settings: S3ClientConfig = {
    region,
    credentials,
    forcePathStyle: isPathStyle,
    followRegionRedirects: followsRegion,
    maxAttempts: 1,
    // Stores that are not AWS do not know the newer checksums; parts are sent with their MD5.
    requestChecksumCalculation: 'WHEN_REQUIRED',
    responseChecksumValidation: 'WHEN_REQUIRED',
    requestHandler: {
      connectionTimeout: CONNECT_TIMEOUT_MS,
      socketTimeout: IDLE_TIMEOUT_MS,
      httpAgent: new HttpAgent(agent),
      httpsAgent: new HttpsAgent({ ...agent, ...tls }),
    },
    ...(endpoint === undefined ? {} : { endpoint }),
    ...(isAnonymous(config) ? { signer: { sign: async (request) => request } } : {}),
  };
  return { sdk, client: new sdk.S3Client(settings) };
}

export class S3Store implements ObjectSource, UploadList, BrowsedStore {
  readonly bucket: string;
  readonly #config: S3Connection;
  readonly #ctx: Context;
  readonly #sdk: typeof Sdk;
  readonly #client: S3Client;

  constructor(config: S3Connection, ctx: Context, { sdk, client }: { sdk: typeof Sdk; client: S3Client }) {
    this.bucket = config.bucket;
    this.#config = config;
    this.#ctx = ctx;
    this.#sdk = sdk;
    this.#client = client;
  }

  /** Objects whose keys begin with the prefix and come after `after`, page by page, in the order of keys. */
  async *list(prefix: string, after: string | undefined): AsyncGenerator<readonly S3Object[]> {
    const doing = this.#doing('listing', prefix, 's3:ListBucket');
    let token: string | undefined;
    do {
      const command = new this.#sdk.ListObjectsV2Command({
        Bucket: this.bucket,
        Prefix: prefix,
        MaxKeys: LIST_PAGE_KEYS,
        StartAfter: after,
        ContinuationToken: token,
      });
      const page = await this.#try(doing, (abortSignal) => this.#client.send(command, { abortSignal }));
      yield (page.Contents ?? []).map(({ Key = '', Size = 0, ETag = '', LastModified, StorageClass }) => ({
        key: Key,
        sizeBytes: Size,
        version: ETag,
        modifiedMs: LastModified?.getTime() ?? 0,
        storageClass: StorageClass ?? '',
      }));
      token = page.IsTruncated === true ? page.NextContinuationToken : undefined;
    } while (token !== undefined);
  }

  /** The object as it is now; with an etag, an error when it is another one. */
  async head(key: string, etag?: string): Promise<S3Object> {
    const doing = this.#doing('reading', key, 's3:GetObject');
    const command = new this.#sdk.HeadObjectCommand({ Bucket: this.bucket, Key: key, IfMatch: matching(etag) });
    const head = await this.#try(doing, (abortSignal) => this.#client.send(command, { abortSignal }));
    return {
      key,
      sizeBytes: head.ContentLength ?? 0,
      version: head.ETag ?? '',
      modifiedMs: head.LastModified?.getTime() ?? 0,
      storageClass: head.StorageClass ?? '',
    };
  }

  placeOf(key: string): string {
    return placeOf({ bucket: this.bucket, key });
  }

  async check({ key, version }: PlannedObject): Promise<void> {
    await this.head(key, version);
  }

  readRetries(key: string, signal: AbortSignal): Retries {
    return this.#retries(this.#doing('reading', key, 's3:GetObject'), signal);
  }

  async get(
    { key, version: etag }: PlannedObject,
    { from, to }: { readonly from: number; readonly to?: number },
    abortSignal: AbortSignal,
  ): Promise<AsyncIterable<Uint8Array>> {
    const range: { Range?: string } =
      from === 0 && to === undefined ? {} : { Range: `bytes=${from}-${to === undefined ? '' : to - 1}` };
    const command = new this.#sdk.GetObjectCommand({
      Bucket: this.bucket,
      Key: key,
      IfMatch: matching(etag),
      ...range,
    });
    const answer: GetObjectCommandOutput = await this.#client.send(command, { abortSignal });
    // In Node the body is a readable stream of buffers.
    const body = answer.Body as unknown as Readable;
    const place = this.placeOf(key);
    // Stores that are not AWS may know neither conditions nor ranges, and answer with what was not asked for.
    if (etag !== '' && answer.ETag !== undefined && bare(answer.ETag) !== bare(etag)) {
      body.destroy();
      throw s3Errors.error('S3_OBJECT_CHANGED', { place }, { where: { file: place } });
    }
    if (range.Range !== undefined && answer.ContentRange?.startsWith(`bytes ${from}-`) !== true) {
      body.destroy();
      throw s3Errors.error('S3_RANGES_UNKNOWN', { place }, { where: { file: place } });
    }
    return body;
  }

  async createUpload(key: string, settings: ObjectSettings): Promise<Upload> {
    // The settings are names that the store knows, or refuses.
    const input = { Bucket: this.bucket, Key: key, ...settings } as Sdk.CreateMultipartUploadCommandInput;
    const command = new this.#sdk.CreateMultipartUploadCommand(input);
    const doing = this.#doing('writing', key, 's3:PutObject');
    const { UploadId = '' } = await this.#try(doing, (abortSignal) => this.#client.send(command, { abortSignal }));
    return { key, uploadId: UploadId };
  }

  async uploadPart(
    upload: Upload,
    { number, bytes }: { readonly number: number; readonly bytes: Uint8Array },
    stop: AbortSignal,
  ): Promise<Part> {
    const command = new this.#sdk.UploadPartCommand({
      Bucket: this.bucket,
      Key: upload.key,
      UploadId: upload.uploadId,
      PartNumber: number,
      Body: bytes,
      ContentMD5: createHash('md5').update(bytes).digest('base64'),
    });
    const doing = this.#doing('writing', upload.key, 's3:PutObject');
    const signal = AbortSignal.any([this.#ctx.signal, stop]);
    const { ETag = '' } = await this.#try(doing, (abortSignal) => this.#client.send(command, { abortSignal }), signal);
    return { number, etag: ETag };
  }

  /** False when the store knows no such upload (any more). */
  async completeUpload({ key, uploadId }: Upload, parts: readonly Part[]): Promise<boolean> {
    const command = new this.#sdk.CompleteMultipartUploadCommand({
      Bucket: this.bucket,
      Key: key,
      UploadId: uploadId,
      MultipartUpload: { Parts: parts.map(({ number, etag }) => ({ PartNumber: number, ETag: etag })) },
    });
    const doing = this.#doing('writing', key, 's3:PutObject');
    return this.#try(doing, (abortSignal) => knownUpload(this.#client.send(command, { abortSignal })));
  }

  /** Gives an upload up, also when the run is being stopped; one that is gone is given up already. */
  async abortUpload({ key, uploadId }: Upload): Promise<void> {
    const command = new this.#sdk.AbortMultipartUploadCommand({ Bucket: this.bucket, Key: key, UploadId: uploadId });
    const doing = this.#doing('giving up the upload of', key, 's3:AbortMultipartUpload');
    const signal = AbortSignal.timeout(ABORT_TIMEOUT_MS);
    await this.#try(doing, (abortSignal) => knownUpload(this.#client.send(command, { abortSignal })), signal);
  }

  async putEmpty(key: string, settings: ObjectSettings): Promise<void> {
    // As for uploads.
    const input = {
      Bucket: this.bucket,
      Key: key,
      Body: new Uint8Array(0),
      ContentLength: 0,
      ...settings,
    } as Sdk.PutObjectCommandInput;
    const command = new this.#sdk.PutObjectCommand(input);
    const doing = this.#doing('writing', key, 's3:PutObject');
    await this.#try(doing, (abortSignal) => this.#client.send(command, { abortSignal }));
  }

  async *uploads(prefix: string): AsyncGenerator<readonly BegunUpload[]> {
    const doing = this.#doing('listing uploads of', prefix, 's3:ListBucketMultipartUploads');
    let from: { KeyMarker?: string | undefined; UploadIdMarker?: string | undefined } | undefined = {};
    while (from !== undefined) {
      const command = new this.#sdk.ListMultipartUploadsCommand({ Bucket: this.bucket, Prefix: prefix, ...from });
      const page: Sdk.ListMultipartUploadsCommandOutput = await this.#try(doing, (abortSignal) =>
        this.#client.send(command, { abortSignal }),
      );
      yield (page.Uploads ?? []).map(({ Key = '', UploadId = '', Initiated }) => ({
        key: Key,
        uploadId: UploadId,
        begunMs: Initiated?.getTime() ?? Date.now(),
      }));
      const { IsTruncated, NextKeyMarker: KeyMarker, NextUploadIdMarker: UploadIdMarker } = page;
      from = IsTruncated === true ? { KeyMarker, UploadIdMarker } : undefined;
    }
  }

  async lastPartMs({ key, uploadId }: Upload): Promise<number | undefined> {
    const doing = this.#doing('listing parts of', key, 's3:ListMultipartUploadParts');
    let last: number | undefined;
    let marker: string | undefined;
    do {
      const input = { Bucket: this.bucket, Key: key, UploadId: uploadId, PartNumberMarker: marker };
      const command = new this.#sdk.ListPartsCommand(input);
      const page = await this.#try(doing, (abortSignal) => this.#client.send(command, { abortSignal }));
      for (const { LastModified } of page.Parts ?? [])
        last = Math.max(last ?? 0, LastModified?.getTime() ?? Date.now());
      marker = page.IsTruncated === true ? page.NextPartNumberMarker : undefined;
    } while (marker !== undefined);
    return last;
  }

  async buckets({ after, limit, prefix }: BrowseRequest): Promise<EntryPage> {
    const doing = this.#doing('listing buckets of', '', 's3:ListAllMyBuckets');
    const input = { Prefix: prefix, ContinuationToken: after, MaxBuckets: limit };
    const command = new this.#sdk.ListBucketsCommand(input);
    const page = await this.#try(doing, (abortSignal) => this.#client.send(command, { abortSignal }));
    const names = (page.Buckets ?? []).map(({ Name = '' }) => Name);
    // Stores that are not AWS may know neither prefixes nor order, and give all buckets at once.
    const entries = names
      .filter((name) => name.startsWith(prefix ?? ''))
      .sort()
      .map(bucketEntry);
    return page.ContinuationToken === undefined ? { entries } : { entries, next: page.ContinuationToken };
  }

  async children(bucket: string, { prefix, after, limit }: ChildQuery): Promise<ChildPage> {
    const doing = { ...this.#doing('listing', prefix, 's3:ListBucket'), bucket };
    const place = { Bucket: bucket, Prefix: prefix, Delimiter: '/' };
    const command = new this.#sdk.ListObjectsV2Command({ ...place, MaxKeys: limit, ContinuationToken: after });
    const page = await this.#try(doing, (abortSignal) => this.#client.send(command, { abortSignal }));
    return {
      prefixes: (page.CommonPrefixes ?? []).map(({ Prefix = '' }) => Prefix),
      objects: (page.Contents ?? []).map(({ Key = '', Size = 0, LastModified, StorageClass = 'STANDARD' }) => ({
        key: Key,
        details: { sizeBytes: Size, modified: LastModified?.toISOString() ?? '', storageClass: StorageClass },
      })),
      next: page.IsTruncated === true ? page.NextContinuationToken : undefined,
    };
  }

  #doing(action: string, key: string, permission: string): Doing {
    return { action, bucket: this.bucket, key, permission, authMethod: this.#config.auth_method };
  }

  #hooks(doing: Doing, signal: AbortSignal): ConstructorParameters<typeof Retries>[1] {
    return { log: this.#ctx.log, signal, translate: (error) => s3Failure(error, doing) };
  }

  #retries(doing: Doing, signal: AbortSignal): Retries {
    return new Retries(this.#config, this.#hooks(doing, signal));
  }

  #try<T>(doing: Doing, call: (abortSignal: AbortSignal) => Promise<T>, signal = this.#ctx.signal): Promise<T> {
    return retrying(() => call(signal), this.#config, this.#hooks(doing, signal));
  }
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
