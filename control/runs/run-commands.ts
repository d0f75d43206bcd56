/** What makes and changes runs. Whoever implements it is the only one that writes their state. */
import type { WorkOrder } from '#api/runner.ts';
import type { Scope } from './freeze-work.ts';

export interface NewRun {
  readonly workspaceId: string;
  readonly groupId: string | null;
  readonly definitionId: string | null;
  readonly revision: number | null;
  readonly kind: WorkOrder['kind'];
  readonly trigger: 'manual' | 'api' | 'schedule' | 'workflow';
  /** As it is written into `created_by` and the first event. */
  readonly createdBy: string;
  /** Of the workspace: the same key gives the run that there is. */
  readonly idempotencyKey: string | undefined;
  readonly priority: number;
  readonly lane: 'batch' | 'interactive';
  readonly isIdempotent: boolean;
  readonly jobRetriesMax: number;
  /** Seconds that it may wait. */
  readonly queueTimeoutS: number;
  readonly work: WorkOrder;
  readonly scopes: readonly Scope[];
}

export type CancelOutcome = 'canceled' | 'canceling' | 'cancel_too_late' | 'ended';

export interface CancelOptions {
  readonly workspaceId: string;
  readonly actor: string;
  /** Also after the commit was permitted. */
  readonly isForced?: boolean;
}

export interface CancelManyOutcome {
  readonly canceled: number;
  readonly canceling: number;
  readonly tooLate: number;
  readonly ended: number;
}

export interface RunCommands {
  /** `isNew` is false when the key belonged to a run already. Refuses what can never run. */
  create(run: NewRun): Promise<{ readonly runId: string; readonly isNew: boolean }>;
  /** Undefined when the workspace has no such run. */
  cancel(runId: string, options: CancelOptions): Promise<CancelOutcome | undefined>;
  /** Runs of other workspaces among them are passed over. */
  cancelMany(runIds: readonly string[], options: CancelOptions): Promise<CancelManyOutcome>;
}
