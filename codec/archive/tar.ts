/** The files of a tar archive, as they come: nothing of it is kept. */
import type { Bytes, InnerFile } from '#spi/files.ts';
import { ByteReader } from './byte-reader.ts';
import { entryName } from './entry-names.ts';
import { archiveErrors } from './errors.ts';
import { isZeroBlock, parsePax, parseTarHeader, TAR_BLOCK_BYTES } from './tar-header.ts';
import type { PaxFields, TarHeader } from './tar-header.ts';

/** Bytes of an extended header, or of a long name, at most. */
const EXTENSION_BYTES_MAX = 1024 * 1024;
const PIECE_BYTES = 256 * 1024;

export interface TarOptions {
  /** Whether the file is to be read; others are skipped. */
  readonly isWanted: (name: string) => boolean;
  /** Of names that are not UTF-8. */
  readonly nameCharset: string;
}

/** What extended headers said of the next file. */
interface Extensions {
  name?: Uint8Array;
  sizeBytes?: number;
  isSparse: boolean;
}

/** Only files with bytes of their own count: folders, links and devices are passed over. */
export async function* tarFiles(bytes: Bytes, options: TarOptions): AsyncGenerator<InnerFile> {
  const reader = new ByteReader(bytes);
  try {
    yield* new TarArchive(reader, options).files();
    // Behind the end there are zeros, and checks of the decoders before this one.
    await reader.skip(Infinity);
  } finally {
    await reader.close();
  }
}

class TarArchive {
  readonly #reader: ByteReader;
  readonly #options: TarOptions;
  #extensions: Extensions = { isSparse: false };
  #name = '';
  /** Of the current file, still to be read. */
  #left = 0;

  constructor(reader: ByteReader, options: TarOptions) {
    this.#reader = reader;
    this.#options = options;
  }

  async *files(): AsyncGenerator<InnerFile> {
    for (let isFirst = true; ; isFirst = false) {
      const header = await this.#header(isFirst);
      if (header === undefined) return;
      if (await this.#extend(header)) continue;
      const { name = header.name, sizeBytes = header.sizeBytes, isSparse } = this.#extensions;
      this.#extensions = { isSparse: false };
      this.#name = entryName(name, this.#options.nameCharset);
      this.#left = sizeBytes;
      const padding = paddingOf(sizeBytes);
      if (isFile(header, this.#name) && this.#options.isWanted(this.#name)) {
        if (isSparse || header.type === 'S') throw this.#sparse();
        yield { name: this.#name, bytes: this.#bytes() };
      }
      await this.#skip(this.#left + padding);
    }
  }

  async #header(isFirst: boolean): Promise<TarHeader | undefined> {
    const block = await this.#reader.take(TAR_BLOCK_BYTES);
    if (block.length === 0) return undefined;
    if (block.length < TAR_BLOCK_BYTES) {
      throw isFirst ? notTar() : archiveErrors.error('ARCHIVE_TRUNCATED', { format: 'tar', part: 'a header' });
    }
    if (isZeroBlock(block)) return undefined;
    const header = parseTarHeader(block);
    if (header !== undefined) return header;
    throw isFirst ? notTar() : this.#damaged('what follows it is no header');
  }

  /** Takes in a header that is about the next file; false when it is a file's own. */
  async #extend({ type, sizeBytes }: TarHeader): Promise<boolean> {
    switch (type) {
      case 'x': {
        const fields = await this.#pax(sizeBytes);
        this.#extensions.isSparse ||= fields.isSparse;
        if (fields.path !== undefined) this.#extensions.name = fields.path;
        if (fields.sizeBytes !== undefined) this.#extensions.sizeBytes = fields.sizeBytes;
        return true;
      }
      case 'g':
        // Of all files: comments of the archive, for example. Names and sizes are never the same for all.
        await this.#pax(sizeBytes);
        return true;
      case 'L': {
        const text = await this.#extension(sizeBytes);
        const end = text.indexOf(0);
        this.#extensions.name = end < 0 ? text : text.subarray(0, end);
        return true;
      }
      case 'K':
        await this.#extension(sizeBytes);
        return true;
      default:
        return false;
    }
  }

  async #pax(sizeBytes: number): Promise<PaxFields> {
    const fields = parsePax(await this.#extension(sizeBytes));
    if (fields === undefined) throw this.#damaged('an extended header cannot be read');
    return fields;
  }

  async #extension(sizeBytes: number): Promise<Buffer> {
    if (sizeBytes > EXTENSION_BYTES_MAX) {
      const params = { format: 'tar', part: 'a header', size: `${sizeBytes} bytes`, limit: EXTENSION_BYTES_MAX };
      throw archiveErrors.error('ARCHIVE_TOO_LARGE', params);
    }
    const text = await this.#reader.take(sizeBytes);
    if (text.length < sizeBytes) throw archiveErrors.error('ARCHIVE_TRUNCATED', { format: 'tar', part: 'a header' });
    await this.#skip(paddingOf(sizeBytes));
    return text;
  }

  async *#bytes(): AsyncGenerator<Uint8Array> {
    while (this.#left > 0) {
      const piece = await this.#reader.some(Math.min(this.#left, PIECE_BYTES));
      if (piece.length === 0) throw this.#truncated();
      this.#left -= piece.length;
      yield piece;
    }
  }

  async #skip(count: number): Promise<void> {
    if ((await this.#reader.skip(count)) < count) throw this.#truncated();
  }

  #truncated(): Error {
    return archiveErrors.error('ARCHIVE_TRUNCATED', { format: 'tar', part: `'${this.#name}'` });
  }

  #damaged(reason: string): Error {
    return archiveErrors.error('ARCHIVE_DAMAGED', { format: 'tar', name: this.#name, reason });
  }

  #sparse(): Error {
    return archiveErrors.error('ARCHIVE_UNSUPPORTED', {
      format: 'tar',
      name: this.#name,
      reason: 'it is a sparse file, of which holes were left out',
      advice: 'Make the archive without the option --sparse of tar.',
    });
  }
}

/** Ordinary files, contiguous ones, and sparse ones, which are refused only when they are wanted. */
function isFile({ type }: TarHeader, name: string): boolean {
  return (type === '0' || type === '7' || type === 'S') && !name.endsWith('/');
}

function paddingOf(sizeBytes: number): number {
  return (TAR_BLOCK_BYTES - (sizeBytes % TAR_BLOCK_BYTES)) % TAR_BLOCK_BYTES;
}

function notTar(): Error {
  return archiveErrors.error('ARCHIVE_NOT_THIS', { format: 'tar' });
}
