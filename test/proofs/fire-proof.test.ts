/** A small fire in CI; `npm run proof:fire` is a large one. */
import { describe, expect, it } from 'vitest';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { proveFire } from './fire-proof.ts';

describe.skipIf(postgresMissing !== '')(`proveFire()${postgresMissing}`, () => {
  it('outcomes are true and tables exact, whatever is killed', { timeout: 240_000 }, async () => {
    const proof = await proveFire({ transfers: 6, kills: 10, rows: 20_000, seed: 7 });
    expect(proof.succeeded + proof.failed).toBe(6);
    expect(proof.succeeded).toBeGreaterThan(0);
  });
});
