/** gzip and Zstandard by Node's own libraries. */
import { constants, createGunzip, createGzip, createZstdCompress, createZstdDecompress } from 'node:zlib';
import { isRopewayError } from '#spi/errors.ts';
import type { Bytes } from '#spi/files.ts';
import { compressionErrors } from './errors.ts';
import { throughTransform } from './through-transform.ts';

/** Large pieces: fewer hand-overs between threads. */
const PACKED_CHUNK_BYTES = 256 * 1024;
/**
 * What is read ahead of the consumer: one piece of this size, and another one in the making. A hand-over needs a turn
 * of the event loop, which the consumer takes only when it has used up a piece: so the pieces are large.
 */
const PLAIN_CHUNK_BYTES = 1024 * 1024;
/** A buffer that is not full with one piece: the stream goes on with the next when it has handed one over. */
const readingAhead = { chunkSize: PLAIN_CHUNK_BYTES, readableHighWaterMark: PLAIN_CHUNK_BYTES + 1 } as const;
/** Frames that need more memory than this to be read are refused (128 MiB, the zstd command's own limit). */
const ZSTD_WINDOW_LOG_MAX = 27;

/** Members behind each other are one stream; what is no member behind them is ignored, as Java does. */
export async function* gunzip(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const counted = countBytes(bytes);
  yield* throughTransform(counted.bytes, createGunzip(readingAhead), {
    translate: (error, bytesRead) => translated(error, 'gzip', bytesRead),
  });
  if (counted.count() === 0) throw truncated('gzip', 0);
}

/** One member whose header says nothing of time and system, like Java's. */
export async function* gzip(bytes: Bytes, level: number): AsyncGenerator<Uint8Array> {
  let isFirst = true;
  const packed = throughTransform(bytes, createGzip({ level, chunkSize: PACKED_CHUNK_BYTES }), {
    translate: (error) => error,
  });
  for await (const chunk of packed) {
    if (isFirst && chunk.length >= 10) {
      chunk[8] = 0;
      chunk[9] = 0xff;
    }
    isFirst = false;
    yield chunk;
  }
}

/** Frames behind each other are one stream. */
export async function* unzstd(bytes: Bytes): AsyncGenerator<Uint8Array> {
  const counted = countBytes(bytes);
  const transform = createZstdDecompress({
    ...readingAhead,
    params: { [constants.ZSTD_d_windowLogMax]: ZSTD_WINDOW_LOG_MAX },
  });
  yield* throughTransform(counted.bytes, transform, {
    translate: (error, bytesRead) => translated(error, 'zstd', bytesRead),
  });
  if (counted.count() === 0) throw truncated('zstd', 0);
}

export function zstd(bytes: Bytes, level: number): AsyncGenerator<Uint8Array> {
  const transform = createZstdCompress({
    chunkSize: PACKED_CHUNK_BYTES,
    params: { [constants.ZSTD_c_compressionLevel]: level, [constants.ZSTD_c_checksumFlag]: 1 },
  });
  return throughTransform(bytes, transform, { translate: (error) => error });
}

function countBytes(source: Bytes): { bytes: Bytes; count: () => number } {
  let count = 0;
  async function* counted(): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      count += chunk.length;
      yield chunk;
    }
  }
  return { bytes: counted(), count: () => count };
}

function translated(error: unknown, format: string, bytesRead: number): unknown {
  if (isRopewayError(error) || !(error instanceof Error)) return error;
  const code = 'code' in error ? String(error.code) : '';
  const reason = error.message;
  if (code === 'Z_BUF_ERROR' || /unexpected end|srcSize_wrong/i.test(`${reason} ${code}`))
    return truncated(format, bytesRead, error);
  if (/incorrect header check|unknown compression method|prefix_unknown|unknown frame/i.test(`${reason} ${code}`)) {
    return compressionErrors.error('COMPRESSED_NOT_THIS', { format }, { cause: error });
  }
  if (code.startsWith('Z_') || code.startsWith('ZSTD')) {
    return compressionErrors.error('COMPRESSED_DAMAGED', { format, reason }, { cause: error });
  }
  return error;
}

function truncated(format: string, bytes: number, cause?: unknown): Error {
  return compressionErrors.error('COMPRESSED_TRUNCATED', { format, bytes }, { cause });
}
