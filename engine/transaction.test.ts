import { mkdtemp, readFile, rm, writeFile, appendFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import { keptLog, memoryCatalog, memoryJob } from '#test/kit/memory-plugins.ts';
import type { Journal, MemoryFaults } from '#test/kit/memory-plugins.ts';
import { runJob } from './transaction.ts';
import type { RunOptions } from './transaction.ts';

let folder: string;
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'transaction-'));
});
afterEach(() => rm(folder, { recursive: true }));

function options(journal: Journal, faults: MemoryFaults = {}, more: Partial<RunOptions> = {}): RunOptions {
  return {
    catalog: memoryCatalog(journal, faults),
    log: keptLog().log,
    signal: new AbortController().signal,
    ...more,
  };
}

describe('runJob()', () => {
  it('goes through the stages in order and returns both diffs', async () => {
    const journal: Journal = [];
    const result = await runJob(memoryJob([['a', 'b'], ['c']]), options(journal));
    expect(journal).toEqual([
      'plan in',
      'plan out 2',
      'close 0 a,b',
      'close 1 c',
      'commit out 0,1',
      'commit in 2 2',
      'cleanup 2',
    ]);
    expect(result.diff).toEqual({ in: { seen: 2 }, out: {} });
    expect(result.counts).toMatchObject({ recordsRead: 3, recordsWritten: 3, recordsSkipped: 0 });
  });

  it('lets the input go when its tasks are read, before the commit, and when they fail', async () => {
    const journal: Journal = [];
    await runJob(memoryJob([['a']]), options(journal, { tellsRelease: true }));
    expect(journal).toEqual([
      'plan in',
      'plan out 1',
      'close 0 a',
      'let go 1',
      'commit out 0',
      'commit in 1 1',
      'cleanup 1',
    ]);
    const failing: Journal = [];
    const faults = { tellsRelease: true, readFails: new Set([0]) };
    await expect(runJob(memoryJob([['a', 'b']]), options(failing, faults))).rejects.toMatchObject({});
    expect(failing).toEqual(['plan in', 'plan out 1', 'abort 0', 'cleanup 0', 'let go 1']);
  });

  it('asks before anything becomes visible, and leaves nothing when the answer is no', async () => {
    const journal: Journal = [];
    await runJob(memoryJob([['a']]), options(journal, {}, { beforeCommit: async () => void journal.push('ask') }));
    expect(journal).toEqual([
      'plan in',
      'plan out 1',
      'close 0 a',
      'ask',
      'commit out 0',
      'commit in 1 1',
      'cleanup 1',
    ]);
    const refused: Journal = [];
    const beforeCommit = (): Promise<void> => Promise.reject(new Error('no'));
    await expect(runJob(memoryJob([['a']]), options(refused, {}, { beforeCommit }))).rejects.toThrow('no');
    expect(refused).toEqual(['plan in', 'plan out 1', 'close 0 a', 'cleanup 1']);
  });

  it('spreads one task over the outputs it needs at least', async () => {
    const journal: Journal = [];
    await runJob(memoryJob([['a', 'b', 'c', 'd']], { minOutputTasks: 3 }), options(journal));
    expect(journal.filter((line) => line.startsWith('close'))).toEqual(['close 0 a,d', 'close 1 b', 'close 2 c']);
  });

  it('runs no task and commits when there is nothing to read', async () => {
    const journal: Journal = [];
    await runJob(memoryJob([]), options(journal));
    expect(journal).toEqual(['plan in', 'plan out 0', 'commit out ', 'commit in 0 0', 'cleanup 0']);
  });

  it('aborts the failing task, starts nothing more, and commits nothing', async () => {
    const journal: Journal = [];
    const run = runJob(memoryJob([['a'], ['b', 'b'], ['c']]), options(journal, { readFails: new Set([1]) }));
    await expect(run).rejects.toMatchObject({ code: 'MEMORY_FAULT' });
    expect(journal).toEqual(['plan in', 'plan out 3', 'close 0 a', 'abort 1', 'cleanup 1']);
  });

  it('aborts outputs of the task that are closed already when a later one fails', async () => {
    const journal: Journal = [];
    const faults = { writeFails: new Set([1]) };
    const run = runJob(memoryJob([['a', 'b']], { minOutputTasks: 2 }), options(journal, faults));
    await expect(run).rejects.toMatchObject({ code: 'MEMORY_FAULT' });
    expect(journal).toContain('abort 0');
    expect(journal).toContain('abort 1');
  });

  it('stops a read that never ends when the signal aborts', async () => {
    const journal: Journal = [];
    const abort = new AbortController();
    const run = runJob(memoryJob([['a']]), options(journal, { hangs: new Set([0]) }, { signal: abort.signal }));
    setImmediate(() => abort.abort());
    await expect(run).rejects.toMatchObject({ code: 'RUN_CANCELLED' });
    expect(journal).toEqual(['plan in', 'plan out 1', 'abort 0', 'cleanup 0']);
  });
});

describe('runJob() with a resume state', () => {
  it('does the other tasks after a failure and later only what is missing', async () => {
    const resumeFile = join(folder, 'state.yml');
    const job = memoryJob([['a'], ['b', 'b'], ['c']]);
    const first: Journal = [];
    const run = runJob(job, options(first, { readFails: new Set([1]) }, { resumeFile }));
    await expect(run).rejects.toMatchObject({ code: 'MEMORY_FAULT' });
    expect(first).toEqual(['plan in', 'plan out 3', 'close 0 a', 'abort 1', 'close 2 c']);

    const second: Journal = [];
    const result = await runJob(job, options(second, {}, { resumeFile }));
    expect(second).toEqual(['close 1 b,b', 'commit out 0,1,2', 'commit in 3 3', 'cleanup 3']);
    expect(result.diff.in).toEqual({ seen: 3 });
    await expect(readFile(resumeFile)).rejects.toMatchObject({ code: 'ENOENT' });
  });

  it('commits again after a crash in the commit', async () => {
    const resumeFile = join(folder, 'state.yml');
    const job = memoryJob([['a']]);
    await expect(runJob(job, options([], { commitFails: true }, { resumeFile }))).rejects.toMatchObject({
      code: 'MEMORY_FAULT',
    });
    const journal: Journal = [];
    await runJob(job, options(journal, {}, { resumeFile }));
    expect(journal).toEqual(['commit out 0', 'commit in 1 1', 'cleanup 1']);
  });

  it('ignores a torn last entry: that task is done again', async () => {
    const resumeFile = join(folder, 'state.yml');
    const job = memoryJob([['a'], ['b', 'b']]);
    await expect(runJob(job, options([], { readFails: new Set([1]) }, { resumeFile }))).rejects.toThrow('Fault');
    await appendFile(resumeFile, '--- {"task":1,"in_report":{"rows":2},"out_rep');
    const journal: Journal = [];
    await runJob(job, options(journal, {}, { resumeFile }));
    expect(journal[0]).toBe('close 1 b,b');
  });

  it('keeps the state in order over two failures in a row', async () => {
    const resumeFile = join(folder, 'state.yml');
    const job = memoryJob([['a'], ['b', 'b'], ['c', 'c']]);
    await expect(runJob(job, options([], { readFails: new Set([1, 2]) }, { resumeFile }))).rejects.toThrow('Fault');
    await expect(runJob(job, options([], { readFails: new Set([2]) }, { resumeFile }))).rejects.toThrow('Fault');
    const journal: Journal = [];
    await runJob(job, options(journal, {}, { resumeFile }));
    expect(journal).toEqual(['close 2 c,c', 'commit out 0,1,2', 'commit in 3 3', 'cleanup 3']);
  });

  it('refuses the state of another config', async () => {
    const resumeFile = join(folder, 'state.yml');
    await expect(
      runJob(memoryJob([['a', 'a']]), options([], { readFails: new Set([0]) }, { resumeFile })),
    ).rejects.toThrow('Fault');
    await expect(runJob(memoryJob([['z']]), options([], {}, { resumeFile }))).rejects.toMatchObject({
      code: 'RESUME_CONFIG_CHANGED',
    });
  });

  it.each([
    ['an empty file is a first run', '', undefined],
    ['what is not YAML', '{', 'RESUME_STATE_UNREADABLE'],
    ['another YAML file', 'in: {type: file}\n', 'RESUME_CONFIG_CHANGED'],
  ])('reads the state: %s', async (_title, text, code) => {
    const resumeFile = join(folder, 'state.yml');
    await writeFile(resumeFile, text);
    const run = runJob(memoryJob([['a']]), options([], {}, { resumeFile }));
    if (code === undefined) await run;
    else await expect(run).rejects.toMatchObject({ code });
  });

  it('says how far it came when it is stopped', async () => {
    const resumeFile = join(folder, 'state.yml');
    const abort = new AbortController();
    const run = runJob(
      memoryJob([['a'], ['b']]),
      options([], { hangs: new Set([1]) }, { resumeFile, signal: abort.signal }),
    );
    setTimeout(() => abort.abort(), 50);
    await expect(run).rejects.toMatchObject({ code: 'RUN_CANCELLED_RESUMABLE' });
  });
});
