/** Guessing in rounds: each adds what one guesser is sure of, and the next looks again with that. */
import type { Finding, Guesser } from '#spi/guess.ts';
import type { Json, JsonObject } from '#spi/json.ts';
import { mergeConfig } from '#engine/config/merge.ts';

const ROUNDS_MAX = 10;

export interface GuessLoopOptions {
  /** The `in` section as written. */
  readonly input: JsonObject;
  readonly guessers: readonly Guesser[];
  /** The sample after the decoders that the section names. */
  readonly decode: (input: JsonObject) => Promise<Uint8Array>;
}

export interface Guessed {
  readonly input: JsonObject;
  readonly findings: readonly Finding[];
}

/** The first guesser whose answer changes the section wins its round; a round without a change is the last. */
export async function guessLoop({ input, guessers, decode }: GuessLoopOptions): Promise<Guessed> {
  let guessed: JsonObject = {};
  const findings: Finding[] = [];
  for (let round = 0; round < ROUNDS_MAX; round++) {
    const current = mergeConfig(input, guessed);
    const sample = await decode(current);
    const next = firstChange(current, sample, guessers);
    if (next === undefined) break;
    guessed = mergeConfig(guessed, behindDecoders(next.diff, current));
    findings.push(...next.findings);
  }
  return { input: mergeConfig(input, guessed), findings };
}

function firstChange(
  current: JsonObject,
  sample: Uint8Array,
  guessers: readonly Guesser[],
): { diff: JsonObject; findings: readonly Finding[] } | undefined {
  const before = JSON.stringify(current);
  for (const guesser of guessers) {
    const { diff, findings } = guesser.guess(current, sample);
    if (JSON.stringify(mergeConfig(current, behindDecoders(diff, current))) !== before) return { diff, findings };
  }
  return undefined;
}

/** A guessed decoder comes behind those there are: lists merge by index, so it is moved there. */
function behindDecoders(diff: JsonObject, current: JsonObject): JsonObject {
  const { decoders } = diff;
  const known = current['decoders'];
  if (!Array.isArray(decoders) || !Array.isArray(known)) return diff;
  const padding = known.map((): Json => ({}));
  return { ...diff, decoders: [...padding, ...(decoders as readonly Json[])] };
}
