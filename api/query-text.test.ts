import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { pathText, queryString, readTexts } from './query-text.ts';

const fields = z.strictObject({
  limit: z.int().min(1).default(50),
  isEnabled: z.boolean().optional(),
  state: z.array(z.enum(['QUEUED', 'FAILED'])).optional(),
  q: z.string().optional(),
});

function read(query: string): unknown {
  const texts: Record<string, string[]> = {};
  for (const [name, value] of new URLSearchParams(query)) (texts[name] ??= []).push(value);
  return readTexts(fields, texts);
}

describe('readTexts()', () => {
  it.each([
    ['limit=20', { limit: 20 }],
    ['limit=-1', { limit: -1 }],
    ['limit=1.5', { limit: 1.5 }],
    ['limit=1e3', { limit: '1e3' }],
    ['limit=', { limit: '' }],
    ['isEnabled=true', { isEnabled: true }],
    ['isEnabled=false', { isEnabled: false }],
    ['isEnabled=1', { isEnabled: '1' }],
    ['state=QUEUED', { state: ['QUEUED'] }],
    ['state=QUEUED,FAILED', { state: ['QUEUED', 'FAILED'] }],
    ['state=QUEUED&state=FAILED', { state: ['QUEUED', 'FAILED'] }],
    ['state=', { state: [] }],
    ['q=12', { q: '12' }],
    ['q=true', { q: 'true' }],
    ['q=a&q=b', { q: ['a', 'b'] }],
    ['other=1', { other: '1' }],
  ])('reads %s', (query, expected) => expect(read(query)).toEqual(expected));

  it('reads what queryString() writes', () => {
    const values = { limit: 3, isEnabled: false, state: ['FAILED', 'QUEUED'], q: 'a&b=c %/?', other: undefined };
    const { other: _, ...expected } = values;
    expect(read(queryString(values))).toEqual(expected);
  });
});

describe('pathText()', () => {
  it('keeps a value in its segment', () =>
    expect(pathText('/limits/:kind/:id', { kind: 'account', id: 'a/b?c:d' })).toBe('/limits/account/a%2Fb%3Fc%3Ad'));
});
