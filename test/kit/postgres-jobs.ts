/** Jobs of the command with a database server on one side or both. */
import { assert } from '#spi/assert.ts';
import type { Workspace } from './workspace.ts';

/** A server, as far as configs name it. */
export interface JobServer {
  readonly options: Readonly<Record<string, unknown>>;
}

export type Options = Readonly<Record<string, unknown>>;

/** Runs a config that must succeed; returns what it told. */
export async function succeed(place: Workspace, config: string, args: readonly string[] = []): Promise<string> {
  await place.write('config.yml', config);
  const result = await place.ropeway(['run', 'config.yml', ...args]);
  assert(result.exitCode === 0, `the command succeeds: ${result.stderr}`);
  return result.stderr;
}

/** Runs a config that must fail, and not by a bug; returns what it told. */
export async function fail(place: Workspace, config: string): Promise<string> {
  await place.write('config.yml', config);
  const result = await place.ropeway(['run', 'config.yml']);
  assert(result.exitCode === 1 || result.exitCode === 2, `the command fails: ${result.exitCode} ${result.stderr}`);
  return result.stderr;
}

function lines(options: Options): string {
  return Object.entries(options)
    .map(([key, value]) => `  ${key}: ${JSON.stringify(value)}\n`)
    .join('');
}

export function tableToTable(server: JobServer, input: Options, output: Options): string {
  return `in:\n${lines({ ...server.options, ...input })}out:\n${lines({ ...server.options, ...output })}`;
}

/** From files in `in/` with the columns `id` and `name`. */
export function csvToTable(server: JobServer, output: Options): string {
  return (
    'in:\n  type: file\n  path_prefix: in/\n' +
    '  parser: {type: csv, columns: [{name: id, type: long}, {name: name, type: string}]}\n' +
    `out:\n${lines({ ...server.options, ...output })}exec: {min_output_tasks: 1}\n`
  );
}

/** Values of the config itself; columns are `name: type`. */
export function valuesToTable(
  server: JobServer,
  columns: Readonly<Record<string, string>>,
  rows: readonly (readonly unknown[])[],
  output: Options,
): string {
  const list = Object.entries(columns).map(([name, type]) => ({ name, type, format: '%Y-%m-%d %H:%M:%S.%N' }));
  const parts = list.map(({ name, type, format }) => (type === 'timestamp' ? { name, type, format } : { name, type }));
  const input = { type: 'config', columns: parts, values: [rows] };
  return `in:\n${lines(input)}out:\n${lines({ ...server.options, ...output })}exec: {min_output_tasks: 1}\n`;
}

/** To one file in `out/`. */
export function tableToCsv(server: JobServer, input: Options): string {
  return (
    `in:\n${lines({ ...server.options, ...input })}` +
    'out:\n  type: file\n  path_prefix: out/r_\n  file_ext: csv\n' +
    '  formatter: {type: csv, newline: LF}\nexec: {min_output_tasks: 1}\n'
  );
}

/** Reads to a file, and returns its text. */
export async function readCsv(
  place: Workspace,
  server: JobServer,
  input: Options,
  args: readonly string[] = [],
): Promise<string> {
  await succeed(place, tableToCsv(server, input), args);
  return place.read('out/r_000.00.csv');
}
