/**
 * A limit for expressions that people write. JavaScript's engine tries all ways to match, which can take longer than
 * anybody lives, and cannot be interrupted from the thread that it runs in; but a script of `node:vm` can have a time
 * limit, which another thread watches, and which ends expressions, too. It costs a fifth of a millisecond, so it is
 * for a batch, not for a text.
 */
import { constants, createContext, Script } from 'node:vm';
import type { Context } from 'node:vm';
import { assert } from '#spi/assert.ts';
import { shownText } from '#codec/cells/scalar.ts';
import { regexErrors } from './errors.ts';

/** For the expressions of one filter on one batch, which takes some milliseconds as a rule. */
const REGEX_MS_MAX = 10_000;

const script = new Script('work()');
let realm: Context | undefined;

/** Watches the expressions of one filter. */
export class RegexWatch {
  readonly #timeout: number;
  #pattern = '';
  #text = '';

  constructor(timeout: number = REGEX_MS_MAX) {
    this.#timeout = timeout;
  }

  /** Says which expression goes on which text next, for the message. */
  note(pattern: string, text: string): void {
    this.#pattern = pattern;
    this.#text = text;
  }

  /** Does the work. Throws REGEX_TIMEOUT; then the work is left half done. */
  run<T>(work: () => T): T {
    let result: { readonly value: T } | undefined;
    // An ordinary global object, without interceptors: half the price.
    realm ??= createContext(constants.DONT_CONTEXTIFY);
    realm['work'] = () => {
      result = { value: work() };
    };
    try {
      script.runInContext(realm, { timeout: this.#timeout });
    } catch (error) {
      if (!isTimeout(error)) throw error;
      const params = { regex: this.#pattern, seconds: this.#timeout / 1000, value: shownText(this.#text) };
      throw regexErrors.error('REGEX_TIMEOUT', params, { cause: error });
    }
    assert(result, 'work that has ended has a result');
    return result.value;
  }
}

/** The error is of the script's realm, so it is no `Error` of this one. */
function isTimeout(error: unknown): boolean {
  const hasCode = typeof error === 'object' && error !== null && 'code' in error;
  return hasCode && error.code === 'ERR_SCRIPT_EXECUTION_TIMEOUT';
}
