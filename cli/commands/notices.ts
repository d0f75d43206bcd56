/** `ropeway notices …`: where notices go, by which rules, and what became of them. */
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { Delivery, Destination, Rule, TestOutcome } from '#api/resources/notice.ts';
import { runCommand } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { localTime } from '#cli/local-time.ts';

export interface NoticeListOptions extends ControlOptions {
  readonly limit: string;
}

const destinationColumns: readonly ListColumn<Destination>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'KIND', cell: ({ kind }) => kind },
  { title: 'TO', cell: targetOf, shrinks: true },
  { title: 'LAST SENT', cell: ({ lastSentAt }) => (lastSentAt === null ? '' : localTime(lastSentAt)) },
  {
    title: 'FAILS',
    cell: ({ failingSince, lastError }) => (failingSince === null ? '' : (lastError ?? 'yes')),
    shrinks: true,
  },
];

function targetOf({ options }: Destination): string {
  const addresses = options.addresses?.map(({ address, confirmedAt }) =>
    confirmedAt === null ? `${address} (unconfirmed)` : address,
  );
  return options.webhookHost ?? options.url ?? addresses?.join(', ') ?? '';
}

export function listDestinations(options: NoticeListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const query = { limit: Math.min(count, PAGE_LIMIT_MAX) };
    const items = client.items('destinations.list', { query, signal: ctx.signal });
    printList(ctx, await firstItems(items, count), destinationColumns);
  });
}

const ruleColumns: readonly ListColumn<Rule>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'FOR', cell: ({ scope, scopeId }) => (scopeId === null ? scope : `${scope} ${scopeId}`), shrinks: true },
  { title: 'EVENT', cell: eventOf },
  { title: 'TO', cell: ({ destinationId }) => destinationId },
  { title: 'ON', cell: ({ isEnabled }) => (isEnabled ? 'yes' : 'no') },
];

function eventOf({ event, counter, comparison, threshold, afterMinutes }: Rule): string {
  if (counter !== null) return `${counter} ${comparison} ${threshold}`;
  return afterMinutes === null ? event : `${event} ${afterMinutes} min`;
}

export interface RulesOptions extends NoticeListOptions {
  readonly transfer?: string;
}

export function listRules(options: RulesOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const { transfer } = options;
    const appliesTo = transfer === undefined ? {} : { appliesTo: await idOf(client, 'transfer', transfer) };
    const query = { limit: Math.min(count, PAGE_LIMIT_MAX), ...appliesTo };
    const items = client.items('noticeRules.list', { query, signal: ctx.signal });
    printList(ctx, await firstItems(items, count), ruleColumns);
  });
}

const deliveryColumns: readonly ListColumn<Delivery>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'AT', cell: ({ createdAt }) => localTime(createdAt) },
  { title: 'TO', cell: ({ destinationName, address }) => address ?? destinationName, shrinks: true },
  { title: 'SUBJECT', cell: ({ subject }) => subject, shrinks: true },
  { title: 'STATE', cell: ({ state }) => state },
  { title: 'TRIES', cell: ({ tries }) => String(tries), isNumber: true },
  {
    title: 'ANSWER',
    cell: ({ lastStatus, lastAnswer }) => `${lastStatus ?? ''} ${lastAnswer ?? ''}`.trim(),
    shrinks: true,
  },
];

export interface LogOptions extends NoticeListOptions {
  readonly state?: Delivery['state'];
  readonly run?: string;
}

export function listDeliveries(options: LogOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const { state, run } = options;
    const filter = { ...(state === undefined ? {} : { state }), ...(run === undefined ? {} : { runId: run }) };
    const query = { limit: Math.min(count, PAGE_LIMIT_MAX), ...filter };
    const items = client.items('deliveries.list', { query, signal: ctx.signal });
    printList(ctx, await firstItems(items, count), deliveryColumns);
  });
}

export function resendDelivery(id: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    printList(ctx, [await client.call('deliveries.resend', { params: { id } })], deliveryColumns);
  });
}

const outcomeColumns: readonly ListColumn<TestOutcome>[] = [
  { title: 'OUTCOME', cell: ({ outcome }) => outcome },
  { title: 'STATUS', cell: ({ status }) => String(status ?? '') },
  { title: 'ADDRESS', cell: ({ address }) => address ?? '' },
  { title: 'MS', cell: ({ durationMs }) => String(durationMs), isNumber: true },
  { title: 'ANSWER', cell: ({ answer }) => answer, shrinks: true },
];

/** 1 when it did not arrive everywhere. */
export function testDestination(name: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const params = { id: await idOf(client, 'destination', name) };
    const { results } = await client.call('destinations.test', { params, body: {} });
    printList(ctx, results, outcomeColumns);
    return results.every(({ outcome }) => outcome === 'sent') ? 0 : 1;
  });
}
