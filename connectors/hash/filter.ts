/** Replaces values by digests of their texts. */
import { bytesAt, cellFlags, CELL_SURROGATE, isNull, stringAt } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import type { Filter } from '#spi/records.ts';
import { replaceColumns } from '#spi/replace-columns.ts';
import type { ColumnStep } from '#spi/replace-columns.ts';
import { columnIndex } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { writeCellText } from '#codec/cells/cell-text.ts';
import { writeMsgpackText } from '#codec/json/msgpack-text.ts';
import { instantFormatter } from '#codec/time/instant-text.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';
import type { HashConfig } from './config.ts';
import { digestOf } from './digests.ts';
import type { Digest } from './digests.ts';
import { hashErrors } from './errors.ts';

export const hash: Filter<HashConfig> = {
  isRowwise: true,

  open(config, input) {
    const steps = config.columns.map((column, position): ColumnStep => {
      const index = columnIndex(input, column.name);
      const path = ['columns', position];
      if (index < 0) {
        const params = { name: column.name, known: input.columns.map(({ name }) => name).join(', ') };
        throw hashErrors.error('HASH_COLUMN', params, { where: { path: [...path, 'name'] } });
      }
      return { index, type: 'string', name: column.new_name, apply: hashedColumn(digestOf(column, path)) };
    });
    return replaceColumns(input, steps);
  },
};

function hashedColumn(digest: Digest): (vector: Vector, rowCount: number) => Vector {
  const builder = new VectorBuilder('string');
  const formatter = instantFormatter();
  const scratch = new ByteSink(256);
  return (vector, rowCount) => {
    builder.begin(rowCount);
    for (let row = 0; row < rowCount; row++) {
      if (isNull(vector, row)) continue;
      const text = hashedText(scratch, vector, row, formatter);
      const start = builder.arena.length;
      builder.arena.writeAscii(digest(text));
      builder.setText(row, start);
    }
    return builder.take();
  };
}

/** The bytes that are hashed; borrowed. */
function hashedText(scratch: ByteSink, vector: Vector, row: number, formatter: TimestampFormatter): Uint8Array {
  // Java's UTF-8 has a question mark for half a character.
  if (cellFlags(vector, row) & CELL_SURROGATE) return Buffer.from(stringAt(vector, row).replaceAll(/\p{Cs}/gu, '?'));
  const bytes = bytesAt(vector, row);
  if (vector.type === 'string') return bytes;
  scratch.clear();
  if (vector.type === 'json') writeMsgpackText(scratch, bytes, 0, bytes.length);
  else writeCellText(scratch, vector, row, formatter);
  return scratch.view();
}
