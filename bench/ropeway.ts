/** Ropeway as a contender: configs, the command of this checkout, and what it says about its run. */
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Contender, Result } from './contender.ts';
import { REMOVED_COLUMN, type DataFile } from './data.ts';
import type { Command } from './measure.ts';

export type Target = 'jsonl' | 'jsonl.gz' | 'csv.gz' | 'null';

export interface RopewayOptions {
  readonly name?: string;
  readonly threads: number;
  readonly target: Target;
  /** Renames one column and removes another. */
  readonly hasFilters?: boolean;
  readonly properties?: readonly string[];
  /** Where the text is instead of the file on the disk: the section of the input, without its parser. */
  readonly input?: object;
}

const bin = join(import.meta.dirname, '..', 'bin', 'ropeway.js');

export function ropewayCommand(args: readonly string[]): Command {
  return { command: process.execPath, args: [bin, ...args] };
}

/** JSON is YAML. Line breaks inside values stay what they are, so that all contenders have the same values. */
export function jobConfig(data: DataFile, target: Target, folder: string, input?: object): object {
  const columns = data.columns.map((column) => ({ ...column }));
  const parser = { type: 'csv', charset: 'UTF-8', newline: 'LF', skip_header_lines: 1, columns };
  const from = input ?? { type: 'file', path_prefix: data.path };
  return { in: { ...from, parser }, out: outConfig(target, folder) };
}

function outConfig(target: Target, folder: string): object {
  if (target === 'null') return { type: 'null' };
  const formatter = target === 'csv.gz' ? { type: 'csv', newline: 'LF' } : { type: 'jsonl' };
  const encoders = target.endsWith('.gz') ? [{ type: 'gzip', level: 1 }] : [];
  return { type: 'file', path_prefix: join(folder, 'out'), file_ext: target, formatter, encoders };
}

/** The only file of a job with one output task. */
export function outputFile(target: Target): string {
  return `out000.00.${target}`;
}

const RENAMED_COLUMN = 1;

function filtersFor({ columns }: DataFile): readonly object[] {
  const from = columns[RENAMED_COLUMN]?.name ?? '';
  return [
    { type: 'rename', columns: { [from]: `${from}_renamed` } },
    { type: 'remove_columns', remove: [columns[REMOVED_COLUMN]?.name] },
  ];
}

export function ropeway(data: DataFile, options: RopewayOptions): Contender {
  const { threads, target, hasFilters = false } = options;
  return {
    name: options.name ?? 'Ropeway',
    data,
    threads,
    phases: (folder) => [[ropewayJob(data, folder, options)]],
    result: target === 'null' ? { kind: 'count', rows: recordsRead } : resultOf(data, target, hasFilters),
  };
}

/** Writes the config into the folder; the command that runs it. */
export function ropewayJob(data: DataFile, folder: string, options: RopewayOptions): Command {
  const { threads, target, hasFilters = false, properties = [], input } = options;
  const filters = hasFilters ? { filters: filtersFor(data) } : {};
  const exec = { min_output_tasks: 1, max_threads: threads };
  const config = join(folder, 'config.yml');
  writeFileSync(config, JSON.stringify({ ...jobConfig(data, target, folder, input), ...filters, exec }));
  return ropewayCommand(['run', config, '--json', ...properties.flatMap((property) => ['-X', property])]);
}

function resultOf(data: DataFile, target: Target, hasFilters: boolean): Result {
  const columns = hasFilters
    ? data.columns
        .map((column, index) => (index === RENAMED_COLUMN ? { ...column, name: `${column.name}_renamed` } : column))
        .filter((_, index) => index !== REMOVED_COLUMN)
    : data.columns;
  return {
    kind: 'files',
    format: target === 'csv.gz' ? 'csv' : 'jsonl',
    columns,
    expected: hasFilters ? data.filtered : data.whole,
    parts: (folder) => [[join(folder, outputFile(target))]],
  };
}

interface ResultEvent {
  readonly event: string;
  readonly recordsRead?: number;
  readonly code?: string;
}

function recordsRead(output: string): number | undefined {
  return events(output).find(({ event }) => event === 'result')?.recordsRead;
}

/** Whether this checkout did not know a property that was set: then nothing was measured. */
export function ignoredProperty(output: string): boolean {
  return events(output).some(({ code }) => code === 'PROPERTY_UNKNOWN');
}

function events(output: string): readonly ResultEvent[] {
  // One JSON object a line; the first may have been cut.
  return output
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as ResultEvent);
}
