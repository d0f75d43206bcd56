/**
 * `npm run proof:kill`: ten loads of a million rows killed at random moments, with `replace` and with `merge`, while a
 * reader looks at the table every 50 ms (test/proofs/kill-proof.ts). `-- ROWS KILLS SEED` are other numbers.
 */
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import { proveKills } from '#test/proofs/kill-proof.ts';

const [rows = 1_000_000, kills = 10, seed = Math.floor(Math.random() * 2 ** 31)] = process.argv.slice(2).map(Number);

async function main(): Promise<number> {
  if (postgresMissing !== '') {
    console.error(`There is no server to load into${postgresMissing}.`);
    return 1;
  }
  console.log(`${rows} rows, ${kills} kills, seed ${seed}`);
  await using server = await postgresServer();
  for (const mode of ['replace', 'merge'] as const) {
    const proof = await proveKills(server, { mode, rows, kills, seed, tell: (line) => console.log(line) });
    console.log(
      `${mode}: ${proof.kills} kills, ${proof.afterCommit} of them after the commit; the reader looked ${proof.looks} ` +
        'times and saw the old rows or the new ones; every next run succeeded and left no intermediate table.',
    );
  }
  return 0;
}

process.exitCode = await main();
