/** Peers from npm: installed when they are first needed, each into a folder of its own, and none of them necessary. */
import { spawnSync } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import type { Command } from '#bench/measure.ts';

export interface NpmPeer {
  readonly package: string;
  readonly version: string;
}

const INSTALL_MS_MAX = 120_000;

const peersFolder = join(import.meta.dirname, '..', '.peers');

// One folder each: npm takes packages away that it has not put there itself in the same command.
function folderOf({ package: name, version }: NpmPeer): string {
  return join(peersFolder, `${name.replace(/\W+/g, '-')}-${version}`);
}

function resolvePeer(peer: NpmPeer): string {
  return createRequire(join(folderOf(peer), 'package.json')).resolve(peer.package);
}

/** Undefined when the package is there afterwards, else why it is not. */
export function installPeer(peer: NpmPeer): string | undefined {
  try {
    resolvePeer(peer);
    return undefined;
  } catch {
    // Not there yet.
  }
  const folder = folderOf(peer);
  mkdirSync(folder, { recursive: true });
  const args = ['install', '--no-save', '--no-audit', '--no-fund', '--prefix', folder];
  const { status, stderr, error } = spawnSync('npm', [...args, `${peer.package}@${peer.version}`], {
    cwd: folder,
    encoding: 'utf8',
    timeout: INSTALL_MS_MAX,
  });
  if (status === 0) return undefined;
  const lines = (stderr ?? '').split('\n').filter((line) => /\bcode|notarget|ERR!/.test(line));
  return error?.message ?? lines[0] ?? `npm ended with exit code ${status}`;
}

/** The module itself, inside the peer's own process. Its shape is what the caller knows of that version. */
export async function importPeer<Module>(peer: NpmPeer): Promise<Module> {
  const loaded: unknown = await import(pathToFileURL(resolvePeer(peer)).href);
  return loaded as Module;
}

/** A program of this folder under the Node that runs the benchmark. */
export function program(name: string, args: readonly string[], env: Readonly<Record<string, string>> = {}): Command {
  return {
    command: process.execPath,
    args: [join(import.meta.dirname, `${name}.ts`), ...args],
    // Else every run would pay again for stripping the types.
    env: { ...env, NODE_COMPILE_CACHE: join(peersFolder, 'compile-cache') },
  };
}
