/** Looks at how much memory a process takes: heap and everything beside it, which no flag of Node's limits. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';

export interface MemoryWatch {
  readonly pid: () => number | undefined;
  readonly everyMs: number;
  readonly signal: AbortSignal;
  /** Each time that it is known. */
  readonly seen: (bytes: number) => void;
}

export async function watchMemory({ pid, everyMs, signal, seen }: MemoryWatch): Promise<void> {
  while (!signal.aborted) {
    const number = pid();
    const bytes = number === undefined ? undefined : await residentBytes(number);
    if (bytes !== undefined) seen(bytes);
    await wait(everyMs, undefined, { signal, ref: false }).catch(() => undefined);
  }
}

/** Of the process, shared memory left out; undefined when it has ended. */
async function residentBytes(pid: number): Promise<number | undefined> {
  if (process.platform !== 'linux') return psBytes(pid);
  const text = await readFile(`/proc/${pid}/status`, 'latin1').catch(() => '');
  // In kilobytes: what is its own, files that it maps left out.
  const own = /^RssAnon:\s+(\d+) kB$/m.exec(text)?.[1];
  return own === undefined ? undefined : Number(own) * 1024;
}

function psBytes(pid: number): Promise<number | undefined> {
  return new Promise((resolve) => {
    execFile('ps', ['-o', 'rss=', '-p', String(pid)], (error, stdout) => {
      resolve(error === null ? Number(stdout) * 1024 : undefined);
    });
  });
}
