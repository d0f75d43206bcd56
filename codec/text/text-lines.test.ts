import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { TextLines } from './text-lines.ts';

/** The lines of the text when it comes in such pieces, which all lie in the same memory. */
function lines(text: string, sizes: readonly number[]): string[] {
  const bytes = Buffer.from(text);
  const lent = Buffer.alloc(bytes.length);
  const reader = new TextLines();
  const found: string[] = [];
  let at = 0;
  const read = (size: number, isLast: boolean): void => {
    bytes.copy(lent, 0, at, at + size);
    reader.append(lent.subarray(0, Math.min(size, bytes.length - at)), isLast);
    at = Math.min(bytes.length, at + size);
    while (reader.next()) {
      found.push(`${reader.line} ${Buffer.from(reader.bytes.subarray(reader.start, reader.end)).toString()}`);
    }
    lent.fill(0x2a);
  };
  for (const size of sizes) read(size, false);
  read(bytes.length - at, true);
  return found;
}

describe('TextLines', () => {
  it.each([
    ['', []],
    ['a', ['1 a']],
    ['a\n', ['1 a']],
    ['a\r\nb\nc\rd', ['1 a', '2 b', '3 c', '4 d']],
    ['\n\r\n\r', ['1 ', '2 ', '3 ']],
    ['a\r\r\nb', ['1 a', '2 ', '3 b']],
  ])('finds the lines of %j', (text, expected) => expect(lines(text, [])).toEqual(expected));

  it('finds the same lines for any split of the bytes', () => {
    const texts = fc.array(fc.constantFrom('a', 'bb', '\r', '\n', '\r\n', '言'), { maxLength: 20 });
    fc.assert(
      fc.property(texts, fc.array(fc.nat(6), { maxLength: 30 }), (parts, sizes) => {
        const text = parts.join('');
        expect(lines(text, sizes)).toEqual(lines(text, []));
      }),
    );
  });
});
