/** The table of contents of a zip archive, which stands at its end, with the large numbers of zip64. */
import { archiveErrors } from './errors.ts';

/** An archive that can be read anywhere. */
export interface ArchiveSource {
  readonly sizeBytes: number;
  /** The bytes from `start` to `end`, in memory of their own. */
  read(start: number, end: number): Promise<ArrayBuffer>;
}

export interface ZipEntry {
  readonly name: Uint8Array;
  readonly isEncrypted: boolean;
  readonly method: number;
  readonly crc: number;
  readonly packedBytes: number;
  readonly plainBytes: number;
  /** Where its own header begins. */
  readonly offset: number;
}

/** Bytes of the table at most: a million files of ordinary names. */
const DIRECTORY_BYTES_MAX = 128 * 1024 * 1024;
const END_BYTES = 22;
const END_SIGNATURE = 0x06054b50;
const COMMENT_BYTES_MAX = 0xffff;
const LOCATOR_BYTES = 20;
const LOCATOR_SIGNATURE = 0x07064b50;
const END64_BYTES = 56;
const END64_SIGNATURE = 0x06064b50;
const ENTRY_BYTES = 46;
const ENTRY_SIGNATURE = 0x02014b50;
const ZIP64_FIELD = 0x0001;
const LARGE = 0xffff_ffff;
const MANY = 0xffff;

interface Directory {
  readonly count: number;
  readonly offset: number;
  readonly sizeBytes: number;
  /** Where it ends: what precedes the archive in its file shifts all its offsets. */
  readonly end: number;
}

/** Undefined when the source does not end as an archive. */
export async function readZipDirectory(source: ArchiveSource): Promise<readonly ZipEntry[] | undefined> {
  const directory = await findDirectory(source);
  if (directory === undefined) return undefined;
  const { count, offset, sizeBytes, end } = directory;
  if (sizeBytes > DIRECTORY_BYTES_MAX) {
    const params = {
      format: 'zip',
      part: 'a table of contents',
      size: `${sizeBytes} bytes`,
      limit: DIRECTORY_BYTES_MAX,
    };
    throw archiveErrors.error('ARCHIVE_TOO_LARGE', params);
  }
  const shift = end - sizeBytes - offset;
  if (shift < 0) throw damaged('its table of contents is not where it should be');
  const bytes = Buffer.from(await source.read(offset + shift, end));
  const entries: ZipEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + ENTRY_BYTES > bytes.length || bytes.readUInt32LE(at) !== ENTRY_SIGNATURE) {
      throw damaged(`its table of contents breaks off behind ${index} of ${count} files`);
    }
    const length =
      ENTRY_BYTES + bytes.readUInt16LE(at + 28) + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
    if (at + length > bytes.length) throw damaged(`its table of contents breaks off behind ${index} of ${count} files`);
    entries.push(entryAt(bytes.subarray(at, at + length), shift));
    at += length;
  }
  checkOverlaps(entries, offset + shift);
  return entries;
}

async function findDirectory(source: ArchiveSource): Promise<Directory | undefined> {
  const { sizeBytes } = source;
  const tailStart = Math.max(0, sizeBytes - END_BYTES - COMMENT_BYTES_MAX - LOCATOR_BYTES);
  const tail = Buffer.from(await source.read(tailStart, sizeBytes));
  const at = endAt(tail);
  if (at < 0) return undefined;
  const disk = tail.readUInt16LE(at + 4);
  const count = tail.readUInt16LE(at + 10);
  const directoryBytes = tail.readUInt32LE(at + 12);
  const offset = tail.readUInt32LE(at + 16);
  const isLarge = count === MANY || directoryBytes === LARGE || offset === LARGE;
  const locator = at - LOCATOR_BYTES;
  if (isLarge && locator >= 0 && tail.readUInt32LE(locator) === LOCATOR_SIGNATURE) {
    return largeDirectory(source, numberAt(tail, locator + 8), tailStart + locator);
  }
  if (disk !== 0 && disk !== MANY) throw damaged('it is one part of several');
  return { count, offset, sizeBytes: directoryBytes, end: tailStart + at };
}

/** The last place whose comment goes exactly to the end, or else the last one that could be it. */
function endAt(tail: Buffer): number {
  let found = -1;
  for (let at = tail.length - END_BYTES; at >= 0; at--) {
    if (tail.readUInt32LE(at) !== END_SIGNATURE) continue;
    const end = at + END_BYTES + tail.readUInt16LE(at + 20);
    if (end === tail.length) return at;
    if (found < 0 && end < tail.length) found = at;
  }
  return found;
}

async function largeDirectory(source: ArchiveSource, offset: number, locator: number): Promise<Directory> {
  // Something before the archive shifts this offset, too; the record ends where the locator begins.
  for (const start of [offset, locator - END64_BYTES]) {
    if (start < 0 || start + END64_BYTES > source.sizeBytes) continue;
    const record = Buffer.from(await source.read(start, start + END64_BYTES));
    if (record.readUInt32LE(0) !== END64_SIGNATURE) continue;
    return {
      count: numberAt(record, 32),
      sizeBytes: numberAt(record, 40),
      offset: numberAt(record, 48),
      end: start,
    };
  }
  throw damaged('its table of contents is not where it should be');
}

function entryAt(bytes: Buffer, shift: number): ZipEntry {
  const nameEnd = ENTRY_BYTES + bytes.readUInt16LE(28);
  const extra = bytes.subarray(nameEnd, nameEnd + bytes.readUInt16LE(30));
  const large = new LargeNumbers(extra);
  const flags = bytes.readUInt16LE(8);
  // Numbers that do not fit stand in the extra field, in this order.
  const plainBytes = large.or(bytes.readUInt32LE(24));
  const packedBytes = large.or(bytes.readUInt32LE(20));
  const offset = large.or(bytes.readUInt32LE(42));
  return {
    name: bytes.subarray(ENTRY_BYTES, nameEnd),
    isEncrypted: (flags & 1) !== 0,
    method: bytes.readUInt16LE(10),
    crc: bytes.readUInt32LE(16),
    packedBytes,
    plainBytes,
    offset: offset + shift,
  };
}

class LargeNumbers {
  readonly #field: Buffer | undefined;
  #at = 0;

  constructor(extra: Buffer) {
    for (let at = 0; at + 4 <= extra.length;) {
      const end = at + 4 + extra.readUInt16LE(at + 2);
      if (extra.readUInt16LE(at) === ZIP64_FIELD) this.#field = extra.subarray(at + 4, end);
      at = end;
    }
  }

  or(small: number): number {
    if (small !== LARGE || this.#field === undefined || this.#at + 8 > this.#field.length) return small;
    this.#at += 8;
    return numberAt(this.#field, this.#at - 8);
  }
}

function numberAt(bytes: Buffer, at: number): number {
  const value = Number(bytes.readBigUInt64LE(at));
  if (!Number.isSafeInteger(value)) throw damaged('a size in it is beyond all measure');
  return value;
}

/** Entries that share their bytes are how a small archive becomes endless. */
function checkOverlaps(entries: readonly ZipEntry[], end: number): void {
  const sorted = entries.toSorted((a, b) => a.offset - b.offset);
  for (const [index, { offset, packedBytes, name }] of sorted.entries()) {
    const next = sorted[index + 1]?.offset ?? end;
    if (offset + LOCAL_HEADER_BYTES + name.length + packedBytes > next) throw damaged('files in it overlap');
  }
}

/** Before its name and extra field. */
export const LOCAL_HEADER_BYTES = 30;
const LOCAL_SIGNATURE = 0x04034b50;

/** Where the bytes of the entry whose header this is begin, from the header on; undefined when it is no header. */
export function localHeaderLength(header: Buffer): number | undefined {
  if (header.length < LOCAL_HEADER_BYTES || header.readUInt32LE(0) !== LOCAL_SIGNATURE) return undefined;
  return LOCAL_HEADER_BYTES + header.readUInt16LE(26) + header.readUInt16LE(28);
}

function damaged(reason: string): Error {
  return archiveErrors.error('ARCHIVE_DAMAGED', { format: 'zip', name: 'its end', reason });
}
