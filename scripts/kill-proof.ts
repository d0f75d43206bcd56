/**
 * `npm run proof:kill`: in every database, ten loads of a million rows killed at random moments, with `replace` and
 * with `merge`, while a reader looks at the table every 50 ms (test/proofs/kill-proof.ts). `-- ROWS KILLS SEED` are
 * other numbers, `-- ROWS KILLS SEED mysql` one database.
 */
import { proveKills } from '#test/proofs/kill-proof.ts';
import { killedDatabases } from '#test/proofs/killed-databases.ts';

const [rows = 1_000_000, kills = 10, seed = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2, 5).map(Number);
const [only] = process.argv.slice(5);

async function main(): Promise<number> {
  console.log(`${rows} rows, ${kills} kills, seed ${seed}`);
  for (const { name, missing, start } of killedDatabases) {
    if (only !== undefined && only !== name) continue;
    if (missing !== '') {
      console.error(`${name}: there is no server to load into${missing}.`);
      return 1;
    }
    await using database = await start();
    for (const mode of ['replace', 'merge'] as const) {
      const tell = (line: string): void => console.log(`${name}: ${line}`);
      const proof = await proveKills(database, { mode, rows, kills, seed, tell });
      tell(
        `${mode}: ${proof.kills} kills, ${proof.afterCommit} of them after the commit; the reader looked ` +
          `${proof.looks} times and saw the old rows or the new ones; every next run succeeded and left no ` +
          'intermediate table.',
      );
    }
  }
  return 0;
}

process.exitCode = await main();
