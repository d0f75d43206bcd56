/** What stores of objects have in common: what inputs read from, and what outputs write to. */
import type { Readable } from 'node:stream';
import type { JsonObject } from '#spi/json.ts';
import type { Retries } from '#connectors/network/retry.ts';

export interface StoredObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** What changes with the object: an etag, a generation. Empty when the store does not say. */
  readonly version: string;
}

/** An object as it was when the run was planned; plain JSON, as a part of a task. */
export interface PlannedObject extends JsonObject {
  readonly key: string;
  readonly size: number;
  readonly version: string;
}

export interface ObjectSource {
  /** As a person would write it: `s3://bucket/key`. */
  placeOf(key: string): string;
  /** The bytes from `from` up to `to`, as they come; one try. Another version under the key is an error. */
  get(
    object: PlannedObject,
    range: { readonly from: number; readonly to?: number },
    signal: AbortSignal,
  ): Promise<Readable>;
  /** Throws when the object is gone, or another version. */
  check(object: PlannedObject): Promise<void>;
  /** Counts tries of reading the object. */
  readRetries(key: string, signal: AbortSignal): Retries;
}

export interface Part {
  readonly number: number;
  readonly etag: string;
}

export interface Upload {
  readonly key: string;
  readonly uploadId: string;
  /** What an object carries that came of this upload, where the store can do that. */
  readonly mark?: string;
}

/** A finished upload, or an empty object without one. */
export interface FinishedObject extends JsonObject {
  readonly key: string;
  readonly sizeBytes: number;
  /** Empty for an empty object. */
  readonly uploadId: string;
  /** Etags of the parts, in order. */
  readonly parts: readonly string[];
  /** As in the upload. */
  readonly mark?: string;
}

/** Nothing is visible before it is published. */
export interface ObjectTarget {
  placeOf(key: string): string;
  createUpload(key: string): Promise<Upload>;
  uploadPart(
    upload: Upload,
    part: { readonly number: number; readonly bytes: Uint8Array },
    stop: AbortSignal,
  ): Promise<Part>;
  /** Gives an upload up, also when the run is being stopped; one that is gone is given up already. */
  abortUpload(upload: Upload): Promise<void>;
  /** Makes the object visible. Once more after a crash it finds that it is. */
  publish(object: FinishedObject): Promise<void>;
  /** The error of an object with more bytes than the limit. */
  tooLarge(key: string, limit: number): Error;
}
