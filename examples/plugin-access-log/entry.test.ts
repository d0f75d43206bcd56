import assert from 'node:assert/strict';
import { test } from 'node:test';
import { entryOf } from './entry.ts';

test('entryOf() takes a combined line apart', () => {
  const line =
    '127.0.0.1 - frank [10/Oct/2000:13:55:36 -0700] "GET /a.gif?x=1 HTTP/1.0" 200 2326 "http://example.com/" "Mozilla"';
  assert.deepEqual(entryOf(line, 'combined'), {
    host: '127.0.0.1',
    user: 'frank',
    time: 971211336,
    method: 'GET',
    path: '/a.gif?x=1',
    status: 200n,
    size: 2326n,
    referrer: 'http://example.com/',
    agent: 'Mozilla',
  });
});

test('entryOf() keeps a request that is none, and has nothing where there is a dash', () => {
  const entry = entryOf('::1 - - [01/Mar/2026:00:00:00 +0900] "\\x16" 400 -', 'common');
  assert.deepEqual([entry.method, entry.path, entry.user, entry.size], [undefined, '\\x16', undefined, undefined]);
});

test('entryOf() refuses other lines and other times', () => {
  assert.throws(() => entryOf('hello', 'common'), { code: 'ACCESS_LOG_LINE' });
  const time = '::1 - - [01/Mrz/2026:00:00:00 +0900] "-" 400 -';
  assert.throws(() => entryOf(time, 'common'), { code: 'ACCESS_LOG_TIME', message: /Mrz/ });
});
