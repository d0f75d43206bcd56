/** Puts the texts of a column into capitals. */
import { isNull, stringAt } from 'ropeway/spi/batch.js';
import type { Filter } from 'ropeway/spi/records.js';
import { VectorBuilder } from 'ropeway/spi/vector-builder.js';
import type { MyPluginConfig } from './config.ts';
import { myPluginErrors } from './errors.ts';

export const myPlugin: Filter<MyPluginConfig> = {
  isRowwise: true,

  open({ column }, schema) {
    const index = schema.columns.findIndex(({ name, type }) => name === column && type === 'string');
    if (index < 0) {
      const texts = schema.columns.filter(({ type }) => type === 'string');
      const params = { name: column, known: texts.map(({ name }) => name).join(', ') || 'none' };
      throw myPluginErrors.error('MY_PLUGIN_COLUMN', params, { where: { path: ['column'] } });
    }
    // Its memory is used again for every batch.
    const capitals = new VectorBuilder('string');
    return {
      schema,
      apply(batch) {
        const texts = batch.vectors[index];
        if (texts === undefined) return batch;
        capitals.begin(batch.rowCount);
        for (let row = 0; row < batch.rowCount; row++) {
          if (!isNull(texts, row)) capitals.setString(row, stringAt(texts, row).toUpperCase());
        }
        // A batch that was received is never changed: columns that stay are passed on, the other one is new.
        return { ...batch, vectors: batch.vectors.with(index, capitals.take()) };
      },
    };
  },
};
