/** The commands about people: who belongs to a workspace, may do what, and did what. */
import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { roles, workspaceRoles } from '#api/endpoint.ts';
import { auditOutcome } from '#api/resources/audit.ts';
import type { Call, CommandEntry } from './command-entry.ts';
import { controlList, controlSub } from './control-options.ts';

/** In the order of the help. */
export const peopleCommands: readonly CommandEntry[] = [
  { name: 'members', add: addMembers, ownsItsOptions: true },
  { name: 'teams', add: addTeams, ownsItsOptions: true },
  { name: 'grants', add: addGrants, ownsItsOptions: true },
  { name: 'audit', add: addAudit, ownsItsOptions: true },
];

const load = () => import('./commands/people.ts');

function addMembers(program: Command, { done }: Call): void {
  const group = program.command('members').description('people of the workspace, and their roles');
  controlList(group, 'list them')
    .option('--q <text>', 'part of the name or the address')
    .action(async (options) => done(await (await load()).listMembers(options)));
  controlSub(group, 'set', 'give one another role in the workspace')
    .argument('<who>', 'name, e-mail address or id')
    .addArgument(new Argument('<role>', 'of each group, and of what has none').choices(workspaceRoles))
    .action(async (who, role, options) => done(await (await load()).setMemberRole(who, role, options)));
  controlSub(group, 'remove <who>', 'take one out of the workspace, its teams and its groups').action(
    async (who, options) => done(await (await load()).removeMember(who, options)),
  );
}

function addTeams(program: Command, { done }: Call): void {
  const group = program.command('teams').description('people who get roles together');
  controlList(group, 'list them')
    .option('--q <text>', 'part of the name')
    .action(async (options) => done(await (await load()).listTeams(options)));
  controlList(group, 'list the members of one', 'show <team>').action(async (team, options) =>
    done(await (await load()).showTeam(team, options)),
  );
  controlSub(group, 'create <name>', 'make one, and print its id').action(async (name, options) =>
    done(await (await load()).createTeam(name, options)),
  );
  controlSub(group, 'delete <team>', 'remove one, with the roles that it gave').action(async (team, options) =>
    done(await (await load()).deleteTeam(team, options)),
  );
  controlSub(group, 'add <team> <who>', 'put a member of the workspace into one')
    .option('--administrator', 'who may add and remove members')
    .action(async (team, who, options) => done(await (await load()).addToTeam(team, who, options)));
  controlSub(group, 'remove <team> <who>', 'take somebody out of one').action(async (team, who, options) =>
    done(await (await load()).removeFromTeam(team, who, options)),
  );
}

function withGrantee(command: Command): Command {
  return command
    .addOption(new Option('--team <name>', 'a team').conflicts('user'))
    .addOption(new Option('--user <name>', 'one person, by name, e-mail address or id').conflicts('team'));
}

function addGrants(program: Command, { done }: Call): void {
  const group = program.command('grants').description('who may do what in a group of connections and transfers');
  controlList(group, 'list the roles in one', 'list <group>').action(async (name, options) =>
    done(await (await load()).listGrants(name, options)),
  );
  withGrantee(
    controlSub(group, 'set', 'give a team or a person a role in one')
      .argument('<group>', 'name or id')
      .addArgument(new Argument('<role>', 'each may do what those before it may').choices(roles)),
  ).action(async (name, role, options) => done(await (await load()).giveRole(name, role, options)));
  withGrantee(controlSub(group, 'remove <group>', 'take the role of a team or a person away')).action(
    async (name, options) => done(await (await load()).takeRole(name, options)),
  );
}

function withAuditFilters(command: Command): Command {
  return command
    .option('--actor <actor>', 'only what this one did: user:E-MAIL, token:NAME, runner')
    .option('--action <action>', 'only this action; with a dot at its end, all that begin so: connections.')
    .option('--resource <id>', 'only what was done to this')
    .addOption(new Option('--outcome <outcome>', 'only what ended so').choices(auditOutcome.options))
    .option('--since <time>', 'from then on: 2026-01-31, or 2h')
    .option('--until <time>', 'before');
}

function addAudit(program: Command, { done }: Call): void {
  const group = program.command('audit').description('what was done in the workspace, by whom, to what');
  const loadAudit = () => import('./commands/audit.ts');
  withAuditFilters(controlList(group, 'list it, the latest first')).action(async (options) =>
    done(await (await loadAudit()).listAudit(options)),
  );
  withAuditFilters(controlSub(group, 'export', 'print all of it, the latest first'))
    .addOption(new Option('--format <format>', 'how').choices(['csv', 'ndjson']).default('csv'))
    .action(async (options) => done(await (await loadAudit()).exportAudit(options)));
}
