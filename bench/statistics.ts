/** Medians and ratios. A ratio belongs to one round: what ran within the same seconds shares the machine's mood. */

export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  const upper = sorted[middle] ?? NaN;
  return sorted.length % 2 === 1 ? upper : ((sorted[middle - 1] ?? NaN) + upper) / 2;
}

export function spread(values: readonly number[]): Spread {
  return { median: median(values), min: Math.min(...values), max: Math.max(...values) };
}

/** The ratios of values with the same place, round by round. */
export function pairedRatios(numerators: readonly number[], denominators: readonly number[]): readonly number[] {
  if (numerators.length !== denominators.length)
    throw new Error(`${numerators.length} rounds cannot be paired with ${denominators.length}`);
  return numerators.map((value, round) => value / (denominators[round] ?? NaN));
}

/** The list, beginning at another place in every round, so that nobody always runs first. */
export function rotated<T>(list: readonly T[], round: number): readonly T[] {
  const start = list.length === 0 ? 0 : round % list.length;
  return [...list.slice(start), ...list.slice(0, start)];
}
