/** Types that today's writers rarely write: files of one column, made by hand. */
import { describe, expect, it } from 'vitest';
import type { ColumnType } from '#spi/schema.ts';
import { ThriftWriter } from '#codec/parquet/thrift-writer.ts';
import { columnsOfBytes } from './client.ts';
import { naturalTypeOf } from './node-words.ts';
import { readParquet } from '#test/kit/parquet-files.ts';

const mark = Buffer.from('PAR1');

/** A file of one required column `x` of one value. */
function fileOf(
  type: number,
  plain: Uint8Array,
  annotate: (element: ThriftWriter) => void,
  length?: number,
): Uint8Array {
  const header = new ThriftWriter();
  header.i32(1, 0);
  header.i32(2, plain.length);
  header.i32(3, plain.length);
  header.struct(5, () => {
    header.i32(1, 1);
    for (const [id, encoding] of [
      [2, 0],
      [3, 3],
      [4, 3],
    ] as const)
      header.i32(id, encoding);
  });
  header.end();
  const chunk = Buffer.concat([header.sink.view(), plain]);
  const footer = new ThriftWriter();
  footer.i32(1, 1);
  footer.list(2, 'struct', 2);
  footer.structElement(() => {
    footer.text(4, 'root');
    footer.i32(5, 1);
  });
  footer.structElement(() => {
    footer.i32(1, type);
    if (length !== undefined) footer.i32(2, length);
    footer.i32(3, 0);
    footer.text(4, 'x');
    annotate(footer);
  });
  footer.i64(3, 1);
  footer.list(4, 'struct', 1);
  footer.structElement(() => {
    footer.list(1, 'struct', 1);
    footer.structElement(() => {
      footer.i64(2, 0);
      footer.struct(3, () => {
        footer.i32(1, type);
        footer.list(2, 'i32', 1);
        footer.i32Element(0);
        footer.list(3, 'binary', 1);
        footer.textElement('x');
        footer.i32(4, 0);
        footer.i64(5, 1);
        footer.i64(6, chunk.length);
        footer.i64(7, chunk.length);
        footer.i64(9, mark.length);
      });
    });
    footer.i64(2, chunk.length);
    footer.i64(3, 1);
  });
  footer.end();
  const size = Buffer.alloc(4);
  size.writeUInt32LE(footer.sink.length);
  return Buffer.concat([mark, chunk, footer.sink.view(), size, mark]);
}

function int32(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeInt32LE(value);
  return bytes;
}

function int64(value: bigint): Buffer {
  const bytes = Buffer.alloc(8);
  bytes.writeBigInt64LE(value);
  return bytes;
}

const text = (bytes: Uint8Array): Buffer => Buffer.concat([int32(bytes.length), bytes]);
const converted = (kind: number) => (element: ThriftWriter) => element.i32(6, kind);
const decimal =
  (scale: number, precision: number) =>
  (element: ThriftWriter): void => {
    element.i32(6, 5);
    element.i32(7, scale);
    element.i32(8, precision);
  };
/** A member of the union of logical types. */
const logical = (id: number) => (element: ThriftWriter) => element.struct(10, () => element.struct(id, () => {}));
const plainType = (): void => {};

const [INT32, INT64, INT96, FLOAT, BYTE_ARRAY, FIXED] = [1, 2, 3, 4, 6, 7];

describe('parquetParser', () => {
  it.each<[string, Uint8Array, ColumnType, unknown]>([
    [
      'INT96',
      fileOf(INT96, Buffer.concat([int64(3_661_000_000_001n), int32(2_440_589)]), plainType),
      'timestamp',
      { seconds: 86_400 + 3661, nanos: 1 },
    ],
    [
      'INT96 before 1970',
      fileOf(INT96, Buffer.concat([int64(0n), int32(2_440_587)]), plainType),
      'timestamp',
      { seconds: -86_400, nanos: 0 },
    ],
    ['FLOAT', fileOf(FLOAT, Buffer.from(Float32Array.of(-0.1).buffer), plainType), 'double', Math.fround(-0.1)],
    ['FLOAT16', fileOf(FIXED, Buffer.of(0x00, 0xc2), logical(15), 2), 'double', -3],
    ['TIMESTAMP_MILLIS', fileOf(INT64, int64(-1n), converted(9)), 'timestamp', { seconds: -1, nanos: 999_000_000 }],
    ['TIMESTAMP_MICROS', fileOf(INT64, int64(1_000_001n), converted(10)), 'timestamp', { seconds: 1, nanos: 1000 }],
    ['TIME_MILLIS', fileOf(INT32, int32(3_723_004), converted(7)), 'string', '01:02:03.004'],
    ['TIME_MICROS', fileOf(INT64, int64(1n), converted(8)), 'string', '00:00:00.000001'],
    ['DATE', fileOf(INT32, int32(-1), converted(6)), 'timestamp', { seconds: -86_400, nanos: 0 }],
    ['DATE, logical only', fileOf(INT32, int32(1), logical(6)), 'timestamp', { seconds: 86_400, nanos: 0 }],
    ['UINT_8', fileOf(INT32, int32(200), converted(11)), 'long', 200n],
    ['UINT_32', fileOf(INT32, int32(-1), converted(13)), 'long', 4_294_967_295n],
    ['INT_8', fileOf(INT32, int32(-5), converted(15)), 'long', -5n],
    ['DECIMAL in 32 bits', fileOf(INT32, int32(-5), decimal(2, 9)), 'string', '-0.05'],
    ['DECIMAL in bytes', fileOf(BYTE_ARRAY, text(Buffer.of(0xff, 0x00)), decimal(1, 30)), 'string', '-25.6'],
    ['DECIMAL in no bytes', fileOf(BYTE_ARRAY, text(Buffer.of()), decimal(1, 30)), 'string', '0.0'],
    ['DECIMAL of fixed size', fileOf(FIXED, Buffer.of(0x7f, 0xff, 0xff), decimal(0, 6), 3), 'long', 8_388_607n],
    ['ENUM', fileOf(BYTE_ARRAY, text(Buffer.from('é')), converted(4)), 'string', 'é'],
    ['JSON', fileOf(BYTE_ARRAY, text(Buffer.from('{"a" : 1}')), converted(19)), 'json', '{"a":1}'],
    ['bytes', fileOf(BYTE_ARRAY, text(Buffer.from('plain')), plainType), 'string', 'plain'],
    ['bytes of fixed size', fileOf(FIXED, Buffer.from('abc'), plainType, 3), 'string', 'abc'],
  ])('reads %s', async (_title, bytes, type, value) => {
    const nodes = columnsOfBytes(bytes) ?? [];
    expect(nodes.map((node) => [node.name, naturalTypeOf(node)])).toEqual([['x', type]]);
    expect(await readParquet(bytes, [{ name: 'x', type }])).toEqual({ rows: [[value]], rejected: [] });
  });

  it('leaves out a timestamp of milliseconds that is too far away for microseconds', async () => {
    const bytes = fileOf(INT64, int64(2n ** 62n), converted(9));
    const { rows, rejected } = await readParquet(bytes, [{ name: 'x', type: 'timestamp' }]);
    expect([rows, rejected.length]).toEqual([[], 1]);
  });

  it('refuses what it does not know how to read', async () => {
    const bytes = fileOf(BYTE_ARRAY, text(Buffer.of(5, 0, 0, 0, 0)), converted(20));
    await expect(readParquet(bytes, [{ name: 'x', type: 'string' }])).rejects.toMatchObject({
      code: 'PARQUET_UNSUPPORTED',
      message: "The column 'x' is BSON in the Parquet file, which Ropeway does not read.",
    });
  });
});
