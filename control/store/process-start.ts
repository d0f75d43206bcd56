/**
 * When a process started: a process id comes back after a while, together with the start it names one process only.
 */
import { spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Field 22 of `/proc/PID/stat`, counted behind the name in parentheses, which may hold anything. */
const START_FIELD = 19;

/** A text that is equal for the same process only; undefined when there is no such process (or a zombie is left of it). */
export function processStart(pid: number): string | undefined {
  if (process.platform !== 'linux') return printedStart(pid);
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[START_FIELD];
  } catch {
    return undefined;
  }
}

function printedStart(pid: number): string | undefined {
  const { stdout } = spawnSync('ps', ['-o', 'lstart=', '-p', String(pid)], { encoding: 'utf8' });
  const text = stdout.trim();
  return text === '' ? undefined : text;
}

/** Of the machine's life since it came up: counts of ticks begin anew with it. */
export function bootId(): string {
  try {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  } catch {
    return '';
  }
}
