/** Values that are written in a config: as values of a type, and as columns. */
import { isNull, valueAt } from '#spi/batch.ts';
import type { Timestamp, Vector } from '#spi/batch.ts';
import type { ColumnType } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { parseBoolean } from '#codec/number/boolean.ts';
import { parseDouble } from '#codec/number/double.ts';
import { parseLong } from '#codec/number/long.ts';
import { parseJsonText } from './cast.ts';
import { copyText, setScalar } from './scalar.ts';
import type { Scalar } from './scalar.ts';

/** What a text of the type is, for messages. */
export const scalarWords: Readonly<Record<ColumnType, string>> = {
  boolean: 'true or false',
  long: 'a whole number of 64 bits',
  double: 'a number',
  string: 'a text',
  timestamp: 'a timestamp in the format',
  json: 'one JSON value',
};

/** The text as a value of the type; undefined when it is none. How timestamps are read the caller knows. */
export function scalarOfText(
  text: string,
  type: ColumnType,
  readTimestamp: () => Timestamp | undefined,
): Scalar | undefined {
  switch (type) {
    case 'boolean':
      return parseBoolean(text);
    case 'long':
      return parseLong(text);
    case 'double':
      return parseDouble(text);
    case 'string':
      return text;
    case 'json':
      return parseJsonText(text);
    case 'timestamp':
      return readTimestamp();
  }
}

/** Gives columns of one value, as long as they are asked for. */
export function constantColumn(type: ColumnType, value: Scalar): (rowCount: number) => Vector {
  const builder = new VectorBuilder(type);
  let made: { readonly rowCount: number; readonly vector: Vector } | undefined;
  return (rowCount) => {
    if (made !== undefined && made.rowCount >= rowCount) return made.vector;
    builder.begin(rowCount);
    for (let row = 0; row < rowCount; row++) setScalar(builder, row, value);
    made = { rowCount, vector: builder.take() };
    return made.vector;
  };
}

/** Whether the cell of the vector's row is one that is filled. */
export type IsMissing = (vector: Vector, row: number) => boolean;

/** Gives the column with the value in place of what is missing: nulls, if nothing else is said. */
export function filledColumn(
  type: ColumnType,
  value: Scalar,
  isMissing: IsMissing = isNull,
): (vector: Vector, rowCount: number) => Vector {
  const builder = new VectorBuilder(type);
  return (vector, rowCount) => {
    if (!hasMissing(vector, rowCount, isMissing)) return vector;
    builder.begin(rowCount);
    for (let row = 0; row < rowCount; row++) {
      if (isMissing(vector, row)) setScalar(builder, row, value);
      else if (type === 'string' || type === 'json') copyText(builder, row, vector);
      // Neither null nor json: the value is a scalar of its type.
      else setScalar(builder, row, valueAt(vector, row) as Scalar);
    }
    return builder.take();
  };
}

function hasMissing(vector: Vector, rowCount: number, isMissing: IsMissing): boolean {
  for (let row = 0; row < rowCount; row++) if (isMissing(vector, row)) return true;
  return false;
}
