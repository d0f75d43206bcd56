import { spawn } from 'node:child_process';
import type { ChildProcess } from 'node:child_process';
import { existsSync, readdirSync } from 'node:fs';
import { mkdir, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { processStart } from '#api/process-start.ts';
import { attemptSpec, conformsAsExecutor, ended, inPhase } from '#test/kit/executor-conformance.ts';
import { processBench } from '#test/kit/process-bench.ts';
import type { ProcessBench } from '#test/kit/process-bench.ts';
import { until } from '#test/kit/until.ts';
import { AttemptFolder } from './attempt-folder.ts';
import { startSupervisor } from './supervisor.ts';

const signal = new AbortController().signal;
const sleeps = 'while :; do sleep 0.05; done\n';

conformsAsExecutor('ProcessExecutor', processBench);

async function pidIn(bench: ProcessBench, name: string, file: string): Promise<number> {
  const read = (): Promise<string | undefined> => readFile(bench.file(name, file), 'utf8').catch(() => undefined);
  const text = await until(`${file} is there`, async () => (await read()) || undefined);
  return Number(text.split(' ')[0]);
}

/** A process that nobody may signal: it must be there at the end. */
function bystander(): { readonly child: ChildProcess; readonly pid: number; lives(): boolean } {
  const child = spawn('sleep', ['600'], { detached: true, stdio: 'ignore' });
  const pid = child.pid ?? 0;
  const start = processStart(pid);
  return { child, pid, lives: () => processStart(pid) === start };
}

describe('ProcessExecutor.launch()', () => {
  it('hands the token over where nobody sees it, and an environment without ours', async () => {
    process.env['ROPEWAY_TEST_CANARY'] = 'canary-environment';
    await using bench = await processBench({ env: { NODE_OPTIONS: '' }, nice: 3 });
    const spec = attemptSpec();
    await bench.script(spec.runId, sleeps);
    const { ref } = await bench.executor.launch(spec, signal);
    await until('it has started', async () => (await bench.startLines(spec.runId))[0]);
    const pids = await Promise.all(['claimed', 'runner'].map((file) => pidIn(bench, spec.name, file)));
    expect((await bench.startLines(spec.runId))[0]).toBe(`${pids[1]} ${spec.bootstrapToken}`);
    for (const pid of pids) {
      const seen = await Promise.all(['cmdline', 'environ'].map((file) => readFile(`/proc/${pid}/${file}`, 'latin1')));
      expect(seen.join('\n')).not.toMatch(/canary/);
      expect(seen[1]).toContain(`ROPEWAY_FENCE=${spec.fence}`);
      expect(seen[1]).toContain(`ROPEWAY_PROCESS_UID=${ref}`);
    }
    const folder = bench.file(spec.name, '');
    for (const name of readdirSync(folder)) {
      if (name !== 'work') expect(await readFile(join(folder, name), 'utf8')).not.toContain(spec.bootstrapToken);
    }
    // State, parent, group, session, …, nice level.
    const stat = (await readFile(`/proc/${pids[1]}/stat`, 'latin1')).replace(/^.*\) /, '').split(' ');
    expect([stat[2], stat[3], stat[16]]).toEqual([String(pids[0]), String(pids[0]), '3']);
    delete process.env['ROPEWAY_TEST_CANARY'];
  });

  it('starts what was made and not started, and does not say before that it is there', async () => {
    await using bench = await processBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    const folder = new AttemptFolder(join(bench.dataFolder, 'runs'), spec.name);
    expect([await folder.make(spec), await folder.make(spec)]).toEqual([true, false]);
    expect(await bench.executor.get(spec.name)).toBe('absent');
    const executors = [bench.executor, await bench.restarted(), await bench.restarted()];
    const launched = await Promise.all(executors.map((executor) => executor.launch(spec, signal)));
    expect(launched.map(({ adopted }) => adopted)).toEqual([true, true, true]);
    await inPhase(bench.executor, spec.name, 'running');
    await until('it has started', async () => (await bench.startLines(spec.runId))[0]);
    expect(await bench.starts(spec)).toBe(1);
  });

  it('starts again what was launched by somebody who ended before the token was handed over', async () => {
    await using bench = await processBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    const folder = new AttemptFolder(join(bench.dataFolder, 'runs'), spec.name);
    await folder.make(spec);
    const script = `
      const { spawn } = require('node:child_process');
      const [folder, supervisor] = process.argv.slice(1);
      import(supervisor).then(async ({ startSupervisor }) => {
        // Nothing is ever written to the pipe: this process is gone by then.
        const kill = () => process.kill(process.pid, 'SIGKILL');
        const { Socket } = require('node:net');
        Socket.prototype.end = kill;
        await startSupervisor({ folder, command: ['/bin/true'], env: {}, token: 't', cgroup: undefined, nice: 0 });
      });
    `;
    const supervisor = join(import.meta.dirname, 'supervisor.ts');
    const launcher = spawn(process.execPath, ['-e', script, folder.path, supervisor], { stdio: 'ignore' });
    const end = await new Promise((resolve) => launcher.once('exit', (_, name) => resolve(name)));
    expect(end).toBe('SIGKILL');
    await bench.executor.launch(spec, signal);
    await inPhase(bench.executor, spec.name, 'running');
    await until('it has started', async () => (await bench.startLines(spec.runId))[0]);
    expect(await bench.starts(spec)).toBe(1);
  });

  it('lets one of ten supervisors start the runner', async () => {
    await using bench = await processBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    const folder = new AttemptFolder(join(bench.dataFolder, 'runs'), spec.name);
    await folder.make(spec);
    const env = { PATH: process.env['PATH'] ?? '', ROPEWAY_RUN_ID: spec.runId };
    const { command } = bench.options;
    const options = { folder: folder.path, command, env, token: 't', cgroup: undefined, nice: 0 };
    await Promise.all(Array.from({ length: 10 }, () => startSupervisor(options)));
    await until('it has started', async () => (await bench.startLines(spec.runId))[0]);
    const losers = (): string[] => readdirSync(folder.path).filter((name) => name.startsWith('claim.'));
    await until('the others are gone', async () => (losers().length === 1 ? true : undefined));
    await until('it has started', async () => (await bench.startLines(spec.runId))[0]);
    expect(await bench.starts(spec)).toBe(1);
    expect(await bench.executor.get(spec.name)).toMatchObject({ phase: 'running' });
  });

  it('starts nothing that was stopped or removed before', async () => {
    await using bench = await processBench();
    const [stopped, removed] = [attemptSpec(), attemptSpec()];
    for (const spec of [stopped, removed]) {
      await bench.behave(spec, { kind: 'obeys', code: 0 });
      const folder = new AttemptFolder(join(bench.dataFolder, 'runs'), spec.name);
      await folder.make(spec);
      const kept = await folder.spec();
      if (kept === undefined || kept === 'foreign') throw new Error('it has been made');
      if (spec === stopped) await bench.executor.stop(spec.name, kept.ref, { graceMs: 1000 });
      else await folder.markRemoving();
    }
    expect(await bench.executor.launch(stopped, signal)).toMatchObject({ adopted: true });
    await expect(bench.executor.launch(removed, signal)).rejects.toMatchObject({ kind: 'gone' });
    expect(await bench.executor.get(stopped.name)).toMatchObject({ phase: 'ended', detail: { neverStarted: true } });
    expect([await bench.starts(stopped), await bench.starts(removed)]).toEqual([0, 0]);
  });

  it.each(['', '.', '..', '../r-1-a1', 'r-1/a1', 'R-1-a1', `r-${'1'.repeat(80)}`])(
    'refuses the name %j',
    async (name) => {
      await using bench = await processBench();
      await expect(bench.executor.launch(attemptSpec({ name }), signal)).rejects.toMatchObject({ kind: 'refused' });
      expect(await bench.executor.get(name)).toBe('absent');
    },
  );

  it('says that it takes nothing when there is no place for a folder', async () => {
    await using bench = await processBench();
    await rename(join(bench.dataFolder, 'runs'), join(bench.dataFolder, 'runs-elsewhere'));
    await writeFile(join(bench.dataFolder, 'runs'), 'a file');
    const launched = bench.executor.launch(attemptSpec(), signal);
    await expect(launched).rejects.toMatchObject({ kind: 'unavailable', code: 'ENOTDIR' });
    await rename(join(bench.dataFolder, 'runs'), join(bench.dataFolder, 'file'));
    await rename(join(bench.dataFolder, 'runs-elsewhere'), join(bench.dataFolder, 'runs'));
  });

  it('tells of a runner that cannot be started', async () => {
    await using bench = await processBench({ command: ['/nowhere/runner'] });
    const spec = attemptSpec();
    const { ref } = await bench.executor.launch(spec, signal);
    expect(await ended(bench.executor, spec.name)).toMatchObject({ exitCode: 127 });
    expect(Buffer.from((await bench.executor.tail(spec.name, ref, 1000)) ?? []).toString()).toContain(
      '/nowhere/runner',
    );
  });
});

describe('ProcessExecutor', () => {
  it('finds 50 runners again after the end of the process that launched them (D-18)', async () => {
    await using bench = await processBench();
    const specs = Array.from({ length: 50 }, () => attemptSpec());
    for (const spec of specs) await bench.behave(spec, { kind: 'obeys', code: 5 });
    const script = `
      const [module, options, specs] = process.argv.slice(1);
      import(module).then(async ({ processExecutor }) => {
        const executor = await processExecutor(JSON.parse(options));
        for (const spec of JSON.parse(specs)) await executor.launch(spec, new AbortController().signal);
        process.kill(process.pid, 'SIGKILL');
      });
    `;
    const module = join(import.meta.dirname, 'process.ts');
    const args = ['-e', script, module, JSON.stringify(bench.options), JSON.stringify(specs)];
    const dispatcher = spawn(process.execPath, args, { stdio: ['ignore', 'ignore', 'inherit'] });
    expect(await new Promise((resolve) => dispatcher.once('exit', (_, name) => resolve(name)))).toBe('SIGKILL');
    const found = new Map<string, string>();
    for await (const { name, ref, phase } of bench.executor.list()) if (phase === 'running') found.set(name, ref);
    expect([...found.keys()]).toEqual(specs.map(({ name }) => name).sort());
    for (const [name, ref] of found) await bench.executor.stop(name, ref, { graceMs: 60_000 });
    for (const { name } of specs) expect(await ended(bench.executor, name)).toMatchObject({ exitCode: 5 });
  });

  it('signals nobody who has got the number of a process of ours (D-18)', async () => {
    await using bench = await processBench();
    const strangers = [bystander(), bystander()];
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    const { ref } = await bench.executor.launch(spec, signal);
    await inPhase(bench.executor, spec.name, 'running');
    await bench.lose(spec.name);
    await ended(bench.executor, spec.name);
    // Their numbers come round: to two processes that lead groups of their own.
    for (const [index, file] of ['claimed', 'runner'].entries()) {
      const [, start] = (await readFile(bench.file(spec.name, file), 'utf8')).trim().split(' ');
      await writeFile(bench.file(spec.name, file), `${strangers[index]?.pid} ${start}\n`);
    }
    await writeFile(bench.file(spec.name, 'engine'), `${strangers[0]?.pid} 1\n`);
    expect(await bench.executor.get(spec.name)).toMatchObject({ phase: 'ended', reason: 'node_lost' });
    await bench.executor.stop(spec.name, ref, { graceMs: 0 });
    await bench.executor.remove(spec.name, ref);
    expect(strangers.map((stranger) => stranger.lives())).toEqual([true, true]);
    for (const { child } of strangers) child.kill('SIGKILL');
  });

  it('signals nobody who has really got the number of a process of ours (D-18)', async ({ skip }) => {
    const numbers = '/proc/sys/kernel/ns_last_pid';
    const canChoose = await writeFile(numbers, String(process.pid)).then(
      () => true,
      () => false,
    );
    skip(!canChoose, 'the kernel lets nobody choose the number of the next process');
    await using bench = await processBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    const { ref } = await bench.executor.launch(spec, signal);
    await inPhase(bench.executor, spec.name, 'running');
    const pids = [await pidIn(bench, spec.name, 'claimed'), await pidIn(bench, spec.name, 'runner')];
    await bench.lose(spec.name);
    await ended(bench.executor, spec.name);
    const strangers = [];
    for (const pid of pids) strangers.push(await withNumber(pid, numbers));
    await bench.executor.stop(spec.name, ref, { graceMs: 0 });
    await bench.executor.remove(spec.name, ref);
    expect(strangers.map((stranger) => stranger.lives())).toEqual([true, true]);
    for (const { child } of strangers) child.kill('SIGKILL');
  });

  it('ends an engine whose runner was killed', async () => {
    await using bench = await processBench();
    const spec = attemptSpec();
    const engine = bystander();
    await bench.script(
      spec.runId,
      `echo "${engine.pid} ${processStart(engine.pid)}" > "$ROPEWAY_ENGINE_FILE"\n${sleeps}`,
    );
    await bench.executor.launch(spec, signal);
    await pidIn(bench, spec.name, 'engine');
    process.kill(await pidIn(bench, spec.name, 'runner'), 'SIGKILL');
    const killed = await new Promise((resolve) => engine.child.once('exit', (_, name) => resolve(name)));
    expect(killed).toBe('SIGKILL');
    expect(await ended(bench.executor, spec.name)).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
  });

  it('does not say that an attempt has ended while its engine lives', async () => {
    await using bench = await processBench();
    const spec = attemptSpec();
    const engine = bystander();
    await bench.script(
      spec.runId,
      `echo "${engine.pid} ${processStart(engine.pid)}" > "$ROPEWAY_ENGINE_FILE"\n${sleeps}`,
    );
    const { ref } = await bench.executor.launch(spec, signal);
    await pidIn(bench, spec.name, 'engine');
    await pidIn(bench, spec.name, 'runner');
    await bench.lose(spec.name);
    expect(await bench.executor.get(spec.name)).toMatchObject({ phase: 'running' });
    await bench.executor.stop(spec.name, ref, { graceMs: 0 });
    await ended(bench.executor, spec.name);
    expect(engine.lives()).toBe(false);
  });

  it('waits out the grace of a stop that another dispatcher began', async () => {
    await using bench = await processBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'ignores' });
    await bench.executor.launch(spec, signal);
    await inPhase(bench.executor, spec.name, 'running');
    await writeFile(bench.file(spec.name, 'stop'), `${Date.now() - 5000} 1000\n`);
    const watching = new AbortController();
    const observing = (await bench.restarted()).observe(() => undefined, watching.signal);
    expect(await ended(bench.executor, spec.name)).toMatchObject({ exitCode: 137 });
    watching.abort();
    await observing;
  });

  it('removes what runs, and finishes a removal that was cut short', async () => {
    await using bench = await processBench();
    const [first, second, third] = [attemptSpec(), attemptSpec(), attemptSpec()];
    for (const spec of [first, second]) await bench.behave(spec, { kind: 'ignores' });
    const { ref } = await bench.executor.launch(first, signal);
    await bench.executor.launch(second, signal);
    const pids = [await pidIn(bench, first.name, 'runner'), await pidIn(bench, second.name, 'runner')];
    await bench.executor.remove(first.name, ref);
    expect(await bench.executor.get(first.name)).toBe('absent');
    await new AttemptFolder(join(bench.dataFolder, 'runs'), second.name).markRemoving();
    expect(await bench.executor.get(second.name)).toMatchObject({ isBeingDeleted: true });
    await expect(bench.executor.launch(second, signal)).rejects.toMatchObject({ kind: 'gone' });
    // Of long ago: something that was never started, and the remains of a removal.
    await new AttemptFolder(join(bench.dataFolder, 'runs'), third.name).make(third);
    const litter = join(bench.dataFolder, 'runs', `.removed-${third.name}-x`);
    await mkdir(litter);
    await utimes(bench.file(third.name, 'spec.json'), 0, 0);
    const watching = new AbortController();
    const observing = bench.executor.observe(() => undefined, watching.signal);
    await until('all is gone', async () =>
      [second, third].some(({ name }) => existsSync(bench.file(name, ''))) ? undefined : true,
    );
    watching.abort();
    await observing;
    expect(pids.map((pid) => processStart(pid))).toEqual([undefined, undefined]);
    // Young litter may be somebody's who is at it.
    expect(existsSync(litter)).toBe(true);
  });

  it('bounds what a runner prints', async () => {
    await using bench = await processBench();
    const spec = attemptSpec();
    const line = 'x'.repeat(1023);
    await bench.script(spec.runId, `while :; do i=0; while [ $i -lt 500 ]; do echo ${line}; i=$((i+1)); done; done\n`);
    await bench.executor.launch(spec, signal);
    const watching = new AbortController();
    const observing = bench.executor.observe(() => undefined, watching.signal);
    const size = async (): Promise<number> => (await stat(bench.file(spec.name, 'output'))).size;
    let highest = 0;
    await until('it has been cut', async () => {
      const now = await size();
      if (now < highest) return true;
      highest = now;
      return undefined;
    });
    watching.abort();
    await observing;
    expect(highest).toBeGreaterThan(8 * 1024 * 1024);
  });
});

/** A process of that number. */
async function withNumber(pid: number, numbers: string): Promise<ReturnType<typeof bystander>> {
  for (let tries = 0; tries < 2000; tries += 1) {
    await writeFile(numbers, String(pid - 1));
    const made = bystander();
    if (made.pid === pid) return made;
    made.child.kill('SIGKILL');
  }
  throw new Error(`another process always takes the number ${pid}`);
}
