/** The file of results. */
import { goalTable, publishedEmbulk } from './goals.ts';
import { names } from './jobs.ts';
import { machineFacts } from './machine.ts';
import { usageIsMeasuredBy } from './measure.ts';
import type { JobOutcome } from './rounds.ts';
import { jobTable } from './table.ts';

export interface Circumstances {
  readonly date: string;
  readonly commandLine: string;
  /** All jobs were run. */
  readonly isWhole: boolean;
  readonly rounds: number;
  readonly smallRounds: number;
  readonly scratch: string;
  /** Of the minute before the first and of the minute before the last job ended. */
  readonly load: readonly [before: number, after: number];
  /** Peers and programs that took no part, with the reason. */
  readonly absent: readonly string[];
  readonly hasEmbulk: boolean;
  /** Texts that must not be printed, and what stands for them. */
  readonly hidden: ReadonlyMap<string, string>;
}

export function report(outcomes: readonly JobOutcome[], circumstances: Circumstances): string {
  const { date, commandLine, hidden } = circumstances;
  const jobs = outcomes.map((outcome) => `### ${outcome.job.title}\n\n${jobTable(outcome)}`);
  const text = [
    `# Benchmark of ${date}`,
    machineFacts(),
    `\`\`\`sh\n${commandLine}\n\`\`\``,
    '## Goals',
    goalTable(outcomes, circumstances.isWhole),
    '## Jobs',
    ...jobs,
    '## Notes',
    notes(outcomes, circumstances)
      .map((note) => `- ${note}`)
      .join('\n'),
  ].join('\n\n');
  let shown = `${text}\n`;
  for (const [secret, placeholder] of hidden) shown = shown.replaceAll(secret, placeholder);
  return shown;
}

function notes(outcomes: readonly JobOutcome[], circumstances: Circumstances): readonly string[] {
  const { rounds, smallRounds, scratch, load, absent, hasEmbulk } = circumstances;
  const { 'narrow-csv-gz': csvGzip, 'narrow-null': nothing } = publishedEmbulk;
  return [
    'Figures are medians (smallest–largest). MB are 10^6 bytes of CSV input; times are of whole processes.',
    `Contenders take turns: ${rounds} rounds (${smallRounds} for small jobs), each with every contender once, in an ` +
      'order that moves on. Ratios are taken within a round; the median of the ratios is shown.',
    'Slow peers get the start of the same file ("input"); speeds are compared.',
    '"agrees": the first result has all records of the input in its order, with the same values, as read by the ' +
      "benchmark's own simple readers. Numbers are compared exactly as doubles and longs, times as instants, JSON by " +
      'its members. Jobs to null: the number of records.',
    `"${names.zlib}": Ropeway to JSON-lines on 2 threads, then 2 threads that compress half of the file each with ` +
      "Node's zlib (level 1, memLevel 9, pieces of 1 MiB); both times are added, two starts of Node among them.",
    `"${names.igzip}" and pigz compress JSON lines that are there already; nothing is parsed. Their speed is told in ` +
      'MB of the CSV that the lines came from.',
    'gzip has level 1 everywhere; Ropeway and Embulk run the same config, Embulk with an output for each thread. ' +
      'DuckDB offers no level.',
    `Outputs went to ${scratch}, inputs were in the page cache. CPU time and memory: ${usageIsMeasuredBy()}; memory of ` +
      'processes that run at once is added.',
    `Load average before the first job: ${load[0].toFixed(1)}, after the last one: ${load[1].toFixed(1)}. The more of ` +
      'it is not the benchmark itself, the less absolute figures mean.',
    ...(hasEmbulk
      ? []
      : [
          `Embulk was not measured (\`--embulk JAR\`). Published for the reference machine: ${csvGzip} MB/s to CSV.gz, ` +
            `${nothing} MB/s to null (Embulk 0.11.5, JDK 17).`,
        ]),
    ...absent,
    ...outcomes.flatMap(troubles),
  ];
}

export function troubles({ job, outcomes }: JobOutcome): readonly string[] {
  return outcomes.flatMap(({ contender, check }) =>
    check.state === 'failed' || check.state === 'impossible'
      ? [`${check.state.toUpperCase()}: ${contender.name} in "${job.title}": ${firstLine(check.reason)}`]
      : [],
  );
}

function firstLine(text: string): string {
  return text.split('\n')[0] ?? text;
}
