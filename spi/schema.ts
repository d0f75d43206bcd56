/** The six types of a column. `timestamp` is an instant with nanoseconds, without a zone. */
export type ColumnType = 'boolean' | 'long' | 'double' | 'string' | 'timestamp' | 'json';

export const columnTypes: readonly ColumnType[] = ['boolean', 'long', 'double', 'string', 'timestamp', 'json'];

export interface Column {
  readonly name: string;
  readonly type: ColumnType;
  /** The timestamp format of the parser's column setting; outputs that print timestamps may use it. */
  readonly format?: string;
}

/** Columns in order. Names may repeat; a look-up by name finds the first. */
export interface Schema {
  readonly columns: readonly Column[];
}

/** The index of the first column of that name, or -1. */
export function columnIndex(schema: Schema, name: string): number {
  return schema.columns.findIndex((column) => column.name === name);
}
