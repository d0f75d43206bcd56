/** The encoding in which an answer came, undone. */
import { createBrotliDecompress, createInflate } from 'node:zlib';
import { isRopewayError } from '#spi/errors.ts';
import type { Bytes } from '#spi/files.ts';
import { compressionErrors } from '#codec/compression/errors.ts';
import { inFile } from '#codec/compression/in-file.ts';
import { throughTransform } from '#codec/compression/through-transform.ts';
import { gunzip, unzstd } from '#codec/compression/zlib-codecs.ts';
import { httpErrors } from './errors.ts';

/** More encodings on top of each other than this are not of good will. */
const LAYERS_MAX = 2;

export function decodeContent(header: string | undefined, bytes: Bytes, place: string): Bytes {
  const encodings = (header ?? '')
    .toLowerCase()
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '' && name !== 'identity');
  if (encodings.length === 0) return bytes;
  if (encodings.length > LAYERS_MAX) throw unknown(header ?? '', place);
  // The last one was applied last.
  return inFile(
    encodings.reduceRight<Bytes>((packed, name) => decoded(name, packed, place), bytes),
    place,
  );
}

function decoded(name: string, bytes: Bytes, place: string): Bytes {
  switch (name) {
    case 'gzip':
    case 'x-gzip':
      return gunzip(bytes);
    case 'zstd':
      return unzstd(bytes);
    case 'br':
      return throughTransform(bytes, createBrotliDecompress(), { translate: damaged('brotli') });
    case 'deflate':
      return throughTransform(bytes, createInflate(), { translate: damaged('deflate') });
    default:
      throw unknown(name, place);
  }
}

function damaged(format: string): (error: unknown) => unknown {
  return (error) => {
    if (isRopewayError(error) || !(error instanceof Error)) return error;
    return compressionErrors.error('COMPRESSED_DAMAGED', { format, reason: error.message }, { cause: error });
  };
}

function unknown(encoding: string, place: string): Error {
  return httpErrors.error('HTTP_ENCODING', { encoding, place });
}
