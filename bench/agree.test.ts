import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { digest, disagreement, mergedByFirstCell, type Digest } from './agree.ts';
import type { Column } from './generator.ts';
import { csvRecords, jsonLines, type Cell } from './rows.ts';

const columns: readonly Column[] = [
  { name: 'n', type: 'long' },
  { name: 'x', type: 'double' },
  { name: 's', type: 'string' },
  { name: 't', type: 'timestamp' },
  { name: 'j', type: 'json' },
];

const csv = `n,x,s,t,j
1,-0.0,"a ""b"", c
d",2020-01-02 03:04:05,"{""k"":[1,null]}"
-0,1.5,,2020-01-02 03:04:05.120000,
`;

const json = [
  '{"n":1,"x":0.0,"s":"a \\"b\\", c\\nd","t":"2020-01-02T03:04:05.000000+00:00","j":{"k":[1,null]}}',
  '{"n":0,"x":1.50,"s":null,"t":"2020-01-02 03:04:05.12","j":null}',
];

async function* pieces(text: string, size = 7): AsyncGenerator<string> {
  for (let start = 0; start < text.length; start += size) yield text.slice(start, start + size);
}

const ofCsv = (text: string, size?: number): Promise<Digest | undefined> =>
  digest(csvRecords(pieces(text, size), columns), columns);
const ofJson = (lines: readonly string[]): Promise<Digest | undefined> =>
  digest(jsonLines(pieces(lines.map((line) => `${line}\n`).join('')), columns), columns);

describe('disagreement()', () => {
  it('finds none between the same values in different formats', async () => {
    expect(disagreement(await ofJson(json), await ofCsv(csv))).toBeUndefined();
  });

  it.each([
    ['a long', '"n":1', '"n":2'],
    ['the last digit of a double', '1.50', '1.5000000000000002'],
    ['a text', 'c\\nd', 'c\\r\\nd'],
    ['null and an empty text', '"s":null', '"s":""'],
    ['a missing value and null', '"s":"a \\"b\\", c\\nd"', '"S":"a \\"b\\", c\\nd"'],
    ['a fraction of a second', '05.12"', '05.121"'],
    ['a zone', '+00:00', '+09:00'],
    ['a member of JSON', '[1,null]', '[1,0]'],
  ])('finds %s that is another one', async (_, from, to) => {
    const changed = json.map((line) => line.replace(from, to));
    expect(changed).not.toEqual(json);
    // Names of the first record are checked by the reader itself.
    const actual = ofJson(changed).catch((error: unknown) => String(error));
    const result = await actual;
    const difference = typeof result === 'string' ? result : disagreement(result, await ofCsv(csv));
    expect(difference).toMatch(/not all with the values expected|the columns are/);
  });

  it('finds records that are missing, or in another order', async () => {
    const expected = await ofCsv(csv);
    expect(disagreement(await ofJson(json.slice(1)), expected)).toBe('1 records instead of 2');
    expect(disagreement(await ofJson(json.toReversed()), expected)).toContain('not all');
    expect(disagreement(undefined, expected)).toBe('there is nothing to compare');
  });
});

describe('csvRecords()', () => {
  it('reads what was written, in pieces of any size', async () => {
    const cell = fc.option(fc.string({ unit: fc.constantFrom('a', '"', ',', '\n', '壩', ' '), minLength: 1 }));
    await fc.assert(
      fc.asyncProperty(fc.array(fc.tuple(cell, cell)), fc.integer({ min: 1, max: 9 }), async (records, size) => {
        const two = columns.slice(0, 2);
        const quoted = (value: string | null): string => (value === null ? '' : `"${value.replaceAll('"', '""')}"`);
        const text = [['n', 'x'], ...records.map((record) => record.map(quoted))]
          .map((row) => `${row.join()}\n`)
          .join('');
        expect(await Array.fromAsync(csvRecords(pieces(text, size), two))).toEqual(records);
      }),
    );
  });

  it('refuses a record with too few columns', async () => {
    await expect(Array.fromAsync(csvRecords(pieces('n,x\n1\n'), columns.slice(0, 2)))).rejects.toThrow('1 columns');
  });
});

describe('mergedByFirstCell()', () => {
  it('puts records of several outputs back into their order', async () => {
    // oxlint-disable-next-line unicorn/consistent-function-scoping -- of this test alone
    async function* part(...keys: readonly number[]): AsyncGenerator<readonly Cell[]> {
      for (const key of keys) yield [key];
    }
    const merged = await Array.fromAsync(mergedByFirstCell([part(1, 4, 5), part(), part(2, 3, 6)]));
    expect(merged.flat()).toEqual([1, 2, 3, 4, 5, 6]);
  });
});
