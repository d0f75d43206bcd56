/** Runs that write to the same place at once: as with Embulk the last one has the names, and nothing else is lost. */
import { open, readdir, rm, symlink } from 'node:fs/promises';
import { setTimeout as wait } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { makeFifo } from '#test/kit/fifo.ts';
import type { CommandResult } from '#test/kit/ropeway-command.ts';
import { csvJob, workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

interface HeldRun {
  readonly result: Promise<CommandResult>;
  readonly pid: number;
  /** Gives the second task its record, which is the last of the run. */
  finish(): Promise<void>;
}

/**
 * A run of two tasks to `out/r_`, of which the first is done; the second has its output open and waits. `name` is the
 * folder of its input, and what its records say.
 */
async function heldRun(place: Workspace, name: string): Promise<HeldRun> {
  await place.write(`${name}/a.csv`, `1,${name}\n`);
  makeFifo(place.path(`${name}/b.csv`));
  await place.write(`${name}.yml`, csvJob().replace('path_prefix: in/', `path_prefix: ${name}/`));
  const before = new Set(await unfinished(place));
  let pid = 0;
  const result = place.ropeway(['run', `${name}.yml`], { started: (started) => (pid = started) });
  while ((await unfinished(place)).filter((part) => !before.has(part)).length < 2) await wait(20);
  return {
    result,
    pid,
    async finish() {
      const pipe = await open(place.path(`${name}/b.csv`), 'w');
      await pipe.writeFile(`2,${name}\n`);
      await pipe.close();
    },
  };
}

async function unfinished(place: Workspace): Promise<string[]> {
  return (await place.outputs()).filter((name) => name.startsWith('.'));
}

async function contents(place: Workspace): Promise<Record<string, string>> {
  const names = await place.outputs();
  const texts = await Promise.all(names.map((name) => place.read(`out/${name}`)));
  return Object.fromEntries(names.map((name, index) => [name, texts[index]?.split('\r\n')[1] ?? '']));
}

const ofFirst = { 'r_000.00.csv': '1,first', 'r_001.00.csv': '2,first' };

describe('two runs into one prefix', () => {
  it('both succeed, whichever ends first; the files are those of the last one', async () => {
    await using place = await workspace();
    const first = await heldRun(place, 'first');
    const second = await heldRun(place, 'second');
    await second.finish();
    expect((await second.result).exitCode, (await second.result).stderr).toBe(0);
    expect(await contents(place)).toMatchObject({ 'r_000.00.csv': '1,second', 'r_001.00.csv': '2,second' });
    await first.finish();
    expect((await first.result).exitCode, (await first.result).stderr).toBe(0);
    expect(await contents(place)).toEqual(ofFirst);
  });

  it('keep what only the other one has', async () => {
    await using place = await workspace({ 'one/a.csv': '7,one\n' });
    const first = await heldRun(place, 'first');
    await first.finish();
    await first.result;
    const second = await heldRun(place, 'second');
    await place.write('one.yml', csvJob().replace('path_prefix: in/', 'path_prefix: one/'));
    const one = await place.ropeway(['run', 'one.yml']);
    expect(one.exitCode, one.stderr).toBe(0);
    process.kill(second.pid, 'SIGTERM');
    await second.result;
    expect(await contents(place)).toEqual({ 'r_000.00.csv': '7,one', 'r_001.00.csv': '2,first' });
  });

  it.each(['SIGTERM', 'SIGKILL'] as const)('do not end each other when one is cut off by %s', async (signal) => {
    await using place = await workspace();
    const first = await heldRun(place, 'first');
    const second = await heldRun(place, 'second');
    process.kill(second.pid, signal);
    await second.result;
    // What the killed one left is taken away by the next run, and nothing but that.
    const third = await heldRun(place, 'third');
    expect(await unfinished(place)).toHaveLength(4);
    process.kill(third.pid, 'SIGTERM');
    await third.result;
    await first.finish();
    expect((await first.result).exitCode, (await first.result).stderr).toBe(0);
    expect(await contents(place)).toEqual(ofFirst);
  });

  it('take away what a killed one left behind a link', async () => {
    await using place = await workspace({ 'there/r.csv': 'old', 'in/a.csv': '1,x\n', 'config.yml': csvJob() });
    await symlink(place.path('there/r.csv'), place.path('out/r_000.00.csv'));
    makeFifo(place.path('in/b.csv'));
    const killed = await place.ropeway(['run', 'config.yml'], {
      started: async (pid) => {
        while ((await readdir(place.path('there'))).length < 2) await wait(20);
        process.kill(pid, 'SIGKILL');
      },
    });
    expect(killed.signal ?? killed.exitCode).toBe('SIGKILL');
    await rm(place.path('in/b.csv'));
    const next = await place.ropeway(['run', 'config.yml']);
    expect(next.exitCode, next.stderr).toBe(0);
    expect(await readdir(place.path('there'))).toEqual(['r.csv']);
    expect(await contents(place)).toEqual({ 'r_000.00.csv': '1,x' });
  });
});
