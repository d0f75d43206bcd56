import { describe, expect, it } from 'vitest';
import { javaRegex, javaReplacement } from './java.ts';
import type { JavaRegexOptions } from './java.ts';
import { onigurumaRegex } from './oniguruma.ts';
import { RegexWatch } from './time-limit.ts';

describe('javaRegex()', () => {
  function replaced(text: string, pattern: string, template: string, options: JavaRegexOptions = {}): string {
    const regex = javaRegex(pattern, options);
    return text.replace(regex, javaReplacement(template, regex));
  }

  it.each<[string, string, string, JavaRegexOptions, string]>([
    ['a1b22', '[0-9]+', '<$0>', {}, 'a<1>b<22>'],
    ['foo: 12', String.raw`(\w*):\s*(\w*)`, '$1 = [$2]', {}, 'foo = [12]'],
    ['ab', '(?<x>a)(b)', '${x}-$2-$11', {}, 'a-b-a1'],
    ['abcdefghijkl', '(a)(b)(c)(d)(e)(f)(g)(h)(i)(j)(k)', '$11$10', {}, 'kjl'],
    ['a.b', String.raw`\Q.\E`, String.raw`\$1\\`, {}, String.raw`a$1\b`],
    ['a\nb', '^.', 'x', {}, 'x\nb'],
    ['a\nb', '^.', 'x', { isMultiline: true }, 'x\nx'],
    ['a\nb', String.raw`\A.`, 'x', { isMultiline: true }, 'x\nb'],
    ['a\nb', String.raw`.\z`, 'x', { isMultiline: true }, 'a\nx'],
    ['a\nb\n', String.raw`.\Z`, 'x', { isMultiline: true }, 'a\nx\n'],
    ['a\nb', 'a.b', 'x', {}, 'a\nb'],
    ['a\nb', 'a.b', 'x', { dotMatchesAll: true }, 'x'],
    ['AbÉ', '(?i)aB', 'x', {}, 'xÉ'],
    ['ÀÉ', 'é', 'x', { ignoresCase: true }, 'Àx'],
    ['a b#c', 'a b # comment\n \\# c', 'x', { hasComments: true }, 'a b#c'],
    ['ab#c', 'a b # comment\n \\# c', 'x', { hasComments: true }, 'x'],
    ['a-Z9 é', String.raw`\p{Alpha}|[\p{Digit}é]`, 'x', {}, 'x-xx x'],
    ['a\u00a0\tb', String.raw`\h+|[\hb]`, 'x', {}, 'axx'],
    ['😀a', '.', 'x', {}, 'xx'],
    ['a-_b', String.raw`\-\_`, 'x', {}, 'axb'],
    [String.raw`a\Ab`, String.raw`\\A`, 'x', {}, 'axb'],
    ['aXbX', 'X', '', {}, 'ab'],
    ['ab', '(x)?b', '[$1]', {}, 'a[]'],
  ])('%j by %j to %j with %j is %j', (text, pattern, template, options, expected) => {
    expect(replaced(text, pattern, template, options)).toBe(expected);
  });

  it.each(['(', 'a++', 'a{2}+', '(?>a)', '[a&&b]'])('refuses the expression %s', (pattern) => {
    expect(() => javaRegex(pattern)).toThrow(SyntaxError);
  });

  it.each(['$1', '$', 'a\\', '${x}', '${'])('refuses the replacement %s', (template) => {
    expect(() => javaReplacement(template, javaRegex('a'))).toThrow(SyntaxError);
  });
});

describe('onigurumaRegex()', () => {
  it.each<[string, string, boolean]>([
    [String.raw`\h+\z`, 'xff', true],
    [String.raw`\Aa\Z`, 'a\n', true],
    ['a{,b', 'a{,b', true],
    [String.raw`[\h\-]{3}`, 'a-1', true],
    ['(?m)a.b', 'a\nb', true],
    ['a.b', 'a\nb', false],
    ['[]a]+', ']', true],
    [String.raw`\p{Hiragana}`, 'あ', true],
    [String.raw`\p{Alpha}\p{^L}`, 'é1', true],
    [String.raw`\-\_\'`, "-_'", true],
    ['^.$', '😀', true],
  ])('%s on %j', (pattern, text, matches) => expect(onigurumaRegex(pattern).test(text)).toBe(matches));

  it.each(['(?>a)', 'a++', '[a&&b]', '[a[b]]', String.raw`\G`, '(?x)a', '[a', '[[:cntrl:]]', 'a\\'])(
    'refuses %s',
    (pattern) => {
      expect(() => onigurumaRegex(pattern)).toThrow(SyntaxError);
    },
  );
});

describe('RegexWatch', () => {
  it('gives what the work gives, and throws what it throws', () => {
    const watch = new RegexWatch();
    expect(watch.run(() => 7)).toBe(7);
    expect(watch.run(() => undefined)).toBeUndefined();
    expect(() =>
      watch.run(() => {
        throw new RangeError('x');
      }),
    ).toThrow(new RangeError('x'));
  });

  it('ends an expression that would not, says which and on what, and works afterwards', () => {
    const watch = new RegexWatch(50);
    const text = `${'a'.repeat(60)}!`;
    const search = (): boolean => {
      watch.note('^(a+)+$', text);
      return /^(a+)+$/.test(text);
    };
    expect(() => watch.run(search)).toThrow(
      expect.objectContaining({
        code: 'REGEX_TIMEOUT',
        message: `The regular expression '^(a+)+$' did not come to an end within 0.05 s on "${text}".`,
      }),
    );
    expect(watch.run(() => 'again')).toBe('again');
  });
});
