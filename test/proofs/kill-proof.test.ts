/** The proof on a small scale; `npm run proof:kill` is the large one. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { proveKills } from './kill-proof.ts';
import { killedDatabases } from './killed-databases.ts';
import type { KilledDatabase } from './killed-databases.ts';

for (const { name, missing, start } of killedDatabases) {
  describe.skipIf(missing !== '')(`proveKills() ${name}${missing}`, () => {
    let database: KilledDatabase;
    beforeAll(async () => {
      database = await start();
    });
    afterAll(() => database[Symbol.asyncDispose]());

    it.each(['replace', 'merge'] as const)(
      '%s: old rows or new ones, whenever the run is killed',
      async (mode) => {
        const proof = await proveKills(database, { mode, rows: 20_000, kills: 3, seed: 7 });
        expect(proof.kills).toBe(3);
        expect(proof.looks).toBeGreaterThan(10);
      },
      120_000,
    );
  });
}
