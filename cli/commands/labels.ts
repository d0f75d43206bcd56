/** `ropeway labels …`: words that transfers are found by. */
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { Label } from '#api/resources/label.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';

export interface LabelListOptions extends ControlOptions {
  readonly limit: string;
}

const columns: readonly ListColumn<Label>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'COLOUR', cell: ({ colour }) => colour },
  { title: 'TRANSFERS', cell: ({ uses }) => String(uses), isNumber: true },
  { title: 'DESCRIPTION', cell: ({ description }) => description, shrinks: true },
];

export function listLabels(options: LabelListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const query = { limit: Math.min(count, PAGE_LIMIT_MAX) };
    printList(ctx, await firstItems(client.items('labels.list', { query, signal: ctx.signal }), count), columns);
  });
}

export interface LabelCreateOptions extends ControlOptions {
  readonly colour?: string;
  readonly description?: string;
}

export function createLabel(name: string, options: LabelCreateOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const { colour, description } = options;
    const body = {
      name,
      ...(colour === undefined ? {} : { colour }),
      ...(description === undefined ? {} : { description }),
    };
    const label = await client.call('labels.create', { body });
    said(ctx, label, `The label "${label.name}" was created: ${label.id}`);
  });
}

export function deleteLabel(nameOrId: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await idOf(client, 'label', nameOrId);
    await client.call('labels.delete', { params: { id } });
    said(ctx, { id, deleted: true }, `The label ${id} is gone, and off the transfers that had it.`);
  });
}

function said(ctx: CommandContext, facts: object, words: string): void {
  if (ctx.isJson) ctx.terminal.out(`${JSON.stringify(facts)}\n`);
  else ctx.terminal.say(`${words}\n`);
}
