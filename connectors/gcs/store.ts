/**
 * The store as inputs and outputs see it: lists and reads by its JSON API, uploads by its XML API, where a file goes
 * up in parts, several at a time, and is visible when the last request says so, which has nothing to send any more.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Readable } from 'node:stream';
import type { BrowseRequest, EntryPage } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import { isJsonObject } from '#spi/json.ts';
import { giveUp } from '#connectors/network/give-up.ts';
import { drain, oneOf } from '#connectors/network/http-sender.ts';
import { retrying, Retries } from '#connectors/network/retry.ts';
import type { RetrySettings } from '#connectors/network/retry.ts';
import { bucketEntry } from '#connectors/object-store/browse.ts';
import type { BrowsedStore, ChildPage, ChildQuery } from '#connectors/object-store/browse.ts';
import type { BegunUpload, UploadList } from '#connectors/object-store/stale-uploads.ts';
import type { ObjectSource, Part, PlannedObject, StoredObject, Upload } from '#connectors/object-store/store.ts';
import type { GcsConnection } from './config.ts';
import { gcsErrors } from './errors.ts';
import { connectionFailure, placeOf, refusalFailure } from './failure.ts';
import type { Doing } from './failure.ts';
import { openTransport } from './transport.ts';
import type { GcsRequest, Transport } from './transport.ts';
import { completionXml, elementOf, elementsOf, nextPage, timeOf } from '#connectors/object-store/xml.ts';

const LIST_PAGE_OBJECTS = 1000;
/** Read of an answer that says nothing more. */
const UNWANTED_BYTES_MAX = 64 * 1024;
/** Giving uploads up must not keep a stopped run from ending. */
const ABORT_TIMEOUT_MS = 10_000;
/** What an object of ours tells of the upload that it came of. */
const MARK = 'ropeway-upload';
const BORDER = 'ropeway-border';

/** How an object is created. */
export interface ObjectSettings {
  readonly contentType: string;
  readonly storageClass: string | undefined;
}

/** The project matters where there is no bucket to keep to. */
export type StoreConfig = GcsConnection & { readonly project?: string | undefined };

export async function openStore(config: StoreConfig, ctx: Context): Promise<GcsStore> {
  return new GcsStore(config, ctx, await openTransport(config));
}

export class GcsStore implements ObjectSource, UploadList, BrowsedStore {
  readonly bucket: string;
  readonly #config: RetrySettings;
  readonly #project: string | undefined;
  readonly #ctx: Context;
  readonly #transport: Transport;

  constructor(config: StoreConfig, ctx: Context, transport: Transport) {
    this.bucket = config.bucket;
    this.#project = config.project;
    const { initial_retry_interval_millis, maximum_retry_interval_millis } = config;
    this.#config = {
      maximum_retries: config.max_connection_retry,
      initial_retry_interval_millis,
      maximum_retry_interval_millis,
    };
    this.#ctx = ctx;
    this.#transport = transport;
  }

  placeOf(key: string): string {
    return placeOf({ bucket: this.bucket, key });
  }

  /** Objects whose names begin with the prefix and come after `after`, page by page, in the order of names. */
  async *list(prefix: string, after: string | undefined): AsyncGenerator<readonly StoredObject[]> {
    const fields = 'items(name,size,generation),nextPageToken';
    const query = { prefix, startOffset: after, maxResults: String(LIST_PAGE_OBJECTS), fields };
    let token: string | undefined;
    do {
      const page = await this.#page(this.bucket, { ...query, pageToken: token });
      yield page.items.map(storedObject).filter(({ key }) => key !== after);
      token = page.next;
    } while (token !== undefined);
  }

  async children(bucket: string, { prefix, after, limit }: ChildQuery): Promise<ChildPage> {
    const fields = 'items(name,size,updated,storageClass),prefixes,nextPageToken';
    const query = { prefix, delimiter: '/', maxResults: String(limit), pageToken: after, fields };
    const { items, prefixes, next } = await this.#page(bucket, query);
    const child = (item: unknown): ChildPage['objects'][number] => {
      const { name, size, updated, storageClass } = isJsonObject(item) ? item : {};
      const details = { sizeBytes: Number(size ?? 0), modified: String(updated ?? '') };
      return { key: String(name ?? ''), details: { ...details, storageClass: String(storageClass ?? 'STANDARD') } };
    };
    return { objects: items.map(child), prefixes, next };
  }

  async buckets({ after, limit, prefix }: BrowseRequest): Promise<EntryPage> {
    const project = this.#project;
    if (project === undefined) {
      throw gcsErrors.error('GCS_PROJECT_REQUIRED', {}, { where: { path: ['project'] } });
    }
    const fields = 'items(name),nextPageToken';
    const query = { project, prefix, maxResults: String(limit), pageToken: after, fields };
    const doing = this.#doing('listing buckets of', '', 'storage.buckets.list');
    const answer = parsed(await this.#text({ method: 'GET', path: '/storage/v1/b', query }, doing));
    const items = Array.isArray(answer['items']) ? answer['items'] : [];
    const names = items.map((item: unknown) => storedObject(item).key);
    // Emulators may know no prefixes.
    const entries = names.filter((name) => name.startsWith(prefix ?? '')).map(bucketEntry);
    const next = textOf(answer['nextPageToken']);
    return next === undefined ? { entries } : { entries, next };
  }

  async #page(
    bucket: string,
    query: Readonly<Record<string, string | undefined>>,
  ): Promise<{ items: readonly unknown[]; prefixes: readonly string[]; next: string | undefined }> {
    // Whatever the prefix: what is not there is the bucket.
    const doing = { ...this.#doing('listing', '', 'storage.objects.list'), bucket };
    const answer = parsed(
      await this.#text({ method: 'GET', path: `/storage/v1/b/${encoded(bucket)}/o`, query }, doing),
    );
    const { items, prefixes, nextPageToken } = answer;
    return {
      items: Array.isArray(items) ? items : [],
      prefixes: Array.isArray(prefixes) ? prefixes.map(String) : [],
      next: textOf(nextPageToken),
    };
  }

  /** The object as it is now, with what it tells of itself. */
  async stat(key: string): Promise<StoredObject & { readonly mark: unknown }> {
    const doing = this.#doing('reading', key, 'storage.objects.get');
    const query = { fields: 'name,size,generation,metadata' };
    const answer = parsed(await this.#text({ method: 'GET', path: this.#object(key), query }, doing));
    const metadata = isJsonObject(answer['metadata']) ? answer['metadata'] : {};
    return { ...storedObject(answer), key, mark: metadata[MARK] };
  }

  async check({ key, version }: PlannedObject): Promise<void> {
    const now = await this.stat(key);
    if (now.version !== version) throw this.#changed(key);
  }

  readRetries(key: string, signal: AbortSignal): Retries {
    const doing = this.#doing('reading', key, 'storage.objects.get');
    return new Retries(this.#config, this.#hooks(doing, signal));
  }

  async get(
    { key, version }: PlannedObject,
    { from, to }: { readonly from: number; readonly to?: number },
    signal: AbortSignal,
  ): Promise<Readable> {
    const doing = this.#doing('reading', key, 'storage.objects.get');
    const isPart = from > 0 || to !== undefined;
    const range = { range: `bytes=${from}-${to === undefined ? '' : to - 1}` };
    const answer = await this.#transport.send(
      {
        method: 'GET',
        path: this.#object(key),
        query: { alt: 'media', ifGenerationMatch: version },
        // As it is stored: otherwise the store unpacks some objects, and knows no ranges of them.
        headers: { 'accept-encoding': 'gzip', ...(isPart ? range : {}) },
      },
      doing,
      signal,
    );
    const { body, headers } = answer;
    const generation = oneOf(headers['x-goog-generation']);
    if (generation !== undefined && generation !== version) {
      giveUp(body);
      throw this.#changed(key);
    }
    if (isPart && oneOf(headers['content-range'])?.startsWith(`bytes ${from}-`) !== true) {
      giveUp(body);
      const place = this.placeOf(key);
      throw gcsErrors.error('GCS_RANGES_UNKNOWN', { place }, { where: { file: place } });
    }
    return body;
  }

  async createUpload(key: string, settings: ObjectSettings): Promise<Upload> {
    const mark = randomUUID();
    const headers = { ...creating(settings), [`x-goog-meta-${MARK}`]: mark };
    const request: GcsRequest = { method: 'POST', path: this.#xml(key), query: { uploads: '' }, headers, body: '' };
    const uploadId = elementOf(await this.#text(request, this.#writing(key)), 'UploadId');
    if (uploadId !== undefined) return { key, uploadId, mark };
    const params = { action: 'writing', place: this.placeOf(key), reason: 'it began no upload' };
    throw gcsErrors.error('GCS_REQUEST_FAILED', params);
  }

  async uploadPart(
    { key, uploadId }: Upload,
    { number, bytes }: { readonly number: number; readonly bytes: Uint8Array },
    stop: AbortSignal,
  ): Promise<Part> {
    const doing = this.#writing(key);
    const signal = AbortSignal.any([this.#ctx.signal, stop]);
    const headers = { 'content-md5': createHash('md5').update(bytes).digest('base64') };
    const query = { partNumber: String(number), uploadId };
    const request: GcsRequest = { method: 'PUT', path: this.#xml(key), query, headers, body: bytes };
    return this.#try(
      doing,
      async (abortSignal) => {
        const answer = await this.#transport.send(request, doing, abortSignal);
        await drain(answer.body, UNWANTED_BYTES_MAX);
        return { number, etag: oneOf(answer.headers['etag']) ?? '' };
      },
      signal,
    );
  }

  /** False when the store knows no such upload (any more). */
  async completeUpload({ key, uploadId }: Upload, parts: readonly Part[]): Promise<boolean> {
    const doing = this.#writing(key);
    const headers = { 'content-type': 'application/xml' };
    const body = completionXml(parts);
    const request: GcsRequest = { method: 'POST', path: this.#xml(key), query: { uploadId }, headers, body };
    return known(
      this.#try(doing, async (signal) => {
        const text = await this.#transport.text(request, doing, signal);
        // The status is sent before the parts have been put together.
        if (elementOf(text, 'Error') === undefined) return;
        throw refusalFailure({ status: 500, text, retryAfterMs: undefined }, doing);
      }),
    );
  }

  async abortUpload({ key, uploadId }: Upload): Promise<void> {
    const doing = this.#doing('giving up the upload of', key, 'storage.multipartUploads.abort');
    const request: GcsRequest = { method: 'DELETE', path: this.#xml(key), query: { uploadId } };
    const signal = AbortSignal.timeout(ABORT_TIMEOUT_MS);
    await known(this.#try(doing, (abortSignal) => this.#transport.text(request, doing, abortSignal), signal));
  }

  async *uploads(prefix: string): AsyncGenerator<readonly BegunUpload[]> {
    const doing = this.#doing('listing uploads of', prefix, 'storage.multipartUploads.list');
    let from: Readonly<Record<string, string>> | undefined = {};
    while (from !== undefined) {
      const query: GcsRequest['query'] = { uploads: '', prefix, ...from };
      const text = await this.#text({ method: 'GET', path: `/${encoded(this.bucket)}`, query }, doing);
      yield elementsOf(text, 'Upload').map((upload) => ({
        key: elementOf(upload, 'Key') ?? '',
        uploadId: elementOf(upload, 'UploadId') ?? '',
        begunMs: timeOf(elementOf(upload, 'Initiated')),
      }));
      from = nextPage(text, { 'key-marker': 'NextKeyMarker', 'upload-id-marker': 'NextUploadIdMarker' });
    }
  }

  async lastPartMs({ key, uploadId }: Upload): Promise<number | undefined> {
    const doing = this.#doing('listing parts of', key, 'storage.multipartUploads.listParts');
    let last: number | undefined;
    let from: Readonly<Record<string, string>> | undefined = {};
    while (from !== undefined) {
      const query: GcsRequest['query'] = { uploadId, ...from };
      const text = await this.#text({ method: 'GET', path: this.#xml(key), query }, doing);
      for (const part of elementsOf(text, 'Part')) {
        last = Math.max(last ?? 0, timeOf(elementOf(part, 'LastModified')));
      }
      from = nextPage(text, { 'part-number-marker': 'NextPartNumberMarker' });
    }
    return last;
  }

  async putEmpty(key: string, { contentType, storageClass }: ObjectSettings): Promise<void> {
    const metadata = JSON.stringify({ name: key, contentType, storageClass });
    const body =
      `--${BORDER}\r\ncontent-type: application/json; charset=utf-8\r\n\r\n${metadata}\r\n` +
      `--${BORDER}\r\ncontent-type: ${contentType}\r\n\r\n\r\n--${BORDER}--\r\n`;
    const path = `/upload/storage/v1/b/${encoded(this.bucket)}/o`;
    const headers = { 'content-type': `multipart/related; boundary=${BORDER}` };
    await this.#text({ method: 'POST', path, query: { uploadType: 'multipart' }, headers, body }, this.#writing(key));
  }

  #object(key: string): string {
    return `/storage/v1/b/${encoded(this.bucket)}/o/${encoded(key)}`;
  }

  #xml(key: string): string {
    return `/${encoded(this.bucket)}/${encoded(key)}`;
  }

  #changed(key: string): Error {
    const place = this.placeOf(key);
    return gcsErrors.error('GCS_OBJECT_CHANGED', { place }, { where: { file: place } });
  }

  #writing(key: string): Doing {
    return this.#doing('writing', key, 'storage.objects.create');
  }

  #doing(action: string, key: string, permission: string): Doing {
    return { action, bucket: this.bucket, key, permission };
  }

  #text(request: GcsRequest, doing: Doing): Promise<string> {
    return this.#try(doing, (signal) => this.#transport.text(request, doing, signal));
  }

  #hooks(doing: Doing, signal: AbortSignal): ConstructorParameters<typeof Retries>[1] {
    return { log: this.#ctx.log, signal, translate: (error) => connectionFailure(error, doing, signal) };
  }

  #try<T>(doing: Doing, call: (signal: AbortSignal) => Promise<T>, signal = this.#ctx.signal): Promise<T> {
    return retrying(() => call(signal), this.#config, this.#hooks(doing, signal));
  }
}

/** Every character that means something in a path is encoded, slashes too. */
function encoded(name: string): string {
  return encodeURIComponent(name).replace(/[!'()*]/g, (sign) => `%${sign.charCodeAt(0).toString(16).toUpperCase()}`);
}

function creating({ contentType, storageClass }: ObjectSettings): Record<string, string> {
  return {
    'content-type': contentType,
    ...(storageClass === undefined ? {} : { 'x-goog-storage-class': storageClass }),
  };
}

function parsed(text: string): Readonly<Record<string, unknown>> {
  try {
    const value: unknown = JSON.parse(text);
    if (isJsonObject(value)) return value;
  } catch {
    // Said below.
  }
  const reason = 'what it answered is not JSON';
  throw gcsErrors.error('GCS_REQUEST_FAILED', { action: 'reading', place: 'an answer', reason });
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined;
}

function storedObject(item: unknown): StoredObject {
  const { name, size, generation } = isJsonObject(item) ? item : {};
  return { key: String(name ?? ''), sizeBytes: Number(size ?? 0), version: String(generation ?? '') };
}

async function known(call: Promise<unknown>): Promise<boolean> {
  try {
    await call;
    return true;
  } catch (error) {
    if (isRopewayError(error) && (error.code === 'GCS_UPLOAD_LOST' || error.code === 'GCS_OBJECT_NOT_FOUND')) {
      return false;
    }
    throw error;
  }
}
