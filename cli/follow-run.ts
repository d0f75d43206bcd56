/** A run as it is watched: its state, why it waits, how far it is, its log; until it has ended or somebody leaves. */
import type { Client } from '#api/client.ts';
import type { Counters, LogLine, Run } from '#api/resources/run.ts';
import { terminalStates } from '#api/resources/run.ts';
import { RopewayError } from '#spi/errors.ts';
import type { Json } from '#spi/json.ts';
import type { CommandContext } from './command-context.ts';
import { cliErrors } from './errors.ts';
import { ProgressBar } from './progress-bar.ts';
import { formatBytes, formatDuration, plural } from './quantity.ts';

/** As of a command that Ctrl-C ended. */
const LEFT_EXIT_CODE = 130;
/** The end of a log comes a moment after the end of the run. */
const LOG_TAIL_MS = 15_000;

interface WatchOptions {
  /** The log, too. */
  readonly isVerbose: boolean;
}

/** The exit code that says what became of the run. */
export async function watchRun(
  ctx: CommandContext,
  client: Client,
  { runId, isVerbose }: WatchOptions & { readonly runId: string },
): Promise<number> {
  const view = new RunView(ctx);
  const tail = new AbortController();
  const logs = isVerbose
    ? printLog(ctx, client, { runId, signal: AbortSignal.any([ctx.signal, tail.signal]) }).catch((error: unknown) => {
        if (!ctx.signal.aborted && !tail.signal.aborted) throw error;
      })
    : Promise.resolve();
  // Whoever waits below hears of it; before that it is no rejection that nobody handles.
  logs.catch(() => undefined);
  try {
    for await (const event of client.follow('runs.watch', { params: { id: runId }, signal: ctx.signal })) {
      if (ctx.isJson) ctx.terminal.out(`${JSON.stringify({ event: event.event, ...event.data })}\n`);
      if (event.event === 'run') view.show(event.data);
    }
    const timer = setTimeout(() => tail.abort(), LOG_TAIL_MS);
    await logs.finally(() => clearTimeout(timer));
  } catch (error) {
    if (!ctx.signal.aborted) throw error;
    sayLeft(ctx, runId);
    return LEFT_EXIT_CODE;
  } finally {
    tail.abort();
    ctx.progress?.stop();
  }
  return view.end();
}

function sayLeft(ctx: CommandContext, runId: string): void {
  ctx.progress?.stop();
  if (ctx.isJson) ctx.terminal.say(`${JSON.stringify({ event: 'left', runId })}\n`);
  else {
    ctx.terminal.say(
      `The run ${runId} goes on. \`ropeway runs watch ${runId}\` shows it again, ` +
        `\`ropeway runs cancel ${runId}\` ends it.\n`,
    );
  }
}

/** The run when it has ended; what it could not do is thrown. It ends with the command: nobody else waits for it. */
export async function resultOf(ctx: CommandContext, client: Client, started: Run): Promise<Run> {
  let last = started;
  try {
    for await (const event of client.follow('runs.watch', { params: { id: started.id }, signal: ctx.signal })) {
      if (event.event !== 'run') continue;
      if (event.data.blockedBy !== null && event.data.blockedBy !== last.blockedBy) {
        ctx.log.info('Waiting.', { for: event.data.blockedBy });
      }
      last = event.data;
    }
  } catch (error) {
    if (ctx.signal.aborted) await client.call('runs.cancel', { params: { id: started.id }, body: {} });
    throw error;
  }
  if (last.state !== 'SUCCEEDED') throw failureOf(last);
  return last;
}

interface LogOptions {
  readonly runId: string;
  readonly attemptNo?: number;
  readonly signal: AbortSignal;
  readonly print?: (ctx: CommandContext, line: LogLine) => void;
}

/** The lines of a log as they come, or NDJSON. */
export async function printLog(
  ctx: CommandContext,
  client: Client,
  { runId, attemptNo, signal, print = printLine }: LogOptions,
): Promise<void> {
  const query = attemptNo === undefined ? {} : { attemptNo };
  for await (const event of client.follow('runs.logEvents', { params: { id: runId }, query, signal })) {
    if (event.event !== 'line') continue;
    print(ctx, event.data);
    await ctx.terminal.drained(signal);
  }
}

/** Data in `--json`; words like any other log, so that a bar steps aside. */
function printLine(ctx: CommandContext, line: LogLine): void {
  if (ctx.isJson) {
    ctx.terminal.out(`${JSON.stringify({ event: 'line', ...line })}\n`);
    return;
  }
  // It has come as JSON.
  ctx.log[line.level](line.message, line.fields as Record<string, Json>);
}

/** What of a run is worth a word: each new state, each new reason for waiting. */
class RunView {
  readonly #ctx: CommandContext;
  #run: Run | undefined;

  constructor(ctx: CommandContext) {
    this.#ctx = ctx;
  }

  show(run: Run): void {
    const before = this.#run;
    this.#run = run;
    const { progress, isJson } = this.#ctx;
    if (isJson) return;
    if (terminalStates.includes(run.state)) {
      // The last word: what the log still has comes before it.
      progress?.stop();
      return;
    }
    const isSame = run.state === before?.state && run.attemptNo === before.attemptNo;
    if (!isSame || (run.blockedBy !== null && run.blockedBy !== before.blockedBy)) {
      if (progress === undefined) this.#say(run);
      else progress.aside(() => this.#say(run));
    }
    if (run.state === 'RUNNING' && progress === undefined) this.#ctx.progress = this.#bar(run);
  }

  end(): number {
    const run = this.#run;
    if (run !== undefined && !this.#ctx.isJson) this.#say(run);
    if (run !== undefined && run.failure !== null) this.#ctx.report(failureOf(run));
    return run?.state === 'SUCCEEDED' ? 0 : 1;
  }

  #say(run: Run): void {
    const { terminal } = this.#ctx;
    const style = run.state === 'SUCCEEDED' ? 'green' : run.state === 'FAILED' ? 'red' : 'blue';
    const words = [run.attemptNo > 1 ? `attempt ${run.attemptNo}` : '', reasonOf(run), totalOf(run)];
    const rest = words.filter((word) => word !== '').join('  ');
    terminal.say(`${terminal.style(['bold', style], run.state.padEnd(11))} ${rest}`.trimEnd().concat('\n'));
  }

  #bar(run: Run): ProgressBar {
    const counters = (): Counters | null => this.#run?.counters ?? null;
    const startedAt = Date.parse(run.startedAt ?? run.createdAt);
    return new ProgressBar(this.#ctx.terminal, {
      counters: {
        read: () => ({
          bytesRead: counters()?.bytesRead ?? 0,
          recordsRead: counters()?.recordsRead ?? 0,
          recordsWritten: counters()?.recordsWritten ?? 0,
          recordsSkipped: counters()?.recordsRejected ?? 0,
          cellsNulled: 0,
          bytesWritten: counters()?.bytesWritten ?? 0,
          tasksDone: counters()?.tasksDone ?? 0,
        }),
      },
      get sizeBytes() {
        return counters()?.bytesTotal;
      },
      // The clock of the server may be another one.
      elapsedMs: () => Math.max(1, Date.now() - startedAt),
      isJson: false,
    });
  }
}

function reasonOf(run: Run): string {
  if (run.blockedBy !== null) return `waiting: ${run.blockedBy}`;
  if (run.state === 'STOPPING' || run.state === 'CANCELED') return run.stopReason ?? '';
  return run.note ?? '';
}

function totalOf({ state, counters, startedAt, endedAt }: Run): string {
  if (!terminalStates.includes(state) || counters === null) return '';
  const parts = [plural(counters.recordsWritten, 'record'), formatBytes(counters.bytesRead)];
  if (counters.recordsRejected > 0) parts.push(`${counters.recordsRejected} skipped`);
  const { logLinesMissing: missing = 0 } = counters;
  if (missing > 0) parts.push(`${plural(missing, 'line')} missing in the log`);
  if (startedAt !== null && endedAt !== null) parts.push(formatDuration(Date.parse(endedAt) - Date.parse(startedAt)));
  return parts.join('  ');
}

/** The failure of a run in the model of errors: whoever watches meets it as whoever runs it. */
export function failureOf(run: Run): RopewayError {
  const { failure } = run;
  if (failure === null) return cliErrors.error('RUN_WITHOUT_RESULT', { id: run.id, state: run.state });
  const hint = failure.hint ?? 'The log of the run says more.';
  return new RopewayError(
    failure.code,
    { kind: 'data', message: failure.message, hint },
    failure.where === undefined ? {} : { where: failure.where },
  );
}
