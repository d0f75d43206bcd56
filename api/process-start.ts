/**
 * When a process of this machine started, as a text that tells it from every other one that had or will have its
 * number. Executor and runner write it into the files by which they find each other's processes again.
 */
import { execFileSync } from 'node:child_process';
import { readFileSync } from 'node:fs';

/** Undefined when there is no such process, or only its remains that nobody has asked about yet. */
export function processStart(pid: number): string | undefined {
  return process.platform === 'linux' ? linuxStart(pid) : otherStart(pid);
}

function linuxStart(pid: number): string | undefined {
  let stat: string;
  try {
    stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
  } catch {
    return undefined;
  }
  // The name of the program may hold blanks and brackets. Behind it: the state, …, field 22 of the whole line.
  const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
  return fields[0] === 'Z' || fields[0] === 'X' ? undefined : fields[19];
}

/** As the supervisor's shell asks for it. */
function otherStart(pid: number): string | undefined {
  try {
    const env = { PATH: process.env['PATH'] ?? '/usr/bin:/bin', LC_ALL: 'C', TZ: 'UTC' };
    const args = ['-o', 'stat=,lstart=', '-p', String(pid)];
    const [state, ...start] = execFileSync('ps', args, { env, encoding: 'utf8' }).trim().split(/\s+/);
    return state === undefined || state.startsWith('Z') || start.length === 0 ? undefined : start.join('_');
  } catch {
    return undefined;
  }
}
