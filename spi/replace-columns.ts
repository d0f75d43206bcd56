/** Filters that change single columns, each for itself, and pass the others on. */
import type { Batch, Vector } from './batch.ts';
import type { FilterFaults, FilterStream } from './records.ts';
import type { Column, ColumnType, Schema } from './schema.ts';

/** What makes a new vector of one column. */
export interface ColumnStep {
  /** One of the input's columns. */
  readonly index: number;
  /** The type that the column has afterwards. */
  readonly type: ColumnType;
  /** Its new name, when it gets one. */
  readonly name?: string | undefined;
  readonly apply: (vector: Vector, rowCount: number, faults: FilterFaults) => Vector;
}

/** The stream that does these steps, one after the other; several may be about one column. */
export function replaceColumns(input: Schema, steps: readonly ColumnStep[]): FilterStream {
  const columns = [...input.columns];
  // Every step's index is one of the schema's.
  for (const step of steps) columns[step.index] = changed(columns[step.index] as Column, step);
  const schema: Schema = { columns };
  return {
    schema,
    apply(batch, faults): Batch {
      const vectors = [...batch.vectors];
      for (const { index, apply } of steps) vectors[index] = apply(vectors[index] as Vector, batch.rowCount, faults);
      return { schema, rowCount: batch.rowCount, vectors };
    },
  };
}

/** A column of another type has not the format that its texts were read with. */
function changed(column: Column, { type, name = column.name }: ColumnStep): Column {
  return type === column.type ? { ...column, name } : { name, type };
}
