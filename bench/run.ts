/** `npm run bench`: makes the data, runs everybody in turn, checks their results, and writes the tables. */
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { loadavg } from 'node:os';
import { join } from 'node:path';
import { dataFile, type DataFile } from './data.ts';
import { jobsOf, THREADS, type Job, type Plan } from './jobs.ts';
import { prepareLines } from './lines.ts';
import { readOptions, type Options } from './options.ts';
import { csvParse } from './peers/csv-parse.ts';
import { duckdb } from './peers/duckdb.ts';
import { gnuTime, has, igzip, installTools, pigz } from './peers/gzip-tools.ts';
import { installPeer } from './peers/npm-peer.ts';
import { polars } from './peers/polars.ts';
import { udsv } from './peers/udsv.ts';
import { report, troubles, type Circumstances } from './report.ts';
import { runRounds, type JobOutcome } from './rounds.ts';
import { makeScratch, type Scratch } from './scratch.ts';
import { serverJobs } from './server-jobs.ts';

const SMALL_ROUNDS = 11;

/** Peers that need seconds for what takes us tenths get this part of the file. */
const START_SHARE = 1 / 4;

/** JSON lines and their pieces, and the largest output, in multiples of the input. */
const SCRATCH_SHARE = 6;

interface Available {
  readonly packages: ReadonlySet<string>;
  readonly absent: readonly string[];
}

function installAll(): Available {
  installTools([igzip, pigz, gnuTime]);
  const tools = [igzip, pigz].map(({ command, package: name }) => ({
    name: command,
    reason: has(command) ? undefined : `install the Debian package ${name}`,
  }));
  const packages = [duckdb, polars, udsv, csvParse].map((peer) => ({
    name: peer.package,
    reason: installPeer(peer),
  }));
  const all = [...tools, ...packages];
  return {
    packages: new Set(all.filter(({ reason }) => reason === undefined).map(({ name }) => name)),
    absent: all.flatMap(({ name, reason }) => (reason === undefined ? [] : [`Absent: ${name}: ${reason}`])),
  };
}

async function makePlan(options: Options, available: Available, scratch: Scratch): Promise<Plan> {
  const bytes = options.megabytes * 1e6;
  const file = (kind: DataFile['kind'], size: object): Promise<DataFile> => dataFile(options.dataFolder, kind, size);
  const narrow = await file('narrow', { bytes });
  return {
    narrow,
    narrowStart: await file('narrow', { bytes: bytes * START_SHARE }),
    wide: await file('wide', { bytes }),
    wideStart: await file('wide', { bytes: bytes * START_SHARE }),
    tenRows: await file('narrow', { rows: 10 }),
    megabyte: await file('narrow', { bytes: 1e6 }),
    lines: await prepareLines(narrow, scratch.folder, THREADS),
    available: available.packages,
    embulkJar: options.embulkJar,
  };
}

async function runJobs(jobs: readonly Job[], options: Options, scratch: Scratch): Promise<readonly JobOutcome[]> {
  const outcomes: JobOutcome[] = [];
  for (const job of jobs) {
    console.log(`${job.title}…`);
    const outcome = await runRounds(job, job.isSmall === true ? SMALL_ROUNDS : options.rounds, scratch.folder);
    for (const trouble of troubles(outcome)) console.error(trouble);
    outcomes.push(outcome);
  }
  return outcomes;
}

async function main(): Promise<number> {
  const options = readOptions(process.argv.slice(2));
  const before = minuteLoad();
  console.log('Getting peers and data…');
  const available = installAll();
  const scratch = makeScratch(options.megabytes * 1e6 * SCRATCH_SHARE);
  try {
    const plan = await makePlan(options, available, scratch);
    // They are measured when they are asked for: they are no part of what every machine can repeat.
    await using servers = await serverJobs(options.only, plan.narrow, THREADS);
    const jobs = [...jobsOf(plan), ...servers.jobs].filter(({ id }) => id.includes(options.only ?? ''));
    const outcomes = await runJobs(jobs, options, scratch);
    publish(options, {
      outcomes,
      circumstances: {
        date: new Date().toISOString().slice(0, 10),
        commandLine: options.commandLine,
        isWhole: options.only === undefined,
        rounds: options.rounds,
        smallRounds: SMALL_ROUNDS,
        scratch: scratch.about,
        load: [before, minuteLoad()],
        absent: [...available.absent, ...servers.absent],
        hasEmbulk: options.embulkJar !== undefined,
        hidden: new Map([
          [scratch.folder, 'SCRATCH'],
          [options.dataFolder, 'DATA'],
          [join(import.meta.dirname, '..'), '.'],
        ]),
      },
    });
    return outcomes.flatMap(failures).length === 0 ? 0 : 1;
  } finally {
    rmSync(scratch.folder, { recursive: true, force: true });
  }
}

interface Publication {
  readonly outcomes: readonly JobOutcome[];
  readonly circumstances: Circumstances;
}

/** A run of some jobs only is no result to keep. */
function publish(options: Options, { outcomes, circumstances }: Publication): void {
  const text = report(outcomes, circumstances);
  console.log(`\n${text}`);
  if (options.only !== undefined) return;
  const results = join(import.meta.dirname, 'results');
  mkdirSync(results, { recursive: true });
  writeFileSync(join(results, `${circumstances.date}.md`), text);
  console.log(`Written to bench/results/${circumstances.date}.md`);
}

function minuteLoad(): number {
  return loadavg()[0] ?? 0;
}

/** Wrong results are failures; slow ones are not. */
function failures({ outcomes }: JobOutcome): readonly string[] {
  return outcomes.flatMap(({ contender, check }) => (check.state === 'failed' ? [contender.name] : []));
}

process.exitCode = await main();
