/** `ropeway schedules …`: when transfers run by themselves. */
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { CalendarSlot, Firing, Schedule, ScheduleOutcomes, ScheduleSettings } from '#api/resources/schedule.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { cliErrors } from '#cli/errors.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { instantOf, localTime } from '#cli/local-time.ts';
import { neededPattern, patternOf, zoneOf } from '#cli/schedule-pattern.ts';
import type { PatternOptions } from '#cli/schedule-pattern.ts';
import { variablesOf } from './transfers.ts';

export interface SchedulesListOptions extends ControlOptions {
  readonly q?: string;
  readonly transfer?: string;
  readonly group?: string;
  readonly on?: boolean;
  readonly off?: boolean;
  readonly limit: string;
}

const columns: readonly ListColumn<Schedule>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'WHAT', cell: ({ definitionName }) => definitionName, shrinks: true },
  { title: 'WHEN', cell: ({ words }) => words, shrinks: true },
  { title: 'ZONE', cell: ({ timeZone }) => timeZone },
  { title: 'NEXT HERE', cell: ({ nextSlot }) => localTime(nextSlot) },
  { title: 'ON', cell: ({ isEnabled, isDefinitionEnabled }) => (isEnabled && isDefinitionEnabled ? 'yes' : 'off') },
  { title: 'WHY', cell: whyOff, shrinks: true },
];

function whyOff({ isEnabled, isDefinitionEnabled, offReason, failures }: Schedule): string {
  if (isEnabled && !isDefinitionEnabled) return 'the transfer is off';
  return offReason ?? (failures > 0 ? `failed ${failures} times in a row` : '');
}

export function listSchedules(options: SchedulesListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const { q, transfer, group, on, off } = options;
    const query = {
      limit: Math.min(count, PAGE_LIMIT_MAX),
      ...(q === undefined ? {} : { q }),
      ...(transfer === undefined ? {} : { definitionId: await idOf(client, 'transfer', transfer) }),
      ...(group === undefined ? {} : { groupId: await idOf(client, 'group', group) }),
      ...(on === true ? { isEnabled: true } : off === true ? { isEnabled: false } : {}),
    };
    printList(ctx, await firstItems(client.items('schedules.list', { query, signal: ctx.signal }), count), columns);
  });
}

export interface ScheduleCreateOptions extends PatternOptions {
  readonly overlap?: ScheduleSettings['overlap'];
  readonly catchup?: ScheduleSettings['catchup'];
  readonly jitter?: string;
  readonly var?: readonly string[];
  readonly off?: boolean;
}

export function createSchedule(transfer: string, options: ScheduleCreateOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const pattern = neededPattern(options);
    const { overlap, catchup, jitter } = options;
    const settings = {
      pattern,
      timeZone: zoneOf(options),
      isEnabled: options.off !== true,
      variables: variablesOf(options.var),
      ...(overlap === undefined ? {} : { overlap }),
      ...(catchup === undefined ? {} : { catchup }),
      ...(jitter === undefined ? {} : { jitterS: countOf(jitter, '--jitter') }),
    };
    const client = await openControl(options);
    const params = { id: await idOf(client, 'transfer', transfer) };
    const made = await client.call('schedules.create', { params, body: settings });
    if (ctx.isJson) ctx.terminal.out(`${JSON.stringify(made)}\n`);
    else ctx.terminal.say(`The schedule ${made.id} of "${made.definitionName}" is there: ${timesOf(made)}\n`);
  });
}

function timesOf({ words, timeZone, nextSlot }: Schedule): string {
  return `${words}, ${timeZone}${nextSlot === null ? '.' : `; next ${localTime(nextSlot)} here.`}`;
}

export interface FiringsOptions extends PatternOptions {
  readonly count: string;
}

const firingColumns: readonly ListColumn<Firing>[] = [
  { title: 'THERE', cell: ({ localTime: time }) => time },
  { title: 'UTC', cell: ({ slot }) => slot.slice(0, 'YYYY-MM-DDTHH:MM:SS'.length) },
  { title: 'RUNS', cell: ({ fires }) => (fires ? 'yes' : 'no') },
  { title: 'NOTE', cell: ({ notes }) => notes.map(({ text }) => text).join(' '), shrinks: true },
];

/** Of a schedule, or of a pattern that is not saved. */
export function showFirings(id: string | undefined, options: FiringsOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.count, '--count');
    const pattern = patternOf(options);
    const client = await openControl(options);
    if (id !== undefined) {
      const found = await client.call('schedules.firings', { params: { id }, query: { count } });
      if (!found.isOn && !ctx.isJson) ctx.terminal.say('It is off; if it were on:\n');
      printList(ctx, found.items, firingColumns);
      return;
    }
    const asked = { pattern: pattern ?? neededPattern(options), timeZone: zoneOf(options), count };
    printList(ctx, (await client.call('schedules.firingsOf', { body: asked })).items, firingColumns);
  });
}

export interface WhichOptions extends ControlOptions {
  readonly transfer?: string;
}

export function switchSchedules(ids: readonly string[], isEnabled: boolean, options: WhichOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const which = await whichOf(client, ids, options);
    const outcomes = await client.call('schedules.switch', { body: { ...which, isEnabled } });
    return saidOutcomes(ctx, outcomes, isEnabled ? 'on' : 'off');
  });
}

export function deleteSchedules(ids: readonly string[], options: WhichOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const which = await whichOf(client, ids, options);
    return saidOutcomes(ctx, await client.call('schedules.deleteMany', { body: which }), 'gone');
  });
}

async function whichOf(
  client: Awaited<ReturnType<typeof openControl>>,
  ids: readonly string[],
  { transfer }: WhichOptions,
): Promise<{ ids?: string[]; definitionIds?: string[] }> {
  if (ids.length === 0 && transfer === undefined) throw cliErrors.error('SCHEDULE_UNNAMED');
  return {
    ...(ids.length === 0 ? {} : { ids: [...ids] }),
    ...(transfer === undefined ? {} : { definitionIds: [await idOf(client, 'transfer', transfer)] }),
  };
}

const outcomeWords: Readonly<Record<ScheduleOutcomes['items'][number]['outcome'], string>> = {
  done: 'done',
  unchanged: 'was so already',
  not_found: 'there is no such schedule',
  role_missing: 'your role does not allow it',
  refused: 'refused',
};

/** 1 when one of them could not be done. */
function saidOutcomes(ctx: CommandContext, { items, done, hasMore }: ScheduleOutcomes, words: string): number {
  if (ctx.isJson) ctx.terminal.out(items.map((item) => `${JSON.stringify(item)}\n`).join(''));
  else {
    const bad = items.filter(({ outcome }) => outcome !== 'done' && outcome !== 'unchanged');
    for (const { id, outcome, reason } of bad) ctx.terminal.say(`${id ?? ''}: ${reason ?? outcomeWords[outcome]}\n`);
    ctx.terminal.say(`${done} ${done === 1 ? 'schedule is' : 'schedules are'} ${words} now.\n`);
    if (hasMore) ctx.terminal.say('There are more: do it again.\n');
  }
  return items.every(({ outcome }) => outcome === 'done' || outcome === 'unchanged') ? 0 : 1;
}

export interface CalendarOptions extends ControlOptions {
  readonly from: string;
  readonly until?: string;
  readonly status?: readonly string[];
}

const slotColumns: readonly ListColumn<CalendarSlot>[] = [
  { title: 'THERE', cell: ({ localTime: time }) => time },
  { title: 'SLOT', cell: ({ slot }) => slot },
  { title: 'STATUS', cell: ({ status }) => status },
  { title: 'RUN', cell: ({ runId }) => runId ?? '' },
  { title: 'WHY', cell: ({ reason, runState }) => reason ?? runState ?? '', shrinks: true },
];

export function showCalendar(id: string, options: CalendarOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { status } = options;
    const until = options.until === undefined ? new Date().toISOString() : instantOf(options.until);
    const client = await openControl(options);
    const query = { from: instantOf(options.from), until };
    const { items, next } = await client.call('schedules.calendar', { params: { id }, query });
    const shown = status === undefined ? items : items.filter((slot) => status.includes(slot.status));
    printList(ctx, shown, slotColumns);
    if (next !== undefined && !ctx.isJson) ctx.terminal.say(`There are more, from ${next} on.\n`);
  });
}
