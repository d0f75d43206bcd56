/** `ropeway schedules backfill …`: slots of a schedule that are run afterwards. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Client } from '#api/client.ts';
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { Backfill } from '#api/resources/backfill.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { instantOf, localTime } from '#cli/local-time.ts';

const LOOK_MS = 1000;

export interface BackfillOptions extends ControlOptions {
  readonly from: string;
  readonly until?: string;
  readonly newestFirst?: boolean;
  readonly redo?: boolean;
  readonly concurrency: string;
  readonly failuresMax: string;
  readonly wait?: boolean;
}

export function startBackfill(id: string, options: BackfillOptions): Promise<number> {
  return runCommand(
    options,
    async (ctx) => {
      const failuresMax = options.failuresMax === 'none' ? null : countOf(options.failuresMax, '--failures-max');
      const body = {
        from: instantOf(options.from),
        until: options.until === undefined ? new Date().toISOString() : instantOf(options.until),
        order: options.newestFirst === true ? ('newest_first' as const) : ('oldest_first' as const),
        redoesDone: options.redo === true,
        concurrency: countOf(options.concurrency, '--concurrency'),
        failuresMax,
      };
      const client = await openControl(options);
      const made = await client.call('backfills.create', { params: { id }, body });
      if (options.wait === true) return follow(ctx, client, made);
      if (ctx.isJson) ctx.terminal.out(`${JSON.stringify(made)}\n`);
      else {
        // Alone on stdout: it is what the next commands need.
        ctx.terminal.out(`${made.id}\n`);
        ctx.terminal.say(`${made.progress.total} slots of "${made.definitionName}": ropeway schedules backfills\n`);
      }
      return 0;
    },
    { stopWords: 'Leaving. The back-fill goes on.' },
  );
}

/** Until its end: 0 when all went well, 1 when not. */
async function follow(ctx: CommandContext, client: Client, made: Backfill): Promise<number> {
  let now = made;
  let told = '';
  for (;;) {
    const line = `${progressOf(now)}${now.reason === null ? '' : `: ${now.reason}`}`;
    if (line !== told && !ctx.isJson) ctx.terminal.say(`${line}\n`);
    told = line;
    if (now.endedAt !== null || now.state === 'paused' || ctx.signal.aborted) break;
    await wait(LOOK_MS, undefined, { signal: ctx.signal }).catch(() => undefined);
    now = await client.call('backfills.get', { params: { id: made.id } });
  }
  if (ctx.isJson) ctx.terminal.out(`${JSON.stringify(now)}\n`);
  return now.state === 'done' && now.progress.failed === 0 ? 0 : 1;
}

function progressOf({ state, progress }: Backfill): string {
  const { total, done, failed, skipped, running, canceled } = progress;
  const rest = [
    [running, 'running'],
    [failed, 'failed'],
    [skipped, 'passed over'],
    [canceled, 'canceled'],
  ] as const;
  const words = rest.filter(([count]) => count > 0).map(([count, what]) => `, ${count} ${what}`);
  return `${state}: ${done} of ${total} done${words.join('')}`;
}

const columns: readonly ListColumn<Backfill>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'WHAT', cell: ({ definitionName }) => definitionName, shrinks: true },
  { title: 'FROM', cell: ({ from }) => localTime(from) },
  { title: 'UNTIL', cell: ({ until }) => localTime(until) },
  { title: 'PROGRESS', cell: progressOf, shrinks: true },
  { title: 'WHY', cell: ({ reason }) => reason ?? '', shrinks: true },
];

export interface BackfillsOptions extends ControlOptions {
  readonly schedule?: string;
  readonly limit: string;
}

export function listBackfills(options: BackfillsOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const { schedule } = options;
    const query = {
      limit: Math.min(count, PAGE_LIMIT_MAX),
      ...(schedule === undefined ? {} : { scheduleId: schedule }),
    };
    printList(ctx, await firstItems(client.items('backfills.list', { query, signal: ctx.signal }), count), columns);
  });
}

export interface BackfillCancelOptions extends ControlOptions {
  readonly stopRuns?: boolean;
}

export function changeBackfill(
  id: string,
  change: 'pause' | 'resume' | 'cancel',
  options: BackfillCancelOptions,
): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const params = { id };
    const changed =
      change === 'cancel'
        ? await client.call('backfills.cancel', { params, body: { stopsRuns: options.stopRuns === true } })
        : await client.call(`backfills.${change}`, { params });
    if (ctx.isJson) ctx.terminal.out(`${JSON.stringify(changed)}\n`);
    else ctx.terminal.say(`The back-fill is ${progressOf(changed)}.\n`);
  });
}
