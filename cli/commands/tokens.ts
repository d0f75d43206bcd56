/** `ropeway tokens …`: who may use the API. */
import type { Role } from '#api/endpoint.ts';
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { Token } from '#api/resources/token.ts';
import { runCommand } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { instantOf, localTime } from '#cli/local-time.ts';

export interface TokensListOptions extends ControlOptions {
  readonly limit: string;
}

const columns: readonly ListColumn<Token>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'ROLE', cell: ({ role, kind, ownerName }) => (kind === 'service' ? role : `${role}, of ${ownerName}`) },
  { title: 'CREATED', cell: ({ createdAt }) => localTime(createdAt) },
  { title: 'LAST USED', cell: ({ lastUsedAt }) => localTime(lastUsedAt) },
  { title: 'EXPIRES', cell: ({ expiresAt }) => localTime(expiresAt) },
  { title: 'REVOKED', cell: ({ revokedAt }) => localTime(revokedAt) },
];

export function listTokens(options: TokensListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const count = countOf(options.limit, '--limit');
    const client = await openControl(options);
    const query = { limit: Math.min(count, PAGE_LIMIT_MAX) };
    printList(ctx, await firstItems(client.items('tokens.list', { query, signal: ctx.signal }), count), columns);
  });
}

export interface TokenCreateOptions extends ControlOptions {
  readonly expires?: string;
  readonly role?: Role;
  readonly group?: string;
  readonly installation?: boolean;
  readonly own?: boolean;
}

export function createToken(name: string, options: TokenCreateOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const expiresAt = options.expires === undefined ? null : instantOf(options.expires, { isAhead: true });
    const client = await openControl(options);
    const role = options.role === undefined ? {} : { role: options.role };
    const groupId = options.group === undefined ? null : await idOf(client, 'group', options.group);
    const service = { groupId, administersInstallation: options.installation === true };
    const created =
      options.own === true
        ? await client.call('tokens.createOwn', { body: { name, expiresAt, ...role } })
        : await client.call('tokens.create', { body: { name, expiresAt, ...role, ...service } });
    // Alone on stdout: it goes into a file without being seen.
    ctx.terminal.out(ctx.isJson ? `${JSON.stringify(created)}\n` : `${created.token}\n`);
    if (!ctx.isJson) ctx.terminal.say(`This is the token ${created.id} ("${created.name}"). It is shown this once.\n`);
  });
}

export function revokeToken(nameOrId: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await idOf(client, 'token', nameOrId);
    await client.call('tokens.revoke', { params: { id } });
    if (ctx.isJson) ctx.terminal.out(`${JSON.stringify({ id, revoked: true })}\n`);
    else ctx.terminal.say(`The token ${id} is refused from now on.\n`);
  });
}
