/** The commands for definitions that are kept as files, and for a first look. */
import type { Command } from 'commander';
import { controlSub as sub } from './control-options.ts';
import type { Call, CommandEntry } from './command-entry.ts';

export const fileCommands: readonly CommandEntry[] = [
  { name: 'export', add: addExport },
  { name: 'diff', add: addDiff },
  { name: 'apply', add: addApply },
];

const load = () => import('./commands/files.ts');

function addExport(program: Command, { done, installation }: Call): void {
  sub(program, 'export <folder>', 'write the definitions of a server into a folder, a file each, without secrets')
    .option('--prune', 'remove files of what is not on the server')
    .action(async (folder, options) => done(await (await load()).exportDefinitions(folder, options, installation)));
}

function withEnvironment(command: Command): Command {
  return command
    .option('--environment <name>', 'with the connections and values of environments/NAME.yml')
    .option('--prune', 'delete what was applied once and is in no file any more');
}

function addDiff(program: Command, { done, installation }: Call): void {
  withEnvironment(sub(program, 'diff <folder>', 'show what `apply` would do: 0 when nothing, 3 when something'))
    .option('--overwrite', 'also what was changed on the server since the last apply')
    .action(async (folder, options) => done(await (await load()).diffDefinitions(folder, options, installation)));
}

function addApply(program: Command, { done, installation }: Call): void {
  withEnvironment(
    sub(program, 'apply <folder>', 'make a server as the files of a folder say, after a look at the plan'),
  )
    .option('--yes', 'do it without a question')
    .option('--overwrite', 'also what was changed on the server since the last apply')
    .option('--set-secrets', 'send the values of all secrets again')
    .option('--secrets <folder>', 'where `{ file: PATH }` is looked up; by default the folder itself')
    .action(async (folder, options) => done(await (await load()).applyDefinitions(folder, options, installation)));
}
