/** Markdown tables. */
import { pairedRatios, spread, type Spread } from './statistics.ts';
import type { JobOutcome, Outcome } from './rounds.ts';

/** The first row is the header; all columns but the first are aligned to the right. */
export function markdownTable(rows: readonly (readonly string[])[]): string {
  const [header = []] = rows;
  const widths = header.map((_, column) => Math.max(4, ...rows.map((row) => row[column]?.length ?? 0)));
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, column) => pad(cell, widths[column] ?? 0, column)).join(' | ')} |`;
  const ruler = `| ${widths.map((width, column) => '-'.repeat(width - Math.sign(column)) + (column > 0 ? ':' : '')).join(' | ')} |`;
  const [first, ...rest] = rows.map(line);
  return [first, ruler, ...rest].join('\n');
}

function pad(cell: string, width: number, column: number): string {
  return column === 0 ? cell.padEnd(width) : cell.padStart(width);
}

export function number(value: number): string {
  if (!Number.isFinite(value)) return '–';
  return value >= 100 ? Math.round(value).toLocaleString('en-US') : value.toFixed(value >= 10 ? 1 : 2);
}

export function megabytes(value: number): string {
  return Number.isFinite(value) ? `${number(value)} MB` : '–';
}

export function withRange({ median, min, max }: Spread): string {
  return `${number(median)} (${number(min)}–${number(max)})`;
}

/** Megabytes (10^6 bytes) of its CSV input per second, round by round. */
export function speeds({ contender, runs }: Outcome): readonly number[] {
  return runs.map(({ seconds }) => contender.data.bytes / 1e6 / seconds);
}

export function milliseconds({ runs }: Outcome): readonly number[] {
  return runs.map(({ seconds }) => seconds * 1000);
}

/** How many times as fast the one is as the other, round by round; undefined when one did not run to its end. */
export function speedRatio(fast: Outcome | undefined, slow: Outcome | undefined): Spread | undefined {
  if (fast === undefined || slow === undefined || !isMeasured(fast) || !isMeasured(slow)) return undefined;
  return spread(pairedRatios(speeds(fast), speeds(slow)));
}

export function isMeasured({ check, runs }: Outcome): boolean {
  return (check.state === 'agrees' || check.state === 'unchecked') && runs.length > 0;
}

export function rssMegabytes({ runs }: Outcome): number {
  return Math.max(...runs.map((run) => run.rssMegabytes ?? NaN));
}

export function jobTable({ job, outcomes }: JobOutcome): string {
  return job.isSmall === true ? smallTable(outcomes) : largeTable(outcomes);
}

function largeTable(outcomes: readonly Outcome[]): string {
  const [own] = outcomes;
  const header = ['', 'input', 'MB/s', 'MB per CPU s', 'max RSS', 'output', 'result', 'Ropeway is … × as fast'];
  return markdownTable([header, ...outcomes.map((outcome) => largeRow(outcome, own))]);
}

function largeRow(outcome: Outcome, own: Outcome | undefined): readonly string[] {
  const { contender, runs, outputBytes, check } = outcome;
  const input = `${number(contender.data.bytes / 1e6)} MB`;
  if (!isMeasured(outcome)) return [contender.name, input, '–', '–', '–', '–', verdict(outcome), '–'];
  const cpu = spread(runs.map((run) => contender.data.bytes / 1e6 / (run.cpuSeconds ?? NaN)));
  const ratio = speedRatio(own, outcome);
  return [
    contender.name,
    input,
    withRange(spread(speeds(outcome))),
    number(cpu.median),
    megabytes(rssMegabytes(outcome)),
    megabytes((outputBytes ?? NaN) / 1e6),
    check.state,
    ratio === undefined || outcome === own ? '–' : withRange(ratio),
  ];
}

function verdict({ check }: Outcome): string {
  if (check.state === 'failed') return '**FAILED**';
  return check.state === 'impossible' ? 'not possible' : check.state;
}

function smallTable(outcomes: readonly Outcome[]): string {
  const rows = outcomes.map((outcome) =>
    isMeasured(outcome)
      ? [
          outcome.contender.name,
          withRange(spread(milliseconds(outcome))),
          megabytes(rssMegabytes(outcome)),
          outcome.check.state,
        ]
      : [outcome.contender.name, '–', '–', verdict(outcome)],
  );
  return markdownTable([['', 'ms', 'max RSS', 'result'], ...rows]);
}
