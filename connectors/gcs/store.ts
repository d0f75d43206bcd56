/**
 * The store as inputs and outputs see it: lists and reads by its JSON API, uploads by its XML API, where a file goes
 * up in parts, several at a time, and is visible when the last request says so, which has nothing to send any more.
 */
import { createHash, randomUUID } from 'node:crypto';
import type { Context } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import { isJsonObject } from '#spi/json.ts';
import { giveUp } from '#connectors/network/give-up.ts';
import { retrying, Retries } from '#connectors/network/retry.ts';
import type { RetrySettings } from '#connectors/network/retry.ts';
import type { ObjectSource, Part, PlannedObject, StoredObject, Upload } from '#connectors/object-store/store.ts';
import type { GcsConnection } from './config.ts';
import { gcsErrors } from './errors.ts';
import { connectionFailure, placeOf, refusalFailure } from './failure.ts';
import type { Doing } from './failure.ts';
import { oneOf, openTransport } from './transport.ts';
import type { GcsRequest, Transport } from './transport.ts';
import { completionXml, elementOf } from './xml.ts';

const LIST_PAGE_OBJECTS = 1000;
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

export async function openStore(config: GcsConnection, ctx: Context): Promise<GcsStore> {
  return new GcsStore(config, ctx, await openTransport(config));
}

/** A page of a list of names. */
export interface NamePage {
  readonly objects: readonly StoredObject[];
  /** With a delimiter: what comes up to it. */
  readonly prefixes: readonly string[];
  readonly next: string | undefined;
}

export class GcsStore implements ObjectSource {
  readonly bucket: string;
  readonly #config: RetrySettings;
  readonly #ctx: Context;
  readonly #transport: Transport;

  constructor(config: GcsConnection, ctx: Context, transport: Transport) {
    this.bucket = config.bucket;
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
    let token: string | undefined;
    do {
      const page = await this.page({ prefix, startOffset: after, pageToken: token });
      yield page.objects.filter(({ key }) => key !== after);
      token = page.next;
    } while (token !== undefined);
  }

  async page(query: Readonly<Record<string, string | undefined>>): Promise<NamePage> {
    const doing = this.#doing('listing', query['prefix'] ?? '', 'storage.objects.list');
    const fields = 'items(name,size,generation),prefixes,nextPageToken';
    const all = { maxResults: String(LIST_PAGE_OBJECTS), fields, ...query };
    // A page without objects has no key: what is not there is the bucket.
    const path = `/storage/v1/b/${encoded(this.bucket)}/o`;
    const answer = parsed(await this.#text({ method: 'GET', path, query: all }, { ...doing, key: '' }));
    const { items = [], prefixes = [], nextPageToken } = answer;
    return {
      objects: Array.isArray(items) ? items.map(storedObject) : [],
      prefixes: Array.isArray(prefixes) ? prefixes.map(String) : [],
      next: typeof nextPageToken === 'string' && nextPageToken !== '' ? nextPageToken : undefined,
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
  ): Promise<AsyncIterable<Uint8Array>> {
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
        await answer.body.dump();
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
