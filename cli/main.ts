/** The command `ropeway`: what `bin/ropeway.js` calls, from the sources or from the bundle. */
import { readFileSync } from 'node:fs';
import type { Installation } from './installation.ts';

/** Runs one command line (without node and script) and returns the exit code. */
export async function main(args: readonly string[], installation: Installation): Promise<number> {
  // Scripts ask for the version to see whether the command is there: it loads nothing.
  if (args.length === 1 && versionFlags.has(args[0] ?? '')) {
    process.stdout.write(`${version(installation)}\n`);
    return 0;
  }
  const { runProgram } = await import('./program.ts');
  return runProgram(args, { installation, version: version(installation) });
}

const versionFlags: ReadonlySet<string> = new Set(['-v', '-version', '--version']);

function version({ root }: Installation): string {
  // Our own package file.
  const file = JSON.parse(readFileSync(new URL('package.json', root), 'utf8')) as { version: string };
  return file.version;
}
