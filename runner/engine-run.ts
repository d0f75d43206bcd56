/** The engine's process as work: what it says, and what its end means when it does not say it. */
import type { FailureReport } from '#api/runner.ts';
import type { EngineOrder, FromEngine } from './engine-protocol.ts';
import { EngineProcess } from './engine-process.ts';
import type { EngineEnd, EngineOptions } from './engine-process.ts';
import { runnerErrors } from './errors.ts';
import { failureReport } from './failure.ts';
import type { Work, WorkEnd, WorkHost } from './work.ts';

/** More than what was too little, by so much. */
const MEMORY_ADVICE = 2;

type LastWord = Extract<FromEngine, { type: 'done' | 'failed' }>;

export interface EngineRunOptions extends Pick<EngineOptions, 'entry' | 'engineFile' | 'stdout' | 'stderr'> {
  readonly secrets: EngineOrder['secrets'];
  readonly workerEntry: URL;
}

export class EngineRun implements Work {
  readonly #host: WorkHost;
  readonly #engine: EngineProcess;
  #lastWord: LastWord | undefined;

  constructor(host: WorkHost, { secrets, workerEntry, ...options }: EngineRunOptions) {
    this.#host = host;
    const { work } = host;
    this.#engine = new EngineProcess({ ...options, memoryMb: work.memory_mb, said: (message) => this.#hear(message) });
    this.#engine.order({ work, secrets, workerEntry: workerEntry.href });
  }

  async run(): Promise<WorkEnd> {
    const end = await this.#engine.ended;
    const last = this.#lastWord;
    if (last?.type === 'done') {
      return { outcome: 'succeeded', committed: this.#host.work.kind === 'transfer', result: last.result };
    }
    const ending = this.#host.ending();
    if (last === undefined && this.#host.isPermitGranted()) return unknownCommit(deathOf(end));
    if (ending?.kind === 'failure') return { outcome: 'failed', failure: ending.failure, committed: false };
    if (ending !== undefined) return canceled(last);
    const failure = last === undefined ? this.#deathFailure(end) : this.#saidFailure(last.failure);
    return { outcome: 'failed', failure, committed: false };
  }

  stop(): void {
    this.#engine.stop();
  }

  async kill(): Promise<void> {
    this.#engine.kill();
    await this.#engine.ended;
  }

  pid(): number | undefined {
    return this.#engine.pid;
  }

  #hear(message: FromEngine): void {
    switch (message.type) {
      case 'counters':
        this.#host.counted(message.counters);
        break;
      case 'values':
        void this.#host.keepValues(message.values).then((isKept) => isKept && this.#engine.kept());
        break;
      case 'commit':
        void this.#host.mayCommit().then((isGranted) => this.#engine.permit(isGranted));
        break;
      case 'done':
      case 'failed':
        this.#lastWord ??= message;
        // It has nothing more to do; what it has not closed would keep it.
        this.#engine.kill();
        break;
    }
  }

  /** After the permit, what broke off in the middle may have been done all the same. */
  #saidFailure(failure: FailureReport): FailureReport {
    const isUnsure = failure.class === 'transient' || failure.class === 'internal';
    return this.#host.isPermitGranted() && isUnsure ? { ...failure, class: 'unknown_commit' } : failure;
  }

  #deathFailure(end: EngineEnd): FailureReport {
    if (end.isOutOfMemory) return outOfMemory(this.#host.work.memory_mb, 'its heap was full');
    return failureReport(runnerErrors.error('RUNNER_ENGINE_DIED', { reason: deathOf(end) }), 'internal');
  }
}

export function outOfMemory(limitMb: number, reason: string): FailureReport {
  const params = { limit: limitMb, reason, advice: limitMb * MEMORY_ADVICE };
  return failureReport(runnerErrors.error('RUNNER_OUT_OF_MEMORY', params), 'resource_oom');
}

function canceled(last: LastWord | undefined): WorkEnd {
  if (last === undefined) return { outcome: 'canceled', committed: false, result: { note: 'killed_after_grace' } };
  // A failure on the way down is told beside it.
  const isOther = last.type === 'failed' && !last.isCancel;
  return { outcome: 'canceled', committed: false, ...(isOther ? { failure: last.failure } : {}) };
}

function unknownCommit(reason: string): WorkEnd {
  const error = runnerErrors.error('RUNNER_COMMIT_UNKNOWN', { reason });
  return { outcome: 'failed', failure: failureReport(error, 'unknown_commit'), committed: false };
}

function deathOf({ exitCode, signal, error }: EngineEnd): string {
  return error ?? (signal === null ? `exit code ${exitCode}` : `signal ${signal}`);
}
