/** The command `ropeway`: reads the command line and hands over to a command. */
import { readFileSync } from 'node:fs';
import { Command, CommanderError } from 'commander';
import { commandFirst, withSharedOptions } from './command-line.ts';

/** Exit code of a command line that makes no sense (as for any other mistake in what a user wrote). */
const USAGE_EXIT_CODE = 2;

/** Commands of Embulk's that need Java or Ruby. */
const removed = ['exec', 'irb', 'new', 'migrate', 'gem', 'bundle', 'mkbundle', 'install', 'selfupdate', 'cleanup'];

/** Runs one command line (without node and script) and returns the exit code. */
export async function main(args: readonly string[]): Promise<number> {
  let exitCode = 0;
  const program = new Command('ropeway')
    .description("Moves files and tables: runs Embulk's config.yml, many times faster and without a JVM.")
    .version(version(), '-v, --version', 'print the version')
    .helpOption('-h, --help', 'help for a command')
    .showHelpAfterError('(ropeway --help shows all commands)')
    .showSuggestionAfterError()
    .exitOverride();
  const done = (code: number): void => {
    exitCode = code;
  };
  addRun(program, done);
  addPreview(program, done);
  addGuess(program, done);
  addLint(program, done);
  addLookups(program, done);
  addRemoved(program, done);
  try {
    if (args.length === 0) program.outputHelp();
    else
      await program.parseAsync([...commandFirst(args.map((arg) => (arg === '-version' ? '--version' : arg)))], {
        from: 'user',
      });
  } catch (error) {
    if (!(error instanceof CommanderError)) throw error;
    return error.exitCode === 0 ? 0 : USAGE_EXIT_CODE;
  }
  return exitCode;
}

type Done = (exitCode: number) => void;

// Commands load when they are called: `--help` and `--version` need none of the engine.

function addRun(program: Command, done: Done): void {
  withSharedOptions(program.command('run'))
    .description('load the input into the output, as one transaction')
    .argument('<config>', 'config file: *.yml, *.yaml or *.yml.liquid')
    .option('-c, --config-diff <file>', 'read and write the state of incremental loading')
    .option('-o, --output <file>', 'write the config merged with that state')
    .option('-r, --resume-state <file>', 'remember finished tasks, and take up a failed run there')
    .option('--strict', 'treat unknown options as errors')
    .action(async (config, options) => done(await (await import('./commands/run.ts')).run(config, options)));
}

function addPreview(program: Command, done: Done): void {
  withSharedOptions(program.command('preview'))
    .description('show the first records as the output would get them')
    .argument('<config>', 'config file')
    .option('-G, --vertical', 'one field per line')
    .option('-r, --resume-state <file>', 'taken for compatibility; a preview resumes nothing')
    .option('--strict', 'treat unknown options as errors')
    .action(async (config, options) => done(await (await import('./commands/preview.ts')).preview(config, options)));
}

function addGuess(program: Command, done: Done): void {
  withSharedOptions(program.command('guess'))
    .description('find out decoders, charset, parser and columns from a sample, and write the config')
    .argument('<seed>', 'config file with at least `in: {type, path_prefix}`')
    .option('-o, --output <file>', 'write the config here instead of printing it')
    .option('-g, --guess <names>', 'more guessers, comma-separated, tried after the default ones')
    .action(async (config, options) => done(await (await import('./commands/guess.ts')).guess(config, options)));
}

function addLint(program: Command, done: Done): void {
  withSharedOptions(program.command('lint'))
    .description('check configs without running them: everything that is wrong, at once')
    .argument('<config...>', 'config files')
    .action(async (configs, options) => done(await (await import('./commands/lint.ts')).lint(configs, options)));
}

function addLookups(program: Command, done: Done): void {
  withSharedOptions(program.command('example'))
    .description('make a small CSV file and a seed config to try things on')
    .argument('[folder]', 'where', 'ropeway-example')
    .action(async (folder, options) => done(await (await import('./commands/example.ts')).example(folder, options)));
  const plugins = program.command('plugins').description('list the plugins, or describe one');
  withSharedOptions(plugins.command('list', { isDefault: true }))
    .description('list all plugins')
    .action(async (options) => done(await (await import('./commands/plugins.ts')).listPlugins(options)));
  withSharedOptions(plugins.command('describe'))
    .description('everything about a plugin: options, defaults, examples')
    .argument('<name>', 'as in `type:`')
    .action(async (name, options) => done(await (await import('./commands/plugins.ts')).describePlugin(name, options)));
  program
    .command('schema')
    .description('print the JSON Schema of a config, for editors')
    .action(async () => done(await (await import('./commands/schema.ts')).schema()));
  program
    .command('license')
    .description('print the license')
    .action(() => {
      process.stdout.write(readFileSync(new URL('../LICENSE', import.meta.url)));
    });
}

function addRemoved(program: Command, done: Done): void {
  for (const name of removed) {
    program
      .command(name, { hidden: true })
      .allowUnknownOption()
      .argument('[args...]')
      .action(async () => done(await (await import('./commands/removed.ts')).removedCommand(name)));
  }
}

function version(): string {
  // Our own package file, beside the sources.
  const file = JSON.parse(readFileSync(new URL('../package.json', import.meta.url), 'utf8')) as { version: string };
  return file.version;
}
