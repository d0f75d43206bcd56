import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { BatchBuilder } from '#spi/batch-builder.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { assert } from '#spi/assert.ts';
import { valueAt } from '#spi/batch.ts';
import type { Batch } from '#spi/batch.ts';
import { VectorBuilder } from '#spi/vector-builder.ts';
import { canonicalizeJson, canonicalizeWholeJson } from '#codec/json/canonical.ts';
import { timestampFormatter } from '#codec/time/timestamp-formatter.ts';
import { castTo, longOfDouble, parseJsonText } from './cast.ts';
import { writeCellText } from './cell-text.ts';
import { columnStep } from './json-cells.ts';
import { scalarOfJson, setScalar, shownText, writeScalarJson } from './scalar.ts';
import type { Scalar } from './scalar.ts';
import { timestampParser } from '#codec/time/timestamp-parser.ts';

const formatter = timestampFormatter('%Y-%m-%d %H:%M:%S.%N', 'UTC');
const parser = timestampParser('%Y-%m-%d', { timezone: 'UTC', date: '1970-01-01' });

function bytesOf(json: string): Uint8Array {
  const sink = new ByteSink();
  const bytes = Buffer.from(json);
  canonicalizeJson(bytes, 0, bytes.length, sink);
  return sink.view().slice();
}

function jsonOf(value: Scalar): string | undefined {
  const sink = new ByteSink();
  return writeScalarJson(sink, value) ? Buffer.from(sink.view()).toString() : undefined;
}

describe('scalarOfJson()', () => {
  it.each<[string, Scalar | undefined]>([
    ['null', undefined],
    ['true', true],
    ['false', false],
    ['9223372036854775807', 9223372036854775807n],
    ['-0.5', -0.5],
    ['1e300', 1e300],
    [String.raw`"a\"\n\u0001é😀"`, 'a"\n\u0001é😀'],
    ['{"a": [1]}', { json: '{"a":[1]}' }],
    ['[]', { json: '[]' }],
  ])('reads %s', (json, value) => {
    const bytes = bytesOf(json);
    expect(scalarOfJson(bytes, 0, bytes.length)).toEqual(value);
    if (value !== undefined) expect(jsonOf(value)).toBe(Buffer.from(bytes).toString());
  });

  it('undoes writeScalarJson()', () => {
    const scalars = fc.oneof(
      fc.boolean(),
      fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
      fc.double({ noNaN: true, noDefaultInfinity: true }),
      fc.string({ unit: 'grapheme' }),
    );
    fc.assert(
      fc.property(scalars, (value) => {
        const bytes = Buffer.from(jsonOf(value) ?? '');
        expect(scalarOfJson(bytes, 0, bytes.length)).toBe(value);
        expect(Buffer.from(bytesOf(bytes.toString())).toString()).toBe(bytes.toString());
      }),
    );
  });
});

describe('writeScalarJson()', () => {
  it('refuses what JSON cannot say, and writes lone surrogates as three bytes', () => {
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, { seconds: 0, nanos: 0 }]) {
      expect(jsonOf(value)).toBeUndefined();
    }
    const sink = new ByteSink();
    writeScalarJson(sink, 'a\ud800"');
    expect([...sink.view()]).toEqual([0x22, 0x61, 0xed, 0xa0, 0x80, 0x5c, 0x22, 0x22]);
  });
});

describe('lone surrogates', () => {
  it('stay what they are on their way through a scalar', () => {
    for (const json of [String.raw`"a\ud800\ufffd"`, String.raw`["\udc00é"]`]) {
      const bytes = bytesOf(json);
      const value = scalarOfJson(bytes, 0, bytes.length);
      assert(value, 'neither is null');
      const sink = new ByteSink();
      writeScalarJson(sink, value);
      expect([...sink.view()]).toEqual([...bytes]);
    }
  });
});

describe('writeCellText()', () => {
  it.each([
    ['boolean', true, 'true'],
    ['long', -(2n ** 63n), '-9223372036854775808'],
    ['double', 1e7, '1.0E7'],
    ['timestamp', { seconds: -1, nanos: 5 }, '1969-12-31 23:59:59.000000005'],
    ['string', 'é\n', 'é\n'],
    ['json', '{"a":"b"}', '{"a":"b"}'],
  ] as const)('prints a %s', (type, value, text) => {
    const builder = new VectorBuilder(type, 1);
    builder.begin(1);
    setScalar(builder, 0, value);
    const vector = builder.take();
    expect(valueAt(vector, 0)).toEqual(value);
    const sink = new ByteSink();
    writeCellText(sink, vector, 0, formatter);
    expect(Buffer.from(sink.view()).toString()).toBe(text);
  });

  it('copies the text of a number that is its own print, and prints others', () => {
    const texts = new BatchBuilder({ columns: [{ name: 'd', type: 'double' }] });
    const start = texts.arena.length;
    texts.arena.writeAscii('01.50');
    texts.setDouble(0, 1.5, start);
    texts.endRow();
    const batch: Batch | undefined = texts.take();
    assert(batch, 'a row was written');
    const sink = new ByteSink();
    for (const vector of batch.vectors) writeCellText(sink, vector, 0, formatter);
    expect(Buffer.from(sink.view()).toString()).toBe('1.5');
  });
});

describe('casts', () => {
  it('take the integer part, where there is room for it', () => {
    expect([1.9, -1.9, -(2 ** 63), 2 ** 63, Number.NaN, -0].map(longOfDouble)).toEqual([
      1n,
      -1n,
      -(2n ** 63n),
      undefined,
      undefined,
      0n,
    ]);
  });

  it('round seconds to nanoseconds, never to a full one', () => {
    const cast = castTo('timestamp', { parser, formatter });
    expect(cast(0.9999999999)).toEqual({ seconds: 1, nanos: 0 });
    expect(cast(-0.25)).toEqual({ seconds: -1, nanos: 750_000_000 });
    expect(cast(1e14)).toBeUndefined();
  });
});

describe('parseJsonText()', () => {
  it('takes one value and nothing else', () => {
    expect(parseJsonText(' {"a" : 1}\n')).toEqual({ json: '{"a":1}' });
    for (const text of ['', '{', '1 2', '{}x', 'nul']) expect(parseJsonText(text)).toBeUndefined();
    const sink = new ByteSink();
    sink.writeAscii('kept');
    expect(canonicalizeWholeJson(Buffer.from('1 2'), 0, 3, sink)).toBe(-1);
    expect(sink.length).toBe(4);
  });
});

describe('columnStep()', () => {
  const schema = {
    columns: [
      { name: 'a b', type: 'json' as const },
      { name: 's', type: 'string' as const },
    ],
  };

  it('finds the json column', () => {
    expect(columnStep("$['a b'].x[0]", schema)).toMatchObject({ index: 0, text: "$['a b']['x'][0]" });
  });

  it.each(['$.s.x', '$.z.x', "$['a b']", '$[0].x', '$', '$..x'])('refuses %s', (path) => {
    expect(columnStep(path, schema)).toBeTypeOf('string');
  });
});

describe('shownText()', () => {
  it('shortens', () => expect(shownText('x'.repeat(300))).toBe(`"${'x'.repeat(200)}…"`));
});
