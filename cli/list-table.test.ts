import { describe, expect, it } from 'vitest';
import { firstItems, listTable } from './list-table.ts';
import type { ListColumn } from './list-table.ts';

interface Row {
  readonly name: string;
  readonly seats: number;
  readonly label: string;
}

const columns: readonly ListColumn<Row>[] = [
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'SEATS', cell: ({ seats }) => String(seats), isNumber: true },
  { title: 'LABEL', cell: ({ label }) => label, shrinks: true },
];
const rows: readonly Row[] = [
  { name: 'a', seats: 12, label: 'one\nline' },
  { name: '日本の転送', seats: 3, label: '' },
];

describe('listTable()', () => {
  it('lines columns up, numbers to the right, without spaces at the ends of lines', () => {
    expect(listTable(rows, columns, undefined)).toBe(
      'NAME        SEATS  LABEL\na              12  one⏎line\n日本の転送      3\n',
    );
  });

  it('takes from the widest of the columns that may give way, down to eight', () => {
    const [long] = [{ name: 'n'.repeat(30), seats: 1, label: 'l'.repeat(20) }];
    const widths = (screen: number): readonly (readonly number[])[] =>
      listTable([long], columns, screen)
        .trimEnd()
        .split('\n')
        .slice(1)
        .map((line) => line.split(/ +/).map((cell) => cell.length));
    expect(widths(80)).toEqual([[30, 1, 20]]);
    expect(widths(49)).toEqual([[20, 1, 20]]);
    expect(widths(39)).toEqual([[15, 1, 15]]);
    expect(widths(5)).toEqual([[8, 1, 8]]);
  });
});

describe('firstItems()', () => {
  it('asks for no more than it gives', async () => {
    let asked = 0;
    async function* numbers(): AsyncGenerator<number> {
      for (;;) yield (asked += 1);
    }
    expect(await firstItems(numbers(), 3)).toEqual([1, 2, 3]);
    expect(asked).toBe(3);
  });
});
