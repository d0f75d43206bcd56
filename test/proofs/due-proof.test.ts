import { describe, expect, it } from 'vitest';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { proveDue } from './due-proof.ts';

describe.runIf(postgresMissing === '')('proveDue()', () => {
  it('two processes fire a thousand schedules that are due at once, each once', { timeout: 120_000 }, async () => {
    const proof = await proveDue({ schedules: 1000, schedulers: 2, isAhead: false });
    expect(proof).toMatchObject({ decided: 1000, fired: 1000, runs: 1000, definitions: 1000 });
  });
});
