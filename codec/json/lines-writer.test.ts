import { describe, expect, it } from 'vitest';
import { CELL_CANONICAL, CELL_NULL, CELL_PLAIN, CELL_SURROGATE, newVector } from '#spi/batch.ts';
import type { Vector } from '#spi/batch.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { JsonLinesWriter } from './lines-writer.ts';

type Type = Vector['type'];

/** A column of one row; its text is the whole arena, so that nothing may be read behind it. */
function column(type: Type, text: string | Uint8Array, flags: number, value: bigint | number = 0): Vector {
  const arena = Buffer.from(text);
  const vector = newVector(type, 1, new Uint8Array(arena));
  vector.cells[1] = arena.length | flags;
  if (vector.type === 'long' || vector.type === 'timestamp') vector.values[0] = BigInt(value);
  else if (vector.type === 'double' || vector.type === 'boolean') vector.values[0] = Number(value);
  if (vector.type === 'timestamp') vector.nanos[0] = 789;
  return vector;
}

function write(vectors: readonly Vector[], newline = '\n'): string {
  const schema = { columns: vectors.map(({ type }, index) => ({ name: `k${index}`, type })) };
  const formatters = vectors.map(() => timestampFormatter('%Y-%m-%d "%N"', 'UTC'));
  const writer = new JsonLinesWriter({ schema, newline, formatters });
  return Buffer.from(writer.write({ schema, rowCount: 1, vectors })).toString();
}

describe('JsonLinesWriter', () => {
  it.each<[Type, string | Uint8Array, number, bigint | number, string]>([
    ['string', '', CELL_PLAIN, 0, '""'],
    ['string', 'x', CELL_PLAIN, 0, '"x"'],
    ['string', 'é雪😀', CELL_PLAIN, 0, '"é雪😀"'],
    ['string', 'not known to be plain', 0, 0, '"not known to be plain"'],
    ['string', 'a"b\\c\n\u0001', 0, 0, '"a\\"b\\\\c\\n\\u0001"'],
    ['string', Buffer.from([0x61, 0xed, 0xa0, 0x80, 0x62]), CELL_SURROGATE, 0, '"a\ufffdb"'],
    ['string', Buffer.from([0xed, 0xa0, 0x80]), CELL_SURROGATE | CELL_PLAIN, 0, '"\ufffd"'],
    ['json', '{"a":[1]}', 0, 0, '{"a":[1]}'],
    ['json', Buffer.from([0x22, 0xed, 0xa0, 0x80, 0x22]), CELL_SURROGATE, 0, '"\ufffd"'],
    ['long', '-12', CELL_CANONICAL, -12n, '-12'],
    ['long', '+007', 0, 7n, '7'],
    ['long', '', 0, -(2n ** 63n), '-9223372036854775808'],
    ['double', '1.5', CELL_CANONICAL, 1.5, '1.5'],
    ['double', '1e9', 0, 1e9, '1.0E9'],
    ['double', '', 0, -0, '-0.0'],
    ['double', 'NaN', 0, Number.NaN, 'null'],
    ['double', '', 0, Infinity, 'null'],
    ['boolean', 'yes', 0, 1, 'true'],
    ['boolean', '', 0, 0, 'false'],
    ['timestamp', '', 0, 123_456n, '"1970-01-01 \\"123456789\\""'],
  ])('writes a %s %j with flags %d and value %d as %s', (type, text, flags, value, expected) => {
    expect(write([column(type, text, flags, value)])).toBe(`{"k0":${expected}}\n`);
    const beside = column('long', '', 0, 1);
    expect(write([beside, column(type, text, flags, value), beside])).toBe(`{"k0":1,"k1":${expected},"k2":1}\n`);
  });

  it.each<Type>(['string', 'json', 'long', 'double', 'boolean', 'timestamp'])('writes a %s that is null', (type) => {
    expect(write([column(type, 'x', CELL_NULL)])).toBe('{"k0":null}\n');
    // The other bits mean nothing then.
    const vector = column(type, '', 0);
    vector.cells.fill(0xffff_ffff);
    expect(write([vector])).toBe('{"k0":null}\n');
  });

  it('writes records without columns', () => expect(write([], '\r\n')).toBe('{}\r\n'));

  it('writes texts longer than any room there is', () => {
    for (const text of ['x'.repeat(700_000), '"\n'.repeat(350_000)]) {
      for (const flags of text.startsWith('x') ? [0, CELL_PLAIN] : [0]) {
        expect(write([column('string', text, flags), column('long', '', 0, 1)])).toBe(
          `{"k0":${JSON.stringify(text)},"k1":1}\n`,
        );
      }
    }
  });

  it('writes one cell with its key', () => {
    const vectors = [column('string', 'a', CELL_PLAIN), column('double', '1.5', CELL_CANONICAL, 1.5)];
    const schema = { columns: vectors.map(({ type }, index) => ({ name: `k${index}`, type })) };
    const writer = new JsonLinesWriter({ schema, newline: '\n', formatters: [] });
    const sink = new ByteSink();
    for (const [index, vector] of vectors.entries()) writer.writeCell(sink, vector, index, 0);
    expect(Buffer.from(sink.view()).toString()).toBe('{"k0":"a","k1":1.5');
  });
});
