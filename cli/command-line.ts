/** Options that every command takes, and Embulk's habit of options before the command word. */
import { Option } from 'commander';
import type { Command } from 'commander';
import type { LogLevel } from '#spi/context.ts';
import { cliErrors } from './errors.ts';
import { logLevels } from './log-printer.ts';

export interface SharedOptions {
  readonly logLevel: LogLevel;
  readonly logPath?: string;
  readonly X?: readonly string[];
  readonly json?: boolean;
  readonly plugins?: readonly string[];
  readonly load?: readonly string[];
  readonly loadPath?: readonly string[];
  readonly classpath?: readonly string[];
  readonly bundle?: string;
  readonly jruby?: readonly string[];
}

export function collect(value: string, before: readonly string[] = []): readonly string[] {
  return [...before, value];
}

/** Adds the shared options to a command. The JRuby and Java ones are taken and ignored, with a word about it. */
export function withSharedOptions(command: Command): Command {
  return command
    .addOption(new Option('-l, --log-level <level>', 'what to log').choices(logLevels).default('info'))
    .option('--log-path <file>', "write the log to a file ('-': the terminal)")
    .option('-X <key=value>', 'set a property, such as max_threads=4', collect)
    .option('--json', 'print for machines: JSON instead of words')
    .option('--plugins <place>', 'use the plugins of a folder or an installed package, too', collect)
    .addOption(new Option('-L, --load <path>').argParser(collect).hideHelp())
    .addOption(new Option('-I, --load-path <path>').argParser(collect).hideHelp())
    .addOption(new Option('-C, --classpath <paths>').argParser(collect).hideHelp())
    .addOption(new Option('-R, --jruby <option>').argParser(collect).hideHelp())
    .addOption(new Option('-b, --bundle <folder>').hideHelp());
}

/** Names of the options given that mean nothing without Java and JRuby. */
export function ignoredOptions(options: SharedOptions): readonly string[] {
  const names = { load: '-L', loadPath: '-I', classpath: '-C', jruby: '-R', bundle: '-b' } as const;
  return Object.entries(names).flatMap(([key, name]) =>
    options[key as keyof typeof names] === undefined ? [] : [name],
  );
}

/** Options of Embulk's that take a value, so that the value is not mistaken for the command word. */
const valued = new Set([
  ...['-l', '--log-level', '--log-path', '-X', '-R', '-L', '--load', '-I', '--load-path', '-C', '--classpath'],
  ...['-b', '--bundle', '-r', '--resume-state', '-o', '--output', '-c', '--config-diff', '-g', '--guess'],
  ...['--only', '--of', '--limit', '--prefix', '--plugins', '--kind', '--dir', '--data', '--url', '--token-file'],
  ...['--environment', '--secrets', '--seed'],
]);

/** Moves the command word to the front: `-l warn run config.yml` becomes `run -l warn config.yml`. */
export function commandFirst(args: readonly string[]): readonly string[] {
  for (let at = 0; at < args.length; at++) {
    const word = args[at] as string; // bounded by the loop
    if (valued.has(word)) at += 1;
    else if (!word.startsWith('-')) return [word, ...args.slice(0, at), ...args.slice(at + 1)];
  }
  return args;
}

/** `['a=1', 'b']` → `{a: '1', b: ''}`. */
export function properties(pairs: readonly string[] = []): Readonly<Record<string, string>> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const at = pair.indexOf('=');
      return at < 0 ? [pair, ''] : [pair.slice(0, at), pair.slice(at + 1)];
    }),
  );
}

/** A whole number from 1, as an option gives it. */
export function countOf(text: string, option: string): number {
  if (!/^[1-9]\d{0,8}$/.test(text)) throw cliErrors.error('NUMBER_INVALID', { value: text, option });
  return Number(text);
}

/** `key=value` pairs, each with its key. */
export function pairsOf(
  pairs: readonly string[] | undefined,
  { option, form }: { readonly option: string; readonly form: string },
): readonly (readonly [string, string])[] {
  return (pairs ?? []).map((pair) => {
    const at = pair.indexOf('=');
    if (at < 1) throw cliErrors.error('PAIR_INVALID', { value: pair, option, form });
    return [pair.slice(0, at), pair.slice(at + 1)];
  });
}
