/**
 * Where attempts run. An executor starts one fresh runner per attempt under the attempt's name, and says what it sees of
 * it; it decides nothing. The name makes a repeated launch harmless: the second one adopts what the first one made.
 */

/** Everything that is rendered into a runner's place; the same attempt always gives the same. No secrets in it. */
export interface AttemptSpec {
  readonly name: string;
  readonly installationId: string;
  readonly runId: string;
  readonly attemptNo: number;
  /** A bigint in decimal. */
  readonly fence: string;
  readonly specHash: string;
  readonly manifest: AttemptManifest;
  /** Handed over where others cannot read it: never an argument, never the environment. */
  readonly bootstrapToken: string;
}

/** What `specHash` is the hash of. */
export type AttemptManifest = {
  readonly controlUrl: string;
  readonly protocol: number;
  readonly release: string;
  readonly cpuMillis: number;
  readonly memoryMb: number;
  readonly runTimeoutS: number;
  readonly graceS: number;
  readonly lane: string;
  readonly workspaceHash: string;
};

/** What an executor sees of an attempt. */
export interface Observed {
  readonly name: string;
  /** Identity of the object: a later one of the same name has another. */
  readonly ref: string;
  /** As they were given at the launch; undefined when the object is not one of ours. */
  readonly identity: AttemptIdentity | undefined;
  readonly phase: 'pending' | 'running' | 'ended';
  /** Why it is not running yet, or what ended it. */
  readonly reason?: ObservedReason;
  readonly exitCode?: number;
  readonly signal?: string;
  /** The summary that the runner wrote just before its end. */
  readonly terminationMessage?: string;
  readonly startedAt?: string;
  readonly endedAt?: string;
  readonly isBeingDeleted: boolean;
  /** The process that may have claimed, when it is known. */
  readonly processUid?: string;
  readonly detail?: Readonly<Record<string, unknown>>;
}

export interface AttemptIdentity {
  readonly installationId: string;
  readonly runId: string;
  readonly attemptNo: number;
  readonly fence: string;
  readonly specHash: string;
}

export type ObservedReason =
  | 'image'
  | 'launch_config'
  | 'unschedulable'
  | 'disrupted'
  | 'evicted'
  | 'oom'
  | 'node_lost'
  | 'deadline'
  | 'exited';

/** Why a launch did not succeed. */
export class LaunchError extends Error {
  /**
   * `refused`: nothing was made and never will be · `throttled`: nothing was made, later it may be · `ambiguous`: it may
   * have been made · `clash`: the name is somebody else's · `gone`: what had the name is being deleted · `unavailable`:
   * the executor takes nothing at the moment.
   */
  readonly kind: 'refused' | 'throttled' | 'ambiguous' | 'clash' | 'gone' | 'unavailable';
  readonly code: string;
  readonly retryAfterMs: number | undefined;

  constructor(kind: LaunchError['kind'], code: string, message: string, retryAfterMs?: number) {
    super(message);
    this.kind = kind;
    this.code = code;
    this.retryAfterMs = retryAfterMs;
  }
}

/** How well an executor that keeps a copy of a cluster sees it. */
export interface WatchFigures {
  /** What is watched: `jobs`, `pods`. */
  readonly resource: string;
  /** Seconds since anything was heard of it. */
  readonly silentS: number;
  /** So often all of it was read, */
  readonly lists: number;
  /** and so often reading or watching failed. */
  readonly failures: number;
  readonly cached: number;
}

export interface Executor {
  readonly kind: 'process' | 'kubernetes' | 'memory';
  readonly limits: { readonly cpuMillisMax: number; readonly memoryMbMax: number };
  /** Throws `LaunchError`. Launching the same spec again adopts what is there. */
  launch(spec: AttemptSpec, signal: AbortSignal): Promise<{ readonly ref: string; readonly adopted: boolean }>;
  /**
   * Asked directly, never from a cache; throws when it cannot be known. `processUid`: the process that claimed; should the
   * place have started a second one, only the first one's end counts.
   */
  get(name: string, processUid?: string): Promise<Observed | 'absent'>;
  /** Asks the runner to end, and after the grace makes it. Safe to call again; another object of that name is not touched. */
  stop(name: string, ref: string, options: { readonly graceMs: number }): Promise<void>;
  /** Takes away what is left of an attempt that is over. Safe to call again. */
  remove(name: string, ref: string): Promise<void>;
  /** The bootstrap token has been used: what held it may go. */
  claimed?(name: string): Promise<void>;
  /** Calls back with names that may have changed, until the signal: hints, of which any may be lost. */
  observe(changed: (name: string) => void, signal: AbortSignal): Promise<void>;
  /** Of the copies that hints come from. */
  watches?(): readonly WatchFigures[];
  /** Everything of this installation that is there. */
  list(): AsyncIterable<Observed>;
  /** The end of what the attempt printed, for when the runner could not send it. */
  tail(name: string, ref: string, bytesMax: number): Promise<Uint8Array | undefined>;
}
