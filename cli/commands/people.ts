/** `ropeway members …`, `ropeway teams …` and `ropeway grants …`: who belongs to a workspace, and may do what. */
import type { Client } from '#api/client.ts';
import type { Role, WorkspaceRole } from '#api/endpoint.ts';
import { PAGE_LIMIT_MAX } from '#api/page.ts';
import type { Grant, Member, Team, TeamMember } from '#api/resources/person.ts';
import { runCommand } from '#cli/command-context.ts';
import type { CommandContext } from '#cli/command-context.ts';
import { countOf } from '#cli/command-line.ts';
import { openControl } from '#cli/control-client.ts';
import type { ControlOptions } from '#cli/control-client.ts';
import { idOf } from '#cli/control-names.ts';
import { firstItems, printList } from '#cli/list-table.ts';
import type { ListColumn } from '#cli/list-table.ts';
import { localTime } from '#cli/local-time.ts';

export interface PeopleListOptions extends ControlOptions {
  readonly q?: string;
  readonly limit: string;
}

const memberColumns: readonly ListColumn<Member>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'E-MAIL', cell: ({ email }) => email, shrinks: true },
  { title: 'ROLE', cell: ({ role, isDisabled }) => (isDisabled ? `${role}, disabled` : role) },
  { title: 'SINCE', cell: ({ createdAt }) => localTime(createdAt) },
];

const teamColumns: readonly ListColumn<Team>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'MEMBERS', cell: ({ membersCount }) => String(membersCount), isNumber: true },
];

const teamMemberColumns: readonly ListColumn<TeamMember>[] = [
  { title: 'ID', cell: ({ id }) => id },
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'E-MAIL', cell: ({ email }) => email, shrinks: true },
  { title: 'ADMINISTRATOR', cell: ({ isAdministrator }) => (isAdministrator ? 'yes' : '') },
];

const grantColumns: readonly ListColumn<Grant>[] = [
  { title: 'KIND', cell: ({ kind }) => kind },
  { title: 'NAME', cell: ({ name }) => name, shrinks: true },
  { title: 'ROLE', cell: ({ role }) => role },
  { title: 'SINCE', cell: ({ createdAt }) => localTime(createdAt) },
];

function queryOf({ limit, q }: PeopleListOptions): { count: number; query: { limit: number; q?: string } } {
  const count = countOf(limit, '--limit');
  return { count, query: { limit: Math.min(count, PAGE_LIMIT_MAX), ...(q === undefined ? {} : { q }) } };
}

/** What was done, for a script as JSON. */
function tell(ctx: CommandContext, sentence: string, done: unknown): void {
  if (ctx.isJson) ctx.terminal.out(`${JSON.stringify(done)}\n`);
  else ctx.terminal.say(`${sentence}\n`);
}

export function listMembers(options: PeopleListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { count, query } = queryOf(options);
    const items = (await openControl(options)).items('members.list', { query, signal: ctx.signal });
    printList(ctx, await firstItems(items, count), memberColumns);
  });
}

export function setMemberRole(who: string, role: WorkspaceRole, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await idOf(client, 'member', who);
    const member = await client.call('members.update', { params: { id }, body: { role }, ifMatch: '*' });
    tell(ctx, `${member.name} has the role ${member.role} in the workspace.`, member);
  });
}

export function removeMember(who: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await idOf(client, 'member', who);
    await client.call('members.remove', { params: { id } });
    tell(ctx, `${who} belongs to the workspace no more.`, { id, removed: true });
  });
}

export function listTeams(options: PeopleListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { count, query } = queryOf(options);
    const items = (await openControl(options)).items('teams.list', { query, signal: ctx.signal });
    printList(ctx, await firstItems(items, count), teamColumns);
  });
}

export function showTeam(team: string, options: PeopleListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { count, query } = queryOf(options);
    const client = await openControl(options);
    const id = await idOf(client, 'team', team);
    const items = client.items('teams.members', { params: { id }, query, signal: ctx.signal });
    printList(ctx, await firstItems(items, count), teamMemberColumns);
  });
}

export function createTeam(name: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const team = await (await openControl(options)).call('teams.create', { body: { name } });
    ctx.terminal.out(ctx.isJson ? `${JSON.stringify(team)}\n` : `${team.id}\n`);
  });
}

export function deleteTeam(team: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const id = await idOf(client, 'team', team);
    await client.call('teams.delete', { params: { id } });
    tell(ctx, `The team ${team} is gone, with the roles that it gave.`, { id, deleted: true });
  });
}

export interface TeamAddOptions extends ControlOptions {
  readonly administrator?: boolean;
}

export function addToTeam(team: string, who: string, options: TeamAddOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const params = { id: await idOf(client, 'team', team), userId: await idOf(client, 'member', who) };
    const body = { isAdministrator: options.administrator === true };
    const member = await client.call('teams.putMember', { params, body });
    tell(ctx, `${member.name} is in the team ${team}.`, member);
  });
}

export function removeFromTeam(team: string, who: string, options: ControlOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const params = { id: await idOf(client, 'team', team), userId: await idOf(client, 'member', who) };
    await client.call('teams.removeMember', { params });
    tell(ctx, `${who} is in the team ${team} no more.`, { ...params, removed: true });
  });
}

export function listGrants(group: string, options: PeopleListOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const { count, query } = queryOf(options);
    const client = await openControl(options);
    const id = await idOf(client, 'group', group);
    const items = client.items('grants.list', { params: { id }, query, signal: ctx.signal });
    printList(ctx, await firstItems(items, count), grantColumns);
  });
}

export interface GrantOptions extends ControlOptions {
  readonly team?: string;
  readonly user?: string;
}

export function giveRole(group: string, role: Role, options: GrantOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const grant = await client.call('grants.put', {
      params: await granteeOf(client, group, options),
      body: { role },
    });
    tell(ctx, `The ${grant.kind} ${grant.name} has the role ${grant.role} in the group ${group}.`, grant);
  });
}

export function takeRole(group: string, options: GrantOptions): Promise<number> {
  return runCommand(options, async (ctx) => {
    const client = await openControl(options);
    const params = await granteeOf(client, group, options);
    await client.call('grants.delete', { params });
    tell(ctx, `The ${params.kind} has no role of its own in the group ${group} any more.`, {
      ...params,
      removed: true,
    });
  });
}

/** One of the two is there: the command line sees to it. */
async function granteeOf(
  client: Client,
  group: string,
  { team, user }: GrantOptions,
): Promise<{ id: string; kind: Grant['kind']; granteeId: string }> {
  const id = await idOf(client, 'group', group);
  if (team !== undefined) return { id, kind: 'team', granteeId: await idOf(client, 'team', team) };
  return { id, kind: 'user', granteeId: await idOf(client, 'member', user ?? '') };
}
