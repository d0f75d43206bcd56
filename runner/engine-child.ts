/**
 * Entry of the engine's process: gets its order from the runner that started it, does it, says what came of it, and
 * ends. It knows nothing of claims and leases; without its runner it is nothing, and ends with it.
 */
import type { WorkOrder } from '#api/runner.ts';
import { Counters } from '#engine/counters.ts';
import { asRopewayError } from '#engine/error-transfer.ts';
import { engineErrors } from '#engine/errors.ts';
import type { PlannedRun } from '#engine/transaction.ts';
import { withConnections } from './connection-options.ts';
import { engineLog, flushOutput } from './engine-log.ts';
import type { EngineCounters, EngineOrder, FromEngine, ToEngine } from './engine-protocol.ts';
import { perform } from './engine-work.ts';
import { failureReport, isCancel } from './failure.ts';
import { DIVISOR, runnerSettings } from './settings.ts';

const stop = new AbortController();
let permit: ((isGranted: boolean) => void) | undefined;
let kept: (() => void) | undefined;

process.on('message', (message: ToEngine) => {
  if (message.type === 'stop') stop.abort();
  else if (message.type === 'permit') permit?.(message.isGranted);
  else if (message.type === 'kept') kept?.();
  else void run(message.order);
});
// The whole group: what a plugin started goes with it.
process.on('disconnect', () => process.kill(-process.pid, 'SIGKILL'));
// These are told to the runner, which asks us to stop.
for (const signal of ['SIGINT', 'SIGHUP', 'SIGTERM'] as const) process.on(signal, () => undefined);

async function run(order: EngineOrder): Promise<void> {
  const { work, secrets, workerEntry } = order;
  const counters = new Counters();
  let plan: PlannedRun | undefined;
  const count = (isDone = false): void => say({ type: 'counters', counters: countersNow(counters, plan, isDone) });
  const { countersMs } = runnerSettings(Number(process.env[DIVISOR] ?? 1));
  const counting = setInterval(count, countersMs);
  let last: FromEngine;
  try {
    const result = await perform({
      work,
      config: withConnections({ ...work, config: await completeConfig(order) }, secrets),
      workerEntry: new URL(workerEntry),
      log: engineLog,
      signal: stop.signal,
      counters,
      planned: (planned) => (plan = planned),
      mayCommit: () => {
        count();
        return mayCommit();
      },
    });
    last = { type: 'done', result };
  } catch (thrown) {
    const error = asRopewayError(thrown);
    last = { type: 'failed', failure: failureReport(error), isCancel: isCancel(error) };
    if (error.kind === 'internal') engineLog.error(error.message, { code: error.code, stack: stackOf(error) });
  }
  clearInterval(counting);
  await flushOutput();
  count(last.type === 'done');
  // It ends us when it has heard.
  say(last);
}

/** With what its variables ask databases for. */
async function completeConfig({ work, secrets }: EngineOrder): Promise<WorkOrder['config']> {
  if (work.late === undefined) return work.config;
  const { askedConfig } = await import('./query-values.ts');
  return askedConfig(work, { secrets, log: engineLog, signal: stop.signal, keep: keepValues });
}

function keepValues(values: Readonly<Record<string, string>>): Promise<void> {
  return new Promise((resolve, reject) => {
    kept = resolve;
    stop.signal.addEventListener('abort', () => reject(engineErrors.error('RUN_CANCELLED')), { once: true });
    say({ type: 'values', values });
  });
}

function mayCommit(): Promise<boolean> {
  return new Promise((resolve) => {
    permit = resolve;
    say({ type: 'commit' });
  });
}

function countersNow(counters: Counters, plan: PlannedRun | undefined, isDone: boolean): EngineCounters {
  const { recordsRead, recordsWritten, recordsSkipped, bytesRead } = counters.read();
  return {
    records_read: recordsRead,
    records_written: recordsWritten,
    records_rejected: recordsSkipped,
    bytes_read: bytesRead,
    ...(plan === undefined
      ? {}
      : { tasks_total: plan.taskCount, tasks_done: isDone ? plan.taskCount : plan.tasksDone }),
    ...(plan?.sizeBytes === undefined ? {} : { bytes_total: plan.sizeBytes }),
  };
}

function say(message: FromEngine): void {
  // Without a runner there is nobody to hear it, and we are being ended.
  if (process.connected) process.send?.(message);
}

/** Of a bug: where in the program. */
function stackOf(error: Error): string | undefined {
  return error.cause instanceof Error ? error.cause.stack : error.stack;
}
