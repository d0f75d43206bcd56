/** Whether two results hold the same records in the same order, whatever way their formats write a value. */
import { createHash } from 'node:crypto';
import type { Column, ColumnType } from './generator.ts';
import type { Cell } from './rows.ts';

export interface Digest {
  readonly rows: number;
  readonly hash: string;
}

const HASH_CHARACTERS = 1 << 16;

/** Control characters that the data does not hold. */
const NULL = '\u0000';
const CELL_END = '\u001f';
const RECORD_END = '\u001e';

/** One digest of all records for each list of columns, in one pass; a list names positions of `columns`. */
export async function digestColumns(
  records: AsyncIterable<readonly Cell[]>,
  columns: readonly Column[],
  lists: readonly (readonly number[])[],
): Promise<readonly Digest[]> {
  const hashes = lists.map(() => createHash('sha1'));
  const pending = lists.map(() => '');
  let rows = 0;
  for await (const record of records) {
    rows++;
    const cells = columns.map(({ type }, index) => canonical(record[index], type));
    for (const [list, positions] of lists.entries()) {
      let text = pending[list] ?? '';
      for (const position of positions) text += cells[position] + CELL_END;
      text += RECORD_END;
      if (text.length > HASH_CHARACTERS) {
        hashes[list]?.update(text);
        text = '';
      }
      pending[list] = text;
    }
  }
  return hashes.map((hash, list) => ({ rows, hash: hash.update(pending[list] ?? '').digest('hex') }));
}

export async function digest(
  records: AsyncIterable<readonly Cell[]>,
  columns: readonly Column[],
): Promise<Digest | undefined> {
  const [result] = await digestColumns(records, columns, [[...columns.keys()]]);
  return result;
}

/** Undefined when they agree, else what is different. */
export function disagreement(actual: Digest | undefined, expected: Digest | undefined): string | undefined {
  if (actual === undefined || expected === undefined) return 'there is nothing to compare';
  if (actual.rows !== expected.rows) return `${actual.rows} records instead of ${expected.rows}`;
  return actual.hash === expected.hash ? undefined : `${actual.rows} records, but not all with the values expected`;
}

/** Zero has one sign, doubles are compared exactly, times without zone and trailing zeros, JSON by its members. */
function canonical(cell: Cell, type: ColumnType): string {
  if (cell === null) return NULL;
  // A member that is missing is not the same as null.
  if (cell === undefined) return 'undefined';
  switch (type) {
    case 'long':
    case 'double':
      return String(Number(cell));
    case 'boolean':
    case 'string':
      return String(cell);
    case 'timestamp':
      return canonicalTime(String(cell));
    case 'json':
      return JSON.stringify(typeof cell === 'string' ? JSON.parse(cell) : cell);
  }
}

function canonicalTime(text: string): string {
  const match = /^(\d{4}-\d\d-\d\d)[ T](\d\d:\d\d:\d\d)(?:\.(\d*?)0*)?(?: ?Z| ?UTC| ?[+]00:?00)?$/.exec(text);
  if (match === null) return text;
  const [, day, time, fraction = ''] = match;
  return `${day} ${time}.${fraction}`;
}

/**
 * One sequence out of several that are each in the order of their first cell, a number: the original deals records out
 * to its outputs.
 */
export async function* mergedByFirstCell(
  parts: readonly AsyncIterable<readonly Cell[]>[],
): AsyncGenerator<readonly Cell[]> {
  const [only] = parts;
  if (only !== undefined && parts.length === 1) {
    yield* only;
    return;
  }
  const iterators = parts.map((part) => part[Symbol.asyncIterator]());
  const heads = await Promise.all(iterators.map((iterator) => iterator.next()));
  for (;;) {
    const next = smallest(heads);
    const head = heads[next];
    const iterator = iterators[next];
    if (head === undefined || iterator === undefined || head.done === true) return;
    yield head.value;
    heads[next] = await iterator.next();
  }
}

function smallest(heads: readonly IteratorResult<readonly Cell[]>[]): number {
  const keys = heads.map((head) => (head.done === true ? Infinity : Number(head.value[0])));
  return keys.indexOf(Math.min(...keys));
}
