/** The text of any cell, as Java prints its value. */
import { CELL_CANONICAL, CELL_SURROGATE, cellFlags, textLength, textStart, timestampAt } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import { formatDouble } from '#codec/number/double.ts';
import type { TimestampFormatter } from '#codec/time/timestamp-formatter.ts';

/** Writes the text of a cell that is not null, json as it is. Returns the flags for a string cell of this text. */
export function writeCellText(sink: ByteSink, vector: Vector, row: number, formatter: TimestampFormatter): number {
  const start = textStart(vector, row);
  const end = start + textLength(vector, row);
  const flags = cellFlags(vector, row);
  switch (vector.type) {
    case 'boolean':
      sink.writeAscii(vector.values[row] === 1 ? 'true' : 'false');
      return 0;
    case 'long':
      if (flags & CELL_CANONICAL) sink.writeBytes(vector.arena, start, end);
      else sink.writeAscii(String(vector.values[row]));
      return 0;
    case 'double':
      if (flags & CELL_CANONICAL) sink.writeBytes(vector.arena, start, end);
      // The row is one of the vector's.
      else sink.writeAscii(formatDouble(vector.values[row] as number));
      return 0;
    case 'timestamp': {
      const { seconds, nanos } = timestampAt(vector, row);
      formatter.write(sink, seconds, nanos);
      return 0;
    }
    case 'string':
    case 'json':
      sink.writeBytes(vector.arena, start, end);
      return flags & CELL_SURROGATE;
  }
}
