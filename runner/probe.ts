/**
 * The kind of work that moves nothing: for tests of load and of accidents. It waits, asks for the permit, and leaves
 * marks from which somebody else can tell which executions there were and what each of them did.
 */
import { appendFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { z } from 'zod';
import type { FailureReport, WorkOrder } from '#api/runner.ts';
import { runnerErrors } from './errors.ts';
import { failureReport } from './failure.ts';

const probeArguments = z.object({
  ms: z.number().min(0).default(0),
  /** A line per mark is appended to the file of the run's id in it. */
  marker_folder: z.string().optional(),
  outcome: z.enum(['succeeded', 'failed', 'transient']).default('succeeded'),
  /** Lines in the log. */
  lines: z.int().min(0).max(100_000).default(0),
});

export interface ProbeParts {
  readonly work: WorkOrder;
  readonly runId: string;
  readonly attemptNo: number;
  readonly executionId: string;
  readonly signal: AbortSignal;
  readonly say: (message: string) => void;
  readonly mayCommit: () => Promise<boolean>;
}

export type ProbeEnd =
  | { readonly outcome: 'succeeded' }
  | { readonly outcome: 'failed'; readonly failure: FailureReport }
  | { readonly outcome: 'canceled' };

export async function probe(parts: ProbeParts): Promise<ProbeEnd> {
  const read = probeArguments.safeParse(parts.work.arguments);
  if (!read.success) {
    const [issue] = read.error.issues;
    const params = { name: issue?.path.join('.') ?? '', reason: issue?.message ?? '' };
    return { outcome: 'failed', failure: failureReport(runnerErrors.error('RUNNER_ARGUMENT', params)) };
  }
  const { ms, marker_folder: folder, outcome, lines } = read.data;
  const mark = async (word: string): Promise<void> => {
    if (folder === undefined) return;
    const line = { at: new Date().toISOString(), word, attempt: parts.attemptNo, execution: parts.executionId };
    await appendFile(join(folder, parts.runId), `${JSON.stringify(line)}\n`);
  };
  await mark('begin');
  try {
    for (let line = 1; line <= lines; line += 1) parts.say(`Probe line ${line}.`);
    await wait(ms, undefined, { signal: parts.signal }).catch(() => undefined);
    if (parts.signal.aborted) return { outcome: 'canceled' };
    if (outcome !== 'succeeded') return { outcome: 'failed', failure: told(outcome) };
    const isContinuous = parts.work.commit_mode === 'continuous';
    if (!isContinuous && !(await parts.mayCommit())) return { outcome: 'canceled' };
    await mark('commit');
    return { outcome: 'succeeded' };
  } finally {
    await mark('end');
  }
}

function told(outcome: 'failed' | 'transient'): FailureReport {
  return failureReport(runnerErrors.error('RUNNER_PROBE_FAILED'), outcome === 'transient' ? 'transient' : 'user');
}
