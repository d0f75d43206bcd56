/**
 * An object being written: full parts go to the store while the next one is filled. It stays invisible until the
 * upload is completed, which is the commit's affair. An object without a byte needs no upload.
 */
import { ByteSink } from '#spi/byte-sink.ts';
import type { JsonObject } from '#spi/json.ts';
import type { ObjectSettings, Part, S3Store, Upload } from './client.ts';
import { s3Errors } from './errors.ts';
import { placeOf } from './failure.ts';
import { OBJECT_BYTES_MAX, partBytes, PARTS_MAX } from './part-sizes.ts';

/** Bytes on their way at a time, unless a single part has more. */
const IN_FLIGHT_BYTES_MAX = 32 * 1024 * 1024;
/** Small objects are not to cost the memory of a part. */
const FIRST_BYTES = 64 * 1024;

/** A finished upload, or an empty object without one. */
export interface FinishedObject extends JsonObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Empty for an empty object. */
  readonly uploadId: string;
  /** Etags of the parts, in order. */
  readonly parts: readonly string[];
}

export class ObjectWriter {
  readonly #store: S3Store;
  readonly #key: string;
  readonly #settings: ObjectSettings;
  #upload: Upload | undefined;
  #filling = new ByteSink(FIRST_BYTES);
  #spare: ByteSink | undefined;
  #partCount = 0;
  #sizeBytes = 0;
  #inFlightBytes = 0;
  readonly #inFlight = new Set<Promise<void>>();
  readonly #etags: string[] = [];
  readonly #stop = new AbortController();
  #failure: { readonly error: unknown } | undefined;

  constructor(store: S3Store, key: string, settings: ObjectSettings) {
    this.#store = store;
    this.#key = key;
    this.#settings = settings;
  }

  async write(bytes: Uint8Array): Promise<void> {
    if (this.#sizeBytes + bytes.length > OBJECT_BYTES_MAX) throw this.#tooLarge();
    this.#sizeBytes += bytes.length;
    for (let at = 0; at < bytes.length;) {
      const room = partBytes(this.#partCount + 1) - this.#filling.length;
      const end = Math.min(bytes.length, at + room);
      this.#filling.writeBytes(bytes, at, end);
      if (end - at === room) await this.#send();
      at = end;
    }
  }

  /** All bytes are with the store when this resolves. */
  async finish(): Promise<FinishedObject> {
    if (this.#filling.length > 0) await this.#send();
    while (this.#inFlight.size > 0) await Promise.all(this.#inFlight);
    if (this.#failure !== undefined) throw this.#failure.error;
    const { uploadId = '' } = this.#upload ?? {};
    return { key: this.#key, sizeBytes: this.#sizeBytes, uploadId, parts: this.#etags };
  }

  /** Gives up what was sent. Parts that are on their way come first, for they would be stored after the end. */
  async abort(): Promise<void> {
    this.#failure ??= { error: new Error('The upload was given up.') };
    this.#stop.abort();
    await Promise.allSettled(this.#inFlight);
    if (this.#upload !== undefined) await this.#store.abortUpload(this.#upload);
  }

  async #send(): Promise<void> {
    const sink = this.#filling;
    const number = ++this.#partCount;
    if (number > PARTS_MAX) throw this.#tooLarge();
    this.#upload ??= await this.#store.createUpload(this.#key, this.#settings);
    while (this.#inFlight.size > 0 && this.#inFlightBytes + sink.length > IN_FLIGHT_BYTES_MAX) {
      await Promise.race(this.#inFlight);
    }
    if (this.#failure !== undefined) throw this.#failure.error;
    const sending = this.#transfer(this.#upload, number, sink);
    this.#inFlight.add(sending);
    void sending.finally(() => this.#inFlight.delete(sending));
    this.#filling = this.#spare ?? new ByteSink(FIRST_BYTES);
    this.#spare = undefined;
  }

  /** Never throws: a failure is told by the next call. */
  async #transfer(upload: Upload, number: number, sink: ByteSink): Promise<void> {
    this.#inFlightBytes += sink.length;
    try {
      const { etag } = await this.#store.uploadPart(upload, { number, bytes: sink.view() }, this.#stop.signal);
      this.#etags[number - 1] = etag;
    } catch (error) {
      this.#failure ??= { error };
    }
    this.#inFlightBytes -= sink.length;
    sink.clear();
    this.#spare ??= sink;
  }

  #tooLarge(): Error {
    const place = placeOf({ bucket: this.#store.bucket, key: this.#key });
    return s3Errors.error('S3_FILE_TOO_LARGE', { place, limit: OBJECT_BYTES_MAX }, { where: { file: place } });
  }
}

/** Makes the object visible. Once more after a crash it finds that it is. */
export async function publish(store: S3Store, object: FinishedObject, settings: ObjectSettings): Promise<void> {
  const { key, sizeBytes, uploadId, parts } = object;
  if (uploadId === '') {
    await store.putEmpty(key, settings);
    return;
  }
  const numbered = parts.map((etag, index): Part => ({ number: index + 1, etag }));
  if (await store.completeUpload({ key, uploadId }, numbered)) return;
  const place = placeOf({ bucket: store.bucket, key });
  const lost = (): Error => s3Errors.error('S3_UPLOAD_LOST', { place }, { where: { file: place } });
  const stored = await store.head(key).catch((error: unknown) => {
    throw isNotFound(error) ? lost() : error;
  });
  // An etag that tells of parts tells how many.
  const partCount = /-(\d+)"?$/.exec(stored.etag)?.[1];
  const isOurs = stored.sizeBytes === sizeBytes && (partCount === undefined || Number(partCount) === parts.length);
  if (!isOurs) throw lost();
}

function isNotFound(error: unknown): boolean {
  return error instanceof Error && 'code' in error && error.code === 'S3_OBJECT_NOT_FOUND';
}
