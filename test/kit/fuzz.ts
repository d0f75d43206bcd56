/** How long generated cases are tried: a fixed number of times in the tests, `FUZZ_SECONDS` per property otherwise. */
export function fuzz(numRuns: number): { numRuns: number; interruptAfterTimeLimit?: number } {
  const seconds = Number(process.env['FUZZ_SECONDS'] ?? 0);
  if (!(seconds > 0)) return { numRuns };
  return { numRuns: Number.MAX_SAFE_INTEGER, interruptAfterTimeLimit: seconds * 1000 };
}
