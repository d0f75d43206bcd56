/** igzip and pigz: how fast the JSON lines alone can be compressed, with nothing parsed. */
import { spawnSync } from 'node:child_process';
import type { Command } from '#bench/measure.ts';

export interface DebianPackage {
  readonly command: string;
  readonly package: string;
}

export const igzip: DebianPackage = { command: 'igzip', package: 'isal' };
export const pigz: DebianPackage = { command: 'pigz', package: 'pigz' };
export const gnuTime: DebianPackage = { command: '/usr/bin/time', package: 'time' };

export function igzipCommand(input: string, stdout: string): Command {
  return { command: 'igzip', args: ['-1', '-c', input], stdout };
}

export function pigzCommand(input: string, stdout: string, threads: number): Command {
  return { command: 'pigz', args: ['-1', '-p', String(threads), '-c', input], stdout };
}

export function has(command: string): boolean {
  return spawnSync('sh', ['-c', `command -v ${command}`]).status === 0;
}

/** Installs what is missing, where that is allowed. */
export function installTools(tools: readonly DebianPackage[]): void {
  const missing = tools.filter(({ command }) => !has(command)).map((tool) => tool.package);
  if (missing.length === 0 || process.getuid?.() !== 0 || !has('apt-get')) return;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  spawnSync('apt-get', ['update', '-qq'], { stdio: 'ignore', env });
  spawnSync('apt-get', ['install', '-y', '-qq', ...missing], { stdio: 'ignore', env });
}
