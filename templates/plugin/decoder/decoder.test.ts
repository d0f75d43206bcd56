import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { TaskContext } from 'ropeway/spi/context.js';
import { myPluginDecoder } from './decoder.ts';

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

async function decoded(...chunks: readonly string[]): Promise<string> {
  async function* bytes(): AsyncGenerator<Uint8Array> {
    for (const chunk of chunks) yield Buffer.from(chunk);
  }
  const parts: Buffer[] = [];
  const file = { name: '/file' };
  for await (const part of myPluginDecoder.decode({}, bytes(), file, context)) parts.push(Buffer.from(part));
  return Buffer.concat(parts).toString();
}

test('decodes digits wherever chunks end', async () => {
  assert.equal(await decoded('68', '6', '9\n', '21'), 'hi!');
});

test('tells where the file is no such file', async () => {
  await assert.rejects(decoded('68', '6x'), { code: 'MY_PLUGIN_DIGIT', where: { file: '/file', byte: 3 } });
  await assert.rejects(decoded('686'), { code: 'MY_PLUGIN_TRUNCATED' });
});
