import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkOrder } from '#api/runner.ts';
import { runnerControl } from '#test/kit/runner-control.ts';
import type { RunnerControl } from '#test/kit/runner-control.ts';
import { runAttempt } from './run-attempt.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ropeway-attempt-'));
});
afterAll(() => rm(folder, { recursive: true }));

/** The runner in this process, over an engine that does as it is told. */
async function attempt(control: RunnerControl, options: { divisor?: number; graceS?: number } = {}): Promise<number> {
  const tokenFile = join(folder, 'token');
  await writeFile(tokenFile, 'canary-bootstrap-token\n');
  const entry = pathToFileURL(join(import.meta.dirname, '..', 'test', 'kit', 'scripted-engine.ts'));
  return runAttempt({
    env: {
      ROPEWAY_RUN_ID: '01jdattempt',
      ROPEWAY_ATTEMPT_NO: '1',
      ROPEWAY_FENCE: '1',
      ROPEWAY_CONTROL_URL: control.url,
      ROPEWAY_PROCESS_UID: 'p',
      ROPEWAY_GRACE_S: String(options.graceS ?? 1),
      ROPEWAY_TERMINATION_FILE: join(folder, 'termination'),
      ROPEWAY_BOOTSTRAP_FILE: tokenFile,
      ROPEWAY_TIMER_DIVISOR: String(options.divisor ?? 20),
    },
    version: 'test',
    engineEntry: entry,
    workerEntry: entry,
    signal: new AbortController().signal,
    print: () => undefined,
    say: () => undefined,
  });
}

function order(script: object, more: Partial<WorkOrder> = {}): Partial<WorkOrder> {
  // What the scripted engine knows.
  return { kind: 'transfer', arguments: script as Record<string, unknown>, ...more };
}

interface Gap {
  readonly lines: number;
  readonly bytes: number;
}

/** Lines that came, and those that are said to be missing. A line that a gap cuts has lost its end to the gap. */
function tally(control: RunnerControl, lineBytes: number): { lines: number; bytes: number; gaps: number } {
  let [lines, bytes, gaps] = [0, 0, 0];
  for (const { message, fields = {} } of control.lines) {
    const gap = fields['gap'] as Gap | undefined;
    if (gap !== undefined) {
      lines += gap.lines;
      bytes += gap.bytes;
      gaps += 1;
    } else if (fields['source'] !== 'runner' && message.startsWith('x')) {
      lines += 1;
      bytes += Number(fields['cut_bytes'] ?? (message.length < lineBytes - 1 ? message.length : lineBytes));
    }
  }
  return { lines, bytes, gaps };
}

describe('runAttempt()', () => {
  it.each<[string, number, number]>([
    ['100 MB of short lines', 100, 100],
    ['20 MB of lines of a megabyte', 20, 1_000_000],
  ])(
    'accounts for every line of %s, and holds up nobody (D-70)',
    async (_, megabytes, lineBytes) => {
      await using control = await runnerControl({ work: order({ print_mb: megabytes, line_bytes: lineBytes }) });
      const exitCode = await attempt(control, { divisor: 1 });
      const { result } = await control.finished();
      const printed = Number(result['printed_bytes']);
      expect([exitCode, printed >= megabytes * 1024 * 1024]).toEqual([0, true]);
      expect(tally(control, lineBytes)).toMatchObject({ lines: printed / lineBytes, bytes: printed });
      expect(JSON.parse(await readFile(join(folder, 'termination'), 'utf8'))).toMatchObject({ is_reported: true });
    },
    60_000,
  );

  it('finishes without its log when nobody takes it', async () => {
    await using control = await runnerControl({ work: order({ print_mb: 5 }) });
    control.fault = (call) => (call === 'logs' ? { status: 503 } : undefined);
    expect(await attempt(control, { divisor: 100 })).toBe(0);
    expect(await control.finished()).toMatchObject({ outcome: 'succeeded' });
  });

  it('ends an engine that hears no stop, after the grace (D-45)', async () => {
    await using control = await runnerControl({ work: order({ is_deaf: true, ms: 600_000 }), heartbeatS: 0.1 });
    const running = attempt(control);
    await control.heard('heartbeat');
    control.stop('soft');
    expect(await control.finished()).toMatchObject({ outcome: 'canceled', result: { note: 'killed_after_grace' } });
    expect(await running).toBe(0);
  });

  it('ends an engine at once when it is told to', async () => {
    await using control = await runnerControl({ work: order({ is_deaf: true, ms: 600_000 }), heartbeatS: 0.1 });
    const running = attempt(control, { graceS: 600 });
    await control.heard('heartbeat');
    control.stop('hard');
    expect(await control.finished()).toMatchObject({ outcome: 'canceled' });
    expect(await running).toBe(0);
  });

  it.each<[string, Partial<WorkOrder>, object, number]>([
    ['takes too long', { run_timeout_s: 1 }, { class: 'timeout', code: 'RUNNER_TIMEOUT' }, 1],
    ['moves nothing', { stall_timeout_s: 1 }, { class: 'stalled', code: 'RUNNER_STALLED' }, 1],
  ])('ends a run that %s', async (_, limits, failure, exitCode) => {
    await using control = await runnerControl({ work: order({ ms: 600_000 }, limits), heartbeatS: 0.1 });
    expect(await attempt(control)).toBe(exitCode);
    expect(await control.finished()).toMatchObject({ outcome: 'failed', failure, committed: false });
  });
});
