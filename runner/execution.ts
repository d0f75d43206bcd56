/**
 * One execution, from the claim to the end: does the work, and holds the claim meanwhile. Three things may end it from
 * outside: a stop, which it obeys; the loss of its claim, after which it does nothing that counts; and its limits.
 */
import type { ClaimAnswer, FinishRequest, ProgressCounters } from '#api/runner.ts';
import { commitAnswer, credentialsAnswer, exitCodes } from '#api/runner.ts';
import type { ControlClient } from './control-client.ts';
import { codeIn } from './claim.ts';
import { EngineRun, outOfMemory } from './engine-run.ts';
import { runnerErrors } from './errors.ts';
import { failureReport } from './failure.ts';
import { fittedFinish } from './finish.ts';
import { sendHeartbeats } from './heartbeats.ts';
import { Lease } from './lease.ts';
import { LogSender } from './logs/log-sender.ts';
import { Redactor } from './logs/redactor.ts';
import { RunLog } from './logs/run-log.ts';
import { Spool } from './logs/spool.ts';
import { watchMemory } from './memory-watch.ts';
import { ProbeRun } from './probe-run.ts';
import type { RunnerStart } from './start.ts';
import { watchProgress } from './progress-watch.ts';
import type { Ending, Work, WorkEnd, WorkHost } from './work.ts';

export interface ExecutionParts {
  readonly start: RunnerStart;
  readonly client: ControlClient;
  readonly claim: ClaimAnswer;
  readonly claimSentAtMs: number;
  readonly engineEntry: URL;
  readonly workerEntry: URL;
  /** Shows the log in this runner's place. */
  readonly print: (text: string) => void;
  /** Aborts when this process is asked to end. */
  readonly signal: AbortSignal;
}

export interface ExecutionEnd {
  readonly exitCode: number;
  readonly end: WorkEnd | undefined;
  readonly isReported: boolean;
  readonly counters: ProgressCounters;
}

type Loss = 'revoked' | 'fenced';
type Secrets = Record<string, Record<string, unknown>>;

export class Execution implements WorkHost {
  readonly #parts: ExecutionParts;
  readonly #lease: Lease;
  readonly #redactor: Redactor;
  readonly #spool = new Spool();
  readonly #log: RunLog;
  readonly #sender: LogSender;
  readonly #over = new AbortController();
  readonly #lost: Promise<Loss>;
  #lose: (loss: Loss) => void = () => undefined;
  #loss: Loss | undefined;
  #work: Work | undefined;
  #ending: Ending | undefined;
  #permit: 'none' | 'granted' = 'none';
  #isFinishing = false;
  #counters: ProgressCounters = {
    records_read: 0,
    records_written: 0,
    records_rejected: 0,
    bytes_read: 0,
    bytes_written: 0,
    tasks_done: 0,
  };

  constructor(parts: ExecutionParts) {
    this.#parts = parts;
    const { start, client, claim } = parts;
    const { settings } = start;
    this.#lost = new Promise((resolve) => {
      this.#lose = (loss) => {
        // At the end there is nothing left that it could do wrong: the answer to the finish says what counts.
        if (this.#isFinishing) return;
        this.#loss ??= loss;
        resolve(loss);
      };
    });
    this.#lease = new Lease(settings.leaseMarginMs, () => this.#lose('fenced'));
    this.#lease.renew(parts.claimSentAtMs, claim.lease_s);
    this.#redactor = new Redactor([start.bootstrapToken, claim.session_token]);
    this.#log = new RunLog({
      spool: this.#spool,
      redactor: this.#redactor,
      batchMs: settings.logMs,
      print: parts.print,
    });
    const query = this.#name();
    this.#sender = new LogSender({ client, settings, token: claim.session_token, query, spool: this.#spool });
  }

  get work(): ClaimAnswer['work'] {
    return this.#parts.claim.work;
  }

  async run(): Promise<ExecutionEnd> {
    const { signal } = this.#parts;
    const heartbeats = this.#beat();
    const onSignal = (): void => this.#stop({ kind: 'signal' });
    signal.addEventListener('abort', onSignal);
    try {
      const end = await Promise.race([this.#perform(), this.#lost]);
      return typeof end === 'string' ? await this.#giveUp(end) : await this.#finish(end);
    } finally {
      this.#over.abort();
      this.#lease.close();
      signal.removeEventListener('abort', onSignal);
      await Promise.all([heartbeats, this.#sender.close()]);
      await this.#spool.close();
    }
  }

  counted(counters: Partial<ProgressCounters>): void {
    this.#counters = { ...this.#counters, ...counters };
  }

  isPermitGranted(): boolean {
    return this.#permit === 'granted';
  }

  ending(): Ending | undefined {
    return this.#ending;
  }

  /** Right before data becomes visible: only who still holds the claim, and was not told to stop, may go on. */
  async mayCommit(): Promise<boolean> {
    const { client, claim, start } = this.#parts;
    if (this.#ending !== undefined || !this.#lease.isValid) return false;
    const body = { ...this.#name(), commit_key: `${start.runId}-a${start.attemptNo}` };
    const sentAt = performance.now();
    const mayGoOn = (): boolean => this.#lease.isValid && this.#loss === undefined;
    const reply = await client.askUntilAnswered('commit', body, { token: claim.session_token, mayGoOn });
    if (reply === undefined) return false;
    if (reply.status === 410) {
      this.#lose('revoked');
      return false;
    }
    if (reply.status === 409) {
      this.#ending ??= { kind: 'stop', reason: codeIn(reply.body) };
      return false;
    }
    const answer = reply.status === 200 ? commitAnswer.safeParse(reply.body) : undefined;
    if (answer?.success !== true) {
      const error = runnerErrors.error('RUNNER_REFUSED', { what: 'the commit permit', status: reply.status });
      this.#ending ??= { kind: 'failure', failure: failureReport(error) };
      return false;
    }
    this.#lease.renew(sentAt, answer.data.lease_s);
    // Asked for once, and answered late: the clock has the last word.
    if (!this.#lease.isValid) return false;
    this.#permit = 'granted';
    return true;
  }

  /** What the work has found out and further attempts are to find; before it begins with anything else. */
  async keepValues(values: Readonly<Record<string, string>>): Promise<boolean> {
    const { client, claim } = this.#parts;
    const mayGoOn = (): boolean => this.#lease.isValid && this.#loss === undefined && this.#ending === undefined;
    const body = { ...this.#name(), values };
    const reply = await client.askUntilAnswered('values', body, { token: claim.session_token, mayGoOn });
    if (reply?.status === 200) return true;
    if (reply?.status === 410) this.#lose('revoked');
    else if (reply !== undefined) {
      const error = runnerErrors.error('RUNNER_REFUSED', { what: 'the values of variables', status: reply.status });
      this.#stop({ kind: 'failure', failure: failureReport(error) });
    }
    return false;
  }

  #name(): { run_id: string; attempt_no: number; fence: string; execution_id: string } {
    const { start, claim } = this.#parts;
    const { runId, attemptNo, fence } = start;
    return { run_id: runId, attempt_no: attemptNo, fence, execution_id: claim.execution_id };
  }

  #beat(): Promise<void> {
    const { client, start, claim } = this.#parts;
    return sendHeartbeats({
      client,
      settings: start.settings,
      token: claim.session_token,
      lease: this.#lease,
      heartbeatS: claim.heartbeat_s,
      beat: () => ({ ...this.#name(), counters: this.#counters }),
      stop: (stop, reason) => {
        this.#stop({ kind: 'stop', reason });
        if (stop === 'hard') void this.#work?.kill();
      },
      revoked: () => this.#lose('revoked'),
      signal: this.#over.signal,
    });
  }

  async #perform(): Promise<WorkEnd> {
    const { start, claim, engineEntry, workerEntry } = this.#parts;
    const { kind, run_timeout_s: timeoutS } = this.work;
    this.#log.say('info', 'Claimed.', { kind, attempt: start.attemptNo, execution: claim.execution_id });
    const secrets = await this.#secrets();
    if (secrets === undefined) return { outcome: 'failed', failure: this.#refusedFailure(), committed: false };
    // A stop may have come first.
    if (this.#ending !== undefined) return { outcome: 'canceled', committed: false };
    const { runId, attemptNo } = start;
    const say = (message: string): void => this.#log.say('info', message);
    this.#work =
      kind === 'probe'
        ? new ProbeRun(this, { runId, attemptNo, executionId: claim.execution_id, say })
        : new EngineRun(this, {
            secrets,
            workerEntry,
            entry: engineEntry,
            engineFile: start.engineFile,
            stdout: this.#log.input(),
            stderr: this.#log.input(),
          });
    this.#watch(timeoutS);
    return this.#work.run();
  }

  /** Limits that are kept here: time, progress, memory. */
  #watch(timeoutS: number): void {
    const { settings } = this.#parts.start;
    const { signal } = this.#over;
    const { stall_timeout_s: stallS, memory_mb: memoryMb } = this.work;
    const fail = (code: 'RUNNER_TIMEOUT' | 'RUNNER_STALLED', seconds: number): void => {
      const kind = code === 'RUNNER_TIMEOUT' ? 'timeout' : 'stalled';
      this.#stop({ kind: 'failure', failure: failureReport(runnerErrors.error(code, { seconds }), kind) });
    };
    watchProgress({
      timeoutS,
      stallS,
      progress: () => JSON.stringify(this.#counters),
      // What becomes visible takes the time that it takes.
      isExempt: () => this.isPermitGranted(),
      timedOut: () => fail('RUNNER_TIMEOUT', timeoutS),
      stalled: () => fail('RUNNER_STALLED', stallS ?? 0),
      signal,
    });
    void watchMemory({
      pid: () => this.#work?.pid(),
      everyMs: settings.memoryMs,
      signal,
      seen: (bytes) => {
        this.#counters = { ...this.#counters, memory_bytes_max: Math.max(bytes, this.#counters.memory_bytes_max ?? 0) };
        if (bytes <= memoryMb * 1024 * 1024) return;
        const reason = `its process held ${Math.round(bytes / 1024 / 1024)} MB`;
        this.#ending ??= { kind: 'failure', failure: outOfMemory(memoryMb, reason) };
        void this.#work?.kill();
      },
    });
  }

  /** Of all connections; undefined when one was refused. */
  async #secrets(): Promise<Secrets | undefined> {
    const { client, claim } = this.#parts;
    const secrets: Secrets = {};
    for (const handle of Object.keys(this.work.connections)) {
      const mayGoOn = (): boolean => this.#lease.isValid && this.#loss === undefined && this.#ending === undefined;
      const body = { ...this.#name(), handle };
      const reply = await client.askUntilAnswered('credentials', body, { token: claim.session_token, mayGoOn });
      if (reply === undefined) return {};
      if (reply.status === 410) this.#lose('revoked');
      const answer = reply.status === 200 ? credentialsAnswer.safeParse(reply.body) : undefined;
      if (answer?.success !== true) {
        this.#log.say('error', 'A connection was refused.', { handle, status: reply.status });
        return undefined;
      }
      this.#redactor.add(answer.data.options);
      secrets[handle] = answer.data.options;
    }
    return secrets;
  }

  #refusedFailure(): ReturnType<typeof failureReport> {
    return failureReport(runnerErrors.error('RUNNER_REFUSED', { what: 'the secrets of a connection', status: 0 }));
  }

  /** Asks the work to give up, and ends it when it does not in time. */
  #stop(ending: Ending): void {
    // What is becoming visible is not broken off; who insists ends us.
    if (this.#ending !== undefined || (this.isPermitGranted() && ending.kind !== 'signal')) return;
    this.#ending = ending;
    const why = ending.kind === 'failure' ? { code: ending.failure.code } : ending;
    this.#log.say('warn', 'Stopping.', why);
    if (!this.isPermitGranted()) this.#work?.stop();
    const { graceMs, settings } = this.#parts.start;
    const killMs = Math.max(graceMs - settings.graceReserveMs, graceMs * 0.75);
    const timer = setTimeout(() => {
      this.#log.say('warn', 'The engine did not end in time, and was ended.');
      void this.#work?.kill();
    }, killMs);
    this.#over.signal.addEventListener('abort', () => clearTimeout(timer));
  }

  /** The claim is gone: whatever it does from here on must not count. */
  async #giveUp(loss: Loss): Promise<ExecutionEnd> {
    const { client, claim, start } = this.#parts;
    await this.#work?.kill();
    if (loss === 'revoked') {
      const until = performance.now() + start.settings.quiescedMsMax;
      const mayGoOn = (): boolean => performance.now() < until;
      await client.askUntilAnswered('quiesced', this.#name(), { token: claim.session_token, mayGoOn });
    }
    return { exitCode: exitCodes.leaseLost, end: undefined, isReported: false, counters: this.#counters };
  }

  async #finish(end: WorkEnd): Promise<ExecutionEnd> {
    const { client, claim, start } = this.#parts;
    this.#isFinishing = true;
    const { outcome, failure } = end;
    const why = failure === undefined ? {} : { code: failure.code, reason: failure.message };
    this.#log.say(outcome === 'failed' ? 'error' : 'info', `The run has ${outcome}.`, why);
    await this.#log.close();
    await this.#sender.flush(start.settings.logFlushMsMax);
    const clean = this.#redactor.redactAll({ failure, result: end.result ?? {} });
    const body: FinishRequest = {
      ...this.#name(),
      outcome,
      counters: this.#counters,
      committed: end.committed,
      result: clean.result,
      ...(clean.failure === undefined ? {} : { failure: clean.failure }),
    };
    const mayGoOn = (): boolean => this.#lease.isValid;
    const reply = await client.askUntilAnswered('finish', fittedFinish(body), { token: claim.session_token, mayGoOn });
    const isReported = reply?.status === 200;
    if (isReported) await this.#sender.flush(start.settings.logFlushMsMax);
    const told = { ...end, ...(clean.failure === undefined ? {} : { failure: clean.failure }) };
    const exitCode = reply?.status === 410 ? exitCodes.leaseLost : this.#exitCode(end);
    return { exitCode, end: told, isReported, counters: this.#counters };
  }

  #exitCode({ outcome, failure }: WorkEnd): number {
    if (outcome === 'failed') return failure?.class === 'transient' ? exitCodes.transient : exitCodes.failed;
    return outcome === 'canceled' && this.#ending?.kind === 'signal' ? SIGTERM_EXIT : exitCodes.finished;
  }
}

/** 128 and the number of the signal, as shells have it. */
const SIGTERM_EXIT = 143;
