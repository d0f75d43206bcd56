/** The commands that talk to a control plane: connections, transfers, schedules, runs, groups, tokens, limits, notices. */
import { Argument, Option } from 'commander';
import type { Command } from 'commander';
import { roles } from '#api/endpoint.ts';
import { deliveryStates } from '#api/resources/notice.ts';
import { scopeKinds } from '#api/resources/limit.ts';
import { collect } from './command-line.ts';
import type { Call, CommandEntry } from './command-entry.ts';
import { controlList as list, controlSub as sub } from './control-options.ts';
import { peopleCommands } from './people-commands.ts';
import { addSchedules } from './schedule-commands.ts';

/** In the order of the help. */
export const controlCommands: readonly CommandEntry[] = [
  { name: 'connections', add: addConnections, ownsItsOptions: true },
  { name: 'transfers', add: addTransfers, ownsItsOptions: true },
  { name: 'labels', add: addLabels, ownsItsOptions: true },
  { name: 'schedules', add: (program, call) => addSchedules(program, call, { sub, list }), ownsItsOptions: true },
  { name: 'runs', add: addRuns, ownsItsOptions: true },
  { name: 'groups', add: addGroups, ownsItsOptions: true },
  { name: 'tokens', add: addTokens, ownsItsOptions: true },
  { name: 'users', add: addUsers, ownsItsOptions: true },
  { name: 'limits', add: addLimits, ownsItsOptions: true },
  ...peopleCommands,
  { name: 'notices', add: addNotices, ownsItsOptions: true },
];

const use = (): Option =>
  new Option('--use <side>', 'to be read (in) or written (out)').choices(['in', 'out']).default('in');

function withOptionValues(command: Command): Command {
  return command
    .option('-o, --option <key=value>', 'an option that is not secret, its value as in a config file', collect)
    .option('--secret <key>', 'a secret option, its value on the standard input (several: a line each)', collect)
    .option('--secret-file <key=file>', 'a secret option, its value in a file', collect)
    .option('--group <name>', 'the group that it belongs to');
}

function addConnections(program: Command, { done, installation }: Call): void {
  const group = program.command('connections').description('saved connections of a server');
  const load = () => import('./commands/connections.ts');
  list(group, 'list them, without their secrets')
    .option('--q <text>', 'part of the name')
    .option('--type <plugin>', 'only those of this plugin')
    .option('--group <name>', 'only those of this group')
    .action(async (options) => done(await (await load()).listConnections(options)));
  sub(group, 'show <connection>', 'show one: of its secrets only which are set').action(async (name, options) =>
    done(await (await load()).showConnection(name, options)),
  );
  withOptionValues(sub(group, 'create <name>', 'save one'))
    .requiredOption('--type <plugin>', 'name of its plugin, such as postgresql or s3')
    .action(async (name, options) => done(await (await load()).createConnection(name, options, installation)));
  withOptionValues(sub(group, 'update <connection>', 'change one; what is not named stays'))
    .option('--name <name>', 'another name')
    .option('--unset <key>', 'remove an option', collect)
    .action(async (name, options) => done(await (await load()).updateConnection(name, options, installation)));
  sub(group, 'delete <connection>', 'remove one that nothing uses').action(async (name, options) =>
    done(await (await load()).deleteConnection(name, options)),
  );
  const looks = () => import('./commands/connection-looks.ts');
  sub(group, 'test <connection>', 'try one from where the runs are')
    .addOption(use())
    .action(async (name, options) => done(await (await looks()).testSaved(name, options)));
  list(group, 'list what is behind one: databases, tables, buckets, files', 'browse <connection> [path...]')
    .addOption(use())
    .option('--prefix <text>', 'only names that begin with this')
    .action(async (name, path, options) => done(await (await looks()).browseSaved(name, path, options)));
}

function addTransfers(program: Command, { done }: Call): void {
  const group = program.command('transfers').description('saved transfers of a server, and runs of them');
  const load = () => import('./commands/transfers.ts');
  list(group, 'list them')
    .option('--q <text>', 'part of a name, a label or a text such as a table; /…/ is a regular expression')
    .option('--group <name>', 'only those of this group')
    .option('--connection <name>', 'only those that use this connection')
    .option('--label <name>', 'only those with this label, with each of several', collect)
    .action(async (options) => done(await (await load()).listTransfers(options)));
  sub(group, 'show <transfer>', 'print the configuration of one')
    .option('--revision <no>', 'as it was in this revision')
    .option('--yaml', 'its YAML alone, to be kept as a file')
    .action(async (name, options) => done(await (await load()).showTransfer(name, options)));
  withTransferFields(sub(group, 'create <config>', 'save a config file as a transfer'))
    .option('--name <name>', 'by default the name of the file')
    .action(async (file, options) => done(await (await load()).createTransfer(file, options)));
  withTransferFields(sub(group, 'update <transfer> [config]', 'change one; another config is the next revision'))
    .option('--name <name>', 'another name')
    .addOption(new Option('--enable', 'let it run').conflicts('disable'))
    .option('--disable', 'let no run of it begin')
    .action(async (name, file, options) => done(await (await load()).updateTransfer(name, file, options)));
  sub(group, 'delete <transfer>', 'remove one, with its revisions').action(async (name, options) =>
    done(await (await load()).deleteTransfer(name, options)),
  );
  list(group, 'list the revisions of one', 'revisions <transfer>').action(async (name, options) =>
    done(await (await load()).listRevisions(name, options)),
  );
  sub(group, 'restore <transfer> <no>', 'make an old revision the next one')
    .option('--memo <text>', 'what was changed, and why')
    .action(async (name, no, options) => done(await (await load()).restoreRevision(name, no, options)));
  withValues(withWait(sub(group, 'run <transfer>', 'run one now, and print the id of the run')))
    .option('--var <name=value>', 'value of {{ vars.name }} in its configuration', collect)
    .option('--revision <no>', 'another revision than the current one')
    .action(async (name, options) => done(await (await load()).runTransfer(name, options)));
  withValues(sub(group, 'variables <transfer>', 'show what runs of one would get for its variables'))
    .option('--count <number>', 'how many firings of its schedules; by default 5')
    .option('--declare <file>', 'first give it those that this YAML or JSON file lists as `variables`')
    .action(async (name, options) => {
      done(await (await import('./commands/transfer-variables.ts')).transferVariables(name, options));
    });
  addTransferWork(group, done);
  addTransferLooks(group, done);
}

function withValues(command: Command): Command {
  return command
    .option('--at <time>', 'the instant that the run is about: 2026-01-31, or 2h for two hours ago; by default now')
    .option('--value <name=value>', 'value of the variable $name$, for this run alone', collect);
}

function addTransferWork(group: Command, done: Call['done']): void {
  const load = () => import('./commands/transfers.ts');
  sub(group, 'diff <transfer> <from> [to]', 'compare two revisions; by default with the current one').action(
    async (name, from, to, options) => done(await (await load()).diffTransfer(name, from, to, options)),
  );
  sub(group, 'copy <transfer> <name>', 'make another one that does the same')
    .option('--group <name>', 'the group of the copy')
    .addOption(
      new Option('--schedules <how>', 'copied switched off, as they are, or not').choices(['off', 'same', 'none']),
    )
    .action(async (name, copy, options) => done(await (await load()).copyTransfer(name, copy, options)));
}

function addTransferLooks(group: Command, done: Call['done']): void {
  const load = () => import('./commands/transfer-looks.ts');
  sub(group, 'guess <transfer|config>', 'find out settings from a sample, and print the configuration with them')
    .option('--var <name=value>', 'value of a variable', collect)
    .option('--output <file>', 'write the configuration here instead')
    .action(async (which, options) => done(await (await load()).guessTransfer(which, options)));
  sub(group, 'preview <transfer|config>', 'show the first records as the output would get them')
    .option('--var <name=value>', 'value of a variable', collect)
    .option('--rows <count>', 'records at most')
    .action(async (which, options) => done(await (await load()).previewTransfer(which, options)));
}

function withTransferFields(command: Command): Command {
  return command
    .option('--description <text>', 'for people')
    .option('--group <name>', 'the group that it belongs to')
    .option('--label <name>', 'a label, or several; they take the place of those before', collect)
    .option('--memo <text>', 'what was changed, and why');
}

function withWait(command: Command): Command {
  return command
    .option('--wait', 'stay until its end: 0 when it succeeded, 1 when not; Ctrl-C leaves it running')
    .option('-v, --verbose', 'with --wait: the log of the run, too');
}

function addLabels(program: Command, { done }: Call): void {
  const group = program.command('labels').description('words that transfers of a server are found by');
  const load = () => import('./commands/labels.ts');
  list(group, 'list them').action(async (options) => done(await (await load()).listLabels(options)));
  sub(group, 'create <name>', 'make one')
    .option('--colour <#rrggbb>', 'how it is shown')
    .option('--description <text>', 'what it says about a transfer')
    .action(async (name, options) => done(await (await load()).createLabel(name, options)));
  sub(group, 'delete <label>', 'remove one, and take it off transfers').action(async (name, options) =>
    done(await (await load()).deleteLabel(name, options)),
  );
}

function addRuns(program: Command, { done }: Call): void {
  const group = program.command('runs').description('what runs, ran, or waits on a server, and why');
  const load = () => import('./commands/runs.ts');
  list(group, 'list them, the latest first')
    .option('--state <state>', 'only in this state', collect)
    .option('--transfer <name>', 'only of this transfer')
    .option('--group <name>', 'only of this group')
    .option('--kind <kind>', 'only of this kind: transfer, test, browse, guess, preview', collect)
    .option('--trigger <trigger>', 'only what this created: manual, api, schedule, workflow', collect)
    .option('--since <time>', 'created from then on: 2026-01-31, or 2h')
    .option('--until <time>', 'created before')
    .option('--text <text>', 'part of the name of the transfer, or an id')
    .action(async (options) => done(await (await load()).listRuns(options)));
  sub(group, 'show <run>', 'everything about one').action(async (id, options) =>
    done(await (await load()).showRun(id, options)),
  );
  sub(group, 'watch <run>', 'stay until its end: 0 when it succeeded, 1 when not; Ctrl-C leaves it running')
    .option('-v, --verbose', 'the log of the run, too')
    .action(async (id, options) => done(await (await load()).watch(id, options)));
  sub(group, 'logs <run>', 'print the log of one')
    .option('-f, --follow', 'stay until the end of the run')
    .option('--attempt <no>', 'of this attempt alone')
    .action(async (id, options) => done(await (await load()).runLogs(id, options)));
  sub(group, 'cancel <run...>', 'end runs that wait or run')
    .option('--force', 'also when data may be visible already: what became of it is then unknown')
    .action(async (ids, options) => done(await (await load()).cancelRuns(ids, options)));
  withWait(sub(group, 'retry <run>', 'a new run that does the same')).action(async (id, options) =>
    done(await (await load()).retryRun(id, options)),
  );
}

function addGroups(program: Command, { done }: Call): void {
  const group = program.command('groups').description('what connections and transfers of a server belong to');
  const load = () => import('./commands/groups.ts');
  list(group, 'list them')
    .option('--q <text>', 'part of the name')
    .action(async (options) => done(await (await load()).listGroups(options)));
  sub(group, 'create <name>', 'make one').action(async (name, options) =>
    done(await (await load()).createGroup(name, options)),
  );
  sub(group, 'rename <group> <name>', 'give one another name').action(async (which, name, options) =>
    done(await (await load()).renameGroup(which, name, options)),
  );
  sub(group, 'delete <group>', 'remove one that nothing belongs to').action(async (which, options) =>
    done(await (await load()).deleteGroup(which, options)),
  );
}

function addTokens(program: Command, { done }: Call): void {
  const group = program.command('tokens').description('tokens for the API of a server');
  const load = () => import('./commands/tokens.ts');
  list(group, 'list them, without the tokens themselves').action(async (options) =>
    done(await (await load()).listTokens(options)),
  );
  sub(group, 'create <name>', 'make one, and print it, this once')
    .option('--expires <time>', 'refused from then on: 2026-12-31, or 90d')
    .addOption(new Option('--role <role>', 'what it may do; by default that of an administrator').choices(roles))
    .addOption(new Option('--group <name>', 'in this group alone').conflicts(['own', 'installation']))
    .option('--installation', 'it manages workspaces, people and limits of the installation, too')
    .option('--own', 'for yourself: it may do no more than you, nor than its role, by default that of an operator')
    .action(async (name, options) => done(await (await load()).createToken(name, options)));
  sub(group, 'revoke <token>', 'refuse one from now on, by its name or id').action(async (name, options) =>
    done(await (await load()).revokeToken(name, options)),
  );
}

function addUsers(program: Command, { done }: Call): void {
  const group = program.command('users').description('people who sign in to a server');
  const load = () => import('./commands/users.ts');
  sub(group, 'setup-link', 'make the link that sets up the owner of a new server, and print it').action(
    async (options) => done(await (await load()).makeSetupLink(options)),
  );
  sub(group, 'reset-link <user>', 'make a link that sets a new password, by e-mail address or id').action(
    async (user, options) => done(await (await load()).makeResetLink(user, options)),
  );
  sub(group, 'end-second-factor <user>', 'switch off the second factor of somebody who has lost it').action(
    async (user, options) => done(await (await load()).endSecondFactor(user, options)),
  );
}

function addLimits(program: Command, { done }: Call): void {
  const group = program.command('limits').description('how many runs of a server at the same time');
  const load = () => import('./commands/limits.ts');
  list(group, 'list them')
    .addOption(new Option('--kind <kind>', 'only of this kind').choices(scopeKinds))
    .action(async (options) => done(await (await load()).listLimits(options)));
  sub(group, 'set', 'set one; runs that run already go on')
    .addArgument(new Argument('<kind>', 'what is limited').choices(scopeKinds))
    .argument('[which]', 'its name or id; an account by one of its connections')
    .requiredOption('--seats <count>', 'runs at the same time; 0 lets none begin')
    .option('--label <text>', 'how it is named to those who wait')
    .action(async (kind, which, options) => done(await (await load()).setLimit(kind, which, options)));
  sub(group, 'remove', 'set no limit any more')
    .addArgument(new Argument('<kind>', 'what is limited').choices(scopeKinds))
    .argument('[which]', 'its name or id; an account by one of its connections')
    .action(async (kind, which, options) => done(await (await load()).removeLimit(kind, which, options)));
}

function addNotices(program: Command, { done }: Call): void {
  const group = program.command('notices').description('who is told what by a server, and what became of it');
  const load = () => import('./commands/notices.ts');
  list(group, 'list where notices go', 'destinations').action(async (options) =>
    done(await (await load()).listDestinations(options)),
  );
  list(group, 'list what is told where', 'rules')
    .option('--transfer <name>', 'only those that tell of this transfer')
    .action(async (options) => done(await (await load()).listRules(options)));
  list(group, 'list what was sent, is to be sent, or was given up', 'log')
    .addOption(new Option('--state <state>', 'only in this state').choices(deliveryStates))
    .option('--run <id>', 'only those that tell of this run')
    .action(async (options) => done(await (await load()).listDeliveries(options)));
  sub(group, 'test <destination>', 'send a test message, and say what became of it: 0 when it arrived').action(
    async (name, options) => done(await (await load()).testDestination(name, options)),
  );
  sub(group, 'resend <delivery>', 'send one again, by its id in the log').action(async (id, options) =>
    done(await (await load()).resendDelivery(id, options)),
  );
}
