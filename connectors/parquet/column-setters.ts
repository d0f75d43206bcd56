/** From a value of the file into the current row of a batch: one function for each column, chosen once. */
import type { BatchBuilder } from '#spi/batch-builder.ts';
import type { ColumnType } from '#spi/schema.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { canonicalizeJson } from '#codec/json/canonical.ts';
import type { Node } from './client.ts';
import { doubleOf, jsonOf, longOf, textBytesOf, textOf, timestampOf } from './conversions.ts';
import type { Scalar, ScalarKind } from './scalars.ts';

/** Sets the column of the builder's current row to a value that is not null; false when it cannot hold it. */
export type Setter = (builder: BatchBuilder, column: number, value: unknown) => boolean;

type Kind = ScalarKind['kind'];
const numbers: readonly Kind[] = ['integer', 'decimal', 'double', 'half', 'null'];
const sources: Readonly<Record<'boolean' | 'long' | 'double' | 'timestamp', readonly Kind[]>> = {
  boolean: ['boolean', 'null'],
  long: numbers,
  double: numbers,
  timestamp: ['timestamp', 'date', 'null'],
};

/** Undefined when no value of the file's column can be one of this type. */
export function setterOf(node: Node, type: ColumnType): Setter | undefined {
  const { shape } = node;
  if (type === 'json') return jsonSetter(node);
  if (shape.kind !== 'scalar' || node.isRepeated) return type === 'string' ? nestedTextSetter(node) : undefined;
  const { scalar } = shape;
  if (type === 'string') return stringSetter(scalar);
  return sources[type].includes(scalar.kind) ? valueSetter(scalar, type) : undefined;
}

function valueSetter(scalar: Scalar, type: 'boolean' | 'long' | 'double' | 'timestamp'): Setter {
  switch (type) {
    case 'boolean':
      return (builder, column, value) => {
        builder.setBoolean(column, value === true);
        return true;
      };
    case 'long':
      return (builder, column, value) => {
        const long = longOf(scalar, value);
        if (long !== undefined) builder.setLong(column, long);
        return long !== undefined;
      };
    case 'double':
      return (builder, column, value) => {
        const double = doubleOf(scalar, value);
        if (double !== undefined) builder.setDouble(column, double);
        return double !== undefined;
      };
    case 'timestamp':
      return (builder, column, value) => {
        const timestamp = timestampOf(scalar, value);
        if (timestamp !== undefined) builder.setTimestamp(column, timestamp.seconds, timestamp.nanos);
        return timestamp !== undefined;
      };
  }
}

function stringSetter(scalar: Scalar): Setter {
  if (scalar.kind !== 'text' && scalar.kind !== 'bytes' && scalar.kind !== 'json') {
    return (builder, column, value) => {
      const text = textOf(scalar, value);
      if (text !== undefined) builder.setString(column, text);
      return text !== undefined;
    };
  }
  return (builder, column, value) => {
    const bytes = textBytesOf(scalar, value);
    if (bytes === undefined) return false;
    const start = builder.arena.length;
    builder.arena.writeBytes(bytes);
    builder.setText(column, start);
    return true;
  };
}

function nestedTextSetter(node: Node): Setter {
  return (builder, column, value) => {
    const text = jsonOf(node, value);
    if (text !== undefined) builder.setString(column, text);
    return text !== undefined;
  };
}

/** JSON of the file's own may be written in any way; ours is canonical. */
function jsonSetter(node: Node): Setter {
  const text = new ByteSink(256);
  return (builder, column, value) => {
    const json = jsonOf(node, value);
    if (json === undefined) return false;
    text.clear();
    text.writeString(json);
    const start = builder.arena.length;
    const flags = canonicalizeJson(text.view(), 0, text.length, builder.arena);
    if (flags < 0) return false;
    builder.setText(column, start, flags);
    return true;
  };
}
