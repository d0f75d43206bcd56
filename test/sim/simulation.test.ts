/**
 * D-36: seats and live attempts match at every commit of random histories, and the other invariants hold. A hundred
 * seeds of twenty runs each; thousands, which are a hundred thousand histories, with `npm run proof:sim`. A failure
 * names its seed, and `ROPEWAY_SEED=… npx vitest run test/sim/simulation.test.ts` repeats it alone; `ROPEWAY_SEEDS` are
 * as many from there on.
 */
import { describe, expect, it } from 'vitest';
import { controlStore } from '#test/kit/control-store.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { watchCommits } from './commit-watch.ts';
import { Simulation } from './simulation.ts';

const SEEDS_PER_TEST = 10;
/** Seconds, when it hangs. Quiet, ten seeds take five. */
const HANGING_S = 300;

const { ROPEWAY_SEED: seed, ROPEWAY_SEEDS: count } = process.env;
const first = Number(seed ?? 1);
const end = first + Number(count ?? (seed === undefined ? 100 : 1));

const parts = Array.from({ length: Math.ceil((end - first) / SEEDS_PER_TEST) }, (_, i) => {
  const from = first + i * SEEDS_PER_TEST;
  return { from, to: Math.min(from + SEEDS_PER_TEST, end) - 1 };
});

describe.skipIf(postgresMissing !== '')(`Simulation${postgresMissing}`, () => {
  it.each(parts)(
    'D-36 holds the invariants for seeds $from to $to',
    { timeout: HANGING_S * 1000 },
    async ({ from, to }) => {
      await using store = await controlStore({ kind: 'postgresql' });
      await watchCommits(store.db);
      let effects = 0;
      for (let each = from; each <= to; each++) {
        const simulation = new Simulation(store, { seed: each, runs: 20, steps: 250 });
        await simulation.run().catch((error: unknown) => {
          throw new Error(`Seed ${each}: ${error instanceof Error ? error.message : String(error)}`, { cause: error });
        });
        effects += simulation.witness.effects.length;
      }
      // Else nothing was tried.
      expect(effects).toBeGreaterThan(to - from);
    },
  );
});
