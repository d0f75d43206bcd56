import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchBuilder } from 'ropeway/spi/batch-builder.js';
import type { Schema } from 'ropeway/spi/schema.js';
import { myPlugin } from './formatter.ts';

test('writes a line per value', () => {
  const schema: Schema = {
    columns: [
      { name: 'id', type: 'long' },
      { name: 'note', type: 'string' },
    ],
  };
  const builder = new BatchBuilder(schema);
  builder.setLong(0, 1n);
  builder.setString(1, 'two\nlines');
  builder.endRow();
  const batch = builder.take();
  assert.ok(batch);
  const writer = myPlugin.open({ separator_text: ': ' }, schema);
  assert.equal(Buffer.from(writer.write(batch)).toString(), 'id: 1\nnote: two\\nlines\n\n');
});
