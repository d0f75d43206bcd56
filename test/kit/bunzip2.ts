/** bzip2 by the system's own command: the tests' peer for our codec. */
import { spawn } from 'node:child_process';

export async function bunzip2(bytes: Buffer): Promise<Buffer> {
  const child = spawn('bzip2', ['-dc'], { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(bytes);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exitCode = await new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', done);
  });
  if (exitCode !== 0) throw new Error(`bzip2 -d ended with exit code ${String(exitCode)}`);
  return Buffer.concat(chunks);
}
