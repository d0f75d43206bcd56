/** Makes and stops runs for the API. */
import type { WorkOrder } from '#api/runner.ts';
import { runErrors } from './errors.ts';
import { stopRun } from './stop-run.ts';
import type { StopAnswer } from './stop-run.ts';
import { createRun } from './create-run.ts';
import type { CreatedRun } from './create-run.ts';
import { createInTurn } from './overlap.ts';
import type { InTurn } from './overlap.ts';
import { runChannel, workspaceChannel } from './run-wake.ts';
import type { CancelOutcome, RunCommands } from './run-commands.ts';
import type { TransitionWriter } from './transition-writer.ts';
import type { Store } from '#control/store/store.ts';

export interface CommandParts {
  readonly store: Pick<Store, 'db' | 'hints'>;
  readonly transitions: TransitionWriter;
  /** Of the largest place where a run may go; undefined where this process does not know it. */
  readonly limits?: RunLimits | undefined;
}

export interface RunLimits {
  readonly cpuMillisMax: number;
  readonly memoryMbMax: number;
}

const outcomes: Readonly<Record<StopAnswer, CancelOutcome | undefined>> = {
  stopped: 'canceled',
  stopping: 'canceling',
  cancel_too_late: 'cancel_too_late',
  terminal: 'ended',
  unknown: undefined,
};

export function runCommands({ store, transitions, limits }: CommandParts): RunCommands {
  const { db, hints } = store;
  const commands: RunCommands = {
    async create({ kind, ...run }) {
      refuseWhatNeverFits(run.work, limits);
      const { definitionId } = run;
      const isInTurn = kind === 'transfer' && run.lane === 'batch' && definitionId !== null;
      const created: Partial<InTurn> & CreatedRun = isInTurn
        ? await createInTurn(db, transitions, { ...run, definitionId })
        : await createRun(db, run);
      const { stopped = [] } = created;
      if (stopped.length > 0) for (const channel of ['stop', ...stopped.map(runChannel)]) hints.tell(channel);
      hints.tell('arrivals');
      hints.tell(workspaceChannel(run.workspaceId));
      hints.tell('queue');
      return { runId: created.id, isNew: created.isNew };
    },

    async cancel(runId, { workspaceId, actor, isForced = false }) {
      const known = await db
        .selectFrom('run')
        .select('id')
        .where('id', '=', runId)
        .where('workspace_id', '=', workspaceId)
        .executeTakeFirst();
      if (known === undefined) return undefined;
      const answer = await stopRun(db, transitions, { runId, actor, reason: 'canceled', isForced });
      for (const channel of ['stop', runChannel(runId), workspaceChannel(workspaceId), 'queue']) hints.tell(channel);
      return outcomes[answer];
    },

    async cancelMany(runIds, options) {
      const counts = { canceled: 0, canceling: 0, tooLate: 0, ended: 0 };
      const keys = {
        canceled: 'canceled',
        canceling: 'canceling',
        cancel_too_late: 'tooLate',
        ended: 'ended',
      } as const;
      for (const id of runIds) {
        const outcome = await commands.cancel(id, options);
        if (outcome !== undefined) counts[keys[outcome]] += 1;
      }
      return counts;
    },
  };
  return commands;
}

/** It would wait for ever. */
function refuseWhatNeverFits(
  { memory_mb: memoryMb, cpu_millis: cpuMillis }: Pick<WorkOrder, 'memory_mb' | 'cpu_millis'>,
  limits: RunLimits | undefined,
): void {
  if (limits === undefined) return;
  const { memoryMbMax, cpuMillisMax } = limits;
  if (memoryMb > memoryMbMax) {
    throw runErrors.error('RUN_NEVER_FITS', { asked: `${memoryMb} MB of memory`, most: `${memoryMbMax} MB` });
  }
  if (cpuMillis > cpuMillisMax) {
    throw runErrors.error('RUN_NEVER_FITS', { asked: `${cpuMillis} millicores`, most: `${cpuMillisMax}` });
  }
}
