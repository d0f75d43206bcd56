/** Jobs between peers, through the command. */
import { readdir, readFile } from 'node:fs/promises';
import { assert } from '#spi/assert.ts';
import type { Column } from '#spi/schema.ts';
import type { CommandOptions, CommandResult } from '#test/kit/ropeway-command.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Peer, Section } from './peer.ts';

export type Row = Readonly<Record<string, unknown>>;

let jobs = 0;

/** Runs a job; what it says on stderr is in the result. JSON is YAML. */
export async function run(input: Section, output: Section, options: CommandOptions = {}): Promise<CommandResult> {
  await using place = await workspace({});
  const config = { in: input, out: output, exec: { min_output_tasks: 1 } };
  await place.write('config.yml', JSON.stringify(config));
  // The folder goes when the job is over.
  return await place.ropeway(['run', 'config.yml'], options);
}

export async function succeed(input: Section, output: Section): Promise<void> {
  const result = await run(input, output);
  assert(result.exitCode === 0, `the job succeeds: ${result.stderr}`);
}

/** The records at a place of the peer, by their `id`, as JSON lines have them. */
export async function recordsAt(peer: Peer, place: string, columns: readonly Column[]): Promise<Row[]> {
  assert(peer.in, 'a peer that is read has an input');
  return recordsOf(peer.in(place, columns));
}

export async function recordsOf(input: Section): Promise<Row[]> {
  await using folder = await workspace({});
  const prefix = folder.path(`out/${jobs++}_`);
  const output = { type: 'file', path_prefix: prefix, file_ext: 'jsonl', formatter: { type: 'jsonl' } };
  await succeed(input, output);
  const names = (await readdir(folder.path('out'))).sort();
  const texts = await Promise.all(names.map((name) => readFile(folder.path(`out/${name}`), 'utf8')));
  const lines = texts.join('').split('\n').filter(Boolean);
  return lines.map(parseExactly).sort((a, b) => Number(a['id']) - Number(b['id']));
}

/** Whole numbers keep all their digits, as texts. */
function parseExactly(line: string): Row {
  // Of the source text, which the reviver is given.
  const reviver = (_key: string, value: unknown, context: { source?: string }): unknown =>
    typeof value === 'number' ? (context.source ?? value) : value;
  return JSON.parse(line, reviver as (key: string, value: unknown) => unknown) as Row;
}

/** Values of a config, as one task. */
export function configInput(columns: readonly Column[], rows: readonly (readonly unknown[])[]): Section {
  const format = '%Y-%m-%d %H:%M:%S.%N';
  const written = columns.map(({ name, type }) => (type === 'timestamp' ? { name, type, format } : { name, type }));
  return { type: 'config', columns: written, values: [rows] };
}

/** A CSV file without a line of names. */
export function csvInput(path: string, columns: readonly Column[]): Section {
  const parser = { type: 'csv', columns: columns.map(({ name, type }) => ({ name, type })) };
  return { type: 'file', path_prefix: path, parser };
}
