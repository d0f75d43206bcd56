import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { workOrder } from '#api/runner.ts';
import type { WorkOrder } from '#api/runner.ts';
import { createRuns } from '#control/runs/create-run.ts';
import { transferRuns } from '#control/schedule/transfer-runs.ts';
import { forgetOldRuns } from '#control/store/retention.ts';
import { newId } from '#control/store/ids.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { postgresMissing } from '#test/kit/postgres-server.ts';
import { startedWork } from './start-values.ts';
import type { FrozenRun } from './start-values.ts';

const date = { kind: 'time_at_queue', name: 'date', quantity: 1, format: '%Y%m%d', timeZone: 'Asia/Tokyo' } as const;
const start = { kind: 'time_at_start', name: 'start', quantity: 0, format: '%Y-%m-%d %H:%M:%S' } as const;
const shop = { kind: 'text', name: 'shop', value: 'tokyo' } as const;
const files = {
  in: { type: 'file', path_prefix: 'in/$shop$/$date$', parser: { type: 'csv' } },
  out: { type: 'stdout' },
};
const sqlJob = {
  in: {
    type: 'postgresql',
    host: 'db',
    user: 'u',
    database: 'd',
    query: "select 1 where s = '$shop$' and t < '$start$'",
  },
  out: { type: 'stdout' },
};

describe.skipIf(postgresMissing !== '')(`variables${postgresMissing}`, () => {
  let api: ControlApi;
  let client: ControlApi['own']['client'];
  beforeAll(async () => {
    api = await controlApi({ kind: 'postgresql' });
    await api.store.setClock('2026-03-31T15:30:00.000000Z');
    ({ client } = api.own);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
  });

  let count = 0;
  const fresh = (): string => `name ${(count += 1)}`;
  type Body = Parameters<typeof client.call<'transfers.create'>>[1]['body'];
  const transfer = (config: object, variables: NonNullable<Body['variables']>) =>
    client.call('transfers.create', { body: { name: fresh(), config: { ...config }, variables } });
  const frozen = async (runId: string): Promise<FrozenRun> => {
    const { rows } = await sql<FrozenRun>`select work, late_values from run_work where run_id = ${runId}`.execute(
      api.store.db,
    );
    const [row] = rows;
    if (row === undefined) throw new Error('no such run');
    return { ...row, work: workOrder.parse(row.work) };
  };
  const workOf = async (runId: string): Promise<WorkOrder> => (await frozen(runId)).work;

  describe('of a transfer', () => {
    it('are kept with its revisions, and restored with them', async () => {
      const made = await transfer(files, [shop, date]);
      expect(made.variables).toMatchObject([shop, date]);
      const params = { id: made.id };
      const other = { ...shop, value: 'osaka' };
      const changed = await client.call('transfers.update', {
        params,
        body: { variables: [other, date] },
        ifMatch: '"1"',
      });
      expect([changed.revision, changed.variables[0]]).toMatchObject([2, other]);
      const same = { variables: changed.variables, config: changed.config };
      expect(await client.call('transfers.update', { params, body: same, ifMatch: '"2"' })).toEqual(changed);
      const back = await client.call('transfers.restore', { params: { ...params, no: 1 }, body: {}, ifMatch: '"2"' });
      expect([back.revision, back.variables]).toEqual([3, made.variables]);
      const first = await client.call('transfers.revision', { params: { ...params, no: 1 } });
      expect(first.variables).toEqual(made.variables);
    });

    it('are refused where they cannot stand, with the place', async () => {
      const config = { in: { type: 'sftp', host: '$shop$', path_prefix: 'a' }, out: { type: 'stdout' } };
      await expect(transfer(config, [shop])).rejects.toMatchObject({
        status: 422,
        problem: { errors: [{ in: 'body', path: ['config', 'in', 'host'] }] },
      });
    });

    it('are refused when a change of the configuration leaves them where they cannot stand', async () => {
      const { id } = await transfer(files, [shop, date]);
      const config = { ...files, in: { ...files.in, type: '$shop$' } };
      const call = { params: { id }, body: { config }, ifMatch: '"1"' };
      await expect(client.call('transfers.update', call)).rejects.toMatchObject({ status: 422 });
    });

    it('ask connections that are there and take queries, which are then in use', async () => {
      const options = { host: 'db', user: 'u', database: 'd', password: 'p' };
      const connection = await client.call('connections.create', {
        body: { name: fresh(), plugin: 'postgresql', options },
      });
      const folder = await client.call('connections.create', {
        body: { name: fresh(), plugin: 'file', options: { path_prefix: '/tmp/x' } },
      });
      const query = { kind: 'query', name: 'date', connection: connection.name, query: 'select 1' } as const;
      const made = await transfer(files, [shop, query]);
      expect(made.variables[1]).toMatchObject({ connection: connection.id });
      expect(made.connectionIds).toEqual([connection.id]);
      await expect(client.call('connections.delete', { params: { id: connection.id } })).rejects.toMatchObject({
        code: 'RESOURCE_IN_USE',
      });
      for (const name of ['nobody', folder.name]) {
        await expect(transfer(files, [shop, { ...query, connection: name }])).rejects.toMatchObject({
          problem: { errors: [{ path: ['variables', 1, 'connection'] }] },
        });
      }
      const run = await client.call('transfers.run', { params: { id: made.id }, body: {} });
      const work = await workOf(run.id);
      expect(Object.keys(work.connections)).toEqual([connection.id]);
      expect(work.late?.queries).toMatchObject([{ key: 'both.date', handle: connection.id, query: ['select 1'] }]);
      expect(run.values).toMatchObject([{ value: 'tokyo' }, { name: 'date', value: null }]);
    });
  });

  describe('of a run', () => {
    it('are about now, another instant, or given', async () => {
      const { id } = await transfer(files, [shop, date]);
      const run = async (body: object) => {
        const made = await client.call('transfers.run', { params: { id }, body: { ...body } });
        const { config } = await workOf(made.id);
        const input = config['in'] as { path_prefix: string };
        return [input.path_prefix, made.values.map(({ value, isGiven }) => [value, isGiven]), made.transactionTime];
      };
      const tokyo = ['tokyo', false];
      expect(await run({})).toEqual(['in/tokyo/20260331', [tokyo, ['20260331', false]], '2026-03-31T15:30:00.000000Z']);
      expect(await run({ at: '2026-01-01T00:00:00Z' })).toEqual([
        'in/tokyo/20251231',
        [tokyo, ['20251231', false]],
        '2026-01-01T00:00:00Z',
      ]);
      const [path] = await run({ values: { shop: 'a$date$b' } });
      expect(path).toBe('in/a$date$b/20260331');
    });

    it.each([
      [{ values: { nobody: 'x' } }, 'nobody'],
      [{ values: { shop: 'a\nb' } }, 'shop'],
      [{ values: { shop: '../..' } }, 'shop'],
    ])('are refused: %j', async (body, name) => {
      const { id } = await transfer(files, [shop, date]);
      await expect(client.call('transfers.run', { params: { id }, body })).rejects.toMatchObject({
        status: 422,
        problem: { errors: [{ path: ['values', name] }] },
      });
    });

    it('cannot be given as SQL by who may only run it', async () => {
      const { id } = await transfer(sqlJob, [shop, start]);
      const given = (value: string) =>
        client.call('transfers.run', { params: { id }, body: { values: { shop: value } } });
      await expect(given("x' or '1'='1")).rejects.toMatchObject({ status: 422 });
      expect((await given('osaka-2')).values[0]).toMatchObject({ value: 'osaka-2', isGiven: true });
    });

    it('of its start are those of the first claim, for all attempts, and new for another run', async () => {
      const { id } = await transfer(sqlJob, [shop, start]);
      const run = await client.call('transfers.run', { params: { id }, body: {} });
      const { db } = api.store;
      await api.store.setClock('2026-04-01T00:00:01.000000Z');
      const first = await startedWork(db, run.id, await frozen(run.id));
      await api.store.setClock('2026-04-02T00:00:00.000000Z');
      const second = await startedWork(db, run.id, await frozen(run.id));
      expect([first.config['in'], first.late]).toMatchObject([
        { query: "select 1 where s = 'tokyo' and t < '2026-04-01 00:00:01'" },
        undefined,
      ]);
      expect(second).toEqual(first);
      const shown = await client.call('runs.get', { params: { id: run.id } });
      expect(shown.values[1]).toMatchObject({ name: 'start', value: '2026-04-01 00:00:01' });
      // Two that began at once agree.
      const stale = { ...(await frozen(run.id)), late_values: {} };
      expect(await startedWork(db, run.id, stale)).toEqual(first);
      await sql`update run set state = 'FAILED', terminal_at = dispatch.now() where id = ${run.id}`.execute(db);
      const again = await client.call('runs.retry', { params: { id: run.id } });
      expect(again.values.map(({ value }) => value)).toEqual(['tokyo', null]);
      const third = await startedWork(db, again.id, await frozen(again.id));
      expect(third.config['in']).toMatchObject({ query: expect.stringContaining('2026-04-02 00:00:00') as string });
      await api.store.setClock('2026-03-31T15:30:00.000000Z');
    });

    it.each([
      ['keep', ['kept'], 0],
      ['ask', [], 1],
    ] as const)('of queries are %s for further attempts', async (onRetry, kept, asked) => {
      const query = { key: 'in.q', handle: 'c', query: ['select 1'], format: '%F', time_zone: 'UTC', timeout_s: 9 };
      const places = [{ path: ['in', 'path'], use: 'path' as const, parts: [{ key: 'in.q' }] }];
      const { id } = await transfer(files, [shop, date]);
      const run = await client.call('transfers.run', { params: { id }, body: {} });
      const work = {
        ...(await workOf(run.id)),
        config: { in: { path: '$q$' } },
        late: { places, starts: [], queries: [{ ...query, on_retry: onRetry }] },
      };
      const found = await startedWork(api.store.db, run.id, { work, late_values: { 'in.q': 'kept' } });
      const { path } = found.config['in'] as { path: string };
      expect([path === '$q$' ? [] : [path], found.late?.queries.length ?? 0]).toEqual([kept, asked]);
    });

    it('go with the slot of a schedule, from the same settings', async () => {
      const last = { kind: 'last_success', name: 'last', never: 'never', format: '%Y-%m-%d' } as const;
      const config = { ...files, in: { ...files.in, path_prefix: '$date$/$shop$/$last$' } };
      const { id } = await transfer(config, [shop, date, last]);
      const { db } = api.store;
      const wanted = {
        schedule: {
          id: newId(),
          workspace_id: api.own.workspaceId,
          definition_id: id,
          time_zone: 'UTC',
          variables: {},
        },
        slotMs: Date.parse('2026-02-01T00:00:00Z'),
      };
      const made = async () => {
        // The scheduler has a whole row.
        const [run] = await transferRuns(db, [wanted as unknown as Parameters<typeof transferRuns>[1][number]]);
        if (run === undefined || typeof run === 'string') throw new Error(run ?? 'nothing');
        return run;
      };
      const first = await made();
      expect(first.work.config['in']).toMatchObject({ path_prefix: '20260131/tokyo/never' });
      const [created] = await createRuns(db, [{ ...first, trigger: 'schedule', createdBy: 'test' }]);
      await sql`update run set state = 'SUCCEEDED', started_at = '2026-03-05T10:00:00Z', terminal_at = '2026-03-05T11:00:00Z'
        where id = ${created?.id ?? ''}`.execute(db);
      const path = async (): Promise<unknown> => (await made()).work.config['in'];
      expect(await path()).toMatchObject({ path_prefix: '20260131/tokyo/2026-03-05' });
      // What was forgotten is no reason to begin anew.
      expect((await forgetOldRuns(db, { days: 1 })).runs).toBe(1);
      expect(await path()).toMatchObject({ path_prefix: '20260131/tokyo/2026-03-05' });
    });

    it('are put back as they were written by a guess', async () => {
      const { id } = await transfer(files, [shop, date]);
      const run = await client.call('transfers.guess', { params: { id }, body: {} });
      const { written, config } = await workOf(run.id);
      expect(config['in']).toMatchObject({ path_prefix: 'in/tokyo/20260331' });
      expect(written).toEqual([{ path: ['in', 'path_prefix'], text: 'in/$shop$/$date$' }]);
    });

    it('are blind to the values of templates, and the other way round', async () => {
      const config = { ...files, in: { ...files.in, path_prefix: '{{ vars.a }}/$shop$/{{ vars.a }}' } };
      const { id } = await transfer(config, [{ ...shop, value: '{{ vars.a }}' }]);
      const run = await client.call('transfers.run', { params: { id }, body: { variables: { a: '$shop$' } } });
      expect((await workOf(run.id)).config['in']).toMatchObject({ path_prefix: '$shop$/{{ vars.a }}/$shop$' });
    });
  });

  describe('variables.preview', () => {
    it('shows a run by hand and the next firings', async () => {
      const query = { kind: 'text', name: 'q', value: '' } as const;
      const { id } = await transfer(files, [shop, date, { ...start, quantity: 1, unit: 'hour' }, query]);
      const { db } = api.store;
      for (const [cron, next] of [
        ['0 0 * * *', '2026-04-01T00:00:00Z'],
        ['30 12 * * *', '2026-04-01T12:30:00Z'],
      ]) {
        const row = { id: newId(), workspace_id: api.own.workspaceId, definition_id: id, cron, interval_s: null };
        await db
          .insertInto('schedule')
          .values({
            ...row,
            off_reason: null,
            max_lateness_s: null,
            next_slot_utc: next ?? null,
            tzdata_version: 'test',
          })
          .execute();
      }
      const body = { at: '2026-01-01T00:00:00Z', values: { shop: 'osaka' }, count: 3 };
      const preview = await client.call('variables.preview', { params: { id }, body });
      expect(preview.run.values.map(({ kind, value }) => [kind, value])).toEqual([
        ['text', 'osaka'],
        ['time_at_queue', '20251231'],
        ['time_at_start', '2025-12-31 23:00:00'],
        ['text', ''],
      ]);
      expect(preview.run.fields).toEqual([{ path: ['in', 'path_prefix'], text: 'in/osaka/20251231' }]);
      expect(preview.firings.map(({ at, fields }) => [at, fields[0]?.text])).toEqual([
        ['2026-04-01T00:00:00.000Z', 'in/tokyo/20260331'],
        ['2026-04-01T12:30:00.000Z', 'in/tokyo/20260331'],
        ['2026-04-02T00:00:00.000Z', 'in/tokyo/20260401'],
      ]);
      const wrong = await client.call('variables.preview', { params: { id }, body: { values: { shop: '../x' } } });
      expect(wrong.run.problems).toEqual([expect.stringContaining('$shop$') as string]);
      const other = api.other.client.call('variables.preview', { params: { id }, body: {} });
      await expect(other).rejects.toMatchObject({ status: 404 });
    });

    it('takes a configuration that is not saved', async () => {
      const body = { config: { ...files }, variables: [shop, date] };
      const { run, firings } = await client.call('variables.previewConfig', { body });
      expect([run.fields[0]?.text, firings]).toEqual(['in/tokyo/20260331', []]);
    });
  });
});
