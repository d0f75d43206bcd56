/** The jobs, and who takes part in each. */
import { join } from 'node:path';
import { fileResult, noResult, printedRows, type Contender, type Result } from './contender.ts';
import type { DataFile } from './data.ts';
import type { Lines } from './lines.ts';
import type { Command } from './measure.ts';
import { csvParse, csvParseRun } from './peers/csv-parse.ts';
import { duckdb, duckdbJson, duckdbParse } from './peers/duckdb.ts';
import { embulk } from './peers/embulk.ts';
import { igzip, igzipCommand, pigz, pigzCommand } from './peers/gzip-tools.ts';
import { nodeZlib } from './peers/node-zlib.ts';
import { polars, polarsJson } from './peers/polars.ts';
import { udsv, udsvRun } from './peers/udsv.ts';
import { outputFile, ropeway, ropewayCommand, ropewayJob } from './ropeway.ts';

export interface Job {
  readonly id: string;
  readonly title: string;
  /** The first is the one that the others are compared with. */
  readonly contenders: readonly Contender[];
  /** Jobs that last no longer than a start are run more often, and told in milliseconds. */
  readonly isSmall?: boolean;
}

export interface Plan {
  readonly narrow: DataFile;
  readonly wide: DataFile;
  /** The beginning of `narrow`, for peers that would need minutes for all of it. */
  readonly narrowStart: DataFile;
  readonly wideStart: DataFile;
  readonly tenRows: DataFile;
  readonly megabyte: DataFile;
  readonly lines: Lines;
  /** Packages and programs that are there. */
  readonly available: ReadonlySet<string>;
  readonly embulkJar: string | undefined;
}

/** The goals are for two cores. */
export const THREADS = 2;

export const names = {
  own: 'Ropeway',
  filters: 'Ropeway, two filters',
  oneThread: 'Ropeway, 1 thread',
  start: 'Ropeway, start of the file',
  fallback: 'Ropeway, pure TypeScript, 1 thread',
  zlib: 'the same on Node zlib 1',
  igzip: 'igzip -1, two at once',
  duckdb: 'DuckDB',
  embulk: 'Embulk',
  version: '--version',
  tenRows: '10 rows',
  megabyte: '1 MB',
} as const;

export function jobsOf(plan: Plan): readonly Job[] {
  const { narrow, wide } = plan;
  return [
    { id: 'narrow-jsonl-gz', title: 'narrow CSV → JSON-lines.gz', contenders: narrowGzip(plan) },
    {
      id: 'narrow-csv-gz',
      title: 'narrow CSV → CSV.gz',
      contenders: [ropeway(narrow, { threads: THREADS, target: 'csv.gz' }), ...embulkFor(plan, 'csv.gz')],
    },
    { id: 'narrow-null', title: 'narrow CSV → null (parsed and typed)', contenders: narrowNull(plan) },
    { id: 'narrow-jsonl', title: 'narrow CSV → JSON-lines', contenders: narrowLines(plan) },
    {
      id: 'wide-jsonl-gz',
      title: 'wide CSV (50 columns) → JSON-lines.gz',
      contenders: [
        ropeway(wide, { threads: THREADS, target: 'jsonl.gz' }),
        throughZlib(wide),
        ...duckdbFor(plan, plan.wideStart, 'out.jsonl.gz'),
      ],
    },
    { id: 'variants', title: 'narrow CSV → JSON-lines.gz, Ropeway against itself', contenders: variants(plan) },
    { id: 'small', title: 'Small jobs', contenders: small(plan), isSmall: true },
  ];
}

function narrowGzip(plan: Plan): readonly Contender[] {
  const { narrow, narrowStart, lines } = plan;
  const result = fileResult(narrowStart, 'jsonl', 'out.jsonl.gz');
  const out = (folder: string): string => join(folder, 'out.jsonl.gz');
  return [
    ropeway(narrow, { threads: THREADS, target: 'jsonl.gz' }),
    throughZlib(narrow),
    ...when(plan, igzip.command, {
      ...once(names.igzip, narrow, piecesResult(narrow)),
      phases: (folder) => [lines.pieces.map((piece, index) => igzipCommand(piece, pieceFile(folder, index)))],
    }),
    ...when(plan, pigz.command, {
      ...once('pigz -1 -p 2', narrow, fileResult(narrow, 'jsonl', 'out.jsonl.gz')),
      phases: (folder) => [[pigzCommand(lines.whole, out(folder), THREADS)]],
    }),
    ...when(plan, polars.package, {
      ...once('polars + Node gzip 1', narrowStart, result),
      phases: (folder) => [[polarsJson(narrowStart, THREADS, out(folder))]],
    }),
    ...when(plan, udsv.package, {
      ...once('udsv + JSON.stringify + Node gzip 1', narrowStart, result),
      phases: (folder) => [[udsvRun(narrowStart, out(folder))]],
    }),
    ...when(plan, csvParse.package, {
      ...once('csv-parse + JSON.stringify + Node gzip 1', narrowStart, result),
      phases: (folder) => [[csvParseRun(narrowStart, out(folder))]],
    }),
    ...duckdbFor(plan, narrowStart, 'out.jsonl.gz'),
  ];
}

function narrowNull(plan: Plan): readonly Contender[] {
  const { narrow, narrowStart } = plan;
  const parse = (name: string, data: DataFile, command: Command): Contender => ({
    ...once(name, data, printedRows),
    phases: () => [[command]],
  });
  return [
    ropeway(narrow, { threads: THREADS, target: 'null' }),
    ...when(plan, duckdb.package, parse('DuckDB, sums of all columns', narrow, duckdbParse(narrow, THREADS))),
    ...when(plan, udsv.package, parse('udsv, typed objects', narrowStart, udsvRun(narrowStart))),
    ...when(plan, csvParse.package, parse('csv-parse, typed objects', narrowStart, csvParseRun(narrowStart))),
    ...embulkFor(plan, 'null'),
  ];
}

function narrowLines(plan: Plan): readonly Contender[] {
  const { narrow } = plan;
  return [
    ropeway(narrow, { threads: THREADS, target: 'jsonl' }),
    ropeway(narrow, { name: names.fallback, threads: 1, target: 'jsonl', properties: ['kernels=false'] }),
    ...when(plan, polars.package, {
      ...once('polars', narrow, fileResult(narrow, 'jsonl', 'out.jsonl')),
      phases: (folder) => [[polarsJson(narrow, THREADS, join(folder, 'out.jsonl'))]],
    }),
    ...duckdbFor(plan, narrow, 'out.jsonl'),
  ];
}

function variants({ narrow, narrowStart }: Plan): readonly Contender[] {
  const target = 'jsonl.gz';
  return [
    ropeway(narrow, { threads: THREADS, target }),
    ropeway(narrow, { name: names.filters, threads: THREADS, target, hasFilters: true }),
    ropeway(narrow, { name: names.oneThread, threads: 1, target }),
    ropeway(narrowStart, { name: names.start, threads: THREADS, target }),
  ];
}

function small({ tenRows, megabyte }: Plan): readonly Contender[] {
  const options = { threads: THREADS, target: 'jsonl.gz' } as const;
  return [
    { ...once(names.version, tenRows, noResult), phases: () => [[ropewayCommand(['--version'])]] },
    ropeway(tenRows, { ...options, name: names.tenRows }),
    ropeway(megabyte, { ...options, name: names.megabyte }),
  ];
}

/** Our pipeline without compression, then Node's zlib on as many threads: what we would be without our own deflate. */
function throughZlib(data: DataFile): Contender {
  return {
    ...once(names.zlib, data, piecesResult(data)),
    phases: (folder) => {
      const parts = Array.from({ length: THREADS }, (_, index) => pieceFile(folder, index));
      const job = ropewayJob(data, folder, { threads: THREADS, target: 'jsonl' });
      return [[job], [nodeZlib(join(folder, outputFile('jsonl')), parts)]];
    },
  };
}

function duckdbFor(plan: Plan, data: DataFile, file: string): readonly Contender[] {
  return when(plan, duckdb.package, {
    ...once(names.duckdb, data, fileResult(data, 'jsonl', file)),
    phases: (folder) => [[duckdbJson(data, THREADS, join(folder, file))]],
  });
}

function embulkFor({ embulkJar: jar, narrow: data }: Plan, target: 'csv.gz' | 'null'): readonly Contender[] {
  return jar === undefined ? [] : [embulk({ jar, data, threads: THREADS, target })];
}

function once(name: string, data: DataFile, result: Result): Omit<Contender, 'phases'> {
  return { name, data, threads: THREADS, result };
}

function when(plan: Plan, needed: string, contender: Contender): readonly Contender[] {
  return plan.available.has(needed) ? [contender] : [];
}

function pieceFile(folder: string, index: number): string {
  return join(folder, `out-${index}.jsonl.gz`);
}

/** One text in several files, cut anywhere. */
function piecesResult(data: DataFile): Result {
  const parts = (folder: string): readonly (readonly string[])[] => [
    Array.from({ length: THREADS }, (_, index) => pieceFile(folder, index)),
  ];
  return { kind: 'files', format: 'jsonl', columns: data.columns, expected: data.whole, parts };
}
