/**
 * Runs each attempt as processes of this machine: a folder per attempt, whose name is the attempt's, a supervisor in a
 * session of its own, and the runner beside it. All that is known lies in the folder, so that whoever looks after the
 * dispatcher's end, or beside it, sees the same.
 *
 * What makes a second launch harmless: the folder appears whole, by one rename; and of the supervisors that find
 * themselves in it, the one that links `claimed` starts the runner.
 */
import { mkdir, open, readdir, rename, rm, stat, truncate } from 'node:fs/promises';
import { cpus, totalmem } from 'node:os';
import { join, resolve } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { AttemptFolder, codeOf, identityOf, optional } from './attempt-folder.ts';
import type { KeptSpec } from './attempt-folder.ts';
import { watchAttempts } from './attempt-watch.ts';
import { openCgroups } from './cgroup.ts';
import type { Cgroups } from './cgroup.ts';
import { LaunchError } from './executor.ts';
import type { AttemptSpec, Executor, Observed } from './executor.ts';
import { groupMembers, isAlive, PROCESS_UID, signalGroup, signalProcess } from './process-group.ts';
import { startSupervisor } from './supervisor.ts';

export interface ProcessExecutorOptions {
  /** `runs/` is made in it. */
  readonly dataFolder: string;
  readonly installationId: string;
  /** What starts a runner: the program and its arguments. */
  readonly command: readonly string[];
  /** For the runner, beside what every process needs. Not for secrets: others may read it. */
  readonly env?: Readonly<Record<string, string>>;
  readonly nice?: number;
  /** How often it looks at what runs. */
  readonly pollMs?: number;
}

/** A name becomes the name of a folder. */
const NAME = /^[a-z0-9][a-z0-9-]{0,62}$/;
/** From starting a shell to its claim: more than a busy machine takes. */
const CLAIM_MS_MAX = 10_000;
/** How long a killed process may take to be gone: it may have to give back gigabytes. */
const GONE_MS_MAX = 10_000;
const LOOK_MS = 5;
/** For a supervisor to write down the end of its runner. */
const SETTLE_MS = 2000;
const POLL_MS = 1000;
/** What an attempt may print before the beginning of it is let go; the log is where its lines belong. */
const OUTPUT_BYTES_MAX = 8 * 1024 * 1024;
/** A folder in which nothing has started for so long belongs to a launch that nobody repeats. */
const UNSTARTED_MS_MAX = 24 * 3600_000;
/** Taken over from our own environment: what programs need, nothing that could tell of us. */
const INHERITED = ['PATH', 'HOME', 'LANG', 'LC_ALL', 'TZ', 'NODE_EXTRA_CA_CERTS', 'SSL_CERT_FILE', 'SSL_CERT_DIR'];

export async function processExecutor(options: ProcessExecutorOptions): Promise<Executor> {
  const runsFolder = resolve(options.dataFolder, 'runs');
  await mkdir(join(runsFolder, '.ended'), { recursive: true, mode: 0o700 });
  return new ProcessExecutor(options, runsFolder, await openCgroups());
}

class ProcessExecutor implements Executor {
  readonly kind = 'process';
  readonly limits = {
    cpuMillisMax: cpus().length * 1000,
    memoryMbMax: Math.floor((process.constrainedMemory() || totalmem()) / 1024 / 1024),
  };
  readonly #options: ProcessExecutorOptions;
  readonly #runsFolder: string;
  readonly #cgroups: Cgroups | undefined;
  /** Attempts whose grace is being waited for here. */
  readonly #ending = new Set<string>();

  constructor(options: ProcessExecutorOptions, runsFolder: string, cgroups: Cgroups | undefined) {
    this.#options = options;
    this.#runsFolder = runsFolder;
    this.#cgroups = cgroups;
  }

  async launch(spec: AttemptSpec, signal: AbortSignal): Promise<{ ref: string; adopted: boolean }> {
    if (!NAME.test(spec.name)) throw new LaunchError('refused', 'NAME_INVALID', `'${spec.name}' is no name`);
    try {
      return await this.#launch(spec, signal);
    } catch (error) {
      throw error instanceof LaunchError ? error : launchError(error);
    }
  }

  async get(name: string): Promise<Observed | 'absent'> {
    if (!NAME.test(name)) return 'absent';
    const folder = this.#folder(name);
    const spec = await folder.spec();
    if (spec === undefined) return 'absent';
    return (await this.#observed(folder, spec)) ?? 'absent';
  }

  async stop(name: string, ref: string, { graceMs }: { readonly graceMs: number }): Promise<void> {
    const folder = await this.#owned(name, ref);
    if (folder === undefined) return;
    await folder.noteStop({ atMs: Date.now(), graceMs });
    if (await folder.forbidStart()) return;
    const { supervisor, runner } = await folder.processes();
    if (!signalGroup(supervisor, 'SIGTERM')) signalProcess(runner, 'SIGTERM');
    void this.#endInTime(folder, ref);
  }

  async remove(name: string, ref: string): Promise<void> {
    const folder = await this.#owned(name, ref);
    if (folder === undefined) return;
    await folder.markRemoving();
    if (!(await folder.forbidStart())) await this.#kill(folder, ref);
    const removed = join(this.#runsFolder, `.removed-${name}-${ref}`);
    await optional(rename(folder.path, removed));
    await rm(removed, { recursive: true, force: true });
    await rm(join(this.#runsFolder, '.ended', name), { force: true });
    await this.#cgroups?.remove(name);
  }

  observe(changed: (name: string) => void, signal: AbortSignal): Promise<void> {
    return watchAttempts({
      runsFolder: this.#runsFolder,
      pollMs: this.#options.pollMs ?? POLL_MS,
      names: () => this.#names(),
      look: (name) => this.#lookAfter(name),
      changed,
      signal,
    });
  }

  async *list(): AsyncIterable<Observed> {
    for (const name of await this.#names()) {
      const observed = await this.get(name);
      if (observed !== 'absent') yield observed;
    }
  }

  async tail(name: string, ref: string, bytesMax: number): Promise<Uint8Array | undefined> {
    const folder = await this.#owned(name, ref);
    if (folder === undefined) return undefined;
    const file = await optional(open(folder.file('output')));
    if (file === undefined) return undefined;
    try {
      const { size } = await file.stat();
      const length = Math.min(size, bytesMax);
      const { buffer, bytesRead } = await file.read(Buffer.alloc(length), 0, length, size - length);
      return buffer.subarray(0, bytesRead);
    } finally {
      await file.close();
    }
  }

  #folder(name: string): AttemptFolder {
    return new AttemptFolder(this.#runsFolder, name);
  }

  async #names(): Promise<readonly string[]> {
    return (await readdir(this.#runsFolder)).filter((name) => NAME.test(name)).sort();
  }

  /** The folder, if what is in it now is the one that was meant. */
  async #owned(name: string, ref: string): Promise<AttemptFolder | undefined> {
    if (!NAME.test(name)) return undefined;
    const folder = this.#folder(name);
    const spec = await folder.spec();
    return spec !== undefined && spec !== 'foreign' && spec.ref === ref ? folder : undefined;
  }

  async #launch(spec: AttemptSpec, signal: AbortSignal): Promise<{ ref: string; adopted: boolean }> {
    stopIfAborted(signal);
    const folder = this.#folder(spec.name);
    const isNew = await folder.make(spec);
    const kept = await folder.spec();
    if (kept === undefined || (await folder.isBeingRemoved())) {
      throw new LaunchError('gone', 'BEING_REMOVED', `${spec.name} is being removed`);
    }
    if (kept === 'foreign' || !isSame(kept, spec)) {
      throw new LaunchError('clash', 'NAME_TAKEN', `${folder.path} belongs to another attempt`);
    }
    // A stop that came first has taken the right to start, and is adopted like anything else.
    if (!(await folder.isClaimed())) {
      stopIfAborted(signal);
      await this.#start(folder, spec, kept.ref);
    }
    return { ref: kept.ref, adopted: !isNew };
  }

  async #start(folder: AttemptFolder, spec: AttemptSpec, ref: string): Promise<void> {
    const { command, nice = 0 } = this.#options;
    const cgroup = await this.#cgroups?.make(spec.name, spec.manifest.memoryMb);
    const env = this.#environment(folder, spec, ref);
    const { ended } = await startSupervisor({
      folder: folder.path,
      command,
      env,
      token: spec.bootstrapToken,
      cgroup,
      nice,
    });
    let hasEnded = false;
    void ended.then(() => (hasEnded = true));
    const until = performance.now() + CLAIM_MS_MAX;
    while (!(await folder.isClaimed())) {
      // Claiming and ending may both happen between two looks.
      if (hasEnded && !(await folder.isClaimed())) break;
      if (performance.now() > until) break;
      await wait(LOOK_MS);
    }
    if (await folder.isClaimed()) return;
    if ((await folder.spec()) === undefined || (await folder.isBeingRemoved())) {
      throw new LaunchError('gone', 'BEING_REMOVED', `${spec.name} has been removed meanwhile`);
    }
    throw new LaunchError('ambiguous', 'NOT_STARTED', `the supervisor of ${spec.name} has not started its runner`);
  }

  #environment(folder: AttemptFolder, spec: AttemptSpec, ref: string): Record<string, string> {
    const { manifest } = spec;
    const inherited = INHERITED.flatMap((name) => {
      const value = process.env[name];
      return value === undefined ? [] : [[name, value] as const];
    });
    return {
      ...Object.fromEntries(inherited),
      ...this.#options.env,
      TMPDIR: folder.file('work'),
      ROPEWAY_RUN_ID: spec.runId,
      ROPEWAY_ATTEMPT_NO: String(spec.attemptNo),
      ROPEWAY_FENCE: spec.fence,
      ROPEWAY_CONTROL_URL: manifest.controlUrl,
      ROPEWAY_RUNNER_PROTOCOL: String(manifest.protocol),
      ROPEWAY_GRACE_S: String(manifest.graceS),
      ROPEWAY_TERMINATION_FILE: folder.file('termination'),
      ROPEWAY_ENGINE_FILE: folder.file('engine'),
      [PROCESS_UID]: ref,
    };
  }

  async #observed(folder: AttemptFolder, spec: KeptSpec | 'foreign'): Promise<Observed | undefined> {
    if (spec === 'foreign') {
      const isBeingDeleted = await folder.isBeingRemoved();
      return { name: folder.name, ref: '', identity: undefined, phase: 'ended', isBeingDeleted };
    }
    const { installationId } = this.#options;
    const identity = spec.installationId === installationId ? identityOf(spec) : undefined;
    const observed = await optional(folder.observed(spec));
    if (observed === undefined) return undefined;
    const isOom = observed.phase === 'ended' && ((await this.#cgroups?.kills(folder.name)) ?? 0) > 0;
    return { ...observed, identity, ...(isOom ? { reason: 'oom' } : {}) };
  }

  /** Waits out the grace of a stop, which may have been asked for by somebody else, and ends what is left then. */
  async #endInTime(folder: AttemptFolder, ref: string): Promise<void> {
    if (this.#ending.has(ref)) return;
    this.#ending.add(ref);
    try {
      const deadline = await folder.stopDeadlineMs();
      if (deadline === undefined) return;
      // A timer that lets a dispatcher end: the next one finds the stop in the folder.
      await wait(Math.max(0, deadline - Date.now()), undefined, { ref: false });
      await this.#kill(folder, ref);
    } catch {
      // It is tried again with the next look at this attempt.
    } finally {
      this.#ending.delete(ref);
    }
  }

  /** Ends everything of the attempt and waits until it is gone. */
  async #kill(folder: AttemptFolder, ref: string): Promise<void> {
    const startedAt = performance.now();
    for (;;) {
      const { supervisor, runner, engine } = await folder.processes();
      signalProcess(runner, 'SIGKILL');
      signalGroup(engine, 'SIGKILL');
      const elapsedMs = performance.now() - startedAt;
      const isOver = ![supervisor, runner, engine].some(isAlive);
      // The supervisor writes down how the runner ended; it is ended itself only when it does not.
      if (isOver || elapsedMs > SETTLE_MS) {
        const strays = supervisor === undefined ? [] : groupMembers(supervisor.pid, ref);
        if (isOver && strays.length === 0) return;
        for (const stray of strays) signalProcess(stray, 'SIGKILL');
      }
      if (elapsedMs > GONE_MS_MAX) throw new Error(`processes of ${folder.name} do not end`);
      await wait(LOOK_MS);
    }
  }

  /** What there is to see, and on the way: what a dispatcher before us has left to be done. */
  async #lookAfter(name: string): Promise<string> {
    const folder = this.#folder(name);
    const spec = await folder.spec();
    if (spec === undefined || spec === 'foreign') return '';
    const observed = await optional(folder.observed(spec));
    if (await folder.isBeingRemoved()) await this.remove(name, spec.ref);
    else if (observed === undefined) await this.#dropUnstarted(folder, spec.ref);
    else if (observed.phase !== 'ended') {
      if ((await folder.stopDeadlineMs()) !== undefined) void this.#endInTime(folder, spec.ref);
      await boundOutput(folder.file('output'));
    }
    return observed === undefined ? '' : `${observed.ref} ${observed.phase}`;
  }

  async #dropUnstarted(folder: AttemptFolder, ref: string): Promise<void> {
    const made = await optional(stat(folder.file('spec')));
    if (made !== undefined && Date.now() - made.mtimeMs > UNSTARTED_MS_MAX) await this.remove(folder.name, ref);
  }
}

/** The runner bounds what it prints; this is for what prints without asking it. */
async function boundOutput(path: string): Promise<void> {
  const output = await optional(stat(path));
  if (output !== undefined && output.size > OUTPUT_BYTES_MAX) await truncate(path);
}

function isSame(kept: KeptSpec, spec: AttemptSpec): boolean {
  return JSON.stringify(identityOf(kept)) === JSON.stringify(identityOf(spec));
}

function stopIfAborted(signal: AbortSignal): void {
  if (signal.aborted) throw new LaunchError('ambiguous', 'ABORTED', 'the launch was called off');
}

/** What the system says, as what it means for the attempt. */
function launchError(error: unknown): LaunchError {
  const code = codeOf(error);
  const message = error instanceof Error ? error.message : String(error);
  const isPassing = ['EAGAIN', 'EMFILE', 'ENFILE', 'ENOMEM', 'ENOSPC', 'EDQUOT'].includes(code);
  return new LaunchError(isPassing ? 'throttled' : 'unavailable', code || 'LAUNCH_FAILED', message);
}
