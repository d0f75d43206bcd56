import { describe, expect, it } from 'vitest';
import { ByteChannel } from './byte-channel.ts';

const bytes = (...values: number[]): Uint8Array => Uint8Array.from(values);

describe('ByteChannel', () => {
  it('hands over chunks in order and holds the writer until the reader asks for the next', async () => {
    const channel = new ByteChannel();
    const order: string[] = [];
    const writer = (async () => {
      for (const value of [1, 2, 3]) {
        await channel.write(bytes(value));
        order.push(`written ${value}`);
      }
      channel.end();
    })();
    for await (const [value] of channel) order.push(`read ${value}`);
    await writer;
    expect(order).toEqual(['read 1', 'written 1', 'read 2', 'written 2', 'read 3', 'written 3']);
  });

  it('ends without a chunk', async () => {
    const channel = new ByteChannel();
    channel.end();
    const seen = [];
    for await (const chunk of channel) seen.push(chunk);
    expect(seen).toEqual([]);
  });

  it('gives the failure of the reader to the writer', async () => {
    const channel = new ByteChannel();
    const write = channel.write(bytes(1));
    channel.fail(new Error('disk full'));
    await expect(write).rejects.toThrow('disk full');
    await expect(channel.write(bytes(2))).rejects.toThrow('disk full');
  });

  it('does not leave the writer waiting when the reader leaves early', async () => {
    const channel = new ByteChannel();
    const write = channel.write(bytes(1));
    for await (const _ of channel) break;
    await expect(write).rejects.toThrow('has gone');
  });
});
