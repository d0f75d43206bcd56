import { errorCatalogue } from '#spi/errors.ts';

export const rowErrors = errorCatalogue({
  ROW_OPTIONS: {
    kind: 'config',
    message: 'Exactly one of `where` and `conditions` must be given, not {found}.',
    hint: 'Write `where: "price > 100 AND name != \'x\'"`.',
  },
  ROW_SYNTAX: {
    kind: 'config',
    message: 'The expression cannot be read at line {line}, column {column}: {reason}.\n  {text}\n  {caret}',
    hint: "A comparison is a column, an operator (= != > >= < <= START_WITH END_WITH INCLUDE REGEXP) and a value: name = 'x'. Keywords have capital letters.",
  },
  ROW_GROUP: {
    kind: 'config',
    message: 'An entry of `conditions` has either `column` or `conditions` of its own, not {found}.',
    hint: 'A comparison is {column: price, operator: greater, argument: 100}; a group is {condition: OR, conditions: [...]}.',
  },
  ROW_CONDITION: {
    kind: 'config',
    message: "The condition on '{column}' cannot be used: {reason}.",
    hint: 'Columns are: {known}.',
  },
});
