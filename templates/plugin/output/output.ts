/** Files of JSON lines, which get their names when the whole run has succeeded. */
import { access, open, rename, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { valueAt } from 'ropeway/spi/batch.js';
import type { Batch } from 'ropeway/spi/batch.js';
import type { Output } from 'ropeway/spi/records.js';
import type { MyPluginConfig } from './config.ts';
import { myPluginErrors } from './errors.ts';

/** Plain JSON: tasks may be run by other threads. */
interface Plan {
  readonly [key: string]: number;
  readonly taskCount: number;
}

export const myPlugin: Output<MyPluginConfig, Plan> = {
  async plan({ folder }, _schema, taskCount) {
    // What cannot work is said before anything is read.
    await access(folder).catch((cause: unknown) => {
      throw myPluginErrors.error('MY_PLUGIN_FOLDER', { folder }, { where: { path: ['folder'] }, cause });
    });
    return { taskCount };
  },

  async open({ folder }, _plan, _schema, ctx) {
    const part = partOf(folder, ctx.taskIndex);
    const file = await open(part, 'w');
    let records = 0;
    return {
      async write(batch) {
        records += batch.rowCount;
        // The batch is lent: when this promise resolves, its memory is used for the next one.
        await file.appendFile(linesOf(batch));
      },
      async close() {
        await file.close();
        return { records };
      },
      async abort() {
        await file.close();
        await rm(part, { force: true });
      },
    };
  },

  /** Once, after all tasks. May be called again after a crash in its middle: what has its name is left alone. */
  async commit({ folder }, { taskCount }, reports, ctx) {
    for (let task = 0; task < taskCount; task++) {
      const part = partOf(folder, task);
      const isThere = await access(part).then(
        () => true,
        () => false,
      );
      if (isThere) await rename(part, join(folder, `task_${task}.jsonl`));
    }
    ctx.log.info('Wrote files of JSON lines.', { folder, files: reports.length });
    return {};
  },

  async cleanup({ folder }, { taskCount }) {
    for (let task = 0; task < taskCount; task++) await rm(partOf(folder, task), { force: true });
  },
};

function partOf(folder: string, task: number): string {
  return join(folder, `.task_${task}.jsonl.part`);
}

function linesOf({ schema, vectors, rowCount }: Batch): string {
  let lines = '';
  for (let row = 0; row < rowCount; row++) {
    const record = Object.fromEntries(
      schema.columns.map(({ name }, index) => {
        const vector = vectors[index];
        return [name, vector === undefined ? null : valueAt(vector, row)];
      }),
    );
    // Whole numbers have 64 bits: beyond what JavaScript's numbers hold they stay texts.
    lines += `${JSON.stringify(record, (_key, value: unknown) => (typeof value === 'bigint' ? String(value) : value))}\n`;
  }
  return lines;
}
