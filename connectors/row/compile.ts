/** From conditions as they are written to predicates on rows, with every fault of theirs found. */
import type { Timestamp } from '#spi/batch.ts';
import { isRopewayError, withPlace } from '#spi/errors.ts';
import { columnIndex } from '#spi/schema.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { inRange } from '#codec/cells/cast.ts';
import { shownText } from '#codec/cells/scalar.ts';
import { parseBoolean } from '#codec/number/boolean.ts';
import { parseDouble } from '#codec/number/double.ts';
import { parseLong } from '#codec/number/long.ts';
import { timestampParser } from '#codec/time/timestamp-parser.ts';
import type { RowCondition } from './config.ts';
import { rowErrors } from './errors.ts';
import { parseExpression } from './expression.ts';
import type { Expression, Literal, Operator } from './expression.ts';
import { comparePredicate, nullPredicate, regexPredicate, textPredicate, turned } from './predicates.ts';
import type { Comparison, Operand, Predicate, TextOperator } from './predicates.ts';
import { onigurumaRegex } from './regexp.ts';
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

interface Found {
  readonly index: number;
  readonly column: Column;
}

/** Says what is wrong with a condition. */
type Refuse = (reason: string) => never;

export function compileWhere(text: string, input: Schema): Predicate {
  const refuseAt =
    (at: number): Refuse =>
    (reason) => {
      throw syntaxError(text, at, reason);
    };
  return compile(parseExpression(text), (name, at) => find(name, input, refuseAt(at)), refuseAt);
}

function compile(
  expression: Expression,
  lookUp: (name: string, at: number) => Found,
  refuseAt: (at: number) => Refuse,
): Predicate {
  switch (expression.kind) {
    case 'and':
    case 'or': {
      const left = compile(expression.left, lookUp, refuseAt);
      const right = compile(expression.right, lookUp, refuseAt);
      return expression.kind === 'and'
        ? (vectors, row) => left(vectors, row) && right(vectors, row)
        : (vectors, row) => left(vectors, row) || right(vectors, row);
    }
    case 'not': {
      const inner = compile(expression.inner, lookUp, refuseAt);
      return (vectors, row) => !inner(vectors, row);
    }
    case 'null':
      return nullPredicate(lookUp(expression.column, expression.at).index, expression.isNull);
    case 'comparison': {
      const { column, at, literal, operator, isTurned } = expression;
      return comparison(lookUp(column, at), operator, literal, { isTurned, refuse: refuseAt(at) });
    }
  }
}

function find(name: string, input: Schema, refuse: Refuse): Found {
  const index = columnIndex(input, name);
  const column = input.columns[index];
  if (column === undefined) {
    return refuse(`there is no column '${name}'; columns are: ${input.columns.map((each) => each.name).join(', ')}`);
  }
  return { index, column };
}

function comparison(
  { index, column }: Found,
  operator: Operator,
  literal: Literal,
  { isTurned, refuse }: { readonly isTurned: boolean; readonly refuse: Refuse },
): Predicate {
  if (operator === 'REGEXP') return regexp(index, column, literal, { isTurned, refuse });
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

function checkComparison({ name, type }: Column, operator: Comparison, refuse: Refuse): void {
  if (type === 'json') refuse(`'${name}' is json, which has no order; only IS NULL can be asked`);
  if (type === 'boolean' && operator !== '=' && operator !== '!=') refuse(`'${name}' is boolean, which has no order`);
}

function regexp(
  index: number,
  column: Column,
  literal: Literal,
  { isTurned, refuse }: { readonly isTurned: boolean; readonly refuse: Refuse },
): Predicate {
  if (column.type !== 'string') return refuse(`REGEXP is about strings, and '${column.name}' is ${column.type}`);
  if (literal.kind !== 'string' || isTurned) return refuse('REGEXP takes a pattern in single quotes on its right');
  try {
    return regexPredicate(index, onigurumaRegex(literal.text));
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

const comparisons: Readonly<Record<string, Comparison>> = {
  '==': '=',
  '!=': '!=',
  '>': '>',
  '>=': '>=',
  '<': '<',
  '<=': '<=',
};

const textOperators: Readonly<Record<string, TextOperator>> = {
  start_with: 'START_WITH',
  startsWith: 'START_WITH',
  end_with: 'END_WITH',
  endsWith: 'END_WITH',
  include: 'INCLUDE',
  contains: 'INCLUDE',
};

/** The old form: a list of conditions of which all must hold, or one. */
export function compileConditions(conditions: readonly RowCondition[], isAnd: boolean, input: Schema): Predicate {
  const predicates = conditions.map((condition, position) => {
    const predicate = compileCondition(condition, position, input);
    return condition.not ? negated(predicate) : predicate;
  });
  return isAnd
    ? (vectors, row) => predicates.every((predicate) => predicate(vectors, row))
    : (vectors, row) => predicates.some((predicate) => predicate(vectors, row));
}

function negated(predicate: Predicate): Predicate {
  return (vectors, row) => !predicate(vectors, row);
}

function compileCondition(condition: RowCondition, position: number, input: Schema): Predicate {
  const known = input.columns.map(({ name, type }) => `${name} (${type})`).join(', ');
  const path = ['conditions', position];
  const refuse: Refuse = (reason) => {
    throw rowErrors.error('ROW_CONDITION', { column: condition.column, reason, known }, { where: { path } });
  };
  const { index, column } = find(condition.column, input, refuse);
  const { operator, argument } = condition;
  if (operator === 'IS NULL' || operator === 'IS NOT NULL') return nullPredicate(index, operator === 'IS NULL');
  if (argument === undefined) return refuse(`the operator ${operator} needs an argument`);
  const textOperator = textOperators[operator];
  if (textOperator !== undefined) {
    if (column.type !== 'string') return refuse(`${operator} is about strings, and the column is ${column.type}`);
    return textPredicate(index, textOperator, argument);
  }
  const comparing = comparisons[operator] ?? '=';
  checkComparison(column, comparing, refuse);
  const operand = argumentOf(column, argument, condition, position);
  if (operand === undefined) return refuse(`the argument ${shownText(argument)} is not ${column.type}`);
  return comparePredicate(index, comparing, operand, { hasTotalOrder: true });
}

function argumentOf(
  { type }: Column,
  text: string,
  { format, timezone }: RowCondition,
  position: number,
): Operand | undefined {
  switch (type) {
    case 'boolean':
      return parseBoolean(text);
    case 'long':
      // A fraction is compared as the number that it is.
      return parseLong(text) ?? parseDouble(text);
    case 'double':
      return parseDouble(text);
    case 'string':
      return text;
    case 'json':
      return undefined;
    case 'timestamp':
      try {
        return timestampParser(format, { timezone, date: '1970-01-01' }).parse(text);
      } catch (error) {
        if (!isRopewayError(error)) throw error;
        const option = error.code === 'TIME_ZONE_UNKNOWN' ? 'timezone' : 'format';
        throw withPlace(error, { path: ['conditions', position, option] });
      }
  }
}
