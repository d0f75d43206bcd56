/** Guessing: from a sample of the source to the settings a person would have written. */
import type { JsonObject } from './json.ts';
import type { ConfigDiff } from './records.ts';

/** Something a guesser found, in words, for the person who will read the guessed config. */
export interface Finding {
  /** What it is about: `charset`, `delimiter`, `columns`. */
  readonly topic: string;
  /** One sentence: "Fields are separated by tabs." */
  readonly sentence: string;
  readonly confidence: 'certain' | 'likely' | 'unsure';
}

export interface Guess {
  /** To be merged into the `in` section; empty when this guesser has nothing to add. */
  readonly diff: ConfigDiff;
  readonly findings: readonly Finding[];
}

export interface Guesser {
  /** `config` is the `in` section as far as it is known; `sample` the first bytes, decoded by its decoders. */
  guess(config: JsonObject, sample: Uint8Array): Guess;
}
