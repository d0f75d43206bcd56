/**
 * Memory limits by cgroup v2, where this process may make groups: one per attempt, below its own. Elsewhere the
 * runner watches its engine, and Node its heap.
 */
import { access, constants, mkdir, readFile, rmdir, writeFile } from 'node:fs/promises';
import { join } from 'node:path';

/** The root of the hierarchy on every distribution. */
const ROOT = '/sys/fs/cgroup';
/** Beside what the attempt may use: the shell, the runner, the page tables of both. */
const RUNNER_MB = 96;

export interface Cgroups {
  /** Makes the group of an attempt, and returns its folder. */
  make(name: string, memoryMb: number): Promise<string>;
  /** How often the kernel had to end a process of the attempt. */
  kills(name: string): Promise<number>;
  remove(name: string): Promise<void>;
}

/** Undefined where it cannot be done: no version 2, no right to, or processes in the way. */
export async function openCgroups(root: string = ROOT): Promise<Cgroups | undefined> {
  try {
    const own = /^0::(.*)$/m.exec(await readFile('/proc/self/cgroup', 'utf8'))?.[1];
    if (own === undefined) return undefined;
    const parent = join(root, own);
    const controllers = await readFile(join(parent, 'cgroup.controllers'), 'utf8');
    if (!controllers.split(/\s+/).includes('memory')) return undefined;
    await access(parent, constants.W_OK);
    // Refused while processes are in the group itself: whoever delegates a group leaves its top empty.
    await writeFile(join(parent, 'cgroup.subtree_control'), '+memory');
    return cgroupsBelow(parent);
  } catch {
    return undefined;
  }
}

function cgroupsBelow(parent: string): Cgroups {
  const folderOf = (name: string): string => join(parent, `ropeway-${name}`);
  return {
    async make(name, memoryMb) {
      const folder = folderOf(name);
      await mkdir(folder, { recursive: true });
      await writeFile(join(folder, 'memory.max'), String((memoryMb + RUNNER_MB) * 1024 * 1024));
      await writeFile(join(folder, 'memory.swap.max'), '0').catch(() => undefined);
      return folder;
    },
    async kills(name) {
      const events = await readFile(join(folderOf(name), 'memory.events'), 'utf8').catch(() => '');
      return Number(/^oom_kill (\d+)$/m.exec(events)?.[1] ?? 0);
    },
    async remove(name) {
      // A group that is not empty yet stays; the sweep comes again.
      await rmdir(folderOf(name)).catch(() => undefined);
    },
  };
}
