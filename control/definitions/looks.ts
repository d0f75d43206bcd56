/** Short runs that somebody waits for: they test, browse, guess and preview, in the interactive lane. */
import { runOptions } from '#api/resources/transfer.ts';
import type { Run } from '#api/resources/run.ts';
import { startRun } from './new-run.ts';
import type { RunParts, RunRequest } from './new-run.ts';

/** Nobody waits longer for one to begin, or to end. */
const QUEUE_S = 120;
const RUN_S = 600;
const PRIORITY = 9;

type LookRequest = Pick<
  RunRequest,
  'principal' | 'idempotencyKey' | 'groupId' | 'config' | 'variables' | 'declared' | 'values' | 'at' | 'arguments'
> & {
  readonly kind: 'test' | 'browse' | 'guess' | 'preview';
  readonly definitionId?: string;
  readonly revision?: number;
  readonly memoryMb?: number | undefined;
};

export function startLook(
  parts: RunParts,
  { memoryMb, definitionId, revision, ...request }: LookRequest,
): Promise<Run> {
  const options = runOptions.parse({ runTimeoutS: RUN_S, queueTimeoutS: QUEUE_S, priority: PRIORITY });
  return startRun(parts, {
    ...request,
    definitionId: definitionId ?? null,
    revision: revision ?? null,
    lane: 'interactive',
    options: memoryMb === undefined ? options : { ...options, memoryMb },
  });
}
