/** `ropeway connections …`: saved endpoints with their credentials, which are never shown again. */
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { Connection } from '#api/resources/connection.ts';
import { printYaml } from '#codec/yaml/print-yaml.ts';
import type { JsonObject } from '#spi/json.ts';
import { openCatalog } from '#cli/catalog.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { connectionOptions } from '#cli/connection-arguments.ts';
import type { OptionArguments } from '#cli/connection-arguments.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { cliErrors } from '#cli/errors.ts';
import { printFacts } from '#cli/fact-list.ts';
import type { Installation } from '#cli/installation.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { localTime } from '#cli/local-time.ts';

export interface ConnectionsListOptions extends ControlOptions {
  readonly q?: string;
  readonly type?: string;
  readonly group?: string;
  readonly limit: string;
}

const columns: readonly ListColumn<Connection>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'TYPE', cell: ({ plugin }) => plugin },
  { title: 'ACCOUNT', cell: ({ accountKey }) => accountKey ?? '', shrinks: true },
  { title: 'CHANGED', cell: ({ updatedAt }) => localTime(updatedAt) },
];

export function listConnections(options: ConnectionsListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const { q, type, group } = options;
    const query = {
      limit: Math.min(count, PAGE_LIMIT_MAX),
      ...(q === undefined ? {} : { q }),
      ...(type === undefined ? {} : { plugin: type }),
      ...(group === undefined ? {} : { groupId: await idOf(client, 'group', group) }),
    };
    printList(ctx, await firstItems(client.items('connections.list', { query, signal: ctx.signal }), count), columns);
  });
}

export function showConnection(nameOrId: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await idOf(client, 'connection', nameOrId);
    printConnection(ctx, await client.call('connections.get', { params: { id } }));
  });
}

function printConnection(ctx: CommandContext, connection: Connection): void {
  if (ctx.isJson) {
    ctx.terminal.out(`${JSON.stringify(connection)}\n`);
    return;
  }
  const { id, name, plugin, accountKey, secretsSet, updatedAt } = connection;
  const secrets = secretsSet?.join(', ') ?? '';
  printFacts(ctx, { id, name, type: plugin, account: accountKey ?? '', secrets, changed: localTime(updatedAt) });
  // It was JSON.
  const shown = connection.options ?? {};
  if (Object.keys(shown).length > 0) ctx.terminal.out(`\n${printYaml(shown as JsonObject)}`);
}

export interface ConnectionCreateOptions extends ControlOptions, OptionArguments {
  readonly type: string;
  readonly group?: string;
}

export function createConnection(
  name: string,
  options: ConnectionCreateOptions,
  installation: Installation,
): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { catalog } = await openCatalog(options, installation);
    const client = await openControl(options);
    const groupId = options.group === undefined ? null : await idOf(client, 'group', options.group);
    const values = await connectionOptions(options, { plugin: options.type, catalog, terminal: ctx.terminal });
    const body = { name, plugin: options.type, groupId, options: values };
    printConnection(ctx, await client.call('connections.create', { body }));
  });
}

export interface ConnectionUpdateOptions extends ControlOptions, OptionArguments {
  readonly name?: string;
  readonly group?: string;
}

export function updateConnection(
  nameOrId: string,
  options: ConnectionUpdateOptions,
  installation: Installation,
): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { catalog } = await openCatalog(options, installation);
    const client = await openControl(options);
    const id = await idOf(client, 'connection', nameOrId);
    const before = await client.ask('connections.get', { params: { id } });
    const { plugin } = before.body;
    const values = await connectionOptions(options, { plugin, catalog, terminal: ctx.terminal });
    const { name, group } = options;
    const body = {
      ...(name === undefined ? {} : { name }),
      ...(group === undefined ? {} : { groupId: await idOf(client, 'group', group) }),
      ...(Object.keys(values).length === 0 ? {} : { options: values }),
    };
    if (Object.keys(body).length === 0) throw cliErrors.error('NOTHING_TO_CHANGE');
    const call = { params: { id }, body, ifMatch: before.etag ?? '*' };
    printConnection(ctx, await client.call('connections.update', call));
  });
}

export function deleteConnection(nameOrId: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await idOf(client, 'connection', nameOrId);
    await client.call('connections.delete', { params: { id } });
    if (ctx.isJson) ctx.terminal.out(`${JSON.stringify({ id, deleted: true })}\n`);
    else ctx.terminal.say(`The connection ${id} is gone, with its secrets.\n`);
  });
}
