/** What the project promises, beside what was measured. A goal that is missed is said, and fails nothing. */
import { names } from './jobs.ts';
import type { JobOutcome, Outcome } from './rounds.ts';
import { stored } from './stores/contenders.ts';
import { pairedRatios, spread } from './statistics.ts';
import {
  isMeasured,
  markdownTable,
  megabytes,
  milliseconds,
  number,
  rssMegabytes,
  speedRatio,
  speeds,
  withRange,
} from './table.ts';

/** Embulk 0.11.5 on JDK 17 on the reference machine (2 vCPU of an AMD EPYC of the Zen 4 generation), in MB/s. */
export const publishedEmbulk = { 'narrow-csv-gz': 11.7, 'narrow-null': 45 } as const;

/** Finds what a contender did in a job. */
type Find = (job: string, name?: string) => Outcome | undefined;

interface Goal {
  readonly what: string;
  readonly goal: string;
  /** Undefined: it was not measured in this run. */
  readonly measured: (find: Find) => string | undefined;
  /** Jobs of databases and stores take part only when they are asked for. */
  readonly isApart?: boolean;
}

const goals: readonly Goal[] = [
  { what: 'narrow CSV → JSON-lines.gz', goal: '20 × DuckDB', measured: times('narrow-jsonl-gz', names.duckdb) },
  {
    what: 'narrow CSV → JSON-lines.gz',
    goal: '2.2 × the same on Node zlib 1',
    measured: times('narrow-jsonl-gz', names.zlib),
  },
  {
    what: 'narrow CSV → JSON-lines.gz',
    goal: '0.55 × igzip -1 on two cores',
    measured: times('narrow-jsonl-gz', names.igzip),
  },
  { what: 'narrow CSV → JSON-lines.gz', goal: '350 MB/s', measured: speed('narrow-jsonl-gz') },
  { what: 'narrow CSV → JSON-lines.gz', goal: '≤ 3 % larger than zlib 1', measured: sizeAgainstZlib },
  { what: 'narrow CSV → CSV.gz', goal: '20 × Embulk', measured: againstEmbulk('narrow-csv-gz') },
  { what: 'narrow CSV → null', goal: '25 × Embulk', measured: againstEmbulk('narrow-null') },
  { what: 'narrow CSV → JSON-lines', goal: '5 × DuckDB', measured: times('narrow-jsonl', names.duckdb) },
  { what: 'narrow CSV → JSON-lines', goal: '1,200 MB/s', measured: speed('narrow-jsonl') },
  {
    what: 'wide CSV → JSON-lines.gz',
    goal: '2 × the same on Node zlib 1',
    measured: times('wide-jsonl-gz', names.zlib),
  },
  { what: 'wide CSV → JSON-lines.gz', goal: '270 MB/s', measured: speed('wide-jsonl-gz') },
  { what: 'with two filters', goal: '≤ 10 % slower', measured: slowdownByFilters },
  { what: '1 → 2 threads', goal: '1.8 ×', measured: times('variants', names.oneThread) },
  { what: 'max RSS, 2 threads', goal: '≤ 120 MB', measured: memory },
  {
    what: 'pure TypeScript, 1 thread',
    goal: '≥ 200 MB/s to JSON-lines',
    measured: speed('narrow-jsonl', names.fallback),
  },
  ...databaseGoals(),
  ...storeGoals(),
  { what: '`--version`', goal: '≤ 60 ms', measured: duration(names.version) },
  { what: 'job of 10 rows', goal: '≤ 120 ms', measured: duration(names.tenRows) },
  { what: 'job of 1 MB', goal: '≤ 150 ms', measured: duration(names.megabyte) },
];

const NOT_MEASURED = 'not measured';

/** `isWhole`: also the goals that nothing was measured for. */
export function goalTable(outcomes: readonly JobOutcome[], isWhole: boolean): string {
  const find: Find = (id, name = names.own) => {
    const outcome = outcomes
      .find(({ job }) => job.id === id)
      ?.outcomes.find(({ contender }) => contender.name === name);
    return outcome !== undefined && isMeasured(outcome) ? outcome : undefined;
  };
  const rows = goals
    .map(({ what, goal, measured, isApart }) => ({ row: [what, goal, measured(find) ?? NOT_MEASURED], isApart }))
    .filter(({ row, isApart }) => (isWhole && isApart !== true) || row[2] !== NOT_MEASURED)
    .map(({ row }) => row)
    // What several goals are about is said once.
    .map(([what = '', ...rest], index, all) => [what === all[index - 1]?.[0] ? '' : what, ...rest]);
  return markdownTable([['Ropeway on 2 cores', 'goal', 'measured'], ...rows]);
}

function times(job: string, other: string): Goal['measured'] {
  return (find) => {
    const ratio = speedRatio(find(job), find(job, other));
    return ratio && `${withRange(ratio)} ×`;
  };
}

function databaseGoals(): readonly Goal[] {
  const own = (job: string, name: string, other: string): Goal['measured'] => {
    return (find) => {
      const ratio = speedRatio(find(job, name), find(job, other));
      return ratio && `${withRange(ratio)} ×`;
    };
  };
  const goal = '0.8 × psql';
  const replace = 'Ropeway, replace';
  return [
    { what: 'PostgreSQL → CSV.gz', goal, measured: own('postgres-csv-gz', names.own, 'psql | gzip -1'), isApart: true },
    { what: 'PostgreSQL → CSV', goal, measured: own('postgres-csv', names.own, 'psql > file'), isApart: true },
    {
      what: 'PostgreSQL → PostgreSQL',
      goal,
      measured: own('postgres-postgres', replace, 'psql | psql'),
      isApart: true,
    },
    { what: 'CSV → PostgreSQL', goal, measured: own('csv-postgres', replace, 'psql'), isApart: true },
    {
      what: 'MariaDB → JSON-lines.gz',
      goal: '3 × rows of mysql2',
      measured: own('mariadb-jsonl-gz', names.own, 'mysql2 row objects + JSON.stringify + Node gzip 1'),
      isApart: true,
    },
    {
      what: 'CSV → MariaDB',
      goal: '0.7 × LOAD DATA LOCAL',
      measured: own('csv-mariadb', replace, 'LOAD DATA LOCAL of the mariadb client'),
      isApart: true,
    },
    ...[
      ['postgres-csv-gz', names.own],
      ['postgres-postgres', replace],
      ['csv-postgres', replace],
      ['mariadb-jsonl-gz', names.own],
      ['csv-mariadb', replace],
    ].map(([job = '', name = '']): Goal => ({
      what: `${job}, max RSS`,
      goal: '≤ 150 MB',
      measured: rssOf(job, name),
      isApart: true,
    })),
  ];
}

function storeGoals(): readonly Goal[] {
  const ratio =
    (job: string, name: string, other: string): Goal['measured'] =>
    (find) => {
      const measured = speedRatio(find(job, name), find(job, other));
      return measured && `${withRange(measured)} ×`;
    };
  return ['s3', 'gcs'].flatMap((store): readonly Goal[] => {
    const job = `${store}-jsonl-gz`;
    const common = { goal: '0.7 × from the disk', isApart: true };
    return [
      { ...common, what: `${store}, 2 threads`, measured: ratio(job, stored.store, stored.local) },
      { ...common, what: `${store}, 1 thread`, measured: ratio(job, stored.storeOneThread, stored.localOneThread) },
      { what: `${store}, max RSS, 2 threads`, goal: '≤ 150 MB', measured: rssOf(job, stored.store), isApart: true },
    ];
  });
}

function rssOf(job: string, name: string): Goal['measured'] {
  return (find) => {
    const outcome = find(job, name);
    return outcome && megabytes(rssMegabytes(outcome));
  };
}

function speed(job: string, name?: string): Goal['measured'] {
  return (find) => {
    const outcome = find(job, name);
    return outcome && `${withRange(spread(speeds(outcome)))} MB/s`;
  };
}

function duration(name: string): Goal['measured'] {
  return (find) => {
    const outcome = find('small', name);
    return outcome && `${withRange(spread(milliseconds(outcome)))} ms`;
  };
}

function sizeAgainstZlib(find: Find): string | undefined {
  const own = find('narrow-jsonl-gz')?.outputBytes;
  const zlib = find('narrow-jsonl-gz', names.zlib)?.outputBytes;
  if (own === undefined || zlib === undefined) return undefined;
  const percent = (own / zlib - 1) * 100;
  return `${Math.abs(percent).toFixed(1)} % ${percent < 0 ? 'smaller' : 'larger'}`;
}

function againstEmbulk(job: keyof typeof publishedEmbulk): Goal['measured'] {
  return (find) => {
    const measured = times(job, names.embulk)(find);
    const own = speed(job)(find);
    return measured ?? (own && `${own}; Embulk not measured, published: ${publishedEmbulk[job]} MB/s`);
  };
}

function slowdownByFilters(find: Find): string | undefined {
  const [without, filters] = [find('variants'), find('variants', names.filters)];
  if (without === undefined || filters === undefined) return undefined;
  const { median, min, max } = spread(pairedRatios(speeds(without), speeds(filters)));
  const percent = (ratio: number): string => `${((ratio - 1) * 100).toFixed(1)} %`;
  return `${percent(median)} slower (${percent(min)} to ${percent(max)})`;
}

/** Of a small and a large input, that are to be alike, and of wide records. */
function memory(find: Find): string | undefined {
  const inputs = [find('variants', names.start), find('variants'), find('wide-jsonl-gz')];
  const parts = inputs.flatMap((outcome) => (outcome === undefined ? [] : [memoryOf(outcome)]));
  return parts.length === 0 ? undefined : parts.join(', ');
}

function memoryOf(outcome: Outcome): string {
  const { bytes, kind } = outcome.contender.data;
  return `${megabytes(rssMegabytes(outcome))} (${number(bytes / 1e6)} MB ${kind})`;
}
