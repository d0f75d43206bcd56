/** Chooses, orders, copies, adds and drops columns. Columns that are only chosen are passed on as they are. */
import type { Vector } from '#spi/batch.ts';
import type { Filter } from '#spi/records.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { constantColumn, filledColumn } from '#codec/cells/fixed-value.ts';
import { isJsonPath } from '#codec/json/path.ts';
import type { ColumnConfig, ColumnEntry } from './config.ts';
import { defaultOf } from './defaults.ts';
import type { EntryPath } from './defaults.ts';
import { columnErrors } from './errors.ts';
import { jsonPasses } from './json-passes.ts';

/** A column of the output, and how it is made. */
interface Made {
  readonly column: Column;
  readonly vector: (input: readonly Vector[], rowCount: number) => Vector;
}

export const column: Filter<ColumnConfig> = {
  isRowwise: true,

  open(config, input) {
    checkOptions(config);
    const made = [
      // `columns` that are all JSON paths are about the insides of columns: those themselves stay.
      ...(entries(config, 'columns').length > 0 ? chosen(config, input) : kept(config, input)),
      ...entries(config, 'add_columns').map(([entry, path]) => added(entry, path, config, input)),
    ];
    const schema: Schema = { columns: made.map((each) => each.column) };
    const passes = jsonPasses(config, schema);
    return {
      schema,
      apply(batch) {
        const vectors = made.map(({ vector }) => vector(batch.vectors, batch.rowCount));
        // Every pass is on a column of the schema.
        for (const { index, apply } of passes) vectors[index] = apply(vectors[index] as Vector, batch.rowCount);
        return { schema, rowCount: batch.rowCount, vectors };
      },
    };
  },
};

function checkOptions({ columns, add_columns: adds, drop_columns: drops }: ColumnConfig): void {
  if (columns.length > 0 && drops.length > 0) {
    const params = { reason: '`columns` and `drop_columns` are both given' };
    throw columnErrors.error('COLUMN_OPTIONS', params, { where: { path: ['drop_columns'] } });
  }
  if (columns.length + adds.length + drops.length > 0) return;
  throw columnErrors.error('COLUMN_OPTIONS', {
    reason: 'none of `columns`, `add_columns` and `drop_columns` is given',
  });
}

/** The entries that are about whole columns. */
function entries(config: ColumnConfig, list: EntryPath[0]): (readonly [ColumnEntry, EntryPath])[] {
  return config[list].map((entry, index) => [entry, [list, index]] as const).filter(([{ name }]) => !isJsonPath(name));
}

function kept(config: ColumnConfig, input: Schema): Made[] {
  const dropped = new Set(config.drop_columns.map(({ name }) => name));
  return input.columns.flatMap((each, index) => (dropped.has(each.name) ? [] : [copied(each, index)]));
}

function copied(each: Column, index: number): Made {
  return { column: each, vector: (input) => input[index] as Vector }; // an index of the schema
}

function chosen(config: ColumnConfig, input: Schema): Made[] {
  return entries(config, 'columns').map(([entry, path]) => {
    const index = columnIndex(input, entry.src ?? entry.name);
    if (index >= 0) return taken(entry, index, path, { config, input });
    if (entry.src !== undefined) return refuse(entry, path, input, `there is no column '${entry.src}'`);
    return constant(entry, path, config, input);
  });
}

function added(entry: ColumnEntry, path: EntryPath, config: ColumnConfig, input: Schema): Made {
  if (entry.src === undefined) return constant(entry, path, config, input);
  const index = columnIndex(input, entry.src);
  if (index < 0) return refuse(entry, path, input, `there is no column '${entry.src}'`);
  return taken(entry, index, path, { config, input });
}

function taken(
  entry: ColumnEntry,
  index: number,
  path: EntryPath,
  { config, input }: { readonly config: ColumnConfig; readonly input: Schema },
): Made {
  const source = input.columns[index] as Column; // the caller has found it
  const made = copied({ ...source, name: entry.name }, index);
  const value = defaultOf(entry, source.type, config, path);
  if (value === undefined) return made;
  const fill = filledColumn(source.type, value);
  return { column: made.column, vector: (vectors, rowCount) => fill(made.vector(vectors, rowCount), rowCount) };
}

function constant(entry: ColumnEntry, path: EntryPath, config: ColumnConfig, input: Schema): Made {
  const { name, type } = entry;
  if (type === undefined || entry.default === undefined) {
    const missing = type === undefined ? 'type' : 'default';
    return refuse(entry, path, input, `the input has no such column, and \`${missing}\` is not given`);
  }
  const value = defaultOf(entry, type, config, path);
  if (value === undefined) return refuse(entry, path, input, 'it has no default');
  const vector = constantColumn(type, value);
  return { column: { name, type }, vector: (_, rowCount) => vector(rowCount) };
}

function refuse({ name }: ColumnEntry, path: EntryPath, input: Schema, reason: string): never {
  const known = input.columns.map((each) => each.name).join(', ');
  throw columnErrors.error('COLUMN_SOURCE', { name, reason, known }, { where: { path } });
}
