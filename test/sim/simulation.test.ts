/** Seeds in CI; thousands with `npm run proof:sim`. A failure names its seed: `ROPEWAY_SEED=… npx vitest run test/sim`. */
import { describe, expect, it } from 'vitest';
import { controlStore } from '#test/kit/control-store.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { Simulation } from './simulation.ts';

const seeds = Array.from(
  { length: Number(process.env['ROPEWAY_SEEDS'] ?? 10) },
  (_, i) => Number(process.env['ROPEWAY_SEED'] ?? 1) + i,
);

describe.skipIf(postgresMissing !== '')(`Simulation${postgresMissing}`, () => {
  it.each(seeds)('holds the invariants for seed %i', { timeout: 120_000 }, async (seed) => {
    await using store = await controlStore({ kind: 'postgresql' });
    await store.setClock('2026-01-01T00:00:00.000000Z');
    const simulation = new Simulation(store, { seed, runs: 20, steps: 500 });
    await simulation.run();
    expect(simulation.witness.effects.length).toBeGreaterThan(0);
  });
});
