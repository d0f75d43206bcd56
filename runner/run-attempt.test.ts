import { afterEach, describe, expect, it, vi } from 'vitest';
import type { WorkOrder } from '#api/runner.ts';
import { runnerControl } from '#test/kit/runner-control.ts';
import { scriptedAttempt, scriptedOrder as order } from '#test/kit/scripted-attempt.ts';

describe('runAttempt()', () => {
  afterEach(() => void vi.useRealTimers());

  it('finishes without its log when nobody takes it', async () => {
    await using control = await runnerControl({ work: order({ print_mb: 5 }) });
    control.fault = (call) => (call === 'logs' ? { status: 503 } : undefined);
    expect(await scriptedAttempt(control, { divisor: 100 })).toMatchObject({ exitCode: 0 });
    expect(await control.finished()).toMatchObject({ outcome: 'succeeded' });
  });

  it('ends an engine that hears no stop, after the grace (D-45)', async () => {
    await using control = await runnerControl({ work: order({ is_deaf: true, ms: 600_000 }), heartbeatS: 0.1 });
    const running = scriptedAttempt(control);
    await control.heard('heartbeat');
    control.stop('soft');
    expect(await control.finished()).toMatchObject({ outcome: 'canceled', result: { note: 'killed_after_grace' } });
    expect(await running).toMatchObject({ exitCode: 0, termination: { is_reported: true } });
  });

  it('ends an engine at once when it is told to', async () => {
    await using control = await runnerControl({ work: order({ is_deaf: true, ms: 600_000 }), heartbeatS: 0.1 });
    const running = scriptedAttempt(control, { graceS: 600 });
    await control.heard('heartbeat');
    control.stop('hard');
    expect(await control.finished()).toMatchObject({ outcome: 'canceled' });
    expect(await running).toMatchObject({ exitCode: 0, termination: { is_reported: true } });
  });

  it.each<[string, Partial<WorkOrder>, object, number]>([
    ['takes too long', { run_timeout_s: 1 }, { class: 'timeout', code: 'RUNNER_TIMEOUT' }, 1],
    ['moves nothing', { stall_timeout_s: 1 }, { class: 'stalled', code: 'RUNNER_STALLED' }, 1],
  ])('ends a run that %s', async (_, limits, failure, exitCode) => {
    await using control = await runnerControl({ work: order({ ms: 600_000 }, limits), heartbeatS: 0.1 });
    expect(await scriptedAttempt(control)).toMatchObject({ exitCode });
    expect(await control.finished()).toMatchObject({ outcome: 'failed', failure, committed: false });
  });
  it('D-42 keeps its claim while the clock of its machine steps ten minutes to and fro', async () => {
    await using control = await runnerControl({ work: order({ ms: 500 }), leaseS: 60, heartbeatS: 0.05 });
    vi.useFakeTimers({ toFake: ['Date'] });
    let steps = 0;
    control.fault = () => {
      steps += 1;
      vi.setSystemTime(Date.parse('2026-05-01T12:00:00Z') + (steps % 2 === 0 ? 600_000 : -600_000));
      return undefined;
    };
    expect(await scriptedAttempt(control)).toMatchObject({ exitCode: 0, termination: { outcome: 'succeeded' } });
    expect(control.count('heartbeat')).toBeGreaterThan(1);
    expect(control.count('quiesced')).toBe(0);
  });
});
