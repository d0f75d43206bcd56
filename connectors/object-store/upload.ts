/**
 * An object being written: full parts go to the store while the next one is filled. It stays invisible until the
 * upload is completed, which is the commit's affair. An object without a byte needs no upload.
 */
import { ByteSink } from '#spi/byte-sink.ts';
import { OBJECT_BYTES_MAX, partBytes, PARTS_MAX } from './part-sizes.ts';
import type { FinishedObject, ObjectTarget, Upload } from './store.ts';

/** Bytes on their way at a time, unless a single part has more. */
const IN_FLIGHT_BYTES_MAX = 32 * 1024 * 1024;
/** Small objects are not to cost the memory of a part. */
const FIRST_BYTES = 64 * 1024;

export class ObjectWriter {
  readonly #store: ObjectTarget;
  readonly #key: string;
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

  constructor(store: ObjectTarget, key: string) {
    this.#store = store;
    this.#key = key;
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
    const { uploadId = '', mark } = this.#upload ?? {};
    const parts = { sizeBytes: this.#sizeBytes, parts: this.#etags };
    return { key: this.#key, uploadId, ...parts, ...(mark === undefined ? {} : { mark }) };
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
    this.#upload ??= await this.#store.createUpload(this.#key);
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
    return this.#store.tooLarge(this.#key, OBJECT_BYTES_MAX);
  }
}
