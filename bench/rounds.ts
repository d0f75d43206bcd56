/** Runs the rounds of a job: every contender once in each, and its first result is checked. */
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { digest, disagreement, mergedByFirstCell } from './agree.ts';
import type { Contender } from './contender.ts';
import type { Job } from './jobs.ts';
import { measure, type Measurement } from './measure.ts';
import { ignoredProperty } from './ropeway.ts';
import { csvRecords, jsonLines, textOf } from './rows.ts';
import { rotated } from './statistics.ts';

export interface Outcome {
  readonly contender: Contender;
  readonly runs: readonly Measurement[];
  /** Of the result; undefined for jobs that write nothing. */
  readonly outputBytes: number | undefined;
  readonly check: Check;
}

export type Check =
  | { readonly state: 'agrees' | 'unchecked' }
  /** It ended badly, or its result is another one: the whole benchmark has failed. */
  | { readonly state: 'failed'; readonly reason: string }
  /** It cannot do what was asked. */
  | { readonly state: 'impossible'; readonly reason: string };

export interface JobOutcome {
  readonly job: Job;
  readonly outcomes: readonly Outcome[];
}

export async function runRounds(job: Job, rounds: number, scratchFolder: string): Promise<JobOutcome> {
  const states = job.contenders.map((contender) => new State(contender));
  for (let round = 0; round < rounds; round++)
    for (const state of rotated(states, round)) if (state.isGoingOn) await state.runOnce(scratchFolder);
  return { job, outcomes: states.map((state) => state.outcome()) };
}

class State {
  readonly #contender: Contender;
  readonly #runs: Measurement[] = [];
  #outputBytes: number | undefined;
  #check: Check = { state: 'unchecked' };

  constructor(contender: Contender) {
    this.#contender = contender;
  }

  get isGoingOn(): boolean {
    return this.#check.state === 'agrees' || this.#check.state === 'unchecked';
  }

  async runOnce(scratchFolder: string): Promise<void> {
    const folder = mkdtempSync(join(scratchFolder, 'run-'));
    try {
      const measurement = await measure(this.#contender.phases(folder), folder);
      if (this.#runs.length === 0) {
        this.#check = await check(this.#contender, measurement, folder);
        this.#outputBytes = outputBytes(this.#contender, folder);
      }
      if (this.isGoingOn) this.#runs.push(measurement);
    } catch (error) {
      this.#check = { state: 'failed', reason: error instanceof Error ? error.message : String(error) };
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  }

  outcome(): Outcome {
    return { contender: this.#contender, runs: this.#runs, outputBytes: this.#outputBytes, check: this.#check };
  }
}

async function check({ data, result }: Contender, { output }: Measurement, folder: string): Promise<Check> {
  if (ignoredProperty(output)) return { state: 'impossible', reason: 'this version does not know the property' };
  if (result.kind === 'count') {
    const rows = result.rows(output);
    if (rows === undefined) return { state: 'unchecked' };
    return rows === data.rows
      ? { state: 'agrees' }
      : { state: 'failed', reason: `it read ${rows} records instead of ${data.rows}` };
  }
  if (result.kind === 'elsewhere') {
    const difference = await result.difference();
    return difference === undefined ? { state: 'agrees' } : { state: 'failed', reason: difference };
  }
  const { columns, format, expected } = result;
  const read = format === 'csv' ? csvRecords : jsonLines;
  const parts = result.parts(folder).map((files) => read(textOf(files), columns));
  const difference = disagreement(await digest(mergedByFirstCell(parts), columns), expected);
  return difference === undefined ? { state: 'agrees' } : { state: 'failed', reason: difference };
}

function outputBytes({ result }: Contender, folder: string): number | undefined {
  if (result.kind !== 'files') return undefined;
  const files = result.parts(folder).flat();
  return files.reduce((sum, file) => sum + statSync(file).size, 0);
}
