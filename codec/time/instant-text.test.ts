import { expect, it } from 'vitest';
import { ByteSink } from '#spi/byte-sink.ts';
import { instantFormatter } from './instant-text.ts';

it.each([
  [0, '2026-01-02 03:04:05 UTC'],
  [120_000_000, '2026-01-02 03:04:05.120 UTC'],
  [120_001_000, '2026-01-02 03:04:05.120001 UTC'],
  [120_001_002, '2026-01-02 03:04:05.120001002 UTC'],
])('instantFormatter() prints %d nanoseconds as %s', (nanos, text) => {
  const formatter = instantFormatter();
  const sink = new ByteSink();
  formatter.write(sink, 1767323045, nanos);
  expect([formatter.format(1767323045, nanos), Buffer.from(sink.view()).toString()]).toEqual([text, text]);
});
