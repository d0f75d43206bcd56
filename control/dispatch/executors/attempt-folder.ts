/** The folder of one attempt of the process executor: what is in it, and what that says about the attempt. */
import { link, mkdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { randomUUID } from 'node:crypto';
import { join } from 'node:path';
import { constants } from 'node:os';
import { z } from 'zod';
import type { AttemptIdentity, AttemptSpec, Observed } from './executor.ts';
import { groupMembers, isAlive } from './process-group.ts';
import type { ProcessName } from './process-group.ts';

/** Names of the files, as the supervisor's script has them too. */
export const files = {
  spec: 'spec.json',
  claimed: 'claimed',
  runner: 'runner',
  engine: 'engine',
  exit: 'exit',
  stop: 'stop',
  removing: 'removing',
  output: 'output',
  termination: 'termination',
  work: 'work',
} as const;

/** As much as a runner may write there. */
const TERMINATION_BYTES_MAX = 4096;
/** In `claimed` when nothing shall ever start: no process has this number. */
const NOBODY = '0 0';

const keptSpec = z.object({
  ref: z.string(),
  installationId: z.string(),
  runId: z.string(),
  attemptNo: z.int(),
  fence: z.string(),
  specHash: z.string(),
  manifest: z.record(z.string(), z.unknown()),
});
export type KeptSpec = z.output<typeof keptSpec>;

/** What a folder holds of processes; whether they live is another question. */
export interface Processes {
  readonly supervisor: ProcessName | undefined;
  readonly runner: ProcessName | undefined;
  readonly engine: ProcessName | undefined;
}

export class AttemptFolder {
  readonly name: string;
  readonly path: string;

  constructor(runsFolder: string, name: string) {
    this.name = name;
    this.path = join(runsFolder, name);
  }

  file(name: keyof typeof files): string {
    return join(this.path, files[name]);
  }

  /** Makes the folder with everything in it, at once; false when the name is taken. */
  async make(spec: AttemptSpec): Promise<boolean> {
    const { installationId, runId, attemptNo, fence, specHash, manifest } = spec;
    const made = join(this.path, '..', `.new-${this.name}-${randomUUID()}`);
    await mkdir(join(made, files.work), { recursive: true, mode: 0o700 });
    try {
      const kept = { ref: randomUUID(), installationId, runId, attemptNo, fence, specHash, manifest };
      await writeFile(join(made, files.spec), `${JSON.stringify(kept)}\n`, { mode: 0o600 });
      await rename(made, this.path);
      return true;
    } catch (error) {
      await rm(made, { recursive: true, force: true });
      const code = codeOf(error);
      if (code === 'ENOTEMPTY' || code === 'EEXIST' || code === 'ENOTDIR') return false;
      throw error;
    }
  }

  /** Undefined when there is no such folder; `foreign` when it is none of ours. */
  async spec(): Promise<KeptSpec | 'foreign' | undefined> {
    const text = await readOptional(this.file('spec'));
    if (text === undefined) return (await exists(this.path)) ? 'foreign' : undefined;
    try {
      return keptSpec.parse(JSON.parse(text));
    } catch {
      return 'foreign';
    }
  }

  isClaimed(): Promise<boolean> {
    return exists(this.file('claimed'));
  }

  isBeingRemoved(): Promise<boolean> {
    return exists(this.file('removing'));
  }

  /** Takes the right to start from every supervisor; false when one has used it. */
  async forbidStart(): Promise<boolean> {
    return this.#create('claimed', NOBODY);
  }

  /** Notes the first stop: its time and its grace; later ones are the same stop. */
  async noteStop(stop: { readonly atMs: number; readonly graceMs: number }): Promise<void> {
    await this.#create('stop', `${stop.atMs} ${stop.graceMs}`);
  }

  /** When the grace of a stop is over, by this machine's clock. */
  async stopDeadlineMs(): Promise<number | undefined> {
    const text = await readOptional(this.file('stop'));
    if (text === undefined) return undefined;
    const [atMs = 0, graceMs = 0] = text.trim().split(' ').map(Number);
    return atMs + graceMs;
  }

  async markRemoving(): Promise<void> {
    await this.#create('removing', '');
  }

  async processes(): Promise<Processes> {
    const [supervisor, runner, engine] = await Promise.all(
      (['claimed', 'runner', 'engine'] as const).map(async (name) => processName(await readOptional(this.file(name)))),
    );
    return { supervisor, runner, engine };
  }

  /** What is seen of the attempt; undefined when nothing of it has ever started. */
  async observed(spec: KeptSpec): Promise<Observed | undefined> {
    if (!(await this.isClaimed())) return undefined;
    const [processes, exit] = await Promise.all([this.processes(), readOptional(this.file('exit'))]);
    const shared = {
      name: this.name,
      ref: spec.ref,
      identity: identityOf(spec),
      processUid: spec.ref,
      isBeingDeleted: await this.isBeingRemoved(),
      ...(processes.runner === undefined ? {} : { startedAt: await changedAt(this.file('runner')) }),
    };
    const isRunning = exit === undefined ? this.#lives(processes, spec.ref) : isAlive(processes.engine);
    if (isRunning) {
      const { supervisor, runner } = processes;
      const phase = runner === undefined && isAlive(supervisor) ? 'pending' : 'running';
      return { ...shared, phase, detail: { pid: runner?.pid ?? supervisor?.pid ?? 0 } };
    }
    // It may have been written between the two looks.
    const status = exit ?? (await readOptional(this.file('exit')));
    const message = await readOptional(this.file('termination'), TERMINATION_BYTES_MAX);
    return {
      ...shared,
      phase: 'ended',
      ...ending(status, processes),
      endedAt: await changedAt(status === undefined ? this.file('claimed') : this.file('exit')),
      ...(message === undefined ? {} : { terminationMessage: message }),
    };
  }

  #lives({ supervisor, runner, engine }: Processes, ref: string): boolean {
    if ([supervisor, runner, engine].some(isAlive)) return true;
    // Its supervisor may have been killed after it started the runner and before it said so.
    return supervisor !== undefined && runner === undefined && groupMembers(supervisor.pid, ref).length > 0;
  }

  async #create(name: keyof typeof files, text: string): Promise<boolean> {
    const made = `${this.file(name)}.${randomUUID()}`;
    try {
      await writeFile(made, `${text}\n`, { mode: 0o600 });
      await link(made, this.file(name));
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      await rm(made, { force: true });
    }
  }
}

function ending(status: string | undefined, { supervisor, runner }: Processes): Partial<Observed> {
  if (status === undefined) {
    // Nobody wrote down how it ended: the machine was started again, or somebody killed the supervisor too.
    return supervisor === undefined ? { reason: 'exited', detail: { neverStarted: true } } : { reason: 'node_lost' };
  }
  const exitCode = Number(status);
  const signal = Object.entries(constants.signals).find(([, number]) => number === exitCode - 128)?.[0];
  const detail = runner === undefined ? { detail: { neverStarted: true } } : {};
  return { reason: 'exited', exitCode, ...(signal === undefined ? {} : { signal }), ...detail };
}

export function identityOf({ installationId, runId, attemptNo, fence, specHash }: AttemptIdentity): AttemptIdentity {
  return { installationId, runId, attemptNo, fence, specHash };
}

function processName(text: string | undefined): ProcessName | undefined {
  const [pid = '', start = ''] = (text ?? '').trim().split(' ');
  return Number(pid) > 1 && start !== '' ? { pid: Number(pid), start } : undefined;
}

async function changedAt(path: string): Promise<string> {
  return (await stat(path)).mtime.toISOString();
}

async function exists(path: string): Promise<boolean> {
  return (await optional(stat(path))) !== undefined;
}

/** An empty file is one that is being written. */
async function readOptional(path: string, bytesMax?: number): Promise<string | undefined> {
  const bytes = await optional(readFile(path));
  return bytes === undefined || bytes.length === 0 ? undefined : bytes.subarray(0, bytesMax).toString('utf8');
}

/** Undefined for what is not there; everything else that fails is told. */
export async function optional<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    const code = codeOf(error);
    if (code === 'ENOENT' || code === 'ENOTDIR') return undefined;
    throw error;
  }
}

export function codeOf(error: unknown): string {
  return error instanceof Error && 'code' in error ? String(error.code) : '';
}
