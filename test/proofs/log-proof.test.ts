/** Small floods in CI; `npm run proof:logs` is a large one, with an endpoint that is down for minutes. */
import { describe, expect, it } from 'vitest';
import { proveLogs } from './log-proof.ts';

describe('proveLogs()', () => {
  it.each([
    ['60 MB of short lines', { megabytes: 60, lineBytes: 100 }],
    ['20 MB of lines of a megabyte', { megabytes: 20, lineBytes: 1_000_000 }],
    ['20 MB that are no text', { megabytes: 20, lineBytes: 100, isBinary: true }],
    ['30 MB while nobody takes them for a second', { megabytes: 30, lineBytes: 200, downMs: 1000 }],
  ])('D-70 accounts for every line of %s, and holds up nobody', async (_, plan) => {
    const proof = await proveLogs(plan);
    expect(proof.bytes).toBeGreaterThanOrEqual(plan.megabytes * 1024 * 1024);
    expect(proof.refusals > 0).toBe('downMs' in plan);
  });
});
