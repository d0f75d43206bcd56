/**
 * hyparquet behind one door. It is asked for values as they are in the file (numbers, BigInts, bytes) and never for
 * its own idea of them: its decimals are doubles and its timestamps milliseconds. So annotations are read, kept as
 * `Node`s, and taken off the schema that it works with; lists alone keep theirs, for it puts them together.
 */
import { brotliDecompressSync, gunzipSync, zstdDecompressSync } from 'node:zlib';
import { parquetMetadata, parquetMetadataAsync, parquetScan, parquetSchema } from 'hyparquet';
import type { AsyncBuffer, Compressors, DecodedArray, FileMetaData, SchemaElement, SchemaTree } from 'hyparquet';
import { isRopewayError } from '#spi/errors.ts';
import { parquetFileErrors } from './errors.ts';
import { scalarOf } from './scalars.ts';
import type { Scalar } from './scalars.ts';
import type { RandomAccess } from '#connectors/spool/spool.ts';

/** A column of the file, or a part of a nested one. */
export interface Node {
  readonly name: string;
  /** It stands for any number of values, without being called a list. */
  readonly isRepeated: boolean;
  readonly shape:
    | { readonly kind: 'scalar'; readonly scalar: Scalar }
    | { readonly kind: 'list'; readonly element: Node }
    | { readonly kind: 'map'; readonly entries: string; readonly key: Node; readonly value: Node }
    | { readonly kind: 'struct'; readonly members: readonly Node[] };
}

export interface ParquetFile {
  readonly columns: readonly Node[];
  /** Row ranges `[from, to)` in order, for reading these columns: row groups, large ones in parts. */
  ranges(columns: readonly string[]): readonly (readonly [number, number])[];
  /** The values of a column in a range; nulls are null or undefined. */
  read(column: string, range: readonly [number, number]): Promise<DecodedArray>;
}

/**
 * Values in memory at once, about: a row group, or a part of one. Parts cost time, for a page that reaches into several
 * is decoded for each of them, and some writers make one page of a whole column.
 */
const PART_BYTES = 128 * 1024 * 1024;
/** What a decoded value takes besides its bytes. */
const VALUE_BYTES = 64;

/** Node's own are faster; for the others there is the library's, which guessing does without. */
async function loadCompressors(): Promise<Compressors> {
  const { compressors } = await import('hyparquet-compressors');
  return {
    ...compressors,
    GZIP: (bytes) => gunzipSync(bytes),
    BROTLI: (bytes) => brotliDecompressSync(bytes),
    ZSTD: (bytes) => zstdDecompressSync(bytes),
  };
}

/** Statistics, too, go through parsers, which must not fail on what they do not understand. */
const parsers = {
  timestampFromMilliseconds: (value: unknown) => value,
  timestampFromMicroseconds: (value: unknown) => value,
  timestampFromNanoseconds: (value: unknown) => value,
  dateFromDays: (value: unknown) => value,
  stringFromBytes: (value: unknown) => value,
  jsonFromBytes: (value: unknown) => value,
  geometryFromBytes: (value: unknown) => value,
  geographyFromBytes: (value: unknown) => value,
  uuidFromBytes: (value: unknown) => value,
};

export async function openParquet(source: RandomAccess, partBytes: number = PART_BYTES): Promise<ParquetFile> {
  const file: AsyncBuffer = {
    byteLength: source.sizeBytes,
    slice: (start, end) => source.read(start, end ?? source.sizeBytes),
  };
  if (source.sizeBytes < 12) throw unreadable(`it has ${source.sizeBytes} bytes`);
  const metadata = await translated(() => parquetMetadataAsync(file, { parsers, geoparquet: false }));
  const columns = columnsOf(metadata);
  removeAnnotations(metadata);
  const compressors = await loadCompressors();
  const options = { file, metadata, compressors, parsers, utf8: false, geoparquet: false };
  const scan = await translated(() => parquetScan(options));
  return {
    columns,
    ranges: (names) => rangesOf(metadata, new Set(names), partBytes),
    read: (column, [rowStart, rowEnd]) => translated(() => scan.readColumn({ column, rowStart, rowEnd })),
  };
}

/** The columns of a file that is in memory as a whole; undefined when it is none. */
export function columnsOfBytes(bytes: Uint8Array): readonly Node[] | undefined {
  try {
    return columnsOf(parquetMetadata(bytes, { parsers, geoparquet: false }));
  } catch {
    // A guess says what is there, not what is wrong.
    return undefined;
  }
}

function rangesOf(metadata: FileMetaData, names: ReadonlySet<string>, partBytes: number): [number, number][] {
  let from = 0;
  return metadata.row_groups.flatMap((group) => {
    const start = from;
    const rows = Number(group.num_rows);
    from += rows;
    const size = group.columns.reduce((sum, { meta_data: chunk }) => {
      if (chunk === undefined || !names.has(chunk.path_in_schema[0] ?? '')) return sum;
      return sum + Number(chunk.total_uncompressed_size) + Number(chunk.num_values) * VALUE_BYTES;
    }, 0);
    const partRows = Math.ceil(rows / Math.max(1, Math.ceil(size / partBytes)));
    const count = rows === 0 ? 0 : Math.ceil(rows / partRows);
    return Array.from({ length: count }, (_, part): [number, number] => [
      start + part * partRows,
      start + Math.min(rows, (part + 1) * partRows),
    ]);
  });
}

function columnsOf(metadata: FileMetaData): readonly Node[] {
  return parquetSchema(metadata).children.map(nodeOf);
}

function nodeOf(tree: SchemaTree): Node {
  const { element, children } = tree;
  const isRepeated = element.repetition_type === 'REPEATED';
  return { name: element.name, isRepeated, shape: shapeOf(element, children) };
}

function shapeOf(element: SchemaElement, children: readonly SchemaTree[]): Node['shape'] {
  const [inner] = children;
  // A variant's parts are bytes of a format of their own.
  if (inner === undefined || element.logical_type?.type === 'VARIANT') {
    return { kind: 'scalar', scalar: scalarOf(element) };
  }
  const isWrapper = children.length === 1 && inner.element.repetition_type === 'REPEATED';
  const wrapped = isWrapper ? wrappedShape(element, inner) : undefined;
  return wrapped ?? { kind: 'struct', members: children.map(nodeOf) };
}

/** Of lists and maps: they have a repeated group in between. */
function wrappedShape(element: SchemaElement, inner: SchemaTree): Node['shape'] | undefined {
  const [first, second] = inner.children;
  if (isList(element) && second === undefined) {
    // Without that group the repeated thing is the element.
    return { kind: 'list', element: first === undefined ? { ...nodeOf(inner), isRepeated: false } : nodeOf(first) };
  }
  if (!isMap(element) || first === undefined || second === undefined || inner.children.length > 2) return undefined;
  return { kind: 'map', entries: inner.element.name, key: nodeOf(first), value: nodeOf(second) };
}

function isList({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return converted === 'LIST' || logical?.type === 'LIST';
}

function isMap({ converted_type: converted, logical_type: logical }: SchemaElement): boolean {
  return converted === 'MAP' || converted === 'MAP_KEY_VALUE' || logical?.type === 'MAP';
}

/** Maps become structs of repeated structs: as objects they would lose repeated keys, and the types of all. */
function removeAnnotations(metadata: FileMetaData): void {
  for (const element of metadata.schema) {
    const keepsList = isList(element) && element.num_children !== undefined;
    delete element.converted_type;
    delete element.logical_type;
    if (keepsList) element.converted_type = 'LIST';
  }
}

async function translated<T>(call: () => T | Promise<T>): Promise<T> {
  try {
    return await call();
  } catch (error) {
    if (isRopewayError(error)) throw error;
    throw unreadable(error instanceof Error ? error.message : String(error), error);
  }
}

function unreadable(reason: string, cause?: unknown): Error {
  return parquetFileErrors.error('PARQUET_UNREADABLE', { reason: reason.replace(/\.$/, '') }, { cause });
}
