/** `ropeway limits …`: how many runs at the same time. */
import type { Client } from '#api/client.ts';
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { Limit, ScopeKind } from '#api/resources/limit.ts';
import { runCommand } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { cliErrors } from '#cli/errors.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';

export interface LimitsListOptions extends ControlOptions {
  readonly kind?: ScopeKind;
  readonly limit: string;
}

const columns: readonly ListColumn<Limit>[] = [
  { title: 'KIND', cell: ({ scopeKind }) => scopeKind },
  { title: 'OF', cell: ({ scopeId }) => scopeId, shrinks: true },
  { title: 'SEATS', cell: ({ seats }) => String(seats), isNumber: true },
  { title: 'TAKEN', cell: ({ seatsTaken }) => String(seatsTaken), isNumber: true },
  { title: 'LABEL', cell: ({ label }) => label, shrinks: true },
];

export function listLimits(options: LimitsListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const { kind } = options;
    const query = { limit: Math.min(count, PAGE_LIMIT_MAX), ...(kind === undefined ? {} : { scopeKind: kind }) };
    printList(ctx, await firstItems(client.items('limits.list', { query, signal: ctx.signal }), count), columns);
  });
}

export interface LimitSetOptions extends ControlOptions {
  readonly seats: string;
  readonly label?: string;
}

export function setLimit(scopeKind: ScopeKind, which: string | undefined, options: LimitSetOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const seats = seatsOf(options.seats, '--seats');
    const client = await openControl(options);
    const params = { scopeKind, scopeId: await scopeIdOf(client, scopeKind, which) };
    const { label } = options;
    const set = await client.call('limits.put', { params, body: { seats, ...(label === undefined ? {} : { label }) } });
    printList(ctx, [set], columns);
  });
}

export function removeLimit(scopeKind: ScopeKind, which: string | undefined, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const params = { scopeKind, scopeId: await scopeIdOf(client, scopeKind, which) };
    await client.call('limits.delete', { params });
    if (ctx.isJson) ctx.terminal.out(`${JSON.stringify({ ...params, deleted: true })}\n`);
    else ctx.terminal.say(`The limit of ${scopeKind} ${params.scopeId} is gone.\n`);
  });
}

/** What people call it, as the API does. */
async function scopeIdOf(client: Client, kind: ScopeKind, which: string | undefined): Promise<string> {
  if (kind === 'installation') return which ?? 'all';
  if (kind === 'workspace') return which ?? (await client.call('workspace.get')).id;
  if (which === undefined) throw cliErrors.error('SCOPE_UNNAMED', { kind });
  if (kind === 'lane') return which;
  if (kind === 'group') return idOf(client, 'group', which);
  if (kind === 'definition') return idOf(client, 'transfer', which);
  // An account is named by any of its connections.
  const id = await idOf(client, 'connection', which);
  const { accountKey } = await client.call('connections.get', { params: { id } });
  // Who does not see the account may not limit it either: the server says so.
  return accountKey ?? id;
}

function seatsOf(text: string, option: string): number {
  if (!/^\d{1,9}$/.test(text)) throw cliErrors.error('NUMBER_INVALID', { value: text, option });
  return Number(text);
}
