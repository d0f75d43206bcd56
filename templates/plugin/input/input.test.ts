import assert from 'node:assert/strict';
import { test } from 'node:test';
import { valueAt } from 'ropeway/spi/batch.js';
import type { TaskContext } from 'ropeway/spi/context.js';
import { myPluginConfig } from './config.ts';
import { myPlugin } from './input.ts';

const context: TaskContext = {
  log: { error() {}, warn() {}, info() {}, debug() {} },
  signal: new AbortController().signal,
  tempDir: async () => '/nowhere',
  transactionTime: new Date(0),
  isPreview: false,
  taskIndex: 0,
  reject: () => assert.fail('nothing is rejected'),
  progress: () => {},
};

test('goes on behind the last id', async () => {
  const config = myPluginConfig.parse({ records: 2, last_id: 10 });
  const { schema, tasks } = await myPlugin.plan(config, context);
  const ids: unknown[] = [];
  for (const task of tasks) {
    for await (const batch of myPlugin.read(config, task, schema, context)) {
      const [column] = batch.vectors;
      for (let row = 0; row < batch.rowCount && column; row++) ids.push(valueAt(column, row));
    }
  }
  assert.deepEqual(ids, [11n, 12n]);
  assert.deepEqual(await myPlugin.commit?.(config, tasks, [], context), { last_id: 12 });
});
