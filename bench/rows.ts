/**
 * Readers of results, simple and slow on purpose: they share no code with the engine, so that they can judge it.
 * Each gives one array of cells per record, in the order of the columns asked for.
 */
import { createReadStream } from 'node:fs';
import { createGunzip } from 'node:zlib';
import type { Column } from './generator.ts';

/** A cell as JSON or CSV holds it; CSV knows texts and nothing (null) only. */
export type Cell = unknown;

const READ_BYTES = 1 << 20;

/** The text of files that belong together, one after the other; those ending in .gz are unpacked. */
export async function* textOf(files: readonly string[]): AsyncGenerator<string> {
  const decoder = new TextDecoder('utf-8', { fatal: true });
  for (const file of files) {
    const bytes = createReadStream(file, { highWaterMark: READ_BYTES });
    const plain = file.endsWith('.gz') ? bytes.pipe(createGunzip({ chunkSize: READ_BYTES })) : bytes;
    // pipe() does not hand on errors of its source.
    bytes.on('error', (error) => plain.destroy(error));
    // Both streams give buffers, because no encoding is set.
    for await (const piece of plain) yield decoder.decode(piece as Buffer, { stream: true });
  }
  yield decoder.decode();
}

export async function* jsonLines(text: AsyncIterable<string>, columns: readonly Column[]): AsyncGenerator<Cell[]> {
  let rest = '';
  let isFirst = true;
  for await (const piece of text) {
    const lines = (rest + piece).split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) {
      // A line that is no object gives no cells, and that is a difference.
      const record = JSON.parse(line) as Record<string, Cell>;
      if (isFirst) checkNames(Object.keys(record), columns);
      isFirst = false;
      yield columns.map(({ name }) => record[name]);
    }
  }
  if (rest !== '') throw new Error('the last line has no end');
}

function checkNames(names: readonly string[], columns: readonly Column[]): void {
  const expected = columns.map(({ name }) => name);
  if (names.join() !== expected.join()) throw new Error(`the columns are ${names.join()}, not ${expected.join()}`);
}

/** CSV as RFC 4180 has it, with a header; an empty field without quotes is null. */
export async function* csvRecords(text: AsyncIterable<string>, columns: readonly Column[]): AsyncGenerator<Cell[]> {
  let isHeader = true;
  for await (const record of rawCsvRecords(text)) {
    if (isHeader) checkNames(record.map(String), columns);
    else if (record.length === columns.length) yield record;
    else throw new Error(`a record has ${record.length} columns, not ${columns.length}`);
    isHeader = false;
  }
}

async function* rawCsvRecords(text: AsyncIterable<string>): AsyncGenerator<(string | null)[]> {
  let rest = '';
  for await (const piece of text) {
    rest += piece;
    let start = 0;
    for (;;) {
      const end = recordEnd(rest, start);
      if (end < 0) break;
      yield fields(rest.slice(start, rest[end - 1] === '\r' ? end - 1 : end));
      start = end + 1;
    }
    rest = rest.slice(start);
  }
  if (rest !== '') yield fields(rest);
}

/** The line break that ends the record: the first one after an even number of quotes. -1: not in this text. */
function recordEnd(text: string, start: number): number {
  let from = start;
  for (;;) {
    const lineBreak = text.indexOf('\n', from);
    if (lineBreak < 0) return -1;
    const quote = text.indexOf('"', from);
    if (quote < 0 || quote > lineBreak) return lineBreak;
    const close = text.indexOf('"', quote + 1);
    if (close < 0) return -1;
    from = close + 1;
  }
}

function fields(record: string): (string | null)[] {
  const result: (string | null)[] = [];
  let position = 0;
  do {
    let end: number;
    if (record[position] === '"') {
      end = closingQuote(record, position + 1) + 1;
      result.push(record.slice(position + 1, end - 1).replaceAll('""', '"'));
    } else {
      const comma = record.indexOf(',', position);
      end = comma < 0 ? record.length : comma;
      result.push(end === position ? null : record.slice(position, end));
    }
    position = end + 1;
  } while (position <= record.length);
  return result;
}

function closingQuote(record: string, start: number): number {
  let quote = record.indexOf('"', start);
  while (quote >= 0 && record[quote + 1] === '"') quote = record.indexOf('"', quote + 2);
  if (quote < 0) throw new Error('a quote is not closed');
  return quote;
}
