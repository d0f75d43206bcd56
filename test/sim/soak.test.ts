/**
 * D-75: hours of the control plane at once, with faults all along. Two hours in CI; `ROPEWAY_SOAK_HOURS=24 npx vitest
 * run test/sim/soak.test.ts` is the day of the design.
 */
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { controlStore } from '#test/kit/control-store.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { watchCommits } from './commit-watch.ts';
import { Simulation } from './simulation.ts';

const hours = Number(process.env['ROPEWAY_SOAK_HOURS'] ?? 2);
/** Of the simulation, so that about an hour passes. */
const STEPS_PER_HOUR = 230;
const RUNS_PER_HOUR = 15;
const HANGING_MS = 3_600_000;
const POOL_MAX = 10;

describe.skipIf(postgresMissing !== '')(`Simulation${postgresMissing}`, () => {
  it('D-75 ends a soak with nothing left, and no more connections', { timeout: HANGING_MS }, async () => {
    await using store = await controlStore({ kind: 'postgresql', poolMax: POOL_MAX });
    await watchCommits(store.db);
    const [runs, steps] = [hours * RUNS_PER_HOUR, hours * STEPS_PER_HOUR];
    const connections: number[] = [];
    const heapMb: number[] = [];
    const simulation = new Simulation(store, {
      seed: 75,
      runs,
      steps,
      each: async (step) => {
        if (step % STEPS_PER_HOUR !== 0) return;
        const { rows } = await sql<{ n: number }>`
          select count(*)::int as n from pg_stat_activity where datname = current_database()`.execute(store.db);
        connections.push(rows[0]?.n ?? 0);
        heapMb.push(heapAfterCollection());
      },
    });
    await simulation.run();
    const passedH = simulation.now / 3600;
    const heap = heapMb.map((mb) => mb.toFixed(0)).join(', ');
    process.stdout.write(`D-75: ${runs} runs in ${passedH.toFixed(1)} h; MB in use after each hour: ${heap}\n`);
    expect(passedH).toBeGreaterThan(hours);
    expect(simulation.witness.effects.length).toBeGreaterThan(0);
    // One more listens for hints.
    expect(Math.max(...connections)).toBeLessThanOrEqual(POOL_MAX + 1);
  });
});

/** What is in use once all that nobody needs is gone. */
function heapAfterCollection(): number {
  setFlagsFromString('--expose-gc');
  // The flag shows in contexts that come after it.
  const collect = runInNewContext('gc') as () => void;
  collect();
  return process.memoryUsage().heapUsed / 1024 / 1024;
}
