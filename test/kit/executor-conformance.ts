/** What every executor does alike: the rules that the dispatcher relies on, as tests against any of them. */
import { describe, expect, it } from 'vitest';
import { LaunchError } from '#control/dispatch/executors/executor.ts';
import type { AttemptSpec, Executor, Observed } from '#control/dispatch/executors/executor.ts';
import { until } from './until.ts';

/** What the runner of an attempt does, as far as an executor can see it. */
export type Behaviour =
  | { readonly kind: 'exits'; readonly code: number; readonly message?: string; readonly prints?: string }
  /** Runs until it is asked to end, and ends with that code. */
  | { readonly kind: 'obeys'; readonly code: number }
  | { readonly kind: 'ignores' };

/** An executor, and what a test needs around it. */
export interface ExecutorBench extends AsyncDisposable {
  readonly executor: Executor;
  /** A stop takes the object away with the process; how that ended is known from what `observe` heard, if at all. */
  readonly stopTakesAway?: boolean;
  /** Called before a launch. */
  behave(spec: AttemptSpec, behaviour: Behaviour): Promise<void>;
  /** Until a runner that obeys or ignores does so: it runs a little before. Absent where it does from its start. */
  readonly waits?: (spec: AttemptSpec) => Promise<unknown>;
  /** Another executor over the same place, as after the end of the first one's process. */
  restarted(): Promise<Executor>;
  /** How many runners an attempt has had in all. */
  starts(spec: AttemptSpec): Promise<number>;
  /** A launch whose answer is lost. */
  launchWithLostAnswer(spec: AttemptSpec): Promise<void>;
  /** Everything of the attempt ends at once, and nobody can write down how. */
  lose(name: string): Promise<void>;
  /** Puts something of that name there that is no attempt. */
  intrude(name: string): Promise<void>;
}

export const installationId = 'inst1';
const signal = new AbortController().signal;
/** So long that a test that waits for its end would fail by its own time. */
const LONG_MS = 600_000;

let count = 0;

export function attemptSpec(changes: Partial<AttemptSpec> = {}): AttemptSpec {
  count += 1;
  const runId = `01jd${String(process.pid).padStart(10, '0')}${String(count).padStart(12, '0')}`;
  return {
    name: `r-${runId}-a1`,
    installationId,
    runId,
    attemptNo: 1,
    fence: String(1000 + count),
    specHash: `hash-${count}`,
    manifest: {
      controlUrl: 'http://127.0.0.1:1',
      protocol: 1,
      release: 'test',
      cpuMillis: 100,
      memoryMb: 64,
      runTimeoutS: 60,
      graceS: 5,
      lane: 'batch',
      workspaceHash: 'w',
    },
    bootstrapToken: `canary-${count}-token`,
    ...changes,
  };
}

export function ended(executor: Executor, name: string): Promise<Observed> {
  return inPhase(executor, name, 'ended');
}

export async function inPhase(executor: Executor, name: string, phase: Observed['phase']): Promise<Observed> {
  return until(`${name} is ${phase}`, async () => {
    const observed = await executor.get(name);
    return observed !== 'absent' && observed.phase === phase ? observed : undefined;
  });
}

async function listed(executor: Executor): Promise<Observed[]> {
  const all: Observed[] = [];
  for await (const one of executor.list()) all.push(one);
  return all;
}

/** Once there is one: a runner says so a moment after it was started. */
function startsOf(bench: ExecutorBench, spec: AttemptSpec): Promise<number> {
  return until('a runner has started', async () => (await bench.starts(spec)) || undefined);
}

function refusal(work: Promise<unknown>): Promise<string> {
  return work.then(
    () => 'done',
    (error: unknown) => (error instanceof LaunchError ? error.kind : String(error)),
  );
}

export function conformsAsExecutor(title: string, makeBench: () => Promise<ExecutorBench>): void {
  describe(`${title} as an executor`, () => {
    launching(makeBench);
    naming(makeBench);
    ending(makeBench);
    stopping(makeBench);
    watching(makeBench);
  });
}

function launching(makeBench: () => Promise<ExecutorBench>): void {
  it('runs an attempt once, whoever launches it again', async () => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    const first = await bench.executor.launch(spec, signal);
    const again = await bench.executor.launch(spec, signal);
    const restarted = await (await bench.restarted()).launch(spec, signal);
    expect([first.adopted, again, restarted]).toEqual([
      false,
      { ref: first.ref, adopted: true },
      { ref: first.ref, adopted: true },
    ]);
    await inPhase(bench.executor, spec.name, 'running');
    expect(await startsOf(bench, spec)).toBe(1);
  });

  it('runs an attempt once when many launch it at the same moment', async () => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    const others = await Promise.all(Array.from({ length: 3 }, () => bench.restarted()));
    const executors = [bench.executor, ...others, bench.executor];
    const launched = await Promise.all(executors.map((executor) => executor.launch(spec, signal)));
    expect(new Set(launched.map(({ ref }) => ref)).size).toBe(1);
    expect(launched.filter(({ adopted }) => !adopted)).toHaveLength(1);
    await inPhase(bench.executor, spec.name, 'running');
    expect(await startsOf(bench, spec)).toBe(1);
  });

  it('adopts what a launch whose answer was lost has made', async () => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    await bench.launchWithLostAnswer(spec);
    expect(await bench.executor.launch(spec, signal)).toMatchObject({ adopted: true });
    await inPhase(bench.executor, spec.name, 'running');
    expect(await startsOf(bench, spec)).toBe(1);
  });
}

function naming(makeBench: () => Promise<ExecutorBench>): void {
  it.each<[string, Partial<AttemptSpec>]>([
    ['another fence', { fence: '7' }],
    ['another manifest', { specHash: 'other' }],
    ['another installation', { installationId: 'inst2' }],
    ['another run', { runId: '01jdother' }],
  ])('refuses a name that belongs to %s', async (_, changes) => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    await bench.executor.launch(spec, signal);
    expect(await refusal(bench.executor.launch({ ...spec, ...changes }, signal))).toBe('clash');
    expect(await startsOf(bench, spec)).toBe(1);
  });

  it('refuses a name that is no attempt’s, and says that it is foreign', async () => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.intrude(spec.name);
    expect(await refusal(bench.executor.launch(spec, signal))).toBe('clash');
    expect(await bench.executor.get(spec.name)).toMatchObject({ identity: undefined });
  });

  it('makes another object after a removal', async () => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'exits', code: 0 });
    const first = await bench.executor.launch(spec, signal);
    await ended(bench.executor, spec.name);
    await bench.executor.remove(spec.name, first.ref);
    await bench.executor.remove(spec.name, first.ref);
    expect(await bench.executor.get(spec.name)).toBe('absent');
    const second = await bench.executor.launch(spec, signal);
    expect(second.adopted).toBe(false);
    expect(second.ref).not.toBe(first.ref);
    // What is left of the first one's affairs does not touch the second.
    await bench.executor.stop(spec.name, first.ref, { graceMs: 0 });
    await bench.executor.remove(spec.name, first.ref);
    expect(await bench.executor.get(spec.name)).toMatchObject({ ref: second.ref });
  });
}

function ending(makeBench: () => Promise<ExecutorBench>): void {
  it.each([0, 1, 63, 75, 86, 87, 88, 137])('tells the exit code %i', async (code) => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'exits', code, message: `{"code":${code}}`, prints: `printed ${code}\n` });
    const { ref } = await bench.executor.launch(spec, signal);
    const observed = await ended(bench.executor, spec.name);
    const { runId, attemptNo, fence, specHash } = spec;
    expect(observed).toMatchObject({
      ref,
      exitCode: code,
      reason: 'exited',
      terminationMessage: `{"code":${code}}`,
      identity: { installationId, runId, attemptNo, fence, specHash },
      isBeingDeleted: false,
    });
    expect(Date.parse(observed.endedAt ?? '')).not.toBeNaN();
    const tail = (await bench.executor.tail(spec.name, ref, 4)) ?? new Uint8Array();
    expect(Buffer.from(tail).toString()).toBe(`printed ${code}\n`.slice(-4));
  });

  it('has no exit code for what was lost', async () => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    await bench.executor.launch(spec, signal);
    await inPhase(bench.executor, spec.name, 'running');
    await bench.lose(spec.name);
    const observed = await ended(bench.executor, spec.name);
    expect(observed).toMatchObject({ reason: 'node_lost' });
    expect(observed.exitCode).toBeUndefined();
  });
}

function stopping(makeBench: () => Promise<ExecutorBench>): void {
  it('asks a runner to end, and leaves it its own way of doing so', async () => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 42 });
    const { ref } = await bench.executor.launch(spec, signal);
    await inPhase(bench.executor, spec.name, 'running');
    await bench.waits?.(spec);
    await bench.executor.stop(spec.name, ref, { graceMs: LONG_MS });
    await bench.executor.stop(spec.name, ref, { graceMs: LONG_MS });
    expect(await ended(bench.executor, spec.name)).toMatchObject({ exitCode: 42 });
    await bench.executor.stop(spec.name, ref, { graceMs: 0 });
  });

  it('ends a runner that does not hear, after the grace', async () => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'ignores' });
    const { ref } = await bench.executor.launch(spec, signal);
    await inPhase(bench.executor, spec.name, 'running');
    await bench.waits?.(spec);
    await bench.executor.stop(spec.name, ref, { graceMs: 50 });
    expect(await ended(bench.executor, spec.name)).toMatchObject({ exitCode: 137, signal: 'SIGKILL' });
  });

  it('stops what has only just been launched', async () => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'ignores' });
    const { ref } = await bench.executor.launch(spec, signal);
    await bench.executor.stop(spec.name, ref, { graceMs: 0 });
    if (bench.stopTakesAway === true) {
      await until('nothing runs', async () => {
        const observed = await bench.executor.get(spec.name);
        return observed === 'absent' || observed.phase === 'ended' || undefined;
      });
      return;
    }
    expect(await ended(bench.executor, spec.name)).toMatchObject({ ref });
    expect(await bench.executor.launch(spec, signal)).toEqual({ ref, adopted: true });
  });

  it('does not stop another object of the same name', async () => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    await bench.executor.launch(spec, signal);
    await inPhase(bench.executor, spec.name, 'running');
    await bench.waits?.(spec);
    await bench.executor.stop(spec.name, 'another', { graceMs: 0 });
    await bench.executor.remove(spec.name, 'another');
    expect(await bench.executor.get(spec.name)).toMatchObject({ phase: 'running' });
    expect(await bench.executor.tail(spec.name, 'another', 10)).toBeUndefined();
    await bench.executor.stop('r-nobody-a1', 'another', { graceMs: 0 });
    await bench.executor.remove('r-nobody-a1', 'another');
  });
}

function watching(makeBench: () => Promise<ExecutorBench>): void {
  it('lists everything, and an executor that was started again sees the same', async () => {
    await using bench = await makeBench();
    const specs = Array.from({ length: 8 }, () => attemptSpec());
    for (const [index, spec] of specs.entries()) {
      await bench.behave(spec, index % 2 === 0 ? { kind: 'obeys', code: 0 } : { kind: 'exits', code: 3 });
    }
    await Promise.all(specs.map((spec) => bench.executor.launch(spec, signal)));
    const phase = (index: number): 'running' | 'ended' => (index % 2 === 0 ? 'running' : 'ended');
    for (const [index, spec] of specs.entries()) await inPhase(bench.executor, spec.name, phase(index));
    const restarted = await bench.restarted();
    for (const executor of [bench.executor, restarted]) {
      const all = (await listed(executor)).sort((a, b) => a.name.localeCompare(b.name));
      expect(all.map(({ name, phase }) => [name, phase])).toEqual(
        specs.map((spec, index) => [spec.name, phase(index)]),
      );
    }
    // What it sees it can stop.
    for (const one of await listed(restarted)) await restarted.stop(one.name, one.ref, { graceMs: LONG_MS });
    for (const [index, spec] of specs.entries()) {
      expect(await ended(restarted, spec.name)).toMatchObject({ exitCode: index % 2 === 0 ? 0 : 3 });
    }
    for (const one of await listed(restarted)) await restarted.remove(one.name, one.ref);
    expect(await listed(bench.executor)).toEqual([]);
  });

  it('tells of an attempt that has ended', async () => {
    await using bench = await makeBench();
    const spec = attemptSpec();
    await bench.behave(spec, { kind: 'obeys', code: 0 });
    const { ref } = await bench.executor.launch(spec, signal);
    await inPhase(bench.executor, spec.name, 'running');
    const watching = new AbortController();
    const heard = new Set<string>();
    const observing = bench.executor.observe((name) => void heard.add(name), watching.signal);
    heard.clear();
    await bench.executor.stop(spec.name, ref, { graceMs: LONG_MS });
    await until('it is told', () => Promise.resolve(heard.has(spec.name) || undefined));
    expect(heard).toContain(spec.name);
    watching.abort();
    await observing;
  });

  it('knows nothing of a name that was never launched', async () => {
    await using bench = await makeBench();
    expect(await bench.executor.get('r-never-a1')).toBe('absent');
    expect(await listed(bench.executor)).toEqual([]);
  });
}
