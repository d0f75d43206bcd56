#!/usr/bin/env node
// Runs the command under Node 26. This file must work on old releases: it may be started by any Node there is, and
// then starts itself again with the one that came with the package.
import { spawn } from 'node:child_process';
import module from 'node:module';

const MAJOR_NEEDED = 26;

if (Number(process.versions.node.split('.')[0]) >= MAJOR_NEEDED) {
  module.enableCompileCache();
  const { main } = await import('../cli/main.ts');
  process.exit(await main(process.argv.slice(2)));
} else {
  runBundledNode();
}

function runBundledNode() {
  const name = `node-${process.platform}-${process.arch}`;
  let node;
  try {
    node = module.createRequire(import.meta.url).resolve(`${name}/bin/node`);
  } catch {
    console.error(
      `ropeway needs Node ${MAJOR_NEEDED} or later; this is ${process.version}, and the package ${name} is not`,
    );
    console.error(`installed. Run "npm install" again without --omit=optional, or install Node ${MAJOR_NEEDED}.`);
    process.exit(1);
  }
  const child = spawn(node, process.argv.slice(1), { stdio: 'inherit' });
  // The child hears Ctrl-C itself; what is sent to this process alone is passed on. Its end decides.
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP']) process.on(signal, () => child.kill(signal));
  child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGKILL' ? 137 : 1)));
}
