/** A runner from its start to its exit code: one claim, one execution, one last word. */
import { exitCodes } from '#api/runner.ts';
import type { TerminationMessage } from '#api/runner.ts';
import { claimAttempt } from './claim.ts';
import type { Claim } from './claim.ts';
import { ControlClient } from './control-client.ts';
import { Execution } from './execution.ts';
import type { ExecutionEnd } from './execution.ts';
import { readStart } from './start.ts';
import type { RunnerStart } from './start.ts';
import { writeTermination } from './termination.ts';

export interface RunnerOptions {
  readonly env: NodeJS.ProcessEnv;
  readonly version: string;
  /** Modules: the engine's process, and its worker threads. */
  readonly engineEntry: URL;
  readonly workerEntry: URL;
  /** Aborts when this process is asked to end. */
  readonly signal: AbortSignal;
  /** Shows the log in this runner's place. */
  readonly print: (text: string) => void;
  /** What is said to operators. */
  readonly say: (message: string) => void;
}

/** Throws only when this is no place of a runner. */
export async function runAttempt(options: RunnerOptions): Promise<number> {
  const start = readStart(options.env);
  const { version, engineEntry, workerEntry, signal, print, say } = options;
  const client = new ControlClient(start.controlUrl, start.settings);
  try {
    const claim = await claimAttempt(client, start, { version, signal });
    if (claim.kind !== 'claimed') {
      say(refusalText(claim));
      const exitCode = exitCodeOf(claim, signal);
      writeTermination(start.terminationFile, unclaimed(start, exitCode));
      return exitCode;
    }
    const { answer, sentAtMs: claimSentAtMs } = claim;
    const entries = { engineEntry, workerEntry };
    const execution = new Execution({ start, client, claim: answer, claimSentAtMs, ...entries, signal, print });
    const end = await execution.run();
    writeTermination(start.terminationFile, claimed(start, answer.execution_id, end));
    return end.exitCode;
  } finally {
    client.close();
  }
}

function refusalText(claim: Exclude<Claim, { kind: 'claimed' }>): string {
  if (claim.kind === 'unreachable') return 'The control plane gave no answer to the claim.';
  return `The claim was refused: ${claim.code ?? ''} (status ${claim.status}).`;
}

/** As for a process that a signal ends by itself. */
const SIGTERM_EXIT = 143;

function exitCodeOf(claim: Exclude<Claim, { kind: 'claimed' }>, signal: AbortSignal): number {
  if (claim.kind === 'refused') return exitCodes.claimRefused;
  return signal.aborted ? SIGTERM_EXIT : exitCodes.controlUnreachable;
}

function unclaimed({ runId, attemptNo, fence }: RunnerStart, exitCode: number): TerminationMessage {
  return {
    run_id: runId,
    attempt_no: attemptNo,
    fence,
    exit_code: exitCode,
    is_reported: false,
    committed: false,
  };
}

function claimed(
  start: RunnerStart,
  executionId: string,
  { end, exitCode, isReported, counters }: ExecutionEnd,
): TerminationMessage {
  return {
    ...unclaimed(start, exitCode),
    execution_id: executionId,
    is_reported: isReported,
    committed: end?.committed ?? false,
    counters,
    ...(end === undefined ? {} : { outcome: end.outcome }),
    ...(end?.failure === undefined ? {} : { failure: end.failure }),
  };
}
