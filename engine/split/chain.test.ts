import { describe, expect, it } from 'vitest';
import { Chain } from './chain.ts';

const start = { position: 3, lines: 1, pendingLines: 2 };

describe('Chain', () => {
  it('begins at the place it is given, with the turn of the first chunk', () => {
    const chain = new Chain(Chain.memory(start, 2));
    expect([chain.place, chain.isTurn(0), chain.isTurn(1), chain.isRunning]).toEqual([start, true, false, true]);
  });

  it('gives turns in order', async () => {
    const memory = Chain.memory(start, 1);
    const order: number[] = [];
    const take = async (chunk: number): Promise<void> => {
      const chain = new Chain(memory);
      expect(await chain.turn(chunk)).toBe(true);
      order.push(chunk);
      chain.pass();
    };
    await Promise.all([take(2), take(1), take(0)]);
    expect(order).toEqual([0, 1, 2]);
  });

  it.each([
    ['stop', false],
    ['complete', true],
  ] as const)('lets everybody go at %s', async (end, isComplete) => {
    const memory = Chain.memory(start, 1);
    const waiting = new Chain(memory).turn(5);
    new Chain(memory)[end]();
    expect(await waiting).toBe(false);
    expect(await new Chain(memory).turn(0)).toBe(false);
    expect(new Chain(memory).isComplete).toBe(isComplete);
    expect(new Chain(memory).isRunning).toBe(false);
  });

  it('stays complete when it is stopped afterwards', () => {
    const chain = new Chain(Chain.memory(start, 1));
    chain.complete();
    chain.stop();
    expect(chain.isComplete).toBe(true);
  });

  it('keeps lanes apart', () => {
    const chain = new Chain(Chain.memory(start, 3));
    chain.setLane(1, { sizeBytes: 2 ** 40, summary: [0xffff_ffff, 2 ** 33] });
    expect(chain.lane(1)).toEqual({ sizeBytes: 2 ** 40, summary: [0xffff_ffff, 2 ** 33] });
    expect(chain.lane(2)).toEqual({ sizeBytes: 0, summary: [] });
  });
});
