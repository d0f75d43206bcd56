import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { charsetDecoder } from './decoder.ts';
import { charsetEncoder } from './encoder.ts';

function decode(charset: string, bytes: Uint8Array, cuts: readonly number[] = []): string {
  const decoder = charsetDecoder(charset);
  const edges = [0, ...[...cuts].sort((a, b) => a - b), bytes.length];
  const pieces = edges.slice(1).map((edge, index) => {
    const isLast = index === edges.length - 2;
    return Buffer.from(decoder.decode(bytes.subarray(edges[index], edge), isLast));
  });
  return Buffer.concat(pieces).toString('utf8');
}

const hex = (text: string): Uint8Array => Buffer.from(text.replaceAll(' ', ''), 'hex');
const R = '\ufffd';

/** All observed with Java 17's decoders. */
describe('charsetDecoder()', () => {
  it.each([
    ['UTF-8', '61 ff 62', `a${R}b`],
    ['UTF-8', 'e6 97 78', `${R}x`],
    ['UTF-8', 'ed a0 80 79', `${R}y`],
    ['UTF-8', 'f0 9f 98 7a', `${R}z`],
    ['UTF-8', 'c0 af', R + R],
    ['UTF-8', 'f5 80 80 80', R + R + R + R],
    ['UTF-8', 'e6 97', R],
    ['UTF-8', 'ef bb bf 61', '\ufeffa'],
    ['UTF-16', 'fe ff 00 61', 'a'],
    ['UTF-16', 'ff fe 61 00', 'a'],
    ['UTF-16', '00 61', 'a'],
    ['UTF-16LE', '3d d8 00 de', '😀'],
    ['UTF-16BE', 'dc 00 00 61 00', `${R}a${R}`],
    ['UTF-32', '00 01 f6 00', '😀'],
    ['MS932', '81 60 87 40', '～①'],
    ['Shift_JIS', '81 60 87 40', `〜${R}@`],
    ['Shift_JIS', 'b1 5c', 'ｱ\\'],
    ['MS932', '81 20', `${R} `],
    ['MS932', '81', R],
    ['EUC-JP', 'c6 fc cb dc 8e b1 8f b0 a1', '日本ｱ丂'],
    ['EUC-JP', 'a1 c1', '〜'],
    ['EUC-KR', 'c7 d1 a2 e6', '한€'],
    ['ISO-8859-1', '80 e9', '\u0080é'],
    ['windows-1252', '80 81', `€${R}`],
    ['ISO-8859-9', 'dd 80', 'İ\u0080'],
    ['US-ASCII', '61 e9', `a${R}`],
    ['ISO-2022-JP', '1b 24 42 46 7c 1b 28 42', '日'],
  ])('%s: %s', (charset, bytes, text) => expect(decode(charset, hex(bytes))).toBe(text));

  it.each(['utf8', 'latin1', 'SJIS', 'windows-31j', 'euc_jp', 'Cp1252', 'ISO8859_15'])('knows the alias %s', (name) => {
    expect(decode(name, hex('61'))).toBe('a');
  });

  it('refuses a name that is none', () => {
    expect(() => charsetDecoder('nope')).toThrow(expect.objectContaining({ code: 'CHARSET_UNKNOWN' }));
  });

  it.each([
    ['UTF-8', 'e5 a3 a9'],
    ['UTF-16LE', '69 58'],
    ['MS932', '9a 50'],
    ['EUC-JP', 'd3 e1'],
  ])('%s keeps the beginning of a character when the memory of its chunk is used again', (charset, character) => {
    const bytes = hex(character);
    const decoder = charsetDecoder(charset);
    // A buffer of Node's: its slice() shares memory, other than that of every other typed array.
    const chunk = Buffer.from(bytes.subarray(0, 1));
    const head = Buffer.from(decoder.decode(chunk, false));
    chunk.fill(0);
    const rest = decoder.decode(bytes.subarray(1), true);
    expect(Buffer.concat([head, rest]).toString()).toBe(decode(charset, bytes));
  });

  it.each(['UTF-8', 'UTF-16', 'UTF-16LE', 'UTF-32', 'MS932', 'EUC-JP', 'GBK', 'Big5', 'windows-1252'])(
    '%s gives the same text for any split of any bytes',
    (charset) => {
      fc.assert(
        fc.property(fc.uint8Array({ maxLength: 24 }), fc.array(fc.nat(24), { maxLength: 4 }), (bytes, cuts) => {
          const edges = cuts.map((cut) => Math.min(cut, bytes.length));
          expect(decode(charset, bytes, edges)).toBe(decode(charset, bytes));
        }),
      );
    },
  );
});

describe('charsetEncoder()', () => {
  it.each([
    ['Shift_JIS', '日本é😀', '93 fa 96 7b 3f 3f'],
    ['MS932', '～①¥', '81 60 87 40 5c'],
    ['EUC-JP', '日本丂', 'c6 fc cb dc 8f b0 a1'],
    ['UTF-16', 'a😀', '00 61 d8 3d de 00'],
    ['UTF-16LE', 'a', '61 00'],
    ['ISO-8859-1', 'é€', 'e9 3f'],
    ['windows-1252', '€', '80'],
    ['utf-8', 'é', 'c3 a9'],
  ])('%s writes %s', (charset, text, bytes) => {
    expect(Buffer.from(charsetEncoder(charset).encode(Buffer.from(text)))).toEqual(Buffer.from(hex(bytes)));
  });

  it('writes a mark for UTF-16 and a question mark for lone surrogates', () => {
    expect([...charsetEncoder('UTF-16').begin()]).toEqual([0xfe, 0xff]);
    expect([...charsetEncoder('UTF-16BE').begin()]).toEqual([]);
    expect(Buffer.from(charsetEncoder('utf-8').encode(hex('61 ed a0 80 62'))).toString()).toBe('a?b');
  });

  it.each(['MS932', 'Shift_JIS', 'EUC-JP', 'EUC-KR', 'UTF-16', 'UTF-32LE', 'KOI8-R'])(
    '%s reads back what it writes',
    (charset) => {
      fc.assert(
        fc.property(fc.string({ unit: 'grapheme', maxLength: 20 }), (text) => {
          const bytes = charsetEncoder(charset).encode(Buffer.from(text)).slice();
          const back = decode(charset, bytes);
          const again = Buffer.from(charsetEncoder(charset).encode(Buffer.from(back)));
          expect(again).toEqual(Buffer.from(bytes));
        }),
      );
    },
  );
});
