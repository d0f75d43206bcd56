/** `ropeway runs …`: what runs, ran, and why it waits. */
import type { Client } from '#api/client.ts';
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { LogLine, Run, RunKind, RunState, RunSummary } from '#api/resources/run.ts';
import { runState } from '#api/resources/run.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { printFacts } from '#cli/fact-list.ts';
import { failureOf, printLog, watchRun } from '#cli/follow-run.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { instantOf, localTime } from '#cli/local-time.ts';
import { formatBytes, formatCount, formatDuration, plural } from '#cli/quantity.ts';

/** Leaving is not stopping. */
export const LEAVE_WORDS = 'Leaving. The run itself is not touched.';

export interface RunsListOptions extends ControlOptions {
  readonly state?: readonly string[];
  readonly transfer?: string;
  readonly group?: string;
  readonly kind?: readonly RunKind[];
  readonly trigger?: readonly RunSummary['trigger'][];
  readonly since?: string;
  readonly until?: string;
  readonly text?: string;
  readonly limit: string;
}

const columns: readonly ListColumn<RunSummary>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'WHAT', cell: whatOf, shrinks: true },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'CREATED', cell: ({ createdAt }) => localTime(createdAt) },
  { title: 'TOOK', cell: tookOf, isNumber: true },
  {
    title: 'RECORDS',
    cell: ({ counters }) => (counters === null ? '' : formatCount(counters.recordsWritten)),
    isNumber: true,
  },
  { title: 'WHY', cell: ({ blockedBy, failureCode, note }) => blockedBy ?? failureCode ?? note ?? '', shrinks: true },
];

export function listRuns(options: RunsListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const { kind, trigger, since, until, text } = options;
    const query = {
      limit: Math.min(count, PAGE_LIMIT_MAX),
      ...(options.state === undefined ? {} : { state: options.state.map(stateOf) }),
      ...(options.transfer === undefined ? {} : { transferId: await idOf(client, 'transfer', options.transfer) }),
      ...(options.group === undefined ? {} : { groupId: await idOf(client, 'group', options.group) }),
      ...(kind === undefined ? {} : { kind: [...kind] }),
      ...(trigger === undefined ? {} : { trigger: [...trigger] }),
      ...(since === undefined ? {} : { since: instantOf(since) }),
      ...(until === undefined ? {} : { until: instantOf(until) }),
      ...(text === undefined ? {} : { text }),
    };
    printList(ctx, await firstItems(client.items('runs.list', { query, signal: ctx.signal }), count), columns);
  });
}

/** In any letters' case; what is no state, the server refuses with the list of those that there are. */
function stateOf(text: string): RunState {
  const upper = text.toUpperCase();
  const read = runState.safeParse(upper);
  return read.success ? read.data : (upper as RunState);
}

export function showRun(id: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const run = await client.call('runs.get', { params: { id }, signal: ctx.signal });
    if (ctx.isJson) {
      ctx.terminal.out(`${JSON.stringify(run)}\n`);
      return;
    }
    printFacts(ctx, factsOf(run));
    if (run.failure !== null) ctx.report(failureOf(run));
  });
}

function factsOf(run: Run): Readonly<Record<string, string>> {
  const { counters } = run;
  return {
    id: run.id,
    what: whatOf(run),
    state: run.state,
    'waits because': run.blockedBy ?? '',
    'stopped because': run.stopReason ?? '',
    note: run.note ?? '',
    'created by': `${run.createdBy} (${run.trigger})`,
    created: localTime(run.createdAt),
    started: localTime(run.startedAt),
    ended: localTime(run.endedAt),
    took: tookOf(run),
    attempts: run.attemptNo === 0 ? '' : String(run.attemptNo),
    records:
      counters === null
        ? ''
        : `${formatCount(counters.recordsRead)} read, ${formatCount(counters.recordsWritten)} written, ` +
          `${formatCount(counters.recordsRejected)} skipped`,
    bytes:
      counters === null
        ? ''
        : `${formatBytes(counters.bytesRead)} read, ${formatBytes(counters.bytesWritten)} written to files`,
    'missing in the log':
      counters?.logLinesMissing === undefined
        ? ''
        : `${plural(counters.logLinesMissing, 'line')}, ${formatBytes(counters.logBytesMissing ?? 0)}`,
    variables: Object.entries(run.variables)
      .map(([name, value]) => `${name}=${value}`)
      .join(' '),
  };
}

function whatOf({ kind, transferName, revision }: RunSummary): string {
  const name = transferName === null ? '' : `${transferName}${revision === null ? '' : ` @${revision}`}`;
  if (kind === 'transfer') return name;
  return name === '' ? kind : `${kind} of ${name}`;
}

function tookOf({ startedAt, endedAt }: RunSummary): string {
  if (startedAt === null) return '';
  const end = endedAt === null ? Date.now() : Date.parse(endedAt);
  return formatDuration(Math.max(0, end - Date.parse(startedAt)));
}

export interface WatchOptions extends ControlOptions {
  readonly verbose?: boolean;
}

export function watch(id: string, options: WatchOptions): Promise<number> {
  return runCommand(
    options,
    async (ctx) => watchRun(ctx, await openControl(options), { runId: id, isVerbose: options.verbose ?? false }),
    { stopWords: LEAVE_WORDS },
  );
}

export interface LogsOptions extends ControlOptions {
  readonly follow?: boolean;
  readonly attempt?: string;
}

export function runLogs(id: string, options: LogsOptions): Promise<number> {
  return runCommand(
    options,
    async (ctx) => {
      const attempt = options.attempt === undefined ? {} : { attemptNo: countOf(options.attempt, '--attempt') };
      const client = await openControl(options);
      if (options.follow !== true) {
        const query = { ...attempt, limit: PAGE_LIMIT_MAX };
        for await (const line of client.items('runs.logs', { params: { id }, query, signal: ctx.signal })) {
          printLogLine(ctx, line);
          await ctx.terminal.drained(ctx.signal);
        }
        return 0;
      }
      try {
        await printLog(ctx, client, { runId: id, ...attempt, signal: ctx.signal, print: printLogLine });
      } catch (error) {
        if (!ctx.signal.aborted) throw error;
      }
      return ctx.signal.aborted ? 130 : 0;
    },
    { stopWords: LEAVE_WORDS },
  );
}

export interface CancelOptions extends ControlOptions {
  readonly force?: boolean;
}

const outcomeWords = {
  canceled: 'is canceled',
  canceling: 'is told to stop',
  cancel_too_late: 'runs to its end: its data may be visible already',
  ended: 'had ended before',
} as const;

export function cancelRuns(ids: readonly string[], options: CancelOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    let isTooLate = false;
    for (const id of ids) {
      const body = { force: options.force ?? false };
      const { outcome, run } = await client.call('runs.cancel', { params: { id }, body, signal: ctx.signal });
      isTooLate ||= outcome === 'cancel_too_late';
      if (ctx.isJson) ctx.terminal.out(`${JSON.stringify({ id, outcome, state: run.state })}\n`);
      else ctx.terminal.say(`The run ${id} ${outcomeWords[outcome]}.\n`);
    }
    return isTooLate ? 1 : 0;
  });
}

export interface StartOptions extends WatchOptions {
  readonly wait?: boolean;
}

export function retryRun(id: string, options: StartOptions): Promise<number> {
  return runCommand(
    options,
    async (ctx) => {
      const client = await openControl(options);
      return afterStart(ctx, client, { run: await client.call('runs.retry', { params: { id } }), options });
    },
    { stopWords: LEAVE_WORDS },
  );
}

/** The id is what scripts want; `--wait` stays until the end. */
export async function afterStart(
  ctx: CommandContext,
  client: Client,
  { run, options }: { readonly run: Run; readonly options: StartOptions },
): Promise<number> {
  if (options.wait === true) {
    if (!ctx.isJson) ctx.terminal.say(`The run is ${run.id}.\n`);
    return watchRun(ctx, client, { runId: run.id, isVerbose: options.verbose ?? false });
  }
  ctx.terminal.out(ctx.isJson ? `${JSON.stringify(run)}\n` : `${run.id}\n`);
  return 0;
}

/** A log that was asked for is data. */
function printLogLine(ctx: CommandContext, line: LogLine): void {
  if (ctx.isJson) {
    ctx.terminal.out(`${JSON.stringify(line)}\n`);
    return;
  }
  const fields = Object.entries(line.fields).map(([key, value]) => ` ${key}=${JSON.stringify(value)}`);
  const time = line.at === null ? '' : `${localTime(line.at)} `;
  ctx.terminal.out(`${time}${line.level}: ${line.message}${fields.join('')}\n`);
}
