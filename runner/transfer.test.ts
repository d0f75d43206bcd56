import { gunzipSync } from 'node:zlib';
import { readdir, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { WorkOrder } from '#api/runner.ts';
import { processStart } from '#api/process-start.ts';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import type { PostgresServer } from '#test/kit/postgres-server.ts';
import { bootstrapToken, runnerProcess } from '#test/kit/runner-process.ts';
import { runnerControl, sessionToken } from '#test/kit/runner-control.ts';
import { until } from '#test/kit/until.ts';
import { workspace } from '#test/kit/workspace.ts';
import type { Workspace } from '#test/kit/workspace.ts';

const columns = [
  { name: 'id', type: 'long' },
  { name: 'text', type: 'string' },
];

function rows(count: number): string {
  return Array.from({ length: count }, (_, row) => `${row},text ${row}\n`).join('');
}

function csvInput(space: Workspace): object {
  const parser = { type: 'csv', columns };
  return { type: 'file', path_prefix: join(space.folder, 'in/'), parser };
}

function csvJob(space: Workspace, more: Partial<WorkOrder> = {}): Partial<WorkOrder> {
  const out = { type: 'file', path_prefix: join(space.folder, 'out/r_'), file_ext: 'csv', formatter: { type: 'csv' } };
  const exec = { max_threads: 1, min_output_tasks: 1 };
  return { kind: 'transfer', config: { in: csvInput(space), out, exec }, ...more };
}

describe('ropeway runner with a transfer', () => {
  it('moves CSV to CSV, visible only after the permit, at the time that the run is about', async () => {
    await using space = await workspace({ 'in/a.csv': rows(1000) });
    await using control = await runnerControl({ work: csvJob(space) });
    let beforePermit: string[] | undefined;
    control.fault = (call) => {
      if (call === 'commit') void space.outputs().then((names) => (beforePermit = names));
      return undefined;
    };
    await using runner = await runnerProcess({ url: control.url });
    expect(await control.finished()).toMatchObject({
      outcome: 'succeeded',
      committed: true,
      counters: { records_read: 1000, records_written: 1000, tasks_done: 1, tasks_total: 1 },
      result: { tasks: 1, diff: { in: { last_path: join(space.folder, 'in/a.csv') } } },
    });
    expect(await runner.ended).toEqual({ exitCode: 0, signal: null });
    expect(beforePermit?.filter((name) => name.endsWith('.csv') && !name.startsWith('.'))).toEqual([]);
    const [name = ''] = (await space.outputs()).filter((each) => each.endsWith('.csv'));
    expect((await readFile(space.path(join('out', name)), 'utf8')).split('\n')).toHaveLength(1002);
    expect(control.lines.map(({ message }) => message)).toEqual(
      expect.arrayContaining(['Claimed.', 'Planned the run.', 'Committed.', 'The run has succeeded.']),
    );
    expect(processStart(await runner.engine())).toBeUndefined();
  });

  it.each<[string, object, string, string]>([
    ['config', { in: { type: 'fiel' }, out: { type: 'file' } }, 'user', 'PLUGIN_UNKNOWN'],
    ['missing connection', { in: { connection: { handle: 'no' } }, out: {} }, 'user', 'RUNNER_CONNECTION_MISSING'],
  ])('tells of a wrong %s', async (_, config, kind, code) => {
    // A config is any JSON.
    const work = { kind: 'transfer' as const, config: config as Record<string, unknown> };
    await using control = await runnerControl({ work });
    await using runner = await runnerProcess({ url: control.url });
    expect(await control.finished()).toMatchObject({ outcome: 'failed', failure: { class: kind, code } });
    expect(await runner.ended).toEqual({ exitCode: 1, signal: null });
    expect(control.count('commit')).toBe(0);
  });

  it('leaves nothing when it is stopped at the permit', async () => {
    await using space = await workspace({ 'in/a.csv': rows(10) });
    await using control = await runnerControl({ work: csvJob(space) });
    control.fault = (call) => (call === 'commit' ? { status: 409, code: 'stop_requested' } : undefined);
    await using runner = await runnerProcess({ url: control.url });
    expect(await control.finished()).toMatchObject({ outcome: 'canceled', committed: false });
    expect(await runner.ended).toMatchObject({ exitCode: 0 });
    expect(await space.outputs()).toEqual([]);
  });

  it('ends its engine when its claim is gone', async () => {
    await using space = await workspace({ 'in/a.csv': rows(10) });
    await using control = await runnerControl({ work: csvJob(space) });
    control.fault = (call) => (call === 'commit' ? { status: 410 } : undefined);
    await using runner = await runnerProcess({ url: control.url });
    expect(await runner.ended).toMatchObject({ exitCode: 87 });
    expect(processStart(await runner.engine())).toBeUndefined();
    expect([control.count('quiesced'), control.count('finish')]).toEqual([1, 0]);
    expect((await space.outputs()).filter((name) => !name.startsWith('.'))).toEqual([]);
  });

  it.each<[NodeJS.Signals, 'engine' | 'runner']>([
    ['SIGKILL', 'engine'],
    ['SIGKILL', 'runner'],
  ])('survives a %s of its %s as well as can be', async (signal, victim) => {
    await using space = await workspace({ 'in/a.csv': rows(10) });
    await using control = await runnerControl({ work: csvJob(space) });
    // The permit comes too late: the engine is waiting for it.
    control.fault = (call) => (call === 'commit' ? { status: 503 } : undefined);
    await using runner = await runnerProcess({ url: control.url });
    await control.heard('commit');
    const engine = await runner.engine();
    process.kill(victim === 'engine' ? engine : runner.pid, signal);
    if (victim === 'engine') {
      const failure = { class: 'internal', code: 'RUNNER_ENGINE_DIED' };
      expect(await control.finished()).toMatchObject({ outcome: 'failed', failure, committed: false });
      expect(await runner.ended).toMatchObject({ exitCode: 1 });
    } else {
      await runner.ended;
      // Without its runner it is nothing.
      await until('the engine is gone', async () => (processStart(engine) === undefined ? true : undefined));
    }
    expect((await space.outputs()).filter((name) => !name.startsWith('.'))).toEqual([]);
  });

  it('ends a run that takes more memory than it may, with advice', async () => {
    await using space = await workspace({ 'in/a.csv': rows(10) });
    await using control = await runnerControl({ work: csvJob(space, { memory_mb: 16 }) });
    await using runner = await runnerProcess({ url: control.url, divisor: 100 });
    const finish = await control.finished();
    expect(finish).toMatchObject({
      outcome: 'failed',
      failure: { class: 'resource_oom', code: 'RUNNER_OUT_OF_MEMORY' },
    });
    expect(finish.failure?.hint).toContain('32 MB');
    expect(await runner.ended).toMatchObject({ exitCode: 1 });
  });

  it('holds back nothing of an output that shows its data as it comes', async () => {
    await using space = await workspace({ 'in/a.csv': rows(10) });
    await using control = await runnerControl({ work: csvJob(space, { commit_mode: 'continuous' }) });
    await using runner = await runnerProcess({ url: control.url });
    expect(await control.finished()).toMatchObject({ outcome: 'succeeded', committed: true });
    expect(control.count('commit')).toBe(0);
    expect(await runner.ended).toMatchObject({ exitCode: 0 });
  });

  it('previews and guesses, and says the connection by its handle again', async () => {
    await using space = await workspace({ 'in/a.csv': `id,at\n1,2026-01-02 03:04:05\n` });
    const section = { connection: { handle: 'c' }, path_prefix: join(space.folder, 'in/') };
    const connections = { c: { plugin: 'file', name: 'files', options: {} } };
    await using guessing = await runnerControl({ work: { kind: 'guess', config: { in: section }, connections } });
    await using guesser = await runnerProcess({ url: guessing.url });
    const { result } = await guessing.finished();
    expect(result['config']).toMatchObject({ in: { ...section, parser: { type: 'csv', skip_header_lines: 1 } } });
    expect(await guesser.ended).toMatchObject({ exitCode: 0 });
    const config = result['config'] as Record<string, unknown>;
    await using previewing = await runnerControl({ work: { kind: 'preview', config, connections } });
    await using previewer = await runnerProcess({ url: previewing.url });
    expect(await previewing.finished()).toMatchObject({
      outcome: 'succeeded',
      committed: false,
      result: {
        columns: [
          { name: 'id', type: 'long' },
          { name: 'at', type: 'timestamp' },
        ],
        records: [[1, '2026-01-02T03:04:05Z']],
      },
    });
    expect(await previewer.ended).toMatchObject({ exitCode: 0 });
  });
});

describe.skipIf(postgresMissing !== '')(`ropeway runner with PostgreSQL${postgresMissing}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await postgresServer();
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  function connection(): { connections: WorkOrder['connections']; secrets: Record<string, Record<string, unknown>> } {
    const { type: _, password, ...options } = server.options;
    return {
      connections: { db: { plugin: 'postgresql', name: 'main', options } },
      secrets: { db: { password } },
    };
  }

  it('moves CSV to a table with secrets that turn up nowhere', async () => {
    await using space = await workspace({ 'in/a.csv': rows(500) });
    const { connections, secrets } = connection();
    const secret = String(server.options['password']);
    const filters = [{ type: 'rename', columns: { text: 'words' } }];
    const out = { connection: { handle: 'db' }, table: 'moved', mode: 'insert' };
    const work = { kind: 'transfer' as const, config: { in: csvInput(space), filters, out }, connections };
    await using control = await runnerControl({ work, secrets });
    const seen: string[] = [];
    control.fault = (call, before) => {
      // While the engine waits: what can be seen of both processes from outside.
      if (call === 'commit' && before === 0) return { status: 503 };
      return undefined;
    };
    await using runner = await runnerProcess({ url: control.url });
    await control.heard('commit');
    for (const pid of [runner.pid, await runner.engine()]) {
      for (const file of ['cmdline', 'environ']) seen.push(await readFile(`/proc/${pid}/${file}`, 'latin1'));
    }
    for (const name of await readdir(runner.folder, { recursive: true, withFileTypes: true })) {
      if (name.isFile()) seen.push(await readFile(join(name.parentPath, name.name), 'latin1'));
    }
    const finish = await control.finished();
    expect(finish).toMatchObject({ outcome: 'succeeded', committed: true, counters: { records_written: 500 } });
    expect(await runner.ended).toMatchObject({ exitCode: 0 });
    seen.push(
      await runner.printed(),
      JSON.stringify(control.lines),
      JSON.stringify(finish),
      JSON.stringify(await runner.termination()),
    );
    for (const canary of [secret, bootstrapToken, sessionToken]) expect(seen.join('\n')).not.toContain(canary);
    expect(await server.query('select count(*), min(words) from moved')).toEqual([['500', 'text 0']]);
  });

  it('keeps a secret out of what goes wrong', async () => {
    await using space = await workspace({ 'in/a.csv': rows(1) });
    const { connections } = connection();
    const secret = 'canary wrong/pass"word';
    const out = { connection: { handle: 'db' }, table: 'never', mode: 'insert' };
    const work = { kind: 'transfer' as const, config: { in: csvInput(space), out }, connections };
    await using control = await runnerControl({ work, secrets: { db: { password: secret } } });
    await using runner = await runnerProcess({ url: control.url });
    expect(await control.finished()).toMatchObject({ outcome: 'failed', failure: { class: 'user' } });
    expect(await runner.ended).toMatchObject({ exitCode: 1 });
    expect(control.received() + (await runner.printed())).not.toContain('canary wrong');
  });

  it('tests a connection and browses it', async () => {
    await server.query('create table if not exists browsed (id bigint)');
    await server.query('create table if not exists "browsed "" \'日本" (id bigint)');
    const config = { out: { connection: { handle: 'db' } } };
    const { connections, secrets } = connection();
    const looks = [
      { kind: 'test', arguments: { side: 'out' } },
      { kind: 'browse', arguments: { side: 'out', path: ['postgres', 'public'], prefix: 'browsed' } },
      { kind: 'browse', arguments: { side: 'out', path: ['postgres', 'public'], limit: 5001, names_only: true } },
    ] as const;
    const results: unknown[] = [];
    for (const look of looks) {
      await using control = await runnerControl({ work: { ...look, config, connections }, secrets });
      await using runner = await runnerProcess({ url: control.url });
      const { outcome, result } = await control.finished();
      expect([outcome, (await runner.ended).exitCode]).toEqual(['succeeded', 0]);
      results.push(result);
    }
    expect(results[0]).toMatchObject({ type: 'postgresql' });
    expect(JSON.stringify(results[0])).toContain('"log_in","outcome":"passed"');
    expect(results[1]).toMatchObject({ entries: [{ name: 'browsed' }, {}], has_more: false });
    const { names_gzip: packed, has_more: hasMore } = results[2] as { names_gzip: string; has_more: boolean };
    const names = JSON.parse(gunzipSync(Buffer.from(packed, 'base64')).toString()) as string[];
    expect(names).toEqual(expect.arrayContaining(['browsed', 'browsed " \'日本']));
    expect(hasMore).toBe(false);
  });
});
