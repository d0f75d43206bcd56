/**
 * `npm run proof:discover`: 50,000 tables in every database, listed page by page, and stopped at ten random moments
 * (test/proofs/discover-proof.ts). `-- TABLES STOPS SEED` are other numbers,
 * `-- TABLES STOPS SEED mysql` is one database.
 */
import { proveDiscovery } from '#test/proofs/discover-proof.ts';
import { discoveredDatabases } from '#test/proofs/discovered-databases.ts';

const [tables = 50_000, stops = 10, seed = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2, 5).map(Number);
const [only] = process.argv.slice(5);
/** From Ctrl-C to the end of the process. */
const STOP_MS_MAX = 1000;

async function main(): Promise<number> {
  console.log(`${tables} tables, ${stops} stops, seed ${seed}`);
  for (const { name, missing, start } of discoveredDatabases) {
    if (only !== undefined && only !== name) continue;
    if (missing !== '') {
      console.error(`${name}: there is no server to look into${missing}.`);
      return 1;
    }
    await using database = await start();
    const tell = (line: string): void => console.log(`${name}: ${line}`);
    const proof = await proveDiscovery(database, { tables, stops, seed, stopMsMax: STOP_MS_MAX, tell });
    tell(
      `all names in their order; ${proof.stops} stops, the slowest in ${proof.slowestStopMs} ms, with exit code 130`,
    );
  }
  return 0;
}

process.exitCode = await main();
