/**
 * `npm run proof:load`: ten thousand runs of twenty workspaces at once, each a process of its own
 * (test/proofs/load-proof.ts). `-- RUNS WORKSPACES IDLE SEATS` are other numbers.
 */
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { proveLoad } from '#test/proofs/load-proof.ts';

const [runs = 10_000, workspaces = 20, idleRuns = 50, seats = 8] = process.argv.slice(2).map(Number);

if (postgresMissing !== '') {
  console.error(`There is no server for the control plane${postgresMissing}.`);
  process.exitCode = 1;
} else {
  const proof = await proveLoad({ runs, workspaces, idleRuns, seats, tell: (line) => console.log(line) });
  console.log(JSON.stringify(proof, undefined, 2));
  console.log('No run was lost, none happened twice.');
}
