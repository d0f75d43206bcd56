/** Renames columns. Only the schema changes: rows are not touched. */
import { withSchema } from '#spi/batch.ts';
import type { Filter } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import type { RenameConfig } from './config.ts';
import { renameErrors } from './errors.ts';
import { applyRule } from './rules.ts';

export const rename: Filter<RenameConfig> = {
  isRowwise: true,

  open(config, input) {
    const names = config.rules.reduce<readonly string[]>(
      (current, rule, index) => applyRule(rule, current, ['rules', index]),
      renamed(config, input),
    );
    const schema: Schema = {
      columns: input.columns.map((column, index) => ({ ...column, name: names[index] ?? column.name })),
    };
    return { schema, apply: (batch) => withSchema(batch, schema) };
  },
};

function renamed(config: RenameConfig, input: Schema): readonly string[] {
  const before = input.columns.map(({ name }) => name);
  for (const name of Object.keys(config.columns)) {
    if (before.includes(name)) continue;
    const params = { name, known: before.join(', ') };
    throw renameErrors.error('RENAME_COLUMN_NOT_FOUND', params, { where: { path: ['columns', name] } });
  }
  return before.map((name) => (Object.hasOwn(config.columns, name) ? (config.columns[name] ?? name) : name));
}
