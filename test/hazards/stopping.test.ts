/** Runs that are stopped, killed, or lose what they write to: nothing half-written, nothing lost, nothing doubled. */
import { readFile, rename, rm, symlink, writeFile } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeFifo } from '#test/kit/fifo.ts';
import { csvJob, workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

/** Polls until the condition holds; a test that waits for ever fails by its timeout. */
async function until(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await wait(20);
}

async function hasText(place: Workspace, name: string, text: string): Promise<boolean> {
  return readFile(place.path(name), 'utf8').then(
    (content) => content.includes(text),
    () => false,
  );
}

describe('a stopped run', () => {
  it.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends within a second after %s and leaves no output', async (signal, exitCode) => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': '1,x\n' });
    makeFifo(place.path('in/b.csv'));
    let stoppedAt = 0;
    const run = await place.ropeway(['run', 'config.yml'], {
      started: async (pid) => {
        await until(async () => (await place.outputs()).length > 1);
        stoppedAt = performance.now();
        process.kill(pid, signal);
        // A terminal and a launcher each pass the same Ctrl-C on.
        process.kill(pid, signal);
      },
    });
    // The stop itself takes well under a second; the bound only tells it from a wait for the pipe, which has no end.
    expect(performance.now() - stoppedAt).toBeLessThan(60_000);
    expect(run.exitCode, run.stderr).toBe(exitCode);
    expect(run.stderr).toContain('RUN_CANCELLED');
    expect(await place.outputs()).toEqual([]);
  });
});

describe('a killed run', () => {
  it('is taken up again: finished tasks are kept, the others are done, nothing twice', async () => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': '1,x\n', 'in/c.csv': '3,z\n' });
    makeFifo(place.path('in/b.csv'));
    const killed = await place.ropeway(['run', '-r', 'state.yml', 'config.yml'], {
      started: async (pid) => {
        await until(() => hasText(place, 'state.yml', '"task":0'));
        process.kill(pid, 'SIGKILL');
      },
    });
    expect(killed.signal ?? killed.exitCode).toBe('SIGKILL');
    expect((await place.outputs()).filter((name) => !name.startsWith('.'))).toEqual([]);

    // What task 0 has read is gone: it must not be read again.
    await rm(place.path('in/a.csv'));
    await rm(place.path('in/b.csv'));
    await place.write('in/b.csv', '2,y\n');
    const resumed = await place.ropeway(['run', '-r', 'state.yml', 'config.yml']);
    expect(resumed.exitCode, resumed.stderr).toBe(0);
    const outputs = await place.outputs();
    expect(outputs).toEqual(['r_000.00.csv', 'r_001.00.csv', 'r_002.00.csv']);
    const contents = await Promise.all(outputs.map((name) => place.read(`out/${name}`)));
    expect(contents).toEqual(['a,b\r\n1,x\r\n', 'a,b\r\n2,y\r\n', 'a,b\r\n3,z\r\n']);
    await expect(place.read('state.yml')).rejects.toThrow('ENOENT');
  });

  it('leaves parts that the next run takes away', async () => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': '1,x\n', 'out/.other.part': 'kept' });
    makeFifo(place.path('in/b.csv'));
    const killed = await place.ropeway(['run', 'config.yml'], {
      started: async (pid) => {
        await until(async () => (await place.outputs()).length > 2);
        process.kill(pid, 'SIGKILL');
      },
    });
    expect(killed.signal ?? killed.exitCode).toBe('SIGKILL');
    // The next run has one task, and takes away the parts of both.
    await rm(place.path('in/b.csv'));
    const run = await place.ropeway(['run', 'config.yml']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(await place.outputs()).toEqual(['.other.part', 'r_000.00.csv']);
  });
});

describe('a run whose output fails', () => {
  it('says that the disk is full', async () => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': '1,x\n'.repeat(200_000) });
    await symlink('/dev/full', place.path('out/r_000.00.csv'));
    const run = await place.ropeway(['run', 'config.yml']);
    expect(run.exitCode).toBe(1);
    expect(run.stderr).toMatch(/r_000\.00\.csv|\/dev\/full/);
    expect(run.stderr).toContain('the disk is full');
  });

  it('says that a path cannot be written', async () => {
    await using place = await workspace({
      'config.yml': csvJob().replace('out/r_', '/proc/r_'),
      'in/a.csv': '1,x\n',
    });
    const run = await place.ropeway(['run', 'config.yml']);
    expect(run.exitCode, run.stderr).toBeGreaterThan(0);
    expect(run.stderr).toContain('cannot be written');
  });

  it('notices when somebody puts another file in place of its own', async () => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': '1,x\n' });
    makeFifo(place.path('in/b.csv'));
    const run = place.ropeway(['run', 'config.yml'], {
      started: async () => {
        await until(async () => (await place.outputs()).length > 1);
        const [part = ''] = await place.outputs();
        await writeFile(place.path('foreign'), 'a,b\r\nother\r\n');
        await rename(place.path('foreign'), place.path(`out/${part}`));
        await writeFile(place.path('in/b.csv'), '2,y\n');
      },
    });
    const { exitCode, stderr } = await run;
    expect(exitCode).toBe(1);
    expect(stderr).toContain('FILE_OUTPUT_REPLACED');
  });
});

describe('an input that changes while it is read', () => {
  it('fails the run, and says what changed', async () => {
    await using place = await workspace({ 'config.yml': csvJob(), 'in/b.csv': '2,y\n' });
    makeFifo(place.path('in/a.csv'));
    const run = await place.ropeway(['run', 'config.yml'], {
      started: async () => {
        await until(async () => (await place.outputs()).length > 0);
        await writeFile(place.path('in/b.csv'), '2,y\n3,z\n');
        await writeFile(place.path('in/a.csv'), '1,x\n');
      },
    });
    expect(run.exitCode, run.stderr).toBe(1);
    expect(run.stderr).toContain('FILE_CHANGED');
    expect(run.stderr).toContain('from 4 to 8 bytes');
    expect(await place.outputs()).toEqual([]);
  });
});

describe('an unclosed quote in a large file', () => {
  it('costs its line, and no more time than reading', async () => {
    const rows = '1,some text\n'.repeat(1_000_000);
    await using place = await workspace({ 'config.yml': csvJob(), 'in/a.csv': `${rows}2,"open\n` });
    const run = await place.ropeway(['run', 'config.yml']);
    expect(run.exitCode, run.stderr).toBe(0);
    expect(run.stderr).toContain('CSV_QUOTE_UNCLOSED');
    expect(run.stderr).toContain('line=1000001');
    expect(run.stderr).toContain('records=1,000,000');
  });
});
