import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskContext } from 'ropeway/spi/context.js';
import { myPluginEncoder } from './encoder.ts';

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

test('writes two digits for every byte', async () => {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    yield Buffer.from('hi');
    yield Buffer.from('!');
  }
  const parts: Buffer[] = [];
  for await (const part of myPluginEncoder.encode({}, bytes(), context)) parts.push(Buffer.from(part));
  assert.equal(Buffer.concat(parts).toString(), '686921');
});
