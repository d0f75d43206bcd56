/** What the system's own commands make of bytes: the tests' peers for our codecs. */
import { spawn, spawnSync } from 'node:child_process';

export function hasCommand(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/** The standard output of a command that is given the bytes. */
export async function commandOutput(command: readonly [string, ...string[]], bytes: Uint8Array): Promise<Buffer> {
  const [program, ...args] = command;
  const child = spawn(program, args, { stdio: ['pipe', 'pipe', 'inherit'] });
  child.stdin.end(bytes);
  const chunks: Buffer[] = [];
  child.stdout.on('data', (chunk: Buffer) => chunks.push(chunk));
  const exitCode = await new Promise((done, fail) => {
    child.on('error', fail);
    child.on('close', done);
  });
  if (exitCode !== 0) throw new Error(`${command.join(' ')} ended with exit code ${String(exitCode)}`);
  return Buffer.concat(chunks);
}
