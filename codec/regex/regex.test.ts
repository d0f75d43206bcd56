import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { regexCost } from './cost.ts';
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
    const regex = /^(a+)+$/;
    const note = watch.noter('^(a+)+$', regex);
    const search = (of: string): boolean =>
      watch.run(() => {
        note(of);
        return regex.test(of);
      });
    expect(search('aaa')).toBe(true);
    expect(() => search(text)).toThrow(
      expect.objectContaining({
        code: 'REGEX_TIMEOUT',
        message: `The regular expression '^(a+)+$' did not come to an end within 0.05 s on "${text}".`,
      }),
    );
    expect(search('aaa')).toBe(true);
  });

  it('does not watch what cannot take long, and begins anew when it turns out that it can', () => {
    const watch = new RegexWatch();
    const note = watch.noter('a+b', /a+b/);
    const begun = (texts: readonly string[]): number => {
      let count = 0;
      watch.run(() => {
        count += 1;
        for (const text of texts) note(text);
      });
      return count;
    };
    expect(begun(Array.from({ length: 1024 }, () => 'x'.repeat(100)))).toBe(1);
    expect(begun(['x', 'x'.repeat(100_000)])).toBe(2);
  });
});

describe('regexCost()', () => {
  it.each<[RegExp, number, number]>([
    [/abc/, 1, 1],
    [/^a+$/, 1, 2],
    [/a*b+?c{2,}/, 1, 4],
    [/a|b|(c|d)/, 8, 1],
    [/a?b??(cd)?/, 8, 1],
    [/a{3}b{2,4}/, 3 * 3 * 4, 1],
    [/[+*(|]\+\*\(/, 1, 1],
    [/(?<name>a)(?:b)(?=c)(?!d)(?<=e)(?<!f)/, 1, 1],
    [/\p{L}+\u{61}*/u, 1, 3],
    [/[\]+]+/, 1, 2],
  ])('of %s', (regex, factor, degree) => expect(regexCost(regex)).toEqual({ factor, degree }));

  it.each([/(a+)+/, /(a|b)*/, /(?:ab){2,}/, /(a?){50}/, /(a)\1/, /(?<x>a)\k<x>/])('is not known for %s', (regex) => {
    expect(regexCost(regex)).toBeUndefined();
  });

  // A law on real expressions: what is said to be cheap ends at once.
  it('is kept to by the engine', () => {
    const pieces = ['a', 'a+', 'a*', 'a?', 'a{2,3}', '(a|b)', '[ab]+', '(ab)?', 'b', '.*'];
    const sources = fc.array(fc.constantFrom(...pieces), { maxLength: 6 }).map((parts) => `${parts.join('')}!`);
    fc.assert(
      fc.property(sources, fc.nat(200), (source, length) => {
        const cost = regexCost(new RegExp(source));
        const steps = cost === undefined ? Infinity : cost.factor * (length + 1) ** cost.degree;
        if (steps > 10_000_000) return true;
        const begin = performance.now();
        new RegExp(source).test('a'.repeat(length));
        return performance.now() - begin < 5000;
      }),
      { numRuns: 200 },
    );
  });
});
