/** The words of a `where` expression. */
import { rowErrors } from './errors.ts';

export type Token =
  | { readonly kind: 'word'; readonly text: string; readonly at: number }
  | { readonly kind: 'name'; readonly text: string; readonly at: number }
  | { readonly kind: 'number'; readonly text: string; readonly at: number }
  | { readonly kind: 'string'; readonly text: string; readonly at: number }
  | { readonly kind: 'mark'; readonly text: string; readonly at: number }
  | { readonly kind: 'end'; readonly text: ''; readonly at: number };

/** Characters of an expression at most. */
const EXPRESSION_LENGTH_MAX = 100_000;

const keywords = new Set(
  'AND OR NOT IS NULL TIMESTAMP START_WITH END_WITH INCLUDE REGEXP true TRUE false FALSE'.split(' '),
);

const space = /\s+/y;
const patterns: readonly (readonly [Exclude<Token['kind'], 'end' | 'word'>, RegExp])[] = [
  ['mark', /<>|!=|>=|<=|[=<>()]/y],
  ['number', /-?[0-9]+(?:\.[0-9]+)?(?![\p{L}\p{N}_.$])/uy],
  ['string', /'(?:[^'\\]|\\[^])*'/y],
  ['name', /"(?:[^"\\]|\\[^])*"|[\p{L}_$][\p{L}\p{N}_.$-]*/uy],
];

const escapes: Readonly<Record<string, string>> = { b: '\b', t: '\t', n: '\n', f: '\f', r: '\r' };

export function tokenize(expression: string): readonly Token[] {
  if (expression.length > EXPRESSION_LENGTH_MAX) {
    throw syntaxError(expression, EXPRESSION_LENGTH_MAX, `it is longer than ${EXPRESSION_LENGTH_MAX} characters`);
  }
  const tokens: Token[] = [];
  let at = 0;
  for (;;) {
    space.lastIndex = at;
    at += space.exec(expression)?.[0].length ?? 0;
    if (at >= expression.length) break;
    const token = tokenAt(expression, at);
    tokens.push(token.token);
    at = token.end;
  }
  return [...tokens, { kind: 'end', text: '', at }];
}

function tokenAt(expression: string, at: number): { readonly token: Token; readonly end: number } {
  for (const [kind, pattern] of patterns) {
    pattern.lastIndex = at;
    const text = pattern.exec(expression)?.[0];
    if (text === undefined) continue;
    const end = at + text.length;
    if (kind === 'name' && keywords.has(text)) return { token: { kind: 'word', text, at }, end };
    const isQuoted = kind === 'string' || text.startsWith('"');
    return { token: { kind, text: isQuoted ? unquoted(expression, text, at) : text, at }, end };
  }
  const character = String.fromCodePoint(expression.codePointAt(at) ?? 0);
  const isQuote = character === "'" || character === '"';
  throw syntaxError(expression, at, isQuote ? 'the quote is not closed' : `'${character}' is not expected here`);
}

function unquoted(expression: string, text: string, at: number): string {
  return text.slice(1, -1).replace(/\\([^])/g, (_, letter: string, offset: number) => {
    const character = escapes[letter] ?? (/["'\\]/.test(letter) ? letter : undefined);
    if (character !== undefined) return character;
    throw syntaxError(expression, at + 1 + offset, `there is no escape \\${letter}`);
  });
}

/** The error, with the line of the expression and a mark below the place. */
export function syntaxError(expression: string, at: number, reason: string): Error {
  const before = expression.slice(0, at).split('\n');
  const line = before.length;
  const column = (before.at(-1) ?? '').length + 1;
  const text = (expression.split('\n')[line - 1] ?? '').replaceAll('\t', ' ');
  const params = { line, column, reason, text, caret: `${' '.repeat(column - 1)}^` };
  return rowErrors.error('ROW_SYNTAX', params, { where: { path: ['where'] } });
}
