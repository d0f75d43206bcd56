import { describe, expect, it } from 'vitest';
import type { Json } from '#spi/json.ts';
import { ltsvGuesser } from './ltsv-guess.ts';

function columns(sample: string, parser: Record<string, Json> = {}): unknown {
  const { diff } = ltsvGuesser.guess({ parser }, Buffer.from(sample));
  return (diff['parser'] as { columns?: unknown } | undefined)?.columns;
}

describe('ltsvGuesser', () => {
  it('finds labels and types', () => {
    const sample = 'host:a\tstatus:200\ttime:2020-01-02 03:04:05\nstatus:404\thost:b\ttook:1.5\n';
    expect(columns(sample)).toEqual([
      { name: 'host', type: 'string' },
      { name: 'status', type: 'long' },
      { name: 'time', type: 'timestamp', format: '%Y-%m-%d %H:%M:%S' },
      { name: 'took', type: 'double' },
    ]);
  });

  it.each([
    ['a last line that is cut', 'a:1\tb:2\na:1\tb'],
    ['a single line', 'a:1\tb:2'],
  ])('takes %s', (_title, sample) => expect(columns(sample)).toHaveLength(2));

  it.each([
    ['nothing', ''],
    ['CSV', 'a,b\n1,2\n'],
    ['TSV with times', 'from\tto\n10:20\t11:30\n'],
    ['TSV of times alone', '10:20\t11:30\n10:25\t11:35\n'],
    ['one field a line', 'a:1\nb:2\n'],
    ['a line without labels', 'a:1\tb:2\nx\ty\nz'],
  ])('has nothing to say about %s', (_title, sample) => expect(columns(sample)).toBeUndefined());

  it('leaves other parsers, and columns that are there, alone', () => {
    expect(columns('a:1\tb:2', { type: 'csv' })).toBeUndefined();
    expect(columns('a:1\tb:2', { type: 'ltsv', columns: [] })).toBeUndefined();
  });
});
