/**
 * `npm run proof:fire`: fifty transfers into PostgreSQL while the server, runners, engines and PostgreSQL are killed two
 * hundred times (test/proofs/fire-proof.ts). `-- TRANSFERS KILLS ROWS SEED` are other numbers.
 */
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { proveFire } from '#test/proofs/fire-proof.ts';

const numbers = process.argv.slice(2).map(Number);
const [transfers = 50, kills = 200, rows = 200_000, seed = Math.floor(Math.random() * 2 ** 31)] = numbers;

if (postgresMissing !== '') {
  console.error(`There is no server to load into${postgresMissing}.`);
  process.exitCode = 1;
} else {
  console.log(`${transfers} transfers of ${rows} rows, ${kills} kills, seed ${seed}`);
  const proof = await proveFire({ transfers, kills, rows, seed, tell: (line) => console.log(line) });
  console.log(JSON.stringify(proof, undefined, 2));
  console.log('Every outcome is true, and every table holds what its outcome says.');
}
