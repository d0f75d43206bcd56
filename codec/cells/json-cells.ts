/** Values inside json columns: which column a path leads into, and vectors in which such values are others. */
import { bytesAt, CELL_SURROGATE, cellFlags, isNull } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Schema } from '#spi/schema.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { parseJsonPath, rewriteJson } from '#codec/json/path.ts';
import type { JsonEdit, JsonStep } from '#codec/json/path.ts';
import type { Cast } from './cast.ts';
import { scalarOfJson, writeScalarJson } from './scalar.ts';
import type { Scalar } from './scalar.ts';

/** A path that begins with the name of a json column. */
export interface ColumnPath {
  readonly index: number;
  /** From the column's value on. */
  readonly steps: readonly JsonStep[];
  /** The whole path, in bracket form. */
  readonly text: string;
}

/** The json column that the path (`$.column.name`) leads into; a text is the reason why it cannot be used. */
export function columnStep(text: string, input: Schema): ColumnPath | string {
  const path = parseJsonPath(text);
  if (typeof path === 'string') return path;
  const [first, ...steps] = path.steps;
  if (first?.kind !== 'name') return 'a path begins with the name of a json column';
  const index = columnIndex(input, first.name);
  const column = input.columns[index];
  if (column === undefined) return `there is no column '${first.name}'`;
  if (column.type !== 'json') return `the column '${first.name}' is not json but ${column.type}`;
  if (steps.length === 0) return 'the path leads to a whole column: write its name alone';
  return { index, steps, text: path.text };
}

/** Makes json vectors in which the values at a path are others. */
export class JsonCells {
  readonly #steps: readonly JsonStep[];
  readonly #builder = new VectorBuilder('json');

  constructor(steps: readonly JsonStep[]) {
    this.#steps = steps;
  }

  /** The new vector; borrowed until the next call. */
  rewrite(vector: Vector, rowCount: number, edit: JsonEdit): Vector {
    const builder = this.#builder;
    builder.begin(rowCount);
    for (let row = 0; row < rowCount; row++) {
      if (isNull(vector, row)) continue;
      const start = builder.arena.length;
      rewriteJson(builder.arena, bytesAt(vector, row), 0, this.#steps, edit);
      builder.setText(row, start, cellFlags(vector, row) & CELL_SURROGATE);
    }
    return builder.take();
  }
}

/** The edit that casts values; null stays, and what cannot be cast becomes null and is told. */
export function castJson(cast: Cast, tell: (value: Scalar) => void): JsonEdit {
  return (sink: ByteSink, bytes, start, end) => {
    const value = scalarOfJson(bytes, start, end);
    if (value === undefined) {
      sink.writeAscii('null');
      return;
    }
    const length = sink.length;
    const result = cast(value);
    if (result !== undefined && writeScalarJson(sink, result)) return;
    sink.length = length;
    sink.writeAscii('null');
    tell(value);
  };
}
