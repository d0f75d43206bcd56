import { describe, expect, it } from 'vitest';
import { attemptSpec, conformsAsExecutor, installationId } from '#test/kit/executor-conformance.ts';
import type { Behaviour, ExecutorBench } from '#test/kit/executor-conformance.ts';
import { LaunchError } from './executor.ts';
import { MemoryExecutor, memoryPlace } from './memory.ts';
import type { MemoryExecutorOptions, MemoryFault } from './memory.ts';

const signal = new AbortController().signal;

function bench(): ExecutorBench {
  const place = memoryPlace();
  const behaviours = new Map<string, Behaviour>();
  const starts = new Map<string, number>();
  let losesAnswer = false;
  const options: MemoryExecutorOptions = {
    installationId,
    fault: (call): MemoryFault | undefined =>
      losesAnswer && call === 'launch'
        ? { when: 'after', error: new LaunchError('ambiguous', 'LOST', 'lost') }
        : undefined,
    started: ({ name }) => {
      starts.set(name, (starts.get(name) ?? 0) + 1);
      const behaviour = behaviours.get(name);
      executor.begin(name);
      if (behaviour?.kind !== 'exits') return;
      executor.print(name, behaviour.prints ?? '');
      const { code, message } = behaviour;
      executor.end(name, {
        exitCode: code,
        reason: 'exited',
        ...(message === undefined ? {} : { terminationMessage: message }),
      });
    },
    stopping: (name, _, graceMs) => {
      const behaviour = behaviours.get(name);
      if (behaviour?.kind === 'obeys') executor.end(name, { exitCode: behaviour.code, reason: 'exited' });
      else setTimeout(() => executor.end(name, { exitCode: 137, signal: 'SIGKILL', reason: 'exited' }), graceMs);
    },
  };
  const executor = new MemoryExecutor(options, place);
  return {
    executor,
    behave: async ({ name }, behaviour) => void behaviours.set(name, behaviour),
    restarted: async () => new MemoryExecutor(options, place),
    starts: async ({ name }) => starts.get(name) ?? 0,
    async launchWithLostAnswer(spec) {
      losesAnswer = true;
      await expect(executor.launch(spec, signal)).rejects.toMatchObject({ kind: 'ambiguous' });
      losesAnswer = false;
    },
    lose: async (name) => executor.end(name, { reason: 'node_lost' }),
    intrude: async (name) => executor.intrude(name),
    async [Symbol.asyncDispose]() {},
  };
}

conformsAsExecutor('MemoryExecutor', async () => bench());

describe('MemoryExecutor', () => {
  it('fails before it has done anything, when that is asked for', async () => {
    const fault: MemoryFault = { when: 'before', error: new LaunchError('throttled', 'BUSY', 'busy', 500) };
    let isBusy = true;
    const executor = new MemoryExecutor({ installationId, fault: () => (isBusy ? fault : undefined) });
    const spec = attemptSpec();
    await expect(executor.launch(spec, signal)).rejects.toMatchObject({ kind: 'throttled', retryAfterMs: 500 });
    isBusy = false;
    expect(await executor.get(spec.name)).toBe('absent');
  });

  it('tells why a runner does not start, and that it is being removed', async () => {
    const executor = new MemoryExecutor({ installationId, now: () => 0 });
    const spec = attemptSpec();
    await executor.launch(spec, signal);
    executor.hold(spec.name, 'image');
    executor.beginRemoval(spec.name);
    expect(await executor.get(spec.name)).toMatchObject({ phase: 'pending', reason: 'image', isBeingDeleted: true });
    await expect(executor.launch(spec, signal)).rejects.toMatchObject({ kind: 'gone' });
    executor.vanish(spec.name);
    expect(await executor.get(spec.name)).toBe('absent');
  });
});
