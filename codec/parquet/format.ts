/** Numbers of the Parquet format (parquet.thrift), as far as the writer uses them. */
import { constants, gzipSync, zstdCompressSync } from 'node:zlib';
import { snappy } from './snappy.ts';

export const physicalTypes = { boolean: 0, int64: 2, double: 5, byteArray: 6 } as const;

export const encodings = { plain: 0, rle: 3, rleDictionary: 8 } as const;

export const pageTypes = { data: 0, dictionary: 2 } as const;

export type Compression = 'none' | 'snappy' | 'gzip' | 'zstd';

export interface Codec {
  /** The number of the codec in the format. */
  readonly id: number;
  /** The page in memory of its own; what comes in is used again. */
  readonly compress: (page: Uint8Array) => Uint8Array;
}

/** Level 1 makes files 13 % larger. */
const ZSTD_LEVEL = 3;
const zstdOptions = { params: { [constants.ZSTD_c_compressionLevel]: ZSTD_LEVEL } };

export const codecs: Readonly<Record<Compression, Codec>> = {
  none: { id: 0, compress: (page) => page.slice() },
  snappy: { id: 1, compress: snappy },
  gzip: { id: 2, compress: (page) => gzipSync(page) },
  zstd: { id: 6, compress: (page) => zstdCompressSync(page, zstdOptions) },
};
