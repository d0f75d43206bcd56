/**
 * A limit for expressions that people write. JavaScript's engine tries all ways to match, which can take longer than
 * anybody lives, and cannot be interrupted from the thread that it runs in; but a script of `node:vm` can have a time
 * limit, which another thread watches, and which ends expressions, too. Beginning and ending that costs a fifth of a
 * millisecond, and much more when all processors are busy: so it is for batches, and for those alone whose expressions
 * could take long on their texts.
 */
import { constants, createContext, Script } from 'node:vm';
import type { Context } from 'node:vm';
import { assert } from '#spi/assert.ts';
import { shownText } from '#codec/cells/scalar.ts';
import { regexCost } from './cost.ts';
import { regexErrors } from './errors.ts';

/** For the expressions of one filter on one batch, which takes some milliseconds as a rule. */
const REGEX_MS_MAX = 10_000;

const script = new Script('work()');
let realm: Context | undefined;

/** Steps of expressions on one batch that need no watch: a fraction of a second. */
const STEPS_UNWATCHED_MAX = 50_000_000;

/** Thrown when the next text might take long, where nobody watches. */
const NEEDS_WATCH = Symbol('needs watch');

/** Watches the expressions of one filter. */
export class RegexWatch {
  readonly #timeout: number;
  #pattern = '';
  #text = '';
  /** What may still be done unwatched. */
  #stepsLeft = 0;

  constructor(timeout: number = REGEX_MS_MAX) {
    this.#timeout = timeout;
  }

  /** What is to be told every text before the expression goes on it, within `run`. `pattern` is how a person wrote it. */
  noter(pattern: string, regex: RegExp): (text: string) => void {
    const { factor, degree } = regexCost(regex) ?? { factor: Number.POSITIVE_INFINITY, degree: 0 };
    return (text) => {
      this.#stepsLeft -= factor * (text.length + 1) ** degree;
      if (this.#stepsLeft < 0) throw NEEDS_WATCH;
      this.#pattern = pattern;
      this.#text = text;
    };
  }

  /** Does the work, which may be begun anew. Throws REGEX_TIMEOUT; then it is left half done. */
  run<T>(work: () => T): T {
    this.#stepsLeft = STEPS_UNWATCHED_MAX;
    try {
      return work();
    } catch (error) {
      if (error !== NEEDS_WATCH) throw error;
    }
    this.#stepsLeft = Number.POSITIVE_INFINITY;
    return this.#runWatched(work);
  }

  #runWatched<T>(work: () => T): T {
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
