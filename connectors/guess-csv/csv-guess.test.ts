import { describe, expect, it } from 'vitest';
import { isJsonObject } from '#spi/json.ts';
import { typeOf } from './column-types.ts';
import { csvGuesser } from './csv-guess.ts';
import { guessDelimiter, guessQuote } from './dialect-guess.ts';
import { guessNewline } from './newline-guess.ts';
import { guessTimeFormat } from './time-format-guess.ts';

function columns(text: string): string[] {
  const { diff } = csvGuesser({ isAllStrings: false }).guess(
    { parser: { charset: 'UTF-8', newline: 'LF' } },
    Buffer.from(text),
  );
  const parser = isJsonObject(diff['parser']) ? diff['parser'] : {};
  const list = Array.isArray(parser['columns']) ? (parser['columns'] as readonly Record<string, string>[]) : [];
  return list.map(({ name, type, format }) => [name, type, format].filter((part) => part !== undefined).join(' '));
}

describe('csvGuesser()', () => {
  it('keeps codes with leading zeros as texts, as in lists of postal codes', () => {
    expect(columns('zip,lat,city\n00501,40.92,Holtsville\n00544,40.92,Holtsville\n01001,42.07,Agawam\n')).toEqual([
      'zip string',
      'lat double',
      'city string',
    ]);
  });

  it('takes written-out months for texts, as in lists of prices', () => {
    expect(columns('symbol,date,price\nMSFT,Jan 1 2000,39.81\nMSFT,Feb 1 2000,36.35\n')).toEqual([
      'symbol string',
      'date string',
      'price double',
    ]);
  });

  it('finds slashed and hourly times', () => {
    expect(columns('time,count\n2015/01/01 01:00:00,2\n2015/01/01 04:00:00,3\n')).toEqual([
      'time timestamp %Y/%m/%d %H:%M:%S',
      'count long',
    ]);
  });

  it('takes a column of numbers with gaps for numbers, and of None for texts', () => {
    expect(columns('a,b\n1,None\n,None\n3,10\n')).toEqual(['a long', 'b string']);
  });
});

describe('typeOf()', () => {
  it.each([
    ['true', 'boolean'],
    ['1', 'long'],
    ['007', 'string'],
    ['+1', 'string'],
    ['-0', 'string'],
    ['1.5', 'double'],
    ['007.5', 'string'],
    ['-1.5e3', 'double'],
    ['NaN', 'double'],
    ['20150127', 'timestamp'],
    ['9223372036854775808', 'string'],
    ['{"a":1}', 'json'],
    ['[1', 'string'],
    ['', undefined],
    [null, undefined],
  ])('%j is %s', (text, type) => expect(typeOf(text)).toBe(type));
});

describe('guessTimeFormat()', () => {
  it.each([
    [['2015-01-27 19:23:49'], '%Y-%m-%d %H:%M:%S'],
    [['20150127'], '%Y%m%d'],
    [['20150127192349'], '%Y%m%d%H%M%S'],
    [['01/27/2015'], '%m/%d/%Y'],
    [['27/01/2015 10:11:12.123 +09:00'], '%d/%m/%Y %H:%M:%S.%L %:z'],
    [['01/02/2015', '27/01/2015'], '%d/%m/%Y'],
    [['2015-01-27T19:23:49.123456Z'], '%Y-%m-%dT%H:%M:%S.%N%z'],
    [['2015-01- 7  9:00'], '%Y-%m-%e %k:%M'],
    [['Tue, 27 Jan 2015 19:23:49 +0900'], '%a, %d %b %Y %H:%M:%S %z'],
    [['10/Oct/2000:13:55:36 -0700'], '%d/%b/%Y:%H:%M:%S %z'],
    [['Fri Jan  2 03:04:05 2015'], '%a %b %e %H:%M:%S %Y'],
    [['12:00', 'x', ''], undefined],
  ])('%j', (texts, format) => expect(guessTimeFormat(texts)).toBe(format));
});

describe('guessDelimiter(), guessQuote() and guessNewline()', () => {
  it('count', () => {
    expect(guessDelimiter(['a;b,c', 'd;e', 'f;g,,'])).toBe(';');
    expect(guessDelimiter(['abc'])).toBe(',');
    expect(guessQuote(["'a','b'", "'c',d"], ',')).toBe("'");
    expect(guessQuote(['5" disk,x'], ',')).toBeNull();
    expect(guessNewline(Buffer.from('a\r\nb\r\nc'))).toBe('CRLF');
    expect(guessNewline(Buffer.from('a\rb\rc'))).toBe('CR');
    expect(guessNewline(Buffer.from(''))).toBe('LF');
  });
});

describe('csvGuesser()', () => {
  it.each(['parquet', 'excel', 'xml', 'jsonpath'])('asks nothing about files of the parser %s', (type) => {
    const guesser = csvGuesser({ isAllStrings: false });
    expect(guesser.guess({ parser: { type } }, Buffer.from('a,b\n1,2\n'))).toEqual({ diff: {}, findings: [] });
  });
});
