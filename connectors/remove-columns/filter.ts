/** Drops columns. Only the list of vectors changes: rows are not touched. */
import { columnIndex } from '#spi/schema.ts';
import type { Column, Schema } from '#spi/schema.ts';
import type { Filter } from '#spi/records.ts';
import { removeColumnsErrors } from './errors.ts';
import type { RemoveColumnsConfig } from './config.ts';

export const removeColumns: Filter<RemoveColumnsConfig> = {
  isRowwise: true,

  open(config, input) {
    const kept = keptColumns(config, input);
    // Every index in `kept` is one of the schema's, and a batch has a vector for each.
    const schema: Schema = { columns: kept.map((index) => input.columns[index] as Column) };
    return {
      schema,
      apply: (batch) => ({
        schema,
        rowCount: batch.rowCount,
        vectors: kept.map((index) => batch.vectors[index] as (typeof batch.vectors)[number]),
      }),
    };
  },
};

function keptColumns(config: RemoveColumnsConfig, input: Schema): readonly number[] {
  const { remove, keep } = config;
  if ((remove === undefined) === (keep === undefined)) {
    throw removeColumnsErrors.error('REMOVE_COLUMNS_MODE', { found: remove === undefined ? 'none' : 'both' });
  }
  const key = remove === undefined ? 'keep' : 'remove';
  const names = remove ?? keep ?? [];
  for (const [index, name] of names.entries()) {
    if (config.accept_unmatched_columns || columnIndex(input, name) >= 0) continue;
    const known = input.columns.map((column) => column.name).join(', ');
    throw removeColumnsErrors.error('REMOVE_COLUMNS_UNMATCHED', { name, known }, { where: { path: [key, index] } });
  }
  const named = new Set(names);
  return input.columns.flatMap((column, index) => (named.has(column.name) === (key === 'keep') ? [index] : []));
}
