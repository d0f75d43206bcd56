/**
 * Uploads that killed runs left: invisible, but they take room. Ours are known by their keys, which are those that this
 * output writes, and given up when nothing has happened to them for longer than any run takes.
 */
import type { Logger } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import { sequencePattern } from '#connectors/file/sequence.ts';
import type { Upload } from './store.ts';

export interface BegunUpload extends Upload {
  readonly begunMs: number;
}

export interface UploadList {
  /** Uploads of keys that begin with the prefix, page by page. */
  uploads(prefix: string): AsyncIterable<readonly BegunUpload[]>;
  /** When its last part came; undefined when there is none. */
  lastPartMs(upload: Upload): Promise<number | undefined>;
  abortUpload(upload: Upload): Promise<void>;
  placeOf(key: string): string;
}

export interface StaleUploads {
  readonly prefix: string;
  readonly isOurs: (key: string) => boolean;
  readonly hours: number;
  readonly log: Logger;
}

/** Options of an output that make its keys. */
export interface KeyOptions {
  readonly path_prefix: string;
  readonly sequence_format: string;
  readonly file_ext: string;
}

export function staleUploads(options: KeyOptions, hours: number, log: Logger): StaleUploads {
  const { path_prefix: prefix, sequence_format, file_ext } = options;
  const pattern = new RegExp(`^${sequencePattern(sequence_format)}$`);
  return {
    prefix,
    isOurs: (key) =>
      key.startsWith(prefix) &&
      key.endsWith(file_ext) &&
      pattern.test(key.slice(prefix.length, key.length - file_ext.length)),
    hours,
    log,
  };
}

const HOUR_MS = 3_600_000;
/** Looked at in one run; the next one goes on. */
const UPLOADS_MAX = 10_000;

/** What cannot be looked at or given up is told, and no more: the run has done what was asked. */
export async function abortStaleUploads(list: UploadList, { prefix, isOurs, hours, log }: StaleUploads): Promise<void> {
  const before = Date.now() - hours * HOUR_MS;
  let count = 0;
  try {
    for await (const page of list.uploads(prefix)) {
      for (const upload of page) {
        if (++count > UPLOADS_MAX) return;
        if (!isOurs(upload.key) || upload.begunMs >= before) continue;
        const lastPart = await list.lastPartMs(upload);
        if (lastPart !== undefined && lastPart >= before) continue;
        await list.abortUpload(upload);
        log.info('Gave up an upload that another run had left.', { object: list.placeOf(upload.key) });
      }
    }
  } catch (error) {
    if (!isRopewayError(error)) throw error;
    log.warn('Uploads that other runs left could not be given up.', { reason: error.message, hint: error.hint });
  }
}
