import { join } from 'node:path';
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { LateValues } from '#api/late-values.ts';
import type { WorkOrder } from '#api/runner.ts';
import { postgresMissing, postgresServer } from '#test/kit/postgres-server.ts';
import type { PostgresServer } from '#test/kit/postgres-server.ts';
import { runnerControl } from '#test/kit/runner-control.ts';
import { runnerProcess } from '#test/kit/runner-process.ts';
import { workspace } from '#test/kit/workspace.ts';
import { askedConfig } from './query-values.ts';

type Query = LateValues['queries'][number];

const silent = { error: () => {}, warn: () => {}, info: () => {}, debug: () => {} };
const never = new AbortController().signal;

describe.skipIf(postgresMissing !== '')(`askedConfig()${postgresMissing}`, () => {
  let server: PostgresServer;
  beforeAll(async () => {
    server = await postgresServer();
  }, 60_000);
  afterAll(() => server[Symbol.asyncDispose]());

  function order(query: Partial<Query>, use: LateValues['places'][number]['use'] = 'text'): [WorkOrder, object] {
    const { type: _, password, ...options } = server.options;
    const asked: Query = {
      key: 'in.v',
      handle: 'db',
      query: ['select 1'],
      format: '%Y-%m-%d %H:%M:%S.%6N %z',
      time_zone: 'Asia/Tokyo',
      timeout_s: 60,
      on_retry: 'keep',
      ...query,
    };
    const places = [{ path: ['in', 'path_prefix'], use, parts: ['a/', { key: 'in.v' }, '/b'] }];
    const work: WorkOrder = {
      kind: 'transfer',
      config: { in: { type: 'file', path_prefix: 'a/$v$/b' }, out: { type: 'stdout' } },
      connections: { db: { plugin: 'postgresql', name: 'main', options } },
      variables: {},
      late: { places, starts: [], queries: [asked] },
      arguments: {},
      transaction_time: '2026-01-02T03:04:05.000Z',
      run_timeout_s: 300,
      memory_mb: 512,
      cpu_millis: 1000,
      commit_mode: 'permit',
      workspace_id: 'w',
    };
    return [work, { db: { password } }];
  }

  async function ask(
    query: Partial<Query>,
    use?: LateValues['places'][number]['use'],
    signal: AbortSignal = never,
  ): Promise<unknown> {
    const [work, secrets] = order(query, use);
    const kept: unknown[] = [];
    const keep = async (values: object): Promise<void> => void kept.push(values);
    // Of the connection of the order.
    const config = await askedConfig(work, {
      secrets: secrets as Record<string, object & Record<string, unknown>>,
      log: silent,
      signal,
      keep,
    });
    const { path_prefix: path } = config['in'] as { path_prefix: string };
    expect(kept).toEqual([{ 'in.v': path.slice(2, -2) }]);
    return path;
  }

  it.each([
    ['select 42', 'a/42/b'],
    ["select 'x y'", 'a/x y/b'],
    ["select '$w$ {{ vars.x }}'", 'a/$w$ {{ vars.x }}/b'],
    ['select 1.5::float8', 'a/1.5/b'],
    ['select true', 'a/true/b'],
    ["select timestamptz '2026-01-01 00:00:00.5Z'", 'a/2026-01-01 09:00:00.500000 +0900/b'],
    ["select 'first', 'second'", 'a/first/b'],
    ["select ''", 'a//b'],
  ])('puts in what %s gives', async (sql, path) => expect(await ask({ query: [sql] })).toBe(path));

  it.each(['select null::text', 'select 1 where false'])('takes the default when %s gives nothing', async (sql) => {
    expect(await ask({ query: [sql], missing: 'none' })).toBe('a/none/b');
    await expect(ask({ query: [sql] })).rejects.toMatchObject({ code: 'RUNNER_VARIABLE_MISSING' });
  });

  it.each([
    [{ query: ['select generate_series(1, 2)'] }, 'text', 'RUNNER_VARIABLE_ROWS'],
    [{ query: ['select generate_series(1, 5000)'] }, 'text', 'RUNNER_VARIABLE_ROWS'],
    [{ query: ["select repeat('x', 10001)"] }, 'text', 'RUNNER_VARIABLE_VALUE'],
    [{ query: ["select E'a\\nb'"] }, 'path', 'RUNNER_VARIABLE_VALUE'],
    [{ query: ['select pg_sleep(60)'], timeout_s: 1 }, 'text', 'RUNNER_VARIABLE_TIMEOUT'],
  ] as const)('fails with %j in a %s by %s', { timeout: 30_000 }, async (query, use, code) => {
    await expect(ask({ ...query, query: [...query.query] }, use)).rejects.toMatchObject({ code });
  });

  it('says which variable a broken query was of', async () => {
    await expect(ask({ query: ['select from nowhere'] })).rejects.toMatchObject({
      kind: 'connector',
      message: expect.stringContaining('The query of the variable $v$ failed:') as string,
      where: { path: ['variables', 'v'] },
    });
  });

  it('is asked in the engine, kept by the control plane, and written into the log', { timeout: 60_000 }, async () => {
    await using space = await workspace({ 'in/7.csv': '1\n', 'in/8.csv': '2\n' });
    const [work, secrets] = order({ query: ['select 7'] });
    const parser = { type: 'csv', columns: [{ name: 'id', type: 'long' }] };
    const config = {
      in: { type: 'file', path_prefix: '$v$', parser },
      out: { type: 'file', path_prefix: join(space.folder, 'out/r_'), file_ext: 'csv', formatter: { type: 'csv' } },
      exec: { max_threads: 1, min_output_tasks: 1 },
    };
    const parts = [join(space.folder, 'in/'), { key: 'in.v' }];
    const places = [{ path: ['in', 'path_prefix'], use: 'path' as const, parts }];
    const late = { starts: [], queries: [], ...work.late, places };
    const secretsOf = secrets as Record<string, Record<string, unknown>>;
    await using control = await runnerControl({ work: { ...work, config, late }, secrets: secretsOf });
    // The answer is lost once: it is told again.
    control.fault = (call, before) => (call === 'values' && before === 0 ? 'lost' : undefined);
    await using runner = await runnerProcess({ url: control.url });
    expect(await control.finished()).toMatchObject({ outcome: 'succeeded', counters: { records_written: 1 } });
    expect(await runner.ended).toMatchObject({ exitCode: 0 });
    const told = control.calls.filter(({ call }) => call === 'values').map(({ body }) => body);
    expect(told).toMatchObject([{ values: { 'in.v': '7' } }, { values: { 'in.v': '7' } }]);
    expect(control.lines).toContainEqual(
      expect.objectContaining({
        message: 'Asked for the value of a variable.',
        fields: expect.objectContaining({ variable: 'v', value: '7' }) as object,
      }),
    );
    const [name = ''] = (await space.outputs()).filter((each) => each.endsWith('.csv'));
    expect(await readFile(space.path(join('out', name)), 'utf8')).toBe('id\r\n1\r\n');
  });

  it('begins with nothing when the values are refused', { timeout: 60_000 }, async () => {
    const [work, secrets] = order({});
    const secretsOf = secrets as Record<string, Record<string, unknown>>;
    await using control = await runnerControl({ work, secrets: secretsOf });
    control.fault = (call) => (call === 'values' ? { status: 400 } : undefined);
    await using runner = await runnerProcess({ url: control.url });
    expect(await control.finished()).toMatchObject({ outcome: 'failed', failure: { code: 'RUNNER_REFUSED' } });
    await runner.ended;
    expect(control.count('commit')).toBe(0);
  });
});
