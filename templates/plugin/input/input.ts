/** Records with ids that count up. A run takes up where the one before ended. */
import { BatchBuilder } from 'ropeway/spi/batch-builder.js';
import type { Input } from 'ropeway/spi/records.js';
import type { Schema } from 'ropeway/spi/schema.js';
import type { MyPluginConfig } from './config.ts';
import { myPluginErrors } from './errors.ts';

const schema: Schema = {
  columns: [
    { name: 'id', type: 'long' },
    { name: 'name', type: 'string' },
  ],
};

/** Plain JSON: it may be read by another thread, or by a later run that takes up this one. */
interface Task {
  readonly [key: string]: number;
  readonly from: number;
  readonly to: number;
}

export const myPlugin: Input<MyPluginConfig, Task> = {
  async plan({ records, tasks: count, last_id: last }) {
    const end = last + records * count;
    if (!Number.isSafeInteger(end)) {
      throw myPluginErrors.error('MY_PLUGIN_TOO_MANY', { last: end, limit: Number.MAX_SAFE_INTEGER });
    }
    const tasks = Array.from({ length: count }, (_, index) => ({
      from: last + index * records + 1,
      to: last + (index + 1) * records,
    }));
    return { schema, tasks };
  },

  async *read(_config, { from, to }, _schema, ctx) {
    const builder = new BatchBuilder(schema);
    for (let id = from; id <= to; id++) {
      builder.setLong(0, BigInt(id));
      builder.setString(1, `record ${id}`);
      builder.endRow();
      if (!builder.isFull) continue;
      const batch = builder.take();
      // The engine pulls: nothing more is made until this batch has been used.
      if (batch !== undefined) yield batch;
      if (ctx.signal.aborted) break;
    }
    const rest = builder.take();
    if (rest !== undefined) yield rest;
    return { last_id: to };
  },

  /** Once, after everything is committed: what the next run should begin with. */
  async commit({ last_id: last }, tasks) {
    return { last_id: Math.max(last, ...tasks.map(({ to }) => to)) };
  },
};
