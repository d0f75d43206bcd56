/** The files of a zip archive that can be read anywhere: by its table of contents, each checked as it goes by. */
import { constants, crc32, createInflateRaw } from 'node:zlib';
import { isRopewayError } from '#spi/errors.ts';
import type { Bytes, InnerFile } from '#spi/files.ts';
import { throughTransform } from '#codec/compression/through-transform.ts';
import { entryName, isAppleDouble } from './entry-names.ts';
import { archiveErrors } from './errors.ts';
import { LOCAL_HEADER_BYTES, localHeaderLength, readZipDirectory } from './zip-directory.ts';
import type { ArchiveSource, ZipEntry } from './zip-directory.ts';

const PIECE_BYTES = 256 * 1024;
/** An archive may become so large before its ratio is looked at: small ones may well be nothing but zeros. */
const PLAIN_BYTES_FREE = 256 * 1024 * 1024;

const STORED = 0;
const DEFLATED = 8;
const methodNames: Readonly<Record<number, string>> = {
  1: 'Shrink',
  6: 'Implode',
  9: 'Deflate64',
  12: 'bzip2',
  14: 'LZMA',
  93: 'Zstandard',
  95: 'xz',
  97: 'WavPack',
  98: 'PPMd',
  99: 'AES encryption',
};

export interface ZipOptions {
  /** Whether the file is to be read; others are skipped. */
  readonly isWanted: (name: string) => boolean;
  /** Of names that are not UTF-8. */
  readonly nameCharset: string;
  /** How many times its own size an archive may become. */
  readonly maxRatio: number;
}

/** Bytes that came out of an archive, and how many may. */
interface Meter {
  plainBytes: number;
  readonly packedBytes: number;
  readonly limit: number;
}

export function zipMeter(source: ArchiveSource, maxRatio: number): Meter {
  const limit = Math.max(PLAIN_BYTES_FREE, source.sizeBytes * maxRatio);
  return { plainBytes: 0, packedBytes: source.sizeBytes, limit };
}

/** In the order of the table. Folders, and what macOS adds, are passed over. */
export async function* zipFiles(source: ArchiveSource, options: ZipOptions): AsyncGenerator<InnerFile> {
  const entries = await readZipDirectory(source);
  if (entries === undefined) throw await noDirectory(source);
  const meter = zipMeter(source, options.maxRatio);
  for (const entry of entries) {
    const name = entryName(entry.name, options.nameCharset);
    if (name.endsWith('/') || isAppleDouble(name) || !options.isWanted(name)) continue;
    yield { name, bytes: zipEntryBytes(source, entry, name, meter) };
  }
}

/** The bytes of one entry, with size and checksum checked at their end. */
export async function* zipEntryBytes(
  source: ArchiveSource,
  entry: ZipEntry,
  name: string,
  meter: Meter,
): AsyncGenerator<Uint8Array> {
  refuseUnsupported(entry, name);
  const header = Buffer.from(await source.read(entry.offset, entry.offset + LOCAL_HEADER_BYTES));
  const headerBytes = localHeaderLength(header);
  if (headerBytes === undefined) throw damaged(name, 'its header is not where it should be');
  const start = entry.offset + headerBytes;
  const packed = pieces(source, start, Math.min(source.sizeBytes, start + entry.packedBytes));
  let length = 0;
  let crc = 0;
  for await (const chunk of entry.method === STORED ? packed : inflated(packed, name)) {
    length += chunk.length;
    meter.plainBytes += chunk.length;
    if (meter.plainBytes > meter.limit) {
      throw archiveErrors.error('ARCHIVE_EXPANDS', { packed: meter.packedBytes, plain: meter.limit });
    }
    if (length > entry.plainBytes)
      throw damaged(name, `it is longer than the ${entry.plainBytes} bytes it should have`);
    crc = crc32(chunk, crc);
    yield chunk;
  }
  if (length < entry.plainBytes) throw damaged(name, `it has ${length} instead of ${entry.plainBytes} bytes`);
  if (crc !== entry.crc) throw damaged(name, 'its checksum is wrong');
}

function refuseUnsupported({ isEncrypted, method }: ZipEntry, name: string): void {
  const format = 'zip';
  if (isEncrypted || method === 99) {
    const advice = 'Decrypt the archive before.';
    throw archiveErrors.error('ARCHIVE_UNSUPPORTED', { format, name, reason: 'it is encrypted', advice });
  }
  if (method === STORED || method === DEFLATED) return;
  const reason = `it is compressed with ${methodNames[method] ?? `method ${method}`}`;
  const advice = 'Make the archive with ordinary compression (Deflate), which every program can.';
  throw archiveErrors.error('ARCHIVE_UNSUPPORTED', { format, name, reason, advice });
}

async function* pieces(source: ArchiveSource, start: number, end: number): AsyncGenerator<Uint8Array> {
  for (let at = start; at < end; at += PIECE_BYTES) {
    yield new Uint8Array(await source.read(at, Math.min(end, at + PIECE_BYTES)));
  }
}

function inflated(packed: Bytes, name: string): AsyncGenerator<Uint8Array> {
  return throughTransform(packed, createInflateRaw({ chunkSize: PIECE_BYTES }), {
    translate: (error) =>
      isRopewayError(error) || !(error instanceof Error)
        ? error
        : damaged(name, `it cannot be inflated (${error.message})`),
  });
}

/** Why there is no table of contents: the archive is cut off, or there is none. */
async function noDirectory(source: ArchiveSource): Promise<Error> {
  const header = Buffer.from(await source.read(0, Math.min(LOCAL_HEADER_BYTES, source.sizeBytes)));
  return localHeaderLength(header) === undefined
    ? archiveErrors.error('ARCHIVE_NOT_THIS', { format: 'zip' })
    : archiveErrors.error('ARCHIVE_TRUNCATED', { format: 'zip', part: 'its files' });
}

/** The first file of an archive that was cut off, as far as it goes: enough for a look at it. */
export async function* firstOfCutZip(source: ArchiveSource): AsyncGenerator<Uint8Array> {
  for (let at = 0; ;) {
    const header = Buffer.from(await source.read(at, Math.min(source.sizeBytes, at + LOCAL_HEADER_BYTES)));
    const headerBytes = localHeaderLength(header);
    if (headerBytes === undefined) return;
    const start = at + headerBytes;
    const packedBytes = header.readUInt32LE(18);
    const name = Buffer.from(await source.read(at + LOCAL_HEADER_BYTES, start)).subarray(0, header.readUInt16LE(26));
    if (name.at(-1) === SLASH) {
      at = start + packedBytes + ((header.readUInt16LE(6) & HAS_DESCRIPTOR) === 0 ? 0 : DESCRIPTOR_BYTES);
      continue;
    }
    const packed = pieces(
      source,
      start,
      Math.min(source.sizeBytes, packedBytes === 0 ? Infinity : start + packedBytes),
    );
    if (header.readUInt16LE(8) === STORED) yield* packed;
    else
      yield* throughTransform(packed, createInflateRaw({ finishFlush: constants.Z_SYNC_FLUSH }), {
        translate: (error) => error,
      });
    return;
  }
}

const SLASH = 0x2f;
/** The sizes of the entry stand behind it. */
const HAS_DESCRIPTOR = 8;
const DESCRIPTOR_BYTES = 16;

function damaged(name: string, reason: string): Error {
  return archiveErrors.error('ARCHIVE_DAMAGED', { format: 'zip', name, reason });
}
