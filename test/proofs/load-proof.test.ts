/** A small load in CI; `npm run proof:load` is a large one. */
import { describe, expect, it } from 'vitest';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { proveLoad } from './load-proof.ts';

describe.skipIf(postgresMissing !== '')(`proveLoad()${postgresMissing}`, () => {
  it('D-04 runs processes of this machine, each once, and leaves nothing of them', { timeout: 240_000 }, async () => {
    const tell = (line: string): void => void process.stdout.write(`D-04: ${line}\n`);
    const proof = await proveLoad({ runs: 16, workspaces: 2, idleRuns: 4, seats: 4, tell });
    expect(proof.idleP50Ms).toBeGreaterThan(0);
  });
});
