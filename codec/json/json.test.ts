import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { CELL_SURROGATE } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { canonicalizeJson } from './canonical.ts';
import { writeMsgpackText } from './msgpack-text.ts';
import { jsonPointer } from './navigate.ts';
import { JSON_DEPTH_MAX } from './scanner.ts';
import { writeJsonString } from './string.ts';
import { writeUnescaped } from './unescape.ts';
import { JsonValueStream } from './value-stream.ts';

const bytesOf = (text: string): Uint8Array => new TextEncoder().encode(text);

function canonical(text: string): string | undefined {
  const sink = new ByteSink();
  sink.writeAscii('kept');
  const bytes = bytesOf(text);
  const flags = canonicalizeJson(bytes, 0, bytes.length, sink);
  const written = Buffer.from(sink.view()).toString('utf8');
  expect(written.startsWith('kept')).toBe(true);
  if (flags === -1) expect(written).toBe('kept');
  return flags === -1 ? undefined : written.slice(4);
}

describe('canonicalizeJson()', () => {
  it.each([
    ['[1, 2.0 ,"x"]', '[1,2.0,"x"]'],
    ['1.10', '1.1'],
    ['1e2', '100.0'],
    ['-0', '0'],
    ['-0.0', '-0.0'],
    ['"str"', '"str"'],
    ['{"a":1}{"b":2}', '{"a":1}'],
    ['{"a":1.0E5,"b":100000000.0,"c":1e-7}', '{"a":100000.0,"b":1.0E8,"c":1.0E-7}'],
    ['12345678901234567890.5', '1.2345678901234567E19'],
    ['9223372036854775807', '9223372036854775807'],
    ['{"a":1,"a":2}', '{"a":1,"a":2}'],
    ['{"2":1,"1":2}', '{"2":1,"1":2}'],
    ['"a\tb"', '"a\\tb"'],
    ['"\\u00e9\\/\\u0001"', '"é/\\u0001"'],
    ['"\\ud83d\\ude00"', '"😀"'],
    [' [ ] ', '[]'],
    ['{"a":{},"b":[[]]}', '{"a":{},"b":[[]]}'],
    ['true', 'true'],
    ['null x', 'null'],
  ])('writes %s', (text, expected) => expect(canonical(text)).toBe(expected));

  it.each([
    ...['{a:1}', '{"a":NaN}', '{"a":1e400}', '[1,2', "{'a':1}", '01', '1.', '.5', '-', '"\\j"', '"\\u12"', '[1 2]'],
    ...[
      '9223372036854775808',
      '{"a"}',
      '{,}',
      '[,]',
      'tru',
      'truex',
      '',
      '{"a":1,}',
      '"open',
      '[1}',
      '1{}',
      '1]',
      '1e3"',
    ],
  ])('refuses %s', (text) => expect(canonical(text)).toBeUndefined());

  it('keeps lone surrogates and says so', () => {
    const sink = new ByteSink();
    const bytes = bytesOf('"a\\ud800b"');
    expect(canonicalizeJson(bytes, 0, bytes.length, sink)).toBe(CELL_SURROGATE);
    expect([...sink.view()]).toEqual([0x22, 0x61, 0xed, 0xa0, 0x80, 0x62, 0x22]);
  });

  it('refuses what is nested too deeply, without recursion', () => {
    expect(canonical('['.repeat(JSON_DEPTH_MAX) + ']'.repeat(JSON_DEPTH_MAX))).toBeDefined();
    expect(canonical('['.repeat(1_000_000))).toBeUndefined();
  });

  it('keeps the value of any JSON, and is its own fixed point', () => {
    fc.assert(
      fc.property(fc.json({ stringUnit: 'grapheme' }), (text) => {
        const once = canonical(text);
        // Whole numbers beyond 64 bits are the only JSON that is refused.
        if (once === undefined) {
          expect(text).toMatch(/\d{19}/);
          return;
        }
        expect(JSON.parse(once.replace(/(\d)E/g, '$1e'))).toEqual(
          JSON.parse(text, (_, v: unknown) => (Object.is(v, -0) ? 0 : v)),
        );
        expect(canonical(once)).toBe(once);
      }),
    );
  });
});

describe('writeJsonString() and writeUnescaped()', () => {
  it('undo each other', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary' }), (text) => {
        const bytes = bytesOf(text);
        const quoted = new ByteSink();
        writeJsonString(quoted, bytes, 0, bytes.length);
        expect(JSON.parse(Buffer.from(quoted.view()).toString())).toBe(text.toWellFormed());
        const plain = new ByteSink();
        writeUnescaped(plain, quoted.bytes, 0, quoted.length);
        expect(Buffer.from(plain.view()).toString()).toBe(text.toWellFormed());
      }),
    );
  });
});

describe('writeMsgpackText()', () => {
  it.each([
    ['"a\\"b"', 'a"b'],
    ['{"a":"\\u001f😀"}', '{"a":"\\u001F\\uD83D\\uDE00"}'],
    ['[1,2.5]', '[1,2.5]'],
  ])('writes %s', (text, expected) => {
    const sink = new ByteSink();
    const bytes = bytesOf(text);
    writeMsgpackText(sink, bytes, 0, bytes.length);
    expect(Buffer.from(sink.view()).toString()).toBe(expected);
  });
});

describe('jsonPointer()', () => {
  const document = bytesOf('{"a":{"b":[10,{"c/d":"x"}],"~":1},"a":2,"e":"}]\\""}');
  it.each([
    ['/a/b/0', '10'],
    ['/a/b/1/c~1d', '"x"'],
    ['/a/~0', '1'],
    ['/e', '"}]\\""'],
    ['/a/b/2', undefined],
    ['/a/b/01', undefined],
    ['/nowhere', undefined],
  ])('%s leads to %s', (pointer, expected) => {
    const range = jsonPointer(pointer)?.find(document, 0);
    expect(range && Buffer.from(document.subarray(...range)).toString()).toBe(expected);
  });
  it('refuses what does not begin with a slash', () => expect(jsonPointer('a')).toBeUndefined());
});

describe('JsonValueStream', () => {
  const read = (pieces: readonly Uint8Array[]): string[] => {
    const stream = new JsonValueStream();
    const values: string[] = [];
    for (const [index, piece] of pieces.entries()) {
      for (const { bytes, line } of stream.read(piece, index === pieces.length - 1)) {
        values.push(`${line}:${Buffer.from(bytes).toString()}`);
      }
    }
    return values;
  };

  it('gives the same values for any split of the bytes', () => {
    const text = bytesOf('{"a":"é😀\\ud83d\\ude00"} 12 true\n[1,\n2]{"b":null}-1.5e3 "x"\n');
    const whole = read([text]);
    expect(whole).toHaveLength(7);
    fc.assert(
      fc.property(fc.array(fc.nat(text.length), { maxLength: 8 }), (cuts) => {
        const edges = [0, ...cuts.sort((a, b) => a - b), text.length];
        const pieces = edges.slice(1).map((edge, index) => text.subarray(edges[index], edge));
        expect(read(pieces)).toEqual(whole);
      }),
    );
  });

  it.each([
    ['{"a":1}\n{"b":x}', { line: 2, column: 6, byte: 13 }],
    ['[1,2', { line: 1, column: 5, byte: 4 }],
  ])('says where %j is broken', (text, where) => {
    expect(() => read([bytesOf(text)])).toThrow(expect.objectContaining({ code: 'JSON_SYNTAX', where }));
  });
});
