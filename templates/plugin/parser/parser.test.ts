import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stringAt } from 'ropeway/spi/batch.js';
import type { TaskContext } from 'ropeway/spi/context.js';
import { myPlugin } from './parser.ts';

test('takes the first separator, and rejects a line without one', async () => {
  const rejected: unknown[] = [];
  const context: TaskContext = {
    log: { error() {}, warn() {}, info() {}, debug() {} },
    signal: new AbortController().signal,
    tempDir: async () => '/nowhere',
    transactionTime: new Date(0),
    isPreview: false,
    taskIndex: 0,
    reject: ({ where }) => rejected.push(where.line),
    progress: () => {},
  };
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('a: b: c\nbad\n');
  }
  const values: string[] = [];
  for await (const batch of myPlugin.parse({ separator_text: ': ' }, { name: '/file', bytes: bytes() }, context)) {
    const [, column] = batch.vectors;
    for (let row = 0; row < batch.rowCount && column; row++) values.push(stringAt(column, row));
  }
  assert.deepEqual([values, rejected], [['b: c'], [2]]);
});
