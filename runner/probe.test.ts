import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runnerControl } from '#test/kit/runner-control.ts';
import type { CallFault, RunnerCall } from '#test/kit/runner-control.ts';
import { runnerProcess } from '#test/kit/runner-process.ts';

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'ropeway-probes-'));
});
afterAll(() => rm(folder, { recursive: true }));

let count = 0;

/** A run's id, and the words of the marks that its executions have left. */
function probeRun(): { readonly runId: string; marks(): Promise<string[]> } {
  const runId = `01jdprobe${(count += 1)}`;
  return {
    runId,
    async marks() {
      const text = await readFile(join(folder, runId), 'utf8').catch(() => '');
      return text.split('\n').flatMap((line) => (line === '' ? [] : [(JSON.parse(line) as { word: string }).word]));
    },
  };
}

describe('ropeway runner', () => {
  it.each<[string, object, number, object, string[]]>([
    ['succeeds', {}, 0, { outcome: 'succeeded', committed: true }, ['begin', 'commit', 'end']],
    ['fails', { outcome: 'failed' }, 1, { outcome: 'failed', failure: { class: 'user' } }, ['begin', 'end']],
    [
      'may do better',
      { outcome: 'transient' },
      75,
      { outcome: 'failed', failure: { class: 'transient' } },
      ['begin', 'end'],
    ],
    ['is not understood', { ms: 'long' }, 1, { outcome: 'failed', failure: { code: 'RUNNER_ARGUMENT' } }, []],
  ])('reports a probe that %s', async (_, more, exitCode, finish, marks) => {
    const run = probeRun();
    const work = { arguments: { ms: 1, lines: 3, marker_folder: folder, ...more } };
    await using control = await runnerControl({ work });
    await using runner = await runnerProcess({ url: control.url, runId: run.runId });
    expect(await control.finished()).toMatchObject(finish);
    expect(await runner.ended).toEqual({ exitCode, signal: null });
    expect(await runner.termination()).toMatchObject({ exit_code: exitCode, is_reported: true, ...finish });
    expect(await run.marks()).toEqual(marks);
    const messages = control.lines.map(({ message }) => message);
    expect(messages[0]).toBe('Claimed.');
    if (marks.length > 0) expect(messages.slice(1, 4)).toEqual(['Probe line 1.', 'Probe line 2.', 'Probe line 3.']);
  });

  it.each<[string, RunnerCall, CallFault]>([
    ['claim that was lost', 'claim', 'lost'],
    ['claim that did not arrive', 'claim', 'dropped'],
    ['claim that came too early', 'claim', { status: 503 }],
    ['permit that was lost', 'commit', 'lost'],
    ['permit that came too early', 'commit', { status: 503 }],
    ['finish that was lost', 'finish', 'lost'],
    ['finish that came too early', 'finish', { status: 503 }],
    ['chunk of the log that was lost', 'logs', 'lost'],
  ])('asks again for a %s', async (_, faulty, fault) => {
    const run = probeRun();
    await using control = await runnerControl({ work: { arguments: { marker_folder: folder, lines: 1 } } });
    control.fault = (call, before) => (call === faulty && before < 2 ? fault : undefined);
    await using runner = await runnerProcess({ url: control.url, divisor: 50, runId: run.runId });
    expect(await runner.ended).toMatchObject({ exitCode: 0 });
    expect(control.count(faulty)).toBeGreaterThanOrEqual(3);
    expect(await run.marks()).toEqual(['begin', 'commit', 'end']);
    expect(control.lines.filter(({ message }) => message === 'Probe line 1.')).toHaveLength(1);
    const nonces = control.calls.flatMap(({ call, body }) =>
      call === 'claim' ? [(body as { claim_nonce: string }).claim_nonce] : [],
    );
    expect(new Set(nonces).size).toBe(1);
  });

  it.each([409, 410, 426, 401])('does nothing when its claim is answered with %i', async (status) => {
    const run = probeRun();
    await using control = await runnerControl({ work: { arguments: { marker_folder: folder } } });
    control.fault = (call) => (call === 'claim' ? { status } : undefined);
    await using runner = await runnerProcess({ url: control.url, runId: run.runId });
    expect(await runner.ended).toMatchObject({ exitCode: 86 });
    expect(await runner.termination()).toMatchObject({ exit_code: 86, is_reported: false, committed: false });
    expect([await run.marks(), control.calls.map(({ call }) => call)]).toEqual([[], ['claim']]);
  });

  it('gives up when nobody answers its claim', async () => {
    await using control = await runnerControl({ work: {} });
    control.fault = () => 'dropped';
    await using runner = await runnerProcess({ url: control.url, divisor: 1000 });
    expect(await runner.ended).toMatchObject({ exitCode: 88 });
    expect(await runner.termination()).toMatchObject({ exit_code: 88 });
  });

  it.each<[string, RunnerCall]>([
    ['a heartbeat', 'heartbeat'],
    ['the commit permit', 'commit'],
  ])('does nothing more when %s says that its claim is gone', async (_, revoking) => {
    const run = probeRun();
    const ms = revoking === 'heartbeat' ? 600_000 : 1;
    await using control = await runnerControl({ work: { arguments: { ms, marker_folder: folder } } });
    control.fault = (call) => (call === revoking ? { status: 410 } : undefined);
    await using runner = await runnerProcess({ url: control.url, runId: run.runId });
    expect(await runner.ended).toMatchObject({ exitCode: 87 });
    expect(await run.marks()).toEqual(['begin', 'end']);
    expect([control.count('quiesced'), control.count('finish')]).toEqual([1, 0]);
    expect(await runner.termination()).toMatchObject({ exit_code: 87, is_reported: false });
  });

  it('hears a stop at once, and cancels', async () => {
    const run = probeRun();
    await using control = await runnerControl({
      work: { arguments: { ms: 600_000, marker_folder: folder } },
      heartbeatS: 20,
    });
    await using runner = await runnerProcess({ url: control.url, divisor: 1, runId: run.runId });
    await control.heard('heartbeat');
    control.stop('soft');
    expect(await control.finished()).toMatchObject({ outcome: 'canceled', committed: false });
    expect(await runner.ended).toMatchObject({ exitCode: 0 });
    expect(await run.marks()).toEqual(['begin', 'end']);
  });

  it('cancels when the permit says that a stop was asked for', async () => {
    const run = probeRun();
    await using control = await runnerControl({ work: { arguments: { marker_folder: folder } } });
    control.fault = (call) => (call === 'commit' ? { status: 409, code: 'stop_requested' } : undefined);
    await using runner = await runnerProcess({ url: control.url, runId: run.runId });
    expect(await control.finished()).toMatchObject({ outcome: 'canceled', committed: false });
    expect(await run.marks()).toEqual(['begin', 'end']);
    expect(await runner.ended).toMatchObject({ exitCode: 0 });
  });

  it('ends at a signal, having said so', async () => {
    await using control = await runnerControl({ work: { arguments: { ms: 600_000 } } });
    await using runner = await runnerProcess({ url: control.url });
    await control.heard('heartbeat');
    runner.kill('SIGTERM');
    expect(await control.finished()).toMatchObject({ outcome: 'canceled' });
    expect(await runner.ended).toEqual({ exitCode: 143, signal: null });
  });

  it('ends itself before its lease does, when nobody answers', async () => {
    const run = probeRun();
    await using control = await runnerControl({
      work: { arguments: { ms: 600_000, marker_folder: folder } },
      leaseS: 3,
      heartbeatS: 0.2,
    });
    let isDown = false;
    let lastAnsweredAt = 0;
    control.fault = () => {
      if (!isDown) lastAnsweredAt = performance.now();
      return isDown ? 'dropped' : undefined;
    };
    // A minute becomes one second.
    await using runner = await runnerProcess({ url: control.url, divisor: 60, runId: run.runId });
    await control.heard('heartbeat');
    isDown = true;
    expect(await runner.ended).toMatchObject({ exitCode: 87 });
    // The server's lease has not ended: it counts from later.
    expect(performance.now() - lastAnsweredAt).toBeLessThan(3000);
    expect(await run.marks()).toEqual(['begin', 'end']);
    expect(await runner.termination()).toMatchObject({ exit_code: 87, is_reported: false });
  });

  it('outlives an absence of the control plane that is shorter than its lease', async () => {
    const run = probeRun();
    await using control = await runnerControl({
      work: { arguments: { ms: 500, marker_folder: folder } },
      heartbeatS: 0.1,
    });
    let isDown = false;
    control.fault = () => (isDown ? 'dropped' : undefined);
    await using runner = await runnerProcess({ url: control.url, divisor: 20, runId: run.runId });
    await control.heard('heartbeat');
    isDown = true;
    setTimeout(() => (isDown = false), 1500);
    expect(await control.finished()).toMatchObject({ outcome: 'succeeded' });
    expect(await runner.ended).toMatchObject({ exitCode: 0 });
    expect(await run.marks()).toEqual(['begin', 'commit', 'end']);
  });

  it('leaves its result behind when nobody hears it', async () => {
    await using control = await runnerControl({ work: { arguments: {} }, leaseS: 3, heartbeatS: 0.2 });
    control.fault = (call) => (call === 'finish' ? 'dropped' : undefined);
    await using runner = await runnerProcess({ url: control.url, divisor: 60 });
    // Heartbeats go on meanwhile: it is the finish alone that is not heard. Then nobody is.
    await control.heard('finish');
    control.fault = () => 'dropped';
    expect(await runner.ended).toMatchObject({ exitCode: 0 });
    expect(await runner.termination()).toMatchObject({ outcome: 'succeeded', committed: true, is_reported: false });
  });

  it.each<[Record<string, string>, string]>([
    [{ ROPEWAY_FENCE: 'x' }, 'ROPEWAY_FENCE'],
    [{ ROPEWAY_CONTROL_URL: 'file:///etc' }, 'ROPEWAY_CONTROL_URL'],
    [{ ROPEWAY_BOOTSTRAP_FILE: '/nowhere/token' }, '/nowhere/token'],
  ])('is not at home in %j', async (env, word) => {
    await using runner = await runnerProcess({ url: 'http://127.0.0.1:1', env });
    expect(await runner.ended).toMatchObject({ exitCode: 64 });
    expect(await runner.printed()).toContain(word);
  });
});
