import { describe, expect, it } from 'vitest';
import { valueAt } from './batch.ts';
import { BatchBuilder } from './batch-builder.ts';
import { selectRows } from './select-rows.ts';
import { VectorBuilder } from './vector-builder.ts';

describe('VectorBuilder', () => {
  it('fills every type in any order; what is not set is null', () => {
    const cases = [
      ['boolean', (b: VectorBuilder): void => b.setBoolean(1, true), true],
      ['long', (b: VectorBuilder): void => b.setLong(1, -(2n ** 63n)), -(2n ** 63n)],
      ['double', (b: VectorBuilder): void => b.setDouble(1, -0), -0],
      [
        'timestamp',
        (b: VectorBuilder): void => b.setTimestamp(1, { seconds: -1, nanos: 999_999_999 }),
        { seconds: -1, nanos: 999_999_999 },
      ],
      ['string', (b: VectorBuilder): void => b.setString(1, 'é\ud800'), 'é\ud800'],
      ['json', (b: VectorBuilder): void => b.setString(1, '[1]'), '[1]'],
    ] as const;
    for (const [type, set, value] of cases) {
      const builder = new VectorBuilder(type, 1);
      for (let round = 0; round < 2; round++) {
        builder.begin(3);
        set(builder);
        const vector = builder.take();
        expect([0, 1, 2].map((row) => valueAt(vector, row))).toEqual([null, value, null]);
      }
    }
  });
});

describe('selectRows()', () => {
  it('takes rows of every type, in the order given', () => {
    const types = ['boolean', 'long', 'double', 'timestamp', 'string', 'json'] as const;
    const builder = new BatchBuilder({ columns: types.map((type) => ({ name: type, type })) });
    for (let row = 0; row < 4; row++) {
      if (row !== 2) {
        builder.setBoolean(0, row > 1);
        builder.setLong(1, BigInt(row));
        builder.setDouble(2, row / 2);
        builder.setTimestamp(3, row, row);
        builder.setString(4, `text ${row}`);
        builder.setString(5, `[${row}]`);
      }
      builder.endRow();
    }
    const batch = builder.take();
    if (batch === undefined) throw new Error('there are rows');
    const picked = selectRows(batch, Uint32Array.of(3, 2, 0, 9), 3);
    expect(picked.rowCount).toBe(3);
    const rows = [0, 1, 2].map((row) => picked.vectors.map((vector) => valueAt(vector, row)));
    expect(rows).toEqual([
      [true, 3n, 1.5, { seconds: 3, nanos: 3 }, 'text 3', '[3]'],
      [null, null, null, null, null, null],
      [false, 0n, 0, { seconds: 0, nanos: 0 }, 'text 0', '[0]'],
    ]);
  });
});
