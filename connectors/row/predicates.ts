/**
 * Comparisons of one column's cells with one value. A null fails all of them but `!=`. Longs are compared as the whole
 * numbers that they are.
 */
import { bytesAt, isNull, stringAt, textLength, textStart } from '#spi/batch.ts';
import type { Timestamp, Vector } from '#spi/batch.ts';
import { ByteSink } from '#spi/byte-sink.ts';
import { writeWtf8 } from '#spi/wtf8.ts';

/** Whether the row of a batch with these vectors passes. */
export type Predicate = (vectors: readonly Vector[], row: number) => boolean;

export type Comparison = '=' | '!=' | '>' | '>=' | '<' | '<=';
export type TextOperator = 'START_WITH' | 'END_WITH' | 'INCLUDE';

/** Outcomes of a comparison, as bits. */
const LESS = 1;
const EQUAL = 2;
const GREATER = 4;
const UNORDERED = 8;

const passing: Readonly<Record<Comparison, number>> = {
  '=': EQUAL,
  '!=': LESS | GREATER | UNORDERED,
  '>': GREATER,
  '>=': GREATER | EQUAL,
  '<': LESS,
  '<=': LESS | EQUAL,
};

/** The same comparison with its sides changed. */
export const turned: Readonly<Record<Comparison, Comparison>> = {
  '=': '=',
  '!=': '!=',
  '>': '<',
  '>=': '<=',
  '<': '>',
  '<=': '>=',
};

/** A value to compare with, as the type of the column has it. */
export type Operand = boolean | bigint | number | string | Timestamp;

/** `hasTotalOrder`: NaN equals itself and is the greatest, minus zero is less than zero. */
export function comparePredicate(
  index: number,
  comparison: Comparison,
  operand: Operand,
  { hasTotalOrder }: { readonly hasTotalOrder: boolean },
): Predicate {
  const isEquality = comparison === '=' || comparison === '!=';
  const compare = isEquality && typeof operand === 'string' ? textEquality(operand) : comparer(operand, hasTotalOrder);
  const passes = passing[comparison];
  return (vectors, row) => {
    const vector = vectors[index] as Vector; // an index of the schema
    return ((isNull(vector, row) ? UNORDERED : compare(vector, row)) & passes) !== 0;
  };
}

function comparer(operand: Operand, hasTotalOrder: boolean): (vector: Vector, row: number) => number {
  if (typeof operand === 'string') return textComparer(operand);
  if (typeof operand === 'object') return timestampComparer(operand);
  if (typeof operand === 'boolean') {
    const wanted = operand ? 1 : 0;
    return (vector, row) => (vector.type === 'boolean' && vector.values[row] === wanted ? EQUAL : LESS);
  }
  return (vector, row) => {
    if (vector.type !== 'long' && vector.type !== 'double') return UNORDERED;
    const value = vector.values[row] as bigint | number; // bounded by the caller
    // A whole number and a double compare exactly.
    if (value < operand) return LESS;
    if (value > operand) return GREATER;
    if (hasTotalOrder && typeof value === 'number') return totalOrder(value, Number(operand));
    return value >= operand ? EQUAL : UNORDERED;
  };
}

/** For doubles of which none is greater. */
function totalOrder(a: number, b: number): number {
  if (Object.is(a, b)) return EQUAL;
  if (Number.isNaN(a)) return GREATER;
  if (Number.isNaN(b)) return LESS;
  if (a === 0 && b === 0) return Object.is(a, -0) ? LESS : GREATER;
  return EQUAL;
}

/** Equal texts have equal bytes: no string is made. */
function textEquality(operand: string): (vector: Vector, row: number) => number {
  const sink = new ByteSink(64);
  writeWtf8(sink, operand);
  const wanted = sink.view();
  return (vector, row) =>
    textLength(vector, row) === wanted.length && isAt(vector.arena, wanted, textStart(vector, row)) ? EQUAL : LESS;
}

/** The order of texts is that of their UTF-16 units, as Java has it. */
function textComparer(operand: string): (vector: Vector, row: number) => number {
  return (vector, row) => {
    const text = stringAt(vector, row);
    if (text === operand) return EQUAL;
    return text < operand ? LESS : GREATER;
  };
}

function timestampComparer({ seconds, nanos }: Timestamp): (vector: Vector, row: number) => number {
  const micros = BigInt(seconds) * 1_000_000n + BigInt(Math.floor(nanos / 1000));
  const rest = nanos % 1000;
  return (vector, row) => {
    if (vector.type !== 'timestamp') return UNORDERED;
    const value = vector.values[row] as bigint; // bounded by the caller
    if (value !== micros) return value < micros ? LESS : GREATER;
    const difference = (vector.nanos[row] as number) - rest;
    if (difference === 0) return EQUAL;
    return difference < 0 ? LESS : GREATER;
  };
}

export function nullPredicate(index: number, wanted: boolean): Predicate {
  return (vectors, row) => isNull(vectors[index] as Vector, row) === wanted; // an index of the schema
}

/** `isTurned`: the cell is looked for in the text, not the text in the cell. */
export function textPredicate(index: number, operator: TextOperator, text: string, isTurned = false): Predicate {
  const operand = Buffer.from(text);
  const holds = textTests[operator];
  return (vectors, row) => {
    const vector = vectors[index] as Vector; // an index of the schema
    if (isNull(vector, row)) return false;
    const cell = bytesAt(vector, row);
    return isTurned ? holds(operand, cell) : holds(cell, operand);
  };
}

// Beginnings, ends and parts of UTF-8 texts are those of their bytes.
const textTests: Readonly<Record<TextOperator, (whole: Uint8Array, part: Uint8Array) => boolean>> = {
  START_WITH: (whole, part) => whole.length >= part.length && isAt(whole, part, 0),
  END_WITH: (whole, part) => whole.length >= part.length && isAt(whole, part, whole.length - part.length),
  INCLUDE(whole, part) {
    for (let at = 0; at + part.length <= whole.length; at++) if (isAt(whole, part, at)) return true;
    return false;
  },
};

function isAt(whole: Uint8Array, part: Uint8Array, at: number): boolean {
  for (let index = 0; index < part.length; index++) if (whole[at + index] !== part[index]) return false;
  return true;
}

/** `note` is told every text before it is looked at. */
export function regexPredicate(index: number, regex: RegExp, note: (text: string) => void): Predicate {
  return (vectors, row) => {
    const vector = vectors[index] as Vector; // an index of the schema
    if (isNull(vector, row)) return false;
    const text = stringAt(vector, row);
    note(text);
    return regex.test(text);
  };
}
