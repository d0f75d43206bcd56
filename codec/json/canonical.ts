import { CELL_SURROGATE } from '#spi/batch.ts';
import type { ByteSink } from '#spi/byte-sink.ts';
import { isJsonSpace, JSON_REFUSED, JsonScanner } from './scanner.ts';

const scanner = new JsonScanner();

/**
 * Appends the first JSON value of the UTF-8 text `bytes[start, end)` in canonical form; what follows it is ignored.
 * Returns -1 when it is not acceptable (the sink is as it was), else flags for the cell.
 */
export function canonicalizeJson(bytes: Uint8Array, start: number, end: number, sink: ByteSink): number {
  if (scanner.value(bytes, start, end, sink) === JSON_REFUSED) return -1;
  return scanner.hasSurrogates ? CELL_SURROGATE : 0;
}

/** The same for a text that must hold nothing but the one value. */
export function canonicalizeWholeJson(bytes: Uint8Array, start: number, end: number, sink: ByteSink): number {
  const length = sink.length;
  let at = scanner.value(bytes, start, end, sink);
  if (at === JSON_REFUSED) return -1;
  const flags = scanner.hasSurrogates ? CELL_SURROGATE : 0;
  while (at < end && isJsonSpace(bytes[at] as number)) at += 1; // bounded
  if (at === end) return flags;
  sink.length = length;
  return -1;
}
