/**
 * `npm run proof:lists`: the lists of a server with a million past runs (test/proofs/lists-proof.ts).
 * `-- RUNS DEFINITIONS ROUNDS` are other numbers.
 */
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { proveLists } from '#test/proofs/lists-proof.ts';

const [runs = 1_000_000, definitions = 10_000, rounds = 40] = process.argv.slice(2).map(Number);

if (postgresMissing !== '') {
  console.error(`There is no server for the control plane${postgresMissing}.`);
  process.exitCode = 1;
} else {
  const proof = await proveLists({ runs, definitions, rounds, tell: (line) => console.log(line) });
  const slowest = proof.lists.toSorted((a, b) => b.p95Ms - a.p95Ms)[0];
  console.log(`The slowest list: ${slowest?.name}, p95 ${slowest?.p95Ms.toFixed(1)} ms.`);
}
