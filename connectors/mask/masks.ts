/** Masks of texts. */
import { javaRegex } from '#codec/regex/java.ts';
import { RegexWatch } from '#codec/regex/time-limit.ts';
import type { MaskRule } from './config.ts';
import { maskErrors } from './errors.ts';

export interface Mask {
  readonly apply: (text: string) => string;
  /** For masks by an expression: a batch of texts is to be masked under its eyes. */
  readonly watch?: RegexWatch;
}

/** Any character that does not end a line (Java's `.`). */
const character = /[^\n\r\u0085\u2028\u2029]/gu;
/** What the original takes for a pattern when none is given. */
const PATTERN_DEFAULT = 'all';

/** `path` is where the rule stands in the config of the filter. */
export function maskOf(rule: MaskRule, path: readonly (string | number)[]): Mask {
  const { type, length } = rule;
  switch (type) {
    case 'all':
      return { apply: length > 0 ? () => '*'.repeat(length) : maskAll };
    case 'email':
      return { apply: length > 0 ? (text) => maskUser(text, '*'.repeat(length)) : maskEmail };
    case 'regex':
      return regexMask(rule.pattern ?? PATTERN_DEFAULT, path);
    case 'substring':
      return { apply: (text) => maskRange(text, rule) };
  }
}

function regexMask(pattern: string, path: readonly (string | number)[]): Mask {
  const regex = regexOf(pattern, path);
  const watch = new RegexWatch();
  return {
    watch,
    apply(text) {
      watch.note(pattern, text);
      return text.replace(regex, '*');
    },
  };
}

function maskAll(text: string): string {
  return text.replace(character, '*');
}

/** Everything before the last @ has an @ behind it. */
function maskEmail(text: string): string {
  const last = text.lastIndexOf('@');
  return last < 0 ? text : maskAll(text.slice(0, last)) + text.slice(last);
}

function maskUser(text: string, stars: string): string {
  const first = text.indexOf('@');
  return first < 0 ? text : stars + text.slice(first);
}

function maskRange(text: string, { start = 0, end = text.length, length }: MaskRule): string {
  const until = Math.min(end, text.length);
  if (start >= text.length || until - 1 <= start) return text;
  return text.slice(0, start) + '*'.repeat(length > 0 ? length : until - start) + text.slice(until);
}

function regexOf(pattern: string, path: readonly (string | number)[]): RegExp {
  try {
    return javaRegex(pattern);
  } catch (error) {
    if (!(error instanceof SyntaxError)) throw error;
    const params = { regex: pattern, reason: error.message };
    throw maskErrors.error('MASK_REGEX', params, { where: { path: [...path, 'pattern'] }, cause: error });
  }
}
