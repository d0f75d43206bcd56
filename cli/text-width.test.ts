import { describe, expect, it } from 'vitest';
import { cutToWidth, displayWidth, padEnd, padStart, visible } from './text-width.ts';

describe('displayWidth()', () => {
  it.each([
    ['', 0],
    ['abc', 3],
    ['日本語', 6],
    ['ｱ', 1],
    ['Ａ', 2],
    ['🚡', 2],
    // An accent of its own takes no room.
    ['e\u0301', 1],
  ])('of %j is %i', (text, columns) => {
    expect(displayWidth(text)).toBe(columns);
  });
});

describe('cutToWidth()', () => {
  it.each([
    ['abcdef', 6, 'abcdef'],
    ['abcdef', 5, 'abcd…'],
    ['日本語', 6, '日本語'],
    // A wide character that does not fit leaves a column empty.
    ['日本語', 5, '日本…'],
    ['日本語', 4, '日…'],
    ['abc', 1, '…'],
  ])('cuts %j to %i columns as %j', (text, columns, cut) => {
    expect(cutToWidth(text, columns)).toBe(cut);
    expect(displayWidth(cutToWidth(text, columns))).toBeLessThanOrEqual(columns);
  });
});

it('padStart() and padEnd() fill up to the columns, and never cut', () => {
  expect([padStart('日本', 6), padEnd('日本', 6), padEnd('too long', 3)]).toEqual(['  日本', '日本  ', 'too long']);
});

it('visible() leaves nothing that would move the cursor', () => {
  expect(visible('a\r\nb\nc\td\u001b[31me\u0000')).toBe('a⏎b⏎c⇥d·[31me·');
});
