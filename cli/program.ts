/** Reads the command line and hands over to a command. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError, Option } from 'commander';
import type { Call, CommandEntry, ProgramParts } from './command-entry.ts';
import { commandFirst, withSharedOptions } from './command-line.ts';
import { controlCommands } from './control-commands.ts';
import { fileCommands } from './file-commands.ts';
import { scaffoldKinds } from './scaffold-kinds.ts';

/** Exit code of a command line that makes no sense (as for any other mistake in what a user wrote). */
const USAGE_EXIT_CODE = 2;

/** Commands of Embulk's that need Java or Ruby. */
const removed = ['exec', 'irb', 'migrate', 'gem', 'bundle', 'mkbundle', 'install', 'selfupdate', 'cleanup'];

/** Runs one command line and returns the exit code. */
export async function runProgram(args: readonly string[], parts: ProgramParts): Promise<number> {
  let exitCode = 0;
  const words = commandFirst(args.map((arg) => (arg === '-version' ? '--version' : arg)));
  const program = new Command('ropeway')
    .description("Moves files and tables: runs Embulk's config.yml, many times faster and without a JVM.")
    .version(parts.version, '-v, --version', 'print the version')
    .helpOption('-h, --help', 'help for a command')
    .showHelpAfterError('(ropeway --help shows all commands)')
    .showSuggestionAfterError()
    .exitOverride();
  const call: Call = { ...parts, done: (code) => void (exitCode = code) };
  // Declaring a command takes half a millisecond: only help and mistakes need to know them all.
  const named = commands.filter(({ name }) => name === words[0]);
  if (named.some(({ ownsItsOptions }) => ownsItsOptions)) program.enablePositionalOptions();
  for (const { add } of named.length > 0 ? named : commands) add(program, call);
  for (const name of removed) if (named.length === 0) addRemoved(program, name, call);
  try {
    if (args.length === 0) program.outputHelp();
    else await program.parseAsync([...words], { from: 'user' });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
  }
  return exitCode;
}

/** In the order of the help. */
const commands: readonly CommandEntry[] = [
  { name: 'run', add: addRun },
  { name: 'preview', add: addPreview },
  { name: 'guess', add: addGuess },
  { name: 'lint', add: addLint },
  { name: 'test', add: addTest },
  { name: 'discover', add: addDiscover },
  { name: 'example', add: addExample },
  { name: 'plugins', add: addPlugins },
  { name: 'new', add: addNew },
  { name: 'schema', add: addSchema },
  {
    name: 'server',
    add: addServer(
      'server',
      ['api', 'dispatcher', 'scheduler'],
      'the control plane: API, dispatcher and scheduler in one process',
    ),
  },
  { name: 'api', add: addServer('api', ['api'], 'the API of the control plane alone') },
  { name: 'dispatcher', add: addServer('dispatcher', ['dispatcher'], 'the dispatcher of the control plane alone') },
  { name: 'scheduler', add: addServer('scheduler', ['scheduler'], 'the scheduler of the control plane alone') },
  ...controlCommands,
  ...fileCommands,
  { name: 'db', add: addDb },
  { name: 'license', add: addLicense },
  { name: 'runner', add: addRunner },
];

// Commands load when they are called: `--help` and `--version` need none of the engine.

function addRun(program: Command, { done, installation }: Call): void {
  withSharedOptions(program.command('run'))
    .description('load the input into the output, as one transaction')
    .argument('<config>', 'config file: *.yml, *.yaml or *.yml.liquid')
    .option('-c, --config-diff <file>', 'read and write the state of incremental loading')
    .option('-o, --output <file>', 'write the config merged with that state')
    .option('-r, --resume-state <file>', 'remember finished tasks, and take up a failed run there')
    .option('--strict', 'treat unknown options as errors')
    .action(async (config, options) =>
      done(await (await import('./commands/run.ts')).run(config, options, installation)),
    );
}

function addPreview(program: Command, { done, installation }: Call): void {
  withSharedOptions(program.command('preview'))
    .description('show the first records as the output would get them')
    .argument('<config>', 'config file')
    .option('-G, --vertical', 'one field per line')
    .option('-r, --resume-state <file>', 'taken for compatibility; a preview resumes nothing')
    .option('--strict', 'treat unknown options as errors')
    .action(async (config, options) =>
      done(await (await import('./commands/preview.ts')).preview(config, options, installation)),
    );
}

function addGuess(program: Command, { done, installation }: Call): void {
  withSharedOptions(program.command('guess'))
    .description('find out decoders, charset, parser and columns from a sample, and write the config')
    .argument('<seed>', 'config file with at least `in: {type, path_prefix}`')
    .option('-o, --output <file>', 'write the config here instead of printing it')
    .option('-g, --guess <names>', 'more guessers, comma-separated, tried after the default ones')
    .action(async (config, options) =>
      done(await (await import('./commands/guess.ts')).guess(config, options, installation)),
    );
}

function addLint(program: Command, { done, installation }: Call): void {
  withSharedOptions(program.command('lint'))
    .description('check configs without running them: everything that is wrong, at once')
    .argument('<config...>', 'config files')
    .action(async (configs, options) =>
      done(await (await import('./commands/lint.ts')).lint(configs, options, installation)),
    );
}

function addTest(program: Command, { done, installation }: Call): void {
  withSharedOptions(program.command('test'))
    .description('try the connections of a config: does each system answer, may we log in, read and write')
    .argument('<config>', 'config file')
    .addOption(new Option('--only <side>', 'only this side').choices(['in', 'out']))
    .action(async (config, options) =>
      done(await (await import('./commands/test.ts')).test(config, options, installation)),
    );
}

function addDiscover(program: Command, { done, installation }: Call): void {
  withSharedOptions(program.command('discover'))
    .description('list what is behind a connection: databases, tables, columns, buckets, folders, files')
    .argument('<config>', 'config file')
    .argument('[path...]', 'names of containers from the top, one by one')
    .addOption(new Option('--of <side>', 'whose connection').choices(['in', 'out']).default('in'))
    .option('--limit <count>', 'entries at most', '1000')
    .option('--all', 'all entries, without a limit')
    .option('--prefix <text>', 'only names that begin with this')
    .action(async (config, path, options) =>
      done(await (await import('./commands/discover.ts')).discover(config, path, options, installation)),
    );
}

function addExample(program: Command, { done }: Call): void {
  withSharedOptions(program.command('example'))
    .description('make a small CSV file and a seed config to try things on')
    .argument('[folder]', 'where', 'ropeway-example')
    .action(async (folder, options) => done(await (await import('./commands/example.ts')).example(folder, options)));
}

function addPlugins(program: Command, call: Call): void {
  const { done, installation } = call;
  const plugins = program.command('plugins').description('list the plugins, describe one, or check your own');
  withSharedOptions(plugins.command('list', { isDefault: true }))
    .description('list all plugins')
    .action(async (options) => done(await (await import('./commands/plugins.ts')).listPlugins(options, installation)));
  addPluginsCheck(plugins, call);
  withSharedOptions(plugins.command('describe'))
    .description('everything about a plugin: options, defaults, examples')
    .argument('<name>', 'as in `type:`')
    .action(async (name, options) =>
      done(await (await import('./commands/plugins.ts')).describePlugin(name, options, installation)),
    );
}

function addPluginsCheck(plugins: Command, { done, installation }: Call): void {
  withSharedOptions(plugins.command('check'))
    .description('try the plugins of a package against everything that must hold for a plugin')
    .argument('<place>', 'folder with a package.json, or an installed package')
    .action(async (place, options) =>
      done(await (await import('./commands/plugins-check.ts')).checkPlugins(place, options, installation)),
    );
}

function addNew(program: Command, { done, installation }: Call): void {
  const command = program.command('new').description('begin something of your own');
  withSharedOptions(command.command('plugin'))
    .description('make a folder with a plugin that works, to be changed into yours')
    .argument('<name>', 'as in `type:`')
    .addOption(new Option('--kind <kind>', 'what it is').choices(scaffoldKinds).makeOptionMandatory())
    .option('--dir <folder>', 'where; by default ropeway-plugin-NAME')
    .action(async (name, options) =>
      done(await (await import('./commands/new-plugin.ts')).newPlugin(name, options, installation)),
    );
}

function addSchema(program: Command, { done, installation }: Call): void {
  withSharedOptions(program.command('schema'))
    .description('print the JSON Schema of a config, for editors')
    .action(async (options) => done(await (await import('./commands/schema.ts')).schema(options, installation)));
}

function addDb(program: Command, { done }: Call): void {
  const db = program
    .command('db')
    .description('look after the database of the control plane (DATABASE_URL, or --data)');
  const add = (words: string): Command =>
    withSharedOptions(db.command(words)).option('--data <folder>', 'the embedded database in this folder');
  add('migrate')
    .description('bring it to the form that this release needs')
    .action(async (options) => done(await (await import('./commands/db.ts')).migrateDatabase(options)));
  add('export <file>')
    .description('write all rows into one file, to be imported into another database')
    .action(async (file, options) => done(await (await import('./commands/db.ts')).exportDatabase(file, options)));
  add('import <file>')
    .description('read what was exported into an empty database')
    .action(async (file, options) => done(await (await import('./commands/db.ts')).importDatabase(file, options)));
  add('rotate-key')
    .description('put all secrets under the first of the keys that are given')
    .action(async (options) => done(await (await import('./commands/db.ts')).rotateKey(options)));
}

function addLicense(program: Command, { installation }: Call): void {
  program
    .command('license')
    .description('print the license')
    .action(() => {
      process.stdout.write(readFileSync(new URL('LICENSE', installation.root)));
    });
}

function addServer(
  name: string,
  roles: readonly ('api' | 'dispatcher' | 'scheduler')[],
  description: string,
): CommandEntry['add'] {
  return (program, { done, installation, version }) => {
    const port = roles.includes('api')
      ? new Option('--port <number>', 'listen on this port; 0 takes a free one').default('8080')
      : new Option('--port <number>', 'tell of health and metrics on this port; by default it does not listen');
    withSharedOptions(program.command(name))
      .description(description)
      .option(
        '--data <folder>',
        'keys, runs, and the embedded database unless DATABASE_URL names another',
        'ropeway-data',
      )
      .option('--host <address>', 'listen on this address', '127.0.0.1')
      .addOption(port)
      .option('--control-url <url>', 'where runners find the API; by default where it listens')
      .option('--seats <number>', 'runs at once, for a new installation')
      .option('--retention-days <days>', 'how long ended runs are kept, with their logs; 90 unless said otherwise')
      .option('--audit-days <days>', 'how long the audit log is kept; 400 unless said otherwise')
      .option('--metrics-public', 'answer /metrics without a token')
      .option('--public-url <url>', 'how people reach it, such as https://ropeway.example; or ROPEWAY_PUBLIC_URL')
      .option('--proxies <count>', 'proxies in front of it, which say in X-Forwarded-For who asks')
      .action(async (options) => {
        const command = await import('./commands/server.ts');
        done(await command.server(options, { installation, version, roles }));
      });
  };
}

function addRunner(program: Command, { done, installation, version }: Call): void {
  program
    .command('runner', { hidden: true })
    .action(async () => done(await (await import('./commands/runner.ts')).runner(installation, version)));
}

function addRemoved(program: Command, name: string, { done }: Call): void {
  program
    .command(name, { hidden: true })
    .allowUnknownOption()
    .argument('[args...]')
    .action(async () => done(await (await import('./commands/removed.ts')).removedCommand(name)));
}
