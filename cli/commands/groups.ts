/** `ropeway groups …`: what connections and transfers belong to. */
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { Group } from '#api/resources/group.ts';
import { runCommand } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { localTime } from '#cli/local-time.ts';

export interface GroupsListOptions extends ControlOptions {
  readonly q?: string;
  readonly limit: string;
}

const columns: readonly ListColumn<Group>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'CREATED', cell: ({ createdAt }) => localTime(createdAt) },
];

export function listGroups(options: GroupsListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const { q } = options;
    const query = { limit: Math.min(count, PAGE_LIMIT_MAX), ...(q === undefined ? {} : { q }) };
    printList(ctx, await firstItems(client.items('groups.list', { query, signal: ctx.signal }), count), columns);
  });
}

export function createGroup(name: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    printList(ctx, [await client.call('groups.create', { body: { name } })], columns);
  });
}

export function renameGroup(nameOrId: string, name: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await idOf(client, 'group', nameOrId);
    const { version } = await client.call('groups.get', { params: { id } });
    const call = { params: { id }, body: { name }, ifMatch: `"${version}"` };
    printList(ctx, [await client.call('groups.update', call)], columns);
  });
}

export function deleteGroup(nameOrId: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await idOf(client, 'group', nameOrId);
    await client.call('groups.delete', { params: { id } });
    if (ctx.isJson) ctx.terminal.out(`${JSON.stringify({ id, deleted: true })}\n`);
    else ctx.terminal.say(`The group ${id} is gone.\n`);
  });
}
