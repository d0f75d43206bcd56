/** What the command line says. */
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseArgs } from 'node:util';

export interface Options {
  readonly isQuick: boolean;
  readonly rounds: number;
  /** Only jobs whose name holds this. */
  readonly only: string | undefined;
  readonly dataFolder: string;
  readonly embulkJar: string | undefined;
  readonly megabytes: number;
  /** The command that repeats the run, without paths of this machine. */
  readonly commandLine: string;
}

export function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: {
      quick: { type: 'boolean', default: false },
      rounds: { type: 'string' },
      only: { type: 'string' },
      data: { type: 'string' },
      embulk: { type: 'string' },
      mb: { type: 'string' },
    },
  });
  const isQuick = values.quick;
  return {
    isQuick,
    rounds: count('rounds', values.rounds) ?? (isQuick ? 3 : 5),
    only: values.only,
    dataFolder: values.data ?? join(tmpdir(), 'ropeway-bench-data'),
    embulkJar: values.embulk,
    megabytes: count('mb', values.mb) ?? (isQuick ? 64 : 256),
    commandLine: commandLine(values),
  };
}

function count(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1)
    throw new Error(`--${name} is '${text}': it must be a whole number above 0`);
  return value;
}

function commandLine(values: Readonly<Record<string, string | boolean | undefined>>): string {
  const placeholders: Record<string, string> = { data: 'DIR', embulk: 'JAR' };
  const words = Object.entries(values).flatMap(([name, value]) => {
    if (value === undefined || value === false) return [];
    return value === true ? [`--${name}`] : [`--${name}`, placeholders[name] ?? value];
  });
  return ['npm run bench', ...(words.length > 0 ? ['--', ...words] : [])].join(' ');
}
