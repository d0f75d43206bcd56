/**
 * `npm run proof:logs`: five gigabytes of log from one run, and a control plane that takes none of it for five minutes
 * (test/proofs/log-proof.ts). `-- MEGABYTES DOWN_S LINE_BYTES` are other numbers; lines of 0 bytes are no text.
 */
import { proveLogs } from '#test/proofs/log-proof.ts';

const [megabytes = 5000, downS = 300, lineBytes = 200] = process.argv.slice(2).map(Number);

const isBinary = lineBytes === 0;
const proof = await proveLogs({ megabytes, lineBytes: lineBytes || 200, isBinary, downMs: downS * 1000 });
console.log(JSON.stringify(proof, undefined, 2));
console.log('Every line has come, or is counted where it is missing.');
