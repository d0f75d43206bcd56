import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sequenceFormat } from '#connectors/file/sequence.ts';
import { keptLog } from '#test/kit/memory-plugins.ts';
import { OBJECT_BYTES_MAX, partBytes, PARTS_MAX } from './part-sizes.ts';
import { MARGIN_BYTES, RANGES_HELD_MAX, ReadAhead } from './read-ahead.ts';
import { staleUploads } from './stale-uploads.ts';
import type { StoredObject } from './store.ts';
import { groupBySize } from './tasks.ts';

describe('partBytes()', () => {
  it('lets the parts that a store takes hold the largest object, and never shrinks', () => {
    let total = 0;
    for (let number = 1; number <= PARTS_MAX; number++) {
      const bytes = partBytes(number);
      expect(bytes).toBeGreaterThanOrEqual(number === 1 ? 5 * 1024 * 1024 : partBytes(number - 1));
      total += bytes;
    }
    expect(total).toBeGreaterThanOrEqual(OBJECT_BYTES_MAX);
  });
});

describe('groupBySize()', () => {
  const objects = (sizes: readonly number[]): StoredObject[] =>
    sizes.map((sizeBytes, index) => ({ key: `k${index}`, sizeBytes, version: '' }));
  const sizesOf = (sizes: readonly number[], min: number): number[][] =>
    groupBySize(objects(sizes), min).map((task) => task.objects.map(({ size }) => size));

  it.each<[number[], number, number[][]]>([
    [[], 10, []],
    [[1, 2], 0, [[1], [2]]],
    [[5, 5, 5], 10, [[5, 5], [5]]],
    [[20, 1, 2], 10, [[20], [1, 2]]],
  ])('%j by %i', (sizes, min, expected) => expect(sizesOf(sizes, min)).toEqual(expected));

  it('keeps the order, and ends a task with the object that fills it', () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 1, max: 50 })), fc.nat(100), (sizes, min) => {
        const groups = sizesOf(sizes, min);
        expect(groups.flat()).toEqual(sizes);
        const sum = (numbers: readonly number[]): number => numbers.reduce((a, b) => a + b, 0);
        for (const group of groups.slice(0, -1)) expect(sum(group)).toBeGreaterThanOrEqual(min);
        for (const group of groups) if (group.length > 1) expect(sum(group.slice(0, -1))).toBeLessThan(min);
      }),
    );
  });
});

describe('ReadAhead', () => {
  const content = (position: number): number => (position * 31 + (position >> 9)) & 0xff;
  const CHUNK = 256 * 1024;
  const hold = new AbortController().signal;

  function reader(size: number): { ahead: ReadAhead; fetched: number[]; signals: AbortSignal[] } {
    const fetched: number[] = [];
    const signals: AbortSignal[] = [];
    const ahead = new ReadAhead(
      size,
      async (position, target, signal) => {
        fetched.push(position);
        signals.push(signal);
        for (let i = 0; i < target.length; i++) target[i] = content(position + i);
      },
      hold,
    );
    return { ahead, fetched, signals };
  }

  it('gives the bytes of every range, whatever was announced', async () => {
    const size = 5 * CHUNK + 12_345;
    const steps = fc.array(
      fc.record({
        isRead: fc.boolean(),
        position: fc.nat(size - 1),
        length: fc.oneof(fc.nat(100), fc.integer({ min: 1, max: CHUNK + 50_000 })),
      }),
      { maxLength: 20 },
    );
    await fc.assert(
      fc.asyncProperty(steps, async (list) => {
        const { ahead, signals } = reader(size);
        for (const { isRead, position, length } of list) {
          if (!isRead) {
            ahead.announce(position, Math.min(size, position + length));
            continue;
          }
          const target = new Uint8Array(length);
          const count = await ahead.read(position, target);
          expect(count).toBe(Math.min(length, size - position));
          for (let at = 0; at < count; at += 997) expect(target[at]).toBe(content(position + at));
          if (count > 0) expect(target[count - 1]).toBe(content(position + count - 1));
        }
        ahead.close();
        const reads = list.filter(({ isRead }) => isRead).length;
        expect(signals.filter((signal) => !signal.aborted && signal !== hold).length).toBeLessThanOrEqual(reads);
      }),
      { numRuns: 60 },
    );
  });

  it('needs no further request for what was announced, the ends of records included', async () => {
    const { ahead, fetched } = reader(10 * CHUNK);
    for (const chunk of [1, 3]) ahead.announce(chunk * CHUNK, (chunk + 1) * CHUNK);
    const target = new Uint8Array(CHUNK + 16 * 1024 + 1);
    // A record that reaches into the range, a read as parsers do it, and the same again.
    await ahead.read(CHUNK, target.subarray(0, 100));
    await ahead.read(CHUNK - 1, target);
    await ahead.read(3 * CHUNK - 1, target);
    expect(fetched).toEqual([CHUNK - MARGIN_BYTES, 3 * CHUNK - MARGIN_BYTES]);
  });

  it('gives up what is no longer wanted', () => {
    const { ahead, signals } = reader(100 * CHUNK);
    for (let chunk = 0; chunk <= RANGES_HELD_MAX; chunk++) ahead.announce(chunk * CHUNK, (chunk + 1) * CHUNK);
    const aborted = (): number => signals.filter((signal) => signal.aborted).length;
    expect([aborted(), signals[0]?.aborted]).toEqual([1, true]);
    ahead.close();
    expect(aborted()).toBe(RANGES_HELD_MAX + 1);
  });

  it('gives up what is waited for when the run is stopped', async () => {
    const run = new AbortController();
    const fetch = (_position: number, _target: Uint8Array, signal: AbortSignal): Promise<void> =>
      new Promise((_done, fail) => signal.addEventListener('abort', () => fail(new Error('stopped'))));
    const ahead = new ReadAhead(10 * CHUNK, fetch, run.signal);
    ahead.announce(CHUNK, 2 * CHUNK);
    const reading = ahead.read(CHUNK, new Uint8Array(CHUNK));
    run.abort();
    await expect(reading).rejects.toThrow('stopped');
  });

  it('tells of a failure when the range is read', async () => {
    const failing = new ReadAhead(10 * CHUNK, () => Promise.reject(new Error('no')), hold);
    failing.announce(CHUNK, 2 * CHUNK);
    await expect(failing.read(CHUNK, new Uint8Array(CHUNK))).rejects.toThrow('no');
  });
});

describe('staleUploads()', () => {
  const isOurs = (sequence_format: string): ((key: string) => boolean) =>
    staleUploads({ path_prefix: 'a.b', sequence_format, file_ext: '.csv' }, 24, keptLog().log).isOurs;

  it('knows every key of the output', () => {
    const formats = fc.constantFrom('.%03d.%02d', '_%d_%d', '%2$s-%1$x%%', ' %,8d(%(d', 'x%-4d+%+d*');
    fc.assert(
      fc.property(formats, fc.nat(), fc.nat(), (format, task, file) => {
        expect(isOurs(format)(`a.b${sequenceFormat(format)(task, file)}.csv`)).toBe(true);
      }),
    );
  });

  it.each(['a.b.csv', 'axb.000.00.csv', 'a.b.000.00.csv.gz', 'a.b.000x00.csv', 'a.b.zzz.00.csv', 'a.b.000.00.00.csv'])(
    'leaves %s alone',
    (key) => expect(isOurs('.%03d.%02d')(key)).toBe(false),
  );
});
