/** Conditions as data: comparisons, and groups of them of which all must hold, or one. */
import { isRopewayError, withPlace } from '#spi/errors.ts';
import type { Column, Schema } from '#spi/schema.ts';
import { shownText } from '#codec/cells/scalar.ts';
import { parseBoolean } from '#codec/number/boolean.ts';
import { parseDouble } from '#codec/number/double.ts';
import { parseLong } from '#codec/number/long.ts';
import type { RegexWatch } from '#codec/regex/time-limit.ts';
import { timestampParser } from '#codec/time/timestamp-parser.ts';
import { checkComparison, compileRegex, findColumn } from './compile.ts';
import type { Compiled, Refuse } from './compile.ts';
import type { Joining, RowCondition } from './config.ts';
import { rowErrors } from './errors.ts';
import { comparePredicate, nullPredicate, textPredicate } from './predicates.ts';
import type { Comparison, Operand, Predicate, TextOperator } from './predicates.ts';

const comparisons: Readonly<Record<string, Comparison>> = {
  '==': '=',
  equal: '=',
  '!=': '!=',
  not_equal: '!=',
  '>': '>',
  greater: '>',
  '>=': '>=',
  greater_equal: '>=',
  '<': '<',
  less: '<',
  '<=': '<=',
  less_equal: '<=',
};

const textOperators: Readonly<Record<string, TextOperator>> = {
  start_with: 'START_WITH',
  startsWith: 'START_WITH',
  end_with: 'END_WITH',
  endsWith: 'END_WITH',
  include: 'INCLUDE',
  contains: 'INCLUDE',
};

type Path = readonly (string | number)[];

interface Surroundings {
  readonly input: Schema;
  readonly watch: RegexWatch;
}

export function compileConditions(
  conditions: readonly RowCondition[],
  joining: Joining,
  input: Schema,
  watch: RegexWatch,
): Compiled {
  const passes = group(conditions, joining, ['conditions'], { input, watch });
  return { passes, hasRegex: hasRegex(conditions) };
}

function hasRegex(conditions: readonly RowCondition[]): boolean {
  return conditions.some((each) => each.operator === 'regexp' || hasRegex(each.conditions ?? []));
}

function group(conditions: readonly RowCondition[], joining: Joining, path: Path, around: Surroundings): Predicate {
  const predicates = conditions.map((condition, position) => {
    const predicate = entry(condition, [...path, position], around);
    return condition.not ? negated(predicate) : predicate;
  });
  const isAnd = joining.toUpperCase() === 'AND';
  return (vectors, row) => {
    for (const passes of predicates) if (passes(vectors, row) !== isAnd) return !isAnd;
    return isAnd;
  };
}

function negated(predicate: Predicate): Predicate {
  return (vectors, row) => !predicate(vectors, row);
}

function entry(condition: RowCondition, path: Path, around: Surroundings): Predicate {
  const { column, conditions } = condition;
  if (conditions === undefined && column !== undefined) return comparison(column, condition, path, around);
  if (conditions === undefined || column !== undefined) {
    throw rowErrors.error('ROW_GROUP', { found: column === undefined ? 'neither' : 'both' }, { where: { path } });
  }
  return group(conditions, condition.condition ?? 'AND', [...path, 'conditions'], around);
}

function comparison(name: string, condition: RowCondition, path: Path, { input, watch }: Surroundings): Predicate {
  const known = input.columns.map((each) => `${each.name} (${each.type})`).join(', ');
  const refuse: Refuse = (reason) => {
    throw rowErrors.error('ROW_CONDITION', { column: name, reason, known }, { where: { path } });
  };
  const { index, column } = findColumn(name, input, refuse);
  const { operator, argument } = condition;
  if (isNullTest(operator)) return nullPredicate(index, operator === 'IS NULL' || operator === 'is_null');
  if (argument === undefined) return refuse(`the operator ${operator} needs an argument`);
  const textOperator = textOperators[operator];
  if (textOperator !== undefined || operator === 'regexp') {
    if (column.type !== 'string') return refuse(`${operator} is about strings, and the column is ${column.type}`);
    if (textOperator === undefined) return compileRegex(index, argument, watch, refuse);
    return textPredicate(index, textOperator, argument);
  }
  const comparing = comparisons[operator] ?? '=';
  checkComparison(column, comparing, refuse);
  const operand = argumentOf(column, argument, condition, path);
  if (operand === undefined) return refuse(`the argument ${shownText(argument)} is not ${column.type}`);
  return comparePredicate(index, comparing, operand, { hasTotalOrder: true });
}

function isNullTest(operator: RowCondition['operator']): boolean {
  return /^is (?:not )?null$/i.test(operator.replaceAll('_', ' '));
}

function argumentOf(
  { type }: Column,
  text: string,
  { format, timezone }: RowCondition,
  path: Path,
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
        throw withPlace(error, { path: [...path, error.code === 'TIME_ZONE_UNKNOWN' ? 'timezone' : 'format'] });
      }
  }
}
