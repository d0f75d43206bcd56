/** What an execution does, as the runner handles it: the engine's process, or the probe. */
import type { FailureReport, WorkOrder } from '#api/runner.ts';
import type { EngineCounters } from './engine-protocol.ts';

export interface WorkEnd {
  readonly outcome: 'succeeded' | 'failed' | 'canceled';
  readonly failure?: FailureReport;
  /** What was permitted is known to be visible. */
  readonly committed: boolean;
  readonly result?: Readonly<Record<string, unknown>>;
}

/** Why the work is ended before it has come to its own end; the first reason counts. */
export type Ending =
  | { readonly kind: 'stop'; readonly reason: string | undefined }
  | { readonly kind: 'signal' }
  | { readonly kind: 'failure'; readonly failure: FailureReport };

/** What the work is given by the one who holds the claim. */
export interface WorkHost {
  readonly work: WorkOrder;
  readonly counted: (counters: EngineCounters) => void;
  /** False when the work is being ended, and waits in vain. */
  readonly keepValues: (values: Readonly<Record<string, string>>) => Promise<boolean>;
  readonly mayCommit: () => Promise<boolean>;
  readonly isPermitGranted: () => boolean;
  readonly ending: () => Ending | undefined;
}

export interface Work {
  run(): Promise<WorkEnd>;
  /** Asks it to give up. */
  stop(): void;
  /** Ends it at once; resolves when there is nothing left of it. */
  kill(): Promise<void>;
  /** Whose memory is watched. */
  pid(): number | undefined;
}
