/** Looks at how much memory a process takes: heap and everything beside it, which no flag of Node's limits. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

export interface MemoryWatch {
  readonly pid: () => number | undefined;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  /** Each time that it is known. */
  readonly seen: (memory: Memory) => void;
}

/** Of one process, what others share with it left out. */
export interface Memory {
  readonly bytes: number;
  /** At its highest since it began, also between two looks. */
  readonly bytesMax: number;
}

export async function watchMemory({ pid, everyMs, signal, seen }: MemoryWatch): Promise<void> {
  while (!signal.aborted) {
    const number = pid();
    const memory = number === undefined ? undefined : await memoryOf(number);
    if (memory !== undefined) seen(memory);
    await wait(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Undefined when it has ended. */
async function memoryOf(pid: number): Promise<Memory | undefined> {
  if (process.platform !== 'linux') return psMemory(pid);
  return memoryIn(await readFile(`/proc/${pid}/status`, 'latin1').catch(() => ''));
}

/** Of this process, for its last word. */
export function ownMemory(): Memory | undefined {
  if (process.platform === 'linux') return memoryIn(readFileSync('/proc/self/status', 'latin1'));
  // In kilobytes.
  return { bytes: process.memoryUsage.rss(), bytesMax: process.resourceUsage().maxRSS * 1024 };
}

function memoryIn(status: string): Memory | undefined {
  const bytesOf = (name: string): number => Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]) * 1024;
  const bytes = bytesOf('RssAnon');
  if (Number.isNaN(bytes)) return undefined;
  // What it maps of files is never much less later on: what was there beside it at the highest is its own.
  const highest = bytesOf('VmHWM') - bytesOf('RssFile') - bytesOf('RssShmem');
  return { bytes, bytesMax: Math.max(bytes, highest) };
}

function psMemory(pid: number): Promise<Memory | undefined> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'rss=', '-p', String(pid)], (error, stdout) => {
      const bytes = Number(stdout) * 1024;
      resolve(error === null ? { bytes, bytesMax: bytes } : undefined);
    });
  });
}
