/**
 * `npm run proof:schedules-due`: ten thousand schedules that are due in the same minute, and two schedulers
 * (test/proofs/due-proof.ts). `-- SCHEDULES SCHEDULERS` are other numbers.
 */
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { proveDue } from '#test/proofs/due-proof.ts';

const [schedules = 10_000, schedulers = 2] = process.argv.slice(2).map(Number);
/** Seconds: the goal. */
const LATENESS_P99_S = 5;

if (postgresMissing !== '') {
  console.error(`There is no server for the control plane${postgresMissing}.`);
  process.exitCode = 1;
} else {
  const proof = await proveDue({ schedules, schedulers, isAhead: true, tell: (line) => console.log(line) });
  console.log(JSON.stringify(proof, undefined, 2));
  const { decided, fired, runs, definitions, latenessP99S } = proof;
  const isOnce = [decided, fired, runs, definitions].every((count) => count === schedules);
  console.log(isOnce ? 'Each fired once.' : 'Some did not fire once.');
  if (latenessP99S > LATENESS_P99_S) console.log(`p99 of lateness is above the goal of ${LATENESS_P99_S} s.`);
  process.exitCode = isOnce ? 0 : 1;
}
