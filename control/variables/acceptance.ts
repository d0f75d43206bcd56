/**
 * Which values a run may be given for a variable. Whoever declares it owns the settings that name it, SQL among them;
 * who may only run a transfer must not be able to change what the settings mean. So a value that is given passes the
 * pattern and the options of the declaration, or without them what the uses of the variable allow.
 */
import { Script, createContext } from 'node:vm';
import type { Context } from 'node:vm';
import type { Variable } from '#api/resources/variable.ts';
import type { TextUse } from '#spi/fields.ts';

/** A pattern takes microseconds, unless it is one of those that never end. */
const PATTERN_MS_MAX = 50;
/** Longer values are no matter for a pattern. */
const PATTERN_TEXT_MAX = 2000;

/**
 * Words of letters, digits and `_ . : + / -`, without `--`; or a date and a time with a blank between them. No quotes, no
 * blanks, no semicolons, no parentheses: in SQL such a value is a word, a number or a part of one.
 */
const codeWord = /^(?:[\p{L}\p{M}\p{N}_.:+/]|-(?!-))+$/u;
const codeTime = /^\d{4}-\d\d-\d\d \d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?: ?(?:Z|UTC|[+-]\d\d:?\d\d))?$/;

/** Why the value may not be given; undefined when it may. */
export function unacceptable(value: string, declared: Variable, uses: ReadonlySet<TextUse>): string | undefined {
  const { options, pattern } = declared;
  if (options !== undefined && !options.includes(value)) return 'it is none of the options of the variable';
  if (pattern !== undefined) return unmatched(value, pattern);
  if (options !== undefined) return undefined;
  if (uses.has('code') && !codeWord.test(value) && !codeTime.test(value)) {
    return 'it goes into SQL or other code, where only letters, digits and _ . : + / - are taken unless the variable declares a pattern';
  }
  if ((uses.has('path') || uses.has('url')) && /(?:^|[/\\])\.\.(?:$|[/\\])/.test(value)) {
    return 'it goes into a path, which it would lead upwards (..) ; the variable may declare a pattern that takes it';
  }
  return undefined;
}

/** Why this is no pattern; undefined when it is one. */
export function brokenPattern(pattern: string): string | undefined {
  try {
    wholePattern(pattern);
    return undefined;
  } catch (error) {
    return error instanceof Error ? error.message : String(error);
  }
}

function wholePattern(pattern: string): RegExp {
  return new RegExp(`^(?:${pattern})$`, 'u');
}

const attempt = new Script('pattern.test(text)');
let realm: Context | undefined;

/** A pattern is a person's: one that would take years is broken off. */
function unmatched(value: string, pattern: string): string | undefined {
  if (value.length > PATTERN_TEXT_MAX) return `it is longer than the ${PATTERN_TEXT_MAX} characters that patterns see`;
  realm ??= createContext(Object.create(null) as object);
  try {
    Object.assign(realm, { pattern: wholePattern(pattern), text: value });
    // The script's own value.
    const isMatch = attempt.runInContext(realm, { timeout: PATTERN_MS_MAX }) as boolean;
    return isMatch ? undefined : `it does not match the pattern ${pattern}`;
  } catch {
    return `the pattern ${pattern} cannot decide on it in time`;
  }
}
