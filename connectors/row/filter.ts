/** Keeps the records that meet a condition. */
import type { Batch } from '#spi/batch.ts';
import type { Filter } from '#spi/records.ts';
import type { Schema } from '#spi/schema.ts';
import { selectRows } from '#spi/select-rows.ts';
import { RegexWatch } from '#codec/regex/time-limit.ts';
import { compileWhere } from './compile.ts';
import type { Compiled } from './compile.ts';
import { compileConditions } from './conditions.ts';
import type { RowConfig } from './config.ts';
import { rowErrors } from './errors.ts';

export const row: Filter<RowConfig> = {
  isRowwise: true,

  open(config, input) {
    const watch = new RegexWatch();
    const { passes, hasRegex } = compileConfig(config, input, watch);
    let rows = new Uint32Array(0);
    const select = ({ rowCount, vectors }: Batch): number => {
      let count = 0;
      for (let at = 0; at < rowCount; at++) if (passes(vectors, at)) rows[count++] = at;
      return count;
    };
    return {
      schema: input,
      apply(batch) {
        if (rows.length < batch.rowCount) rows = new Uint32Array(batch.rowCount);
        const count = hasRegex ? watch.run(() => select(batch)) : select(batch);
        if (count === batch.rowCount) return batch;
        return count === 0 ? undefined : selectRows(batch, rows, count);
      },
    };
  },
};

function compileConfig({ where, conditions, condition }: RowConfig, input: Schema, watch: RegexWatch): Compiled {
  if (where !== undefined && conditions === undefined) return compileWhere(where, input, watch);
  if (where === undefined && conditions !== undefined) return compileConditions(conditions, condition, input, watch);
  throw rowErrors.error('ROW_OPTIONS', { found: where === undefined ? 'none' : 'both' });
}
