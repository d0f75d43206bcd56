// `npm install` in a checkout builds the bundle. Not TypeScript: npm may run this with a Node that cannot read it.
import { spawnSync } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const MAJOR_NEEDED = 26;

/** Why the bundle cannot be built here, or undefined when it can. */
function obstacle() {
  if (Number(process.versions.node.split('.')[0]) < MAJOR_NEEDED) return `Node ${MAJOR_NEEDED} is not installed`;
  try {
    // Loaded, not only found: its binary is an optional package.
    createRequire(import.meta.url)('rolldown');
    return undefined;
  } catch {
    return 'the development packages are not installed';
  }
}

const build = fileURLToPath(new URL('build.ts', import.meta.url));
const reason = existsSync(build) ? obstacle() : 'its sources are not here';
if (reason === undefined) {
  process.exitCode = spawnSync(process.execPath, [build, '--if-stale'], { stdio: 'inherit' }).status ?? 1;
} else {
  console.log(`The bundle in dist/ is not built: ${reason}. The command runs from its sources, and starts slower.`);
}
