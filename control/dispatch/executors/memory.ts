/**
 * An executor in this process, for simulations: attempts are entries of a map, and whoever simulates says when a runner
 * starts and how it ends. Calls can be delayed, fail, or do what was asked and lose the answer.
 */
import { LaunchError } from './executor.ts';
import type { AttemptIdentity, AttemptSpec, Executor, Observed } from './executor.ts';

export type MemoryCall = 'launch' | 'get' | 'stop' | 'remove' | 'list' | 'tail';

/** What happens to a call: before it has done anything, or after it has done everything. */
export interface MemoryFault {
  readonly when: 'before' | 'after';
  readonly error: Error;
}

export interface MemoryExecutorOptions {
  readonly installationId: string;
  /** Milliseconds since 1970. */
  readonly now?: () => number;
  /** Awaited at the beginning of each call. */
  readonly delay?: (call: MemoryCall, name: string) => Promise<void>;
  readonly fault?: (call: MemoryCall, name: string) => MemoryFault | undefined;
  /** Once per object that was made: the simulated runner begins. */
  readonly started?: (spec: AttemptSpec, ref: string) => void;
  /** A runner is asked to end; what it does is the simulation's affair. */
  readonly stopping?: (name: string, ref: string, graceMs: number) => void;
  readonly limits?: Executor['limits'];
}

/** How a simulated runner ended. */
export type MemoryEnd = Pick<Observed, 'exitCode' | 'signal' | 'reason' | 'terminationMessage'>;

interface Attempt {
  readonly ref: string;
  readonly identity: AttemptIdentity | undefined;
  phase: Observed['phase'];
  isBeingDeleted: boolean;
  graceMs: number | undefined;
  startedAt?: string;
  endedAt?: string;
  pendingReason?: Observed['reason'];
  end: MemoryEnd;
  printed: Uint8Array;
}

/** Tells an executor that was started again from the one before: they share it. */
export interface MemoryPlace {
  readonly attempts: Map<string, Attempt>;
  count: number;
}

export function memoryPlace(): MemoryPlace {
  return { attempts: new Map(), count: 0 };
}

export class MemoryExecutor implements Executor {
  readonly kind = 'memory';
  readonly limits: Executor['limits'];
  readonly #options: MemoryExecutorOptions;
  readonly #place: MemoryPlace;
  readonly #watchers = new Set<(name: string) => void>();

  constructor(options: MemoryExecutorOptions, place: MemoryPlace = memoryPlace()) {
    this.#options = options;
    this.#place = place;
    this.limits = options.limits ?? { cpuMillisMax: 1_000_000, memoryMbMax: 1_000_000 };
  }

  launch(spec: AttemptSpec, signal: AbortSignal): Promise<{ ref: string; adopted: boolean }> {
    return this.#call('launch', spec.name, () => {
      if (signal.aborted) throw new LaunchError('ambiguous', 'ABORTED', 'the launch was called off');
      const { installationId, runId, attemptNo, fence, specHash } = spec;
      const identity = { installationId, runId, attemptNo, fence, specHash };
      const there = this.#place.attempts.get(spec.name);
      if (there !== undefined) return adopted(there, identity);
      const ref = `memory-${(this.#place.count += 1)}`;
      this.#place.attempts.set(spec.name, {
        ref,
        identity,
        phase: 'pending',
        isBeingDeleted: false,
        graceMs: undefined,
        end: {},
        printed: new Uint8Array(),
      });
      this.#changed(spec.name);
      this.#options.started?.(spec, ref);
      return { ref, adopted: false };
    });
  }

  get(name: string): Promise<Observed | 'absent'> {
    return this.#call('get', name, () => this.#observed(name) ?? 'absent');
  }

  stop(name: string, ref: string, { graceMs }: { readonly graceMs: number }): Promise<void> {
    return this.#call('stop', name, () => {
      const attempt = this.#owned(name, ref);
      if (attempt === undefined || attempt.phase === 'ended' || attempt.graceMs !== undefined) return;
      attempt.graceMs = graceMs;
      this.#options.stopping?.(name, ref, graceMs);
    });
  }

  remove(name: string, ref: string): Promise<void> {
    return this.#call('remove', name, () => {
      if (this.#owned(name, ref) === undefined) return;
      this.#place.attempts.delete(name);
      this.#changed(name);
    });
  }

  async observe(changed: (name: string) => void, signal: AbortSignal): Promise<void> {
    if (signal.aborted) return;
    this.#watchers.add(changed);
    await new Promise((resolve) => signal.addEventListener('abort', resolve, { once: true }));
    this.#watchers.delete(changed);
  }

  async *list(): AsyncIterable<Observed> {
    const names = await this.#call('list', '', () => [...this.#place.attempts.keys()]);
    for (const name of names) {
      const observed = this.#observed(name);
      if (observed !== undefined) yield observed;
    }
  }

  tail(name: string, ref: string, bytesMax: number): Promise<Uint8Array | undefined> {
    return this.#call('tail', name, () => this.#owned(name, ref)?.printed.slice(-bytesMax));
  }

  /** Of what is there. */
  get names(): readonly string[] {
    return [...this.#place.attempts.keys()];
  }

  /** The runner is at work. */
  begin(name: string): void {
    this.#change(name, (attempt) => {
      attempt.phase = 'running';
      attempt.startedAt = this.#now();
    });
  }

  /** The runner has ended; the object stays until it is removed. */
  end(name: string, end: MemoryEnd = { exitCode: 0, reason: 'exited' }): void {
    this.#change(name, (attempt) => {
      attempt.phase = 'ended';
      attempt.end = end;
      attempt.endedAt = this.#now();
    });
  }

  /** Why the runner does not start. */
  hold(name: string, reason: Observed['reason']): void {
    this.#change(name, (attempt) => (attempt.pendingReason = reason));
  }

  print(name: string, text: string): void {
    this.#change(name, (attempt) => (attempt.printed = Buffer.concat([attempt.printed, Buffer.from(text)])));
  }

  /** Somebody has asked for its removal, and it is not gone yet. */
  beginRemoval(name: string): void {
    this.#change(name, (attempt) => (attempt.isBeingDeleted = true));
  }

  /** The object is gone, whatever its process does. */
  vanish(name: string): void {
    this.#place.attempts.delete(name);
    this.#changed(name);
  }

  /** Something of that name that is none of ours. */
  intrude(name: string): void {
    this.#place.attempts.set(name, {
      ref: `foreign-${(this.#place.count += 1)}`,
      identity: undefined,
      phase: 'running',
      isBeingDeleted: false,
      graceMs: undefined,
      end: {},
      printed: new Uint8Array(),
    });
  }

  async #call<T>(call: MemoryCall, name: string, work: () => T): Promise<T> {
    await this.#options.delay?.(call, name);
    const fault = this.#options.fault?.(call, name);
    if (fault?.when === 'before') throw fault.error;
    const result = work();
    if (fault !== undefined) throw fault.error;
    return result;
  }

  #observed(name: string): Observed | undefined {
    const attempt = this.#place.attempts.get(name);
    if (attempt === undefined) return undefined;
    const { ref, identity, phase, isBeingDeleted, startedAt, endedAt, pendingReason, end } = attempt;
    return {
      name,
      ref,
      identity,
      phase,
      isBeingDeleted,
      processUid: ref,
      ...(pendingReason === undefined || phase !== 'pending' ? {} : { reason: pendingReason }),
      ...(startedAt === undefined ? {} : { startedAt }),
      ...(endedAt === undefined ? {} : { endedAt }),
      ...end,
    };
  }

  #owned(name: string, ref: string): Attempt | undefined {
    const attempt = this.#place.attempts.get(name);
    return attempt?.ref === ref ? attempt : undefined;
  }

  #change(name: string, change: (attempt: Attempt) => void): void {
    const attempt = this.#place.attempts.get(name);
    if (attempt === undefined || attempt.phase === 'ended') return;
    change(attempt);
    this.#changed(name);
  }

  #changed(name: string): void {
    for (const watcher of this.#watchers) watcher(name);
  }

  #now(): string {
    return new Date(this.#options.now?.() ?? Date.now()).toISOString();
  }
}

function adopted(there: Attempt, identity: AttemptIdentity): { ref: string; adopted: boolean } {
  if (there.isBeingDeleted) throw new LaunchError('gone', 'BEING_REMOVED', 'it is being removed');
  if (JSON.stringify(there.identity) !== JSON.stringify(identity)) {
    throw new LaunchError('clash', 'NAME_TAKEN', 'the name is taken');
  }
  return { ref: there.ref, adopted: true };
}
