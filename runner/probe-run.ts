/** The probe as work: it is the runner itself that does it, for a process more would be most of its cost. */
import { probe } from './probe.ts';
import type { ProbeParts } from './probe.ts';
import type { Work, WorkEnd, WorkHost } from './work.ts';

export class ProbeRun implements Work {
  readonly #host: WorkHost;
  readonly #parts: Pick<ProbeParts, 'runId' | 'attemptNo' | 'executionId' | 'say'>;
  readonly #abort = new AbortController();
  #done: Promise<unknown> | undefined;

  constructor(host: WorkHost, parts: Pick<ProbeParts, 'runId' | 'attemptNo' | 'executionId' | 'say'>) {
    this.#host = host;
    this.#parts = parts;
  }

  async run(): Promise<WorkEnd> {
    const mayCommit = (): Promise<boolean> => this.#host.mayCommit();
    const done = probe({ ...this.#parts, work: this.#host.work, mayCommit, signal: this.#abort.signal });
    this.#done = done;
    const end = await done;
    if (end.outcome === 'canceled') {
      const ending = this.#host.ending();
      if (ending?.kind === 'failure') return { outcome: 'failed', failure: ending.failure, committed: false };
    }
    return { ...end, committed: end.outcome === 'succeeded' };
  }

  stop(): void {
    this.#abort.abort();
  }

  async kill(): Promise<void> {
    this.#abort.abort();
    await this.#done?.catch(() => undefined);
  }

  pid(): undefined {
    return undefined;
  }
}
