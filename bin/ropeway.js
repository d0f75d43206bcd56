#!/usr/bin/env node
// Runs the command under Node 26. This file must work on old releases: it may be started by any Node there is, and
// then starts itself again with the one that came with the package.
import fs from 'node:fs';
import module from 'node:module';
import { isBundleFresh } from './bundle.js';

const MAJOR_NEEDED = 26;
// A command that was stopped must end, even when nobody takes what it has printed.
const STOPPED_FROM_CODE = 129;
const STOPPED_FLUSH_MS = 200;

if (Number(process.versions.node.split('.')[0]) >= MAJOR_NEEDED) {
  module.enableCompileCache();
  const exitCode = await run(process.argv.slice(2));
  // What a pipe has not taken yet would be lost.
  const flushed = Promise.all([written(process.stdout), written(process.stderr)]);
  await (exitCode < STOPPED_FROM_CODE ? flushed : Promise.race([flushed, elapsed(STOPPED_FLUSH_MS)]));
  process.exit(exitCode);
} else {
  const { spawn } = await import('node:child_process');
  runBundledNode(spawn);
}

// A package holds the bundle alone. In a checkout the bundle is run only when it is what the sources give.
async function run(args) {
  const root = new URL('..', import.meta.url);
  const sources = new URL('cli/main.ts', root);
  const hasSources = fs.existsSync(sources);
  if (hasSources && (process.env.ROPEWAY_SOURCES === '1' || !isBundleFresh())) {
    const { main } = await import(sources.href);
    const entries = {
      workerEntry: new URL('cli/worker.ts', root),
      engineEntry: new URL('runner/engine-child.ts', root),
    };
    return main(args, { root, ...entries, spi: `${root}spi/*.ts` });
  }
  const { main } = module.createRequire(import.meta.url)('../dist/main.cjs');
  const entries = {
    workerEntry: new URL('dist/worker.cjs', root),
    engineEntry: new URL('dist/engine-child.cjs', root),
  };
  return main(args, { root, ...entries, spi: `${root}dist/spi/*.js` });
}

function written(stream) {
  if (stream.writableLength === 0 || stream.destroyed) return undefined;
  return new Promise((resolve) => stream.write('', resolve));
}

function elapsed(ms) {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function runBundledNode(spawn) {
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
