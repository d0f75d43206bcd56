/** From an expression as it is written to a predicate on rows, with every fault of it found. */
import type { Timestamp } from '#spi/batch.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { inRange } from '#codec/cells/cast.ts';
import { shownText } from '#codec/cells/scalar.ts';
import { onigurumaRegex } from '#codec/regex/oniguruma.ts';
import type { RegexWatch } from '#codec/regex/time-limit.ts';
import { timestampParser } from '#codec/time/timestamp-parser.ts';
import { parseExpression } from './expression.ts';
import type { Expression, Literal, Operator } from './expression.ts';
import { comparePredicate, nullPredicate, regexPredicate, textPredicate, turned } from './predicates.ts';
import type { Comparison, Operand, Predicate } from './predicates.ts';
import { syntaxError } from './tokens.ts';

/** Forms of a timestamp in an expression, tried in this order. */
const timestampFormats = [
  '%Y-%m-%d %H:%M:%S.%N %z',
  '%Y-%m-%d %H:%M:%S.%N',
  '%Y-%m-%d %H:%M:%S %z',
  '%Y-%m-%d %H:%M:%S',
  '%Y-%m-%d %z',
  '%Y-%m-%d',
];

export interface Found {
  readonly index: number;
  readonly column: Column;
}

/** Says what is wrong with a condition. */
export type Refuse = (reason: string) => never;

/** Under the eyes of `watch` the predicate is to be used, when it has expressions. */
export interface Compiled {
  readonly passes: Predicate;
  readonly hasRegex: boolean;
}

export function compileWhere(text: string, input: Schema, watch: RegexWatch): Compiled {
  const refuseAt =
    (at: number): Refuse =>
    (reason) => {
      throw syntaxError(text, at, reason);
    };
  const expression = parseExpression(text);
  const lookUp: LookUp = (name, at) => findColumn(name, input, refuseAt(at));
  return { passes: compile(expression, { lookUp, refuseAt, watch }), hasRegex: hasRegex(expression) };
}

function hasRegex(expression: Expression): boolean {
  switch (expression.kind) {
    case 'and':
    case 'or':
      return hasRegex(expression.left) || hasRegex(expression.right);
    case 'not':
      return hasRegex(expression.inner);
    case 'null':
      return false;
    case 'comparison':
      return expression.operator === 'REGEXP';
  }
}

type LookUp = (name: string, at: number) => Found;

interface Surroundings {
  readonly lookUp: LookUp;
  readonly refuseAt: (at: number) => Refuse;
  readonly watch: RegexWatch;
}

function compile(expression: Expression, around: Surroundings): Predicate {
  const { lookUp, refuseAt, watch } = around;
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const left = compile(expression.left, around);
      const right = compile(expression.right, around);
      return expression.kind === 'and'
        ? (vectors, row) => left(vectors, row) && right(vectors, row)
        : (vectors, row) => left(vectors, row) || right(vectors, row);
    }
    case 'not': {
      const inner = compile(expression.inner, around);
      return (vectors, row) => !inner(vectors, row);
    }
    case 'null':
      return nullPredicate(lookUp(expression.column, expression.at).index, expression.isNull);
    case 'comparison': {
      const { column, at, literal, operator, isTurned } = expression;
      return comparison(lookUp(column, at), operator, literal, { isTurned, refuse: refuseAt(at), watch });
    }
  }
}

export function findColumn(name: string, input: Schema, refuse: Refuse): Found {
  const index = columnIndex(input, name);
  const column = input.columns[index];
  if (column === undefined) {
    return refuse(`there is no column '${name}'; columns are: ${input.columns.map((each) => each.name).join(', ')}`);
  }
  return { index, column };
}

interface Manner {
  readonly isTurned: boolean;
  readonly refuse: Refuse;
  readonly watch: RegexWatch;
}

function comparison(
  { index, column }: Found,
  operator: Operator,
  literal: Literal,
  { isTurned, refuse, watch }: Manner,
): Predicate {
  if (operator === 'REGEXP') return regexp({ index, column }, literal, { isTurned, refuse, watch });
  if (operator === 'START_WITH' || operator === 'END_WITH' || operator === 'INCLUDE') {
    if (column.type !== 'string') return refuse(`${operator} is about strings, and '${column.name}' is ${column.type}`);
    if (literal.kind !== 'string') return refuse(`${operator} takes a text in single quotes`);
    return textPredicate(index, operator, literal.text, isTurned);
  }
  checkComparison(column, operator, refuse);
  const operand = operandOf(column, literal);
  if (operand === undefined) {
    return refuse(
      `'${column.name}' is ${column.type}, and ${shownText(literal.text)} is not a value to compare it with`,
    );
  }
  return comparePredicate(index, isTurned ? turned[operator] : operator, operand, { hasTotalOrder: false });
}

export function checkComparison({ name, type }: Column, operator: Comparison, refuse: Refuse): void {
  if (type === 'json') refuse(`'${name}' is json, which has no order; only IS NULL can be asked`);
  if (type === 'boolean' && operator !== '=' && operator !== '!=') refuse(`'${name}' is boolean, which has no order`);
}

function regexp({ index, column }: Found, literal: Literal, { isTurned, refuse, watch }: Manner): Predicate {
  if (column.type !== 'string') return refuse(`REGEXP is about strings, and '${column.name}' is ${column.type}`);
  if (literal.kind !== 'string' || isTurned) return refuse('REGEXP takes a pattern in single quotes on its right');
  return compileRegex(index, literal.text, watch, refuse);
}

export function compileRegex(index: number, pattern: string, watch: RegexWatch, refuse: Refuse): Predicate {
  try {
    return regexPredicate(index, onigurumaRegex(pattern), (text) => watch.note(pattern, text));
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    return refuse(`the pattern cannot be used: ${error.message}`);
  }
}

function operandOf({ type }: Column, literal: Literal): Operand | undefined {
  switch (type) {
    case 'boolean':
      return literal.kind === 'boolean' ? literal.text === 'true' : undefined;
    case 'long':
    case 'double':
      return literal.kind === 'number' ? numberOf(literal.text) : undefined;
    case 'string':
      return literal.kind === 'string' ? literal.text : undefined;
    case 'timestamp':
      if (literal.kind === 'boolean') return undefined;
      return literal.isNumber ? timestampOfNumber(literal.text) : timestampOf(literal.text);
    case 'json':
      return undefined;
  }
}

/** Whole numbers stay exact. */
function numberOf(text: string): bigint | number {
  return text.includes('.') ? Number(text) : BigInt(text);
}

function timestampOf(text: string): Timestamp | undefined {
  for (const format of timestampFormats) {
    const time = timestampParser(format, { timezone: 'UTC', date: '1970-01-01' }).parse(text);
    if (time !== undefined) return time;
  }
  return undefined;
}

/** Seconds since 1970, with a fraction or without. */
function timestampOfNumber(text: string): Timestamp | undefined {
  const [whole = '0', fraction = ''] = text.split('.');
  const nanos = Number(fraction.slice(0, 9).padEnd(9, '0'));
  if (!text.startsWith('-') || nanos === 0) return inRange({ seconds: Number(whole), nanos });
  return inRange({ seconds: Number(whole) - 1, nanos: 1_000_000_000 - nanos });
}
