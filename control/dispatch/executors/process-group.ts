/**
 * Processes by number and start: a number alone may be somebody else's by now, and nobody else's process is ever
 * signalled. Between the look and the signal lie microseconds; for a number to come round in them, all others would
 * have to be used up.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { processStart } from '#api/process-start.ts';

export interface ProcessName {
  readonly pid: number;
  readonly start: string;
}

/** In the environment of a runner and of what it starts: `ROPEWAY_PROCESS_UID=…`. */
export const PROCESS_UID = 'ROPEWAY_PROCESS_UID';

export function isAlive(process: ProcessName | undefined): boolean {
  return process !== undefined && processStart(process.pid) === process.start;
}

/** Signals the process if it is the one; true when it was there. */
export function signalProcess(name: ProcessName | undefined, signal: NodeJS.Signals): boolean {
  return name !== undefined && isAlive(name) && send(name.pid, signal);
}

/** Signals the group that the process leads, if it is the one. */
export function signalGroup(leader: ProcessName | undefined, signal: NodeJS.Signals): boolean {
  return leader !== undefined && isAlive(leader) && send(-leader.pid, signal);
}

/** Processes of the group that carry the mark of the attempt. Where there is no /proc there is no way to tell. */
export function groupMembers(group: number, ref: string): readonly ProcessName[] {
  if (process.platform !== 'linux') return [];
  return readdirSync('/proc').flatMap((entry) => {
    const pid = Number(entry);
    if (!Number.isInteger(pid)) return [];
    const start = processStart(pid);
    return start !== undefined && isMember(pid, group, ref) ? [{ pid, start }] : [];
  });
}

function isMember(pid: number, group: number, ref: string): boolean {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'latin1');
    if (Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[2]) !== group) return false;
    return readFileSync(`/proc/${pid}/environ`, 'latin1').split('\0').includes(`${PROCESS_UID}=${ref}`);
  } catch {
    // It has ended meanwhile, or is another user's.
    return false;
  }
}

function send(pid: number, signal: NodeJS.Signals): boolean {
  try {
    process.kill(pid, signal);
    return true;
  } catch {
    return false;
  }
}
