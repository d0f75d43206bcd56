import { describe, expect, it } from 'vitest';
import { parseXmlPath } from './xml-path.ts';

describe('parseXmlPath()', () => {
  it.each([
    ['a', { elements: ['a'] }],
    ['a/b', { elements: ['a', 'b'] }],
    ['./a', { elements: ['a'] }],
    ['.', { elements: [] }],
    ['a/text()', { elements: ['a'] }],
    ['*/b', { elements: ['*', 'b'] }],
    ['@id', { elements: [], attribute: 'id' }],
    ['a/@x:id', { elements: ['a'], attribute: 'x:id' }],
    ['データ/x-1.1', { elements: ['データ', 'x-1.1'] }],
  ])('reads %s', (text, expected) => expect(parseXmlPath(text, undefined)).toEqual(expected));

  it('puts namespaces in the place of prefixes', () => {
    const namespaces = { n: 'http://n' };
    expect(parseXmlPath('n:a/b/@n:c', namespaces)).toEqual({
      elements: ['{http://n}a', 'b'],
      attribute: '{http://n}c',
    });
    expect(parseXmlPath('toString:a', namespaces)).toMatch(/prefix/);
  });

  it.each(['//a', 'a//b', 'a/', '', 'a[1]', "a[@b='c']", '..', 'a|b', '@a/b', '@*', 'count(a)', 'a/text()/b'])(
    'refuses %s',
    (text) => expect(parseXmlPath(text, undefined)).toBeTypeOf('string'),
  );
});
