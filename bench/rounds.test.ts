import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { fileResult, type Contender } from './contender.ts';
import { dataFile, type DataFile } from './data.ts';
import type { Command } from './measure.ts';
import { runRounds } from './rounds.ts';
import { csvRecords, textOf } from './rows.ts';

let folder: string;
let data: DataFile;
let lines: readonly string[];
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'bench-test-'));
  data = await dataFile(join(folder, 'data'), 'narrow', { rows: 20 });
  const records = await Array.fromAsync(csvRecords(textOf([data.path]), data.columns));
  lines = records.map((record) =>
    JSON.stringify(Object.fromEntries(data.columns.map(({ name }, index) => [name, record[index]]))),
  );
});
afterEach(() => rm(folder, { recursive: true }));

/** A program that writes these lines. */
function writer(name: string, text: readonly string[], end = ''): Contender {
  const script = `${end}; for (const line of JSON.parse(process.argv[1])) console.log(line)`;
  const command = (out: string): Command => ({
    command: process.execPath,
    args: ['-e', script, JSON.stringify(text)],
    stdout: join(out, 'out.jsonl'),
  });
  return { name, data, threads: 1, phases: (out) => [[command(out)]], result: fileResult(data, 'jsonl', 'out.jsonl') };
}

describe('runRounds()', () => {
  it('measures those that agree, and stops those that do not', async () => {
    const changed = lines.map((line, row) => (row === 7 ? line.replace('"c1":"8"', '"c1":"9"') : line));
    expect(changed).not.toEqual(lines);
    const contenders = [writer('good', lines), writer('changed', changed), writer('dead', lines, 'process.exit(3)')];
    const scratch = join(folder, 'data');
    const before = await readdir(scratch);
    const { outcomes } = await runRounds({ id: 'x', title: 'x', contenders }, 2, scratch);
    expect(outcomes.map(({ check, runs }) => [check.state, runs.length])).toEqual([
      ['agrees', 2],
      ['failed', 0],
      ['failed', 0],
    ]);
    expect(outcomes[1]?.check).toMatchObject({ reason: '20 records, but not all with the values expected' });
    expect(outcomes[2]?.check).toMatchObject({ reason: expect.stringContaining('exit code 3') });
    expect(outcomes[0]?.runs[0]?.seconds).toBeGreaterThan(0);
    expect(await readdir(scratch)).toEqual(before);
  });
});
