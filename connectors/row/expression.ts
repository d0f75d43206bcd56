/** The grammar of `where`: from words to a tree. OR binds weakest, then AND, then NOT. */
import { syntaxError, tokenize } from './tokens.ts';
import type { Token } from './tokens.ts';

export type Operator = '=' | '!=' | '>' | '>=' | '<' | '<=' | 'START_WITH' | 'END_WITH' | 'INCLUDE' | 'REGEXP';

/** A value as it is written. */
export interface Literal {
  readonly kind: 'string' | 'number' | 'boolean' | 'timestamp';
  readonly text: string;
  /** For `timestamp`: it was a number. */
  readonly isNumber: boolean;
}

export type Expression =
  | { readonly kind: 'and' | 'or'; readonly left: Expression; readonly right: Expression }
  | { readonly kind: 'not'; readonly inner: Expression }
  | { readonly kind: 'null'; readonly column: string; readonly isNull: boolean; readonly at: number }
  | {
      readonly kind: 'comparison';
      readonly column: string;
      readonly operator: Operator;
      readonly literal: Literal;
      /** The value stands on the left. */
      readonly isTurned: boolean;
      readonly at: number;
    };

/** Parentheses and NOTs inside each other at most. */
const DEPTH_MAX = 200;

const operators: Readonly<Record<string, Operator>> = {
  '=': '=',
  '!=': '!=',
  '<>': '!=',
  '>': '>',
  '>=': '>=',
  '<': '<',
  '<=': '<=',
  START_WITH: 'START_WITH',
  END_WITH: 'END_WITH',
  INCLUDE: 'INCLUDE',
  REGEXP: 'REGEXP',
};

export function parseExpression(text: string): Expression {
  const parser = new ExpressionParser(text);
  return parser.parse();
}

class ExpressionParser {
  readonly #text: string;
  readonly #tokens: readonly Token[];
  #at = 0;
  #depth = 0;

  constructor(text: string) {
    this.#text = text;
    this.#tokens = tokenize(text);
  }

  parse(): Expression {
    const expression = this.#or();
    if (this.#next.kind !== 'end') throw this.#unexpected('AND, OR or the end');
    return expression;
  }

  get #next(): Token {
    return this.#tokens[this.#at] as Token; // the last one is never passed
  }

  #take(): Token {
    const token = this.#next;
    if (token.kind !== 'end') this.#at += 1;
    return token;
  }

  #takes(text: string): boolean {
    const { kind } = this.#next;
    if (this.#next.text !== text || (kind !== 'word' && kind !== 'mark')) return false;
    this.#at += 1;
    return true;
  }

  #or(): Expression {
    let left = this.#and();
    while (this.#takes('OR')) left = { kind: 'or', left, right: this.#and() };
    return left;
  }

  #and(): Expression {
    let left = this.#not();
    while (this.#takes('AND')) left = { kind: 'and', left, right: this.#not() };
    return left;
  }

  #not(): Expression {
    const { at } = this.#next;
    if (++this.#depth > DEPTH_MAX) throw syntaxError(this.#text, at, `it is nested deeper than ${DEPTH_MAX} levels`);
    try {
      if (this.#takes('NOT')) return { kind: 'not', inner: this.#not() };
      if (!this.#takes('(')) return this.#comparison();
      const inner = this.#or();
      if (!this.#takes(')')) throw this.#unexpected('a closing parenthesis');
      return inner;
    } finally {
      this.#depth -= 1;
    }
  }

  #comparison(): Expression {
    const { at } = this.#next;
    const literal = this.#literal();
    if (literal !== undefined) {
      const operator = this.#operator();
      const column = this.#take();
      if (column.kind !== 'name') throw this.#unexpected('the name of a column', column);
      return { kind: 'comparison', column: column.text, operator, literal, isTurned: true, at };
    }
    const name = this.#take();
    if (name.kind !== 'name') throw this.#unexpected('a column or a value', name);
    const column = name.text;
    if (this.#takes('IS')) {
      const isNull = !this.#takes('NOT');
      if (!this.#takes('NULL')) throw this.#unexpected('NULL');
      return { kind: 'null', column, isNull, at };
    }
    const operator = this.#operator();
    const right = this.#literal();
    if (right === undefined) throw this.#unexpected('a value: a text in single quotes, a number, true or false');
    return { kind: 'comparison', column, operator, literal: right, isTurned: false, at };
  }

  #operator(): Operator {
    const token = this.#take();
    const isOperator = token.kind === 'word' || token.kind === 'mark';
    const operator = isOperator && Object.hasOwn(operators, token.text) ? operators[token.text] : undefined;
    if (operator === undefined) throw this.#unexpected('an operator', token);
    return operator;
  }

  #literal(): Literal | undefined {
    const token = this.#next;
    if (token.kind === 'string' || token.kind === 'number') {
      this.#at += 1;
      return { kind: token.kind, text: token.text, isNumber: token.kind === 'number' };
    }
    if (token.kind !== 'word') return undefined;
    if (this.#takes('TIMESTAMP')) {
      const value = this.#take();
      if (value.kind !== 'string' && value.kind !== 'number') throw this.#unexpected('a text or a number', value);
      return { kind: 'timestamp', text: value.text, isNumber: value.kind === 'number' };
    }
    if (!/^(?:true|false)$/i.test(token.text)) return undefined;
    this.#at += 1;
    return { kind: 'boolean', text: token.text.toLowerCase(), isNumber: false };
  }

  #unexpected(expected: string, token: Token = this.#next): Error {
    const found = token.kind === 'end' ? 'it ends' : `there is '${token.text}'`;
    return syntaxError(this.#text, token.at, `${found} where ${expected} should be`);
  }
}
