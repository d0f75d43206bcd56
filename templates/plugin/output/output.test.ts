import assert from 'node:assert/strict';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { BatchBuilder } from 'ropeway/spi/batch-builder.js';
import type { TaskContext } from 'ropeway/spi/context.js';
import type { Schema } from 'ropeway/spi/schema.js';
import { myPlugin } from './output.ts';

const schema: Schema = { columns: [{ name: 'id', type: 'long' }] };
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

test('shows nothing before the commit', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'my-plugin-'));
  const plan = await myPlugin.plan({ folder }, schema, 1, context);
  const sink = await myPlugin.open({ folder }, plan, schema, context);
  const builder = new BatchBuilder(schema);
  builder.setLong(0, 5n);
  builder.endRow();
  const batch = builder.take();
  assert.ok(batch);
  await sink.write(batch);
  const report = await sink.close();
  assert.deepEqual(
    (await readdir(folder)).filter((name) => !name.startsWith('.')),
    [],
  );
  await myPlugin.commit({ folder }, plan, [report], context);
  assert.equal(await readFile(join(folder, 'task_0.jsonl'), 'utf8'), '{"id":"5"}\n');
  await rm(folder, { recursive: true });
});
