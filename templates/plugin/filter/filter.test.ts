import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchBuilder } from 'ropeway/spi/batch-builder.js';
import { stringAt } from 'ropeway/spi/batch.js';
import type { Context } from 'ropeway/spi/context.js';
import type { Schema } from 'ropeway/spi/schema.js';
import { myPlugin } from './filter.ts';

const schema: Schema = { columns: [{ name: 'country', type: 'string' }] };
const context: Context = {
  log: { error() {}, warn() {}, info() {}, debug() {} },
  signal: new AbortController().signal,
  tempDir: async () => '/nowhere',
  transactionTime: new Date(0),
  isPreview: false,
};

const unexpected = (): never => assert.fail('nothing is left out');

test('puts texts into capitals', async () => {
  const builder = new BatchBuilder(schema);
  builder.setString(0, 'jp');
  builder.endRow();
  const batch = builder.take();
  assert.ok(batch);
  const stream = myPlugin.open({ column: 'country' }, schema, context);
  const result = await stream.apply(batch, { reject: unexpected, nullCell: unexpected });
  const [texts] = result?.vectors ?? [];
  assert.ok(texts);
  assert.equal(stringAt(texts, 0), 'JP');
});

test('names the columns that there are when there is no such column', () => {
  assert.throws(() => myPlugin.open({ column: 'x' }, schema, context), { code: 'MY_PLUGIN_COLUMN', hint: /country/ });
});
