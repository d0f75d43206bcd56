import { describe, expect, it } from 'vitest';
import { noResult, type Contender } from './contender.ts';
import type { DataFile } from './data.ts';
import { columnsOf } from './generator.ts';
import { names } from './jobs.ts';
import { report, type Circumstances } from './report.ts';
import type { Check, JobOutcome, Outcome } from './rounds.ts';
import { markdownTable } from './table.ts';

const digest = { rows: 1, hash: '' };
const data: DataFile = {
  path: '/secret/narrow.csv',
  kind: 'narrow',
  columns: columnsOf('narrow'),
  bytes: 100e6,
  rows: 1,
  whole: digest,
  filtered: digest,
};

const agrees: Check = { state: 'agrees' };

function outcome(name: string, seconds: readonly number[], check: Check = agrees): Outcome {
  const contender: Contender = { name, data, threads: 2, phases: () => [], result: noResult };
  const runs = seconds.map((value) => ({ seconds: value, cpuSeconds: 2 * value, rssMegabytes: 90, output: '' }));
  return { contender, runs, outputBytes: name === names.own ? 51e6 : 50e6, check };
}

function gzipJob(...outcomes: readonly Outcome[]): JobOutcome {
  const contenders = outcomes.map(({ contender }) => contender);
  return { job: { id: 'narrow-jsonl-gz', title: 'narrow', contenders }, outcomes };
}

const circumstances: Circumstances = {
  date: '2026-01-02',
  commandLine: 'npm run bench -- --quick',
  isWhole: true,
  rounds: 3,
  smallRounds: 11,
  scratch: 'memory',
  load: [0.1, 2],
  absent: ['Absent: igzip: no such package'],
  hasEmbulk: false,
  hidden: new Map([['/secret', 'DATA']]),
};

describe('markdownTable()', () => {
  it('aligns the first column to the left and figures to the right', () => {
    expect(
      markdownTable([
        ['', 'MB/s'],
        ['us', '1,234'],
        ['a peer', '5'],
      ]),
    ).toBe(['|        |  MB/s |', '| ------ | ----: |', '| us     | 1,234 |', '| a peer |     5 |'].join('\n'));
  });
});

describe('report()', () => {
  it('has medians, and ratios of the rounds', () => {
    const text = report([gzipJob(outcome(names.own, [1, 0.5, 2]), outcome(names.zlib, [2, 1.5, 4]))], circumstances);
    expect(text).toContain('npm run bench -- --quick');
    expect(text).toMatch(/\| Ropeway +\| +100 MB \| +100 \(50\.0–200\) \| +50\.0 \| 90\.0 MB \| 51\.0 MB \| agrees \|/);
    expect(text).toMatch(/\| the same on Node zlib 1 \|.*\| +2\.00 \(2\.00–3\.00\) \|/);
    expect(text).toMatch(/2\.2 × the same on Node zlib 1 \| +2\.00 \(2\.00–3\.00\) × \|/);
    expect(text).toMatch(/larger than zlib 1 \| +2\.0 % larger \|/);
    expect(text).toMatch(/20 × DuckDB \| +not measured \|/);
    expect(text).toContain('- Absent: igzip: no such package');
    expect(text).toContain('Embulk was not measured');
  });

  it('says loudly what failed, without figures and without paths', () => {
    const failed = outcome(names.zlib, [], { state: 'failed', reason: 'cannot read /secret/narrow.csv\n at …' });
    const text = report([gzipJob(outcome(names.own, [1]), failed)], circumstances);
    expect(text).toMatch(/\| the same on Node zlib 1 \|.*\| \*\*FAILED\*\* \|/);
    expect(text).toContain('FAILED: the same on Node zlib 1 in "narrow": cannot read DATA/narrow.csv\n');
    expect(text).not.toContain('/secret');
  });
});
