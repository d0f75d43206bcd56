/**
 * An executor whose machines are in memory: it loses answers, refuses, and its processes are driven by the simulation,
 * not by time. It keeps what a real one would know, and nothing more.
 */
import { LaunchError } from '#control/dispatch/executors/executor.ts';
import type { AttemptSpec, Executor, Observed } from '#control/dispatch/executors/executor.ts';
import type { Random } from './random.ts';

export interface SimObject {
  readonly spec: AttemptSpec;
  readonly ref: string;
  phase: 'pending' | 'running' | 'ended';
  exitCode: number | undefined;
  /** Asked to end. */
  stopAsked: 'no' | 'soft' | 'hard';
  isDeleted: boolean;
  /** Of its first process. */
  readonly processUid: string;
}

export interface SimFaults {
  /** Shares of launches. */
  readonly refused: number;
  readonly ambiguous: number;
  readonly throttled: number;
  /** Share of questions that are not answered. */
  readonly unreachable: number;
}

export class SimExecutor implements Executor {
  readonly kind = 'memory';
  readonly limits = { cpuMillisMax: 1_000_000, memoryMbMax: 1_000_000 };
  readonly objects = new Map<string, SimObject>();
  /** Every object that there ever was, for what is checked at the end. */
  readonly all: SimObject[] = [];
  readonly #random: Random;
  readonly #faults: SimFaults;
  #refs = 0;

  constructor(random: Random, faults: SimFaults) {
    this.#random = random;
    this.#faults = faults;
  }

  async launch(spec: AttemptSpec): Promise<{ ref: string; adopted: boolean }> {
    const { refused, ambiguous, throttled } = this.#faults;
    if (this.#random.chance(refused)) throw new LaunchError('refused', 'SIM_REFUSED', 'refused');
    if (this.#random.chance(throttled)) throw new LaunchError('throttled', 'SIM_THROTTLED', 'throttled', 1000);
    const isLost = this.#random.chance(ambiguous);
    if (isLost && this.#random.chance(0.5)) throw new LaunchError('ambiguous', 'SIM_LOST', 'never sent');
    const earlier = this.objects.get(spec.name);
    if (earlier !== undefined && earlier.spec.fence !== spec.fence)
      throw new LaunchError('clash', 'SIM_CLASH', 'clash');
    const made = earlier ?? this.#make(spec);
    if (isLost) throw new LaunchError('ambiguous', 'SIM_LOST', 'made, and the answer was lost');
    return { ref: made.ref, adopted: earlier !== undefined };
  }

  async get(name: string): Promise<Observed | 'absent'> {
    this.#reach();
    const object = this.objects.get(name);
    return object === undefined ? 'absent' : observed(object);
  }

  async stop(name: string, ref: string, { graceMs }: { readonly graceMs: number }): Promise<void> {
    this.#reach();
    const object = this.objects.get(name);
    if (object?.ref !== ref) return;
    object.stopAsked = graceMs === 0 || object.stopAsked === 'soft' ? 'hard' : 'soft';
  }

  async remove(name: string, ref: string): Promise<void> {
    this.#reach();
    const object = this.objects.get(name);
    if (object?.ref !== ref) return;
    object.isDeleted = true;
    object.stopAsked = 'hard';
    this.objects.delete(name);
  }

  async observe(): Promise<void> {}

  async *list(): AsyncIterable<Observed> {
    this.#reach();
    for (const object of this.objects.values()) yield observed(object);
  }

  async tail(): Promise<Uint8Array | undefined> {
    return undefined;
  }

  /** Without faults, for the end of a simulation. */
  heal(): void {
    Object.assign(this.#faults, { refused: 0, ambiguous: 0, throttled: 0, unreachable: 0 });
  }

  #make(spec: AttemptSpec): SimObject {
    const ref = `object-${(this.#refs += 1)}`;
    const object: SimObject = {
      spec,
      ref,
      phase: 'pending',
      exitCode: undefined,
      stopAsked: 'no',
      isDeleted: false,
      processUid: `process-${ref}-1`,
    };
    this.objects.set(spec.name, object);
    this.all.push(object);
    return object;
  }

  #reach(): void {
    if (this.#random.chance(this.#faults.unreachable)) throw new Error('the executor cannot be reached');
  }
}

function observed({ spec, ref, phase, exitCode, processUid }: SimObject): Observed {
  const { installationId, runId, attemptNo, fence, specHash } = spec;
  return {
    name: spec.name,
    ref,
    identity: { installationId, runId, attemptNo, fence, specHash },
    phase,
    isBeingDeleted: false,
    processUid,
    ...(phase === 'ended' ? { reason: 'exited' } : {}),
    ...(exitCode === undefined ? {} : { exitCode }),
  };
}
