/**
 * States an invariant. Its failure is a bug of ours, never the user's: the run stops and says so.
 *
 * @example
 * assert(start <= end, 'a cell ends after its start');
 */
export function assert(condition: unknown, invariant: string): asserts condition {
  if (condition === false || condition === undefined || condition === null || condition === 0 || condition === '') {
    throw new Error(`Broken invariant: ${invariant}`);
  }
}
