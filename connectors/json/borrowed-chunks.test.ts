/** Readers of files use their buffers again: whoever keeps bytes for the next chunk copies them. */
import { describe, expect, it } from 'vitest';
import type { Batch } from '#spi/batch.ts';
import { stringAt } from '#spi/batch.ts';
import type { TaskContext } from '#spi/context.ts';
import { jsonlParserConfig } from '#connectors/jsonl/config.ts';
import { jsonlParser } from '#connectors/jsonl/parser.ts';
import { utf8Text } from './utf8-text.ts';

/** The text in pieces of that size, which all lie in the same memory. */
async function* borrowed(text: string, size: number): AsyncGenerator<Uint8Array> {
  const bytes = Buffer.from(text);
  const buffer = Buffer.alloc(size);
  for (let start = 0; start < bytes.length; start += size) {
    const length = bytes.copy(buffer, 0, start);
    yield buffer.subarray(0, length);
    buffer.fill(0);
  }
}

const sizes = [1, 2, 3, 5, 8, 13];

describe('utf8Text()', () => {
  it.each(sizes)('gives the whole text when chunks of %i bytes share memory', async (size) => {
    const text = '["壩で", "é", "😀", "plain"]';
    const pieces: Buffer[] = [];
    for await (const { chunk } of utf8Text(borrowed(text, size))) pieces.push(Buffer.from(chunk));
    expect(Buffer.concat(pieces).toString()).toBe(text);
  });
});

describe('jsonlParser', () => {
  it.each(sizes)('reads every line when chunks of %i bytes share memory', async (size) => {
    const config = jsonlParserConfig.parse({ columns: [{ name: 'a', type: 'string' }] });
    const bytes = borrowed('{"a":"壩で"}\n{"a":"second"}\n{"a":"third"}', size);
    // The parser asks its context for nothing but to leave records out.
    const context = { reject: (rejection: unknown) => expect.unreachable(String(rejection)) } as unknown as TaskContext;
    const values: string[] = [];
    for await (const batch of jsonlParser.parse(config, { name: 'x', bytes }, context)) values.push(...texts(batch));
    expect(values).toEqual(['壩で', 'second', 'third']);
  });
});

function texts(batch: Batch): string[] {
  const [vector] = batch.vectors;
  if (vector === undefined) throw new Error('the batch has one column');
  return Array.from({ length: batch.rowCount }, (_, row) => stringAt(vector, row));
}
