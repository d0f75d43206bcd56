/** The proof on a small scale; `npm run proof:discover` is the large one. */
import { expect, it } from 'vitest';
import { proveDiscovery } from './discover-proof.ts';
import { discoveredDatabases } from './discovered-databases.ts';

for (const { name, missing, start } of discoveredDatabases) {
  it.skipIf(missing !== '')(
    `proveDiscovery() ${name}: 2,000 tables in pages, and stops in the middle${missing}`,
    async () => {
      await using database = await start();
      // Generous: a machine may be busy.
      const proof = await proveDiscovery(database, { tables: 2000, stops: 2, seed: 7, stopMsMax: 10_000 });
      expect(proof).toMatchObject({ pages: 2, stops: 2 });
    },
    120_000,
  );
}
