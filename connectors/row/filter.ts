/** Keeps the records that meet a condition. */
import type { Filter } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import { selectRows } from '#spi/select-rows.ts';
import { compileConditions, compileWhere } from './compile.ts';
import type { RowConfig } from './config.ts';
import { rowErrors } from './errors.ts';
import type { Predicate } from './predicates.ts';

export const row: Filter<RowConfig> = {
  isRowwise: true,

  open(config, input) {
    const passes = compileConfig(config, input);
    let rows = new Uint32Array(0);
    return {
      schema: input,
      apply(batch) {
        if (rows.length < batch.rowCount) rows = new Uint32Array(batch.rowCount);
        let count = 0;
        for (let at = 0; at < batch.rowCount; at++) if (passes(batch.vectors, at)) rows[count++] = at;
        if (count === batch.rowCount) return batch;
        return count === 0 ? undefined : selectRows(batch, rows, count);
      },
    };
  },
};

function compileConfig({ where, conditions, condition }: RowConfig, input: Schema): Predicate {
  if (where !== undefined && conditions === undefined) return compileWhere(where, input);
  if (where === undefined && conditions !== undefined) {
    return compileConditions(conditions, condition.toUpperCase() === 'AND', input);
  }
  throw rowErrors.error('ROW_OPTIONS', { found: where === undefined ? 'none' : 'both' });
}
