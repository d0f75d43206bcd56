import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { RunSummary } from '#api/resources/run.ts';
import { newId } from '#control/store/ids.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { storeKinds } from '#test/kit/control-store.ts';
import { addLog, moveRun } from '#test/kit/run-rows.ts';
import { listRuns } from './run-list.ts';
import { runChannel, workspaceChannel } from './run-wake.ts';

const config = { in: { type: 'file', path_prefix: 'x' }, out: { type: 'stdout' } };

describe.each(storeKinds)('runs (%s)', (kind) => {
  let api: ControlApi;
  let client: ControlApi['own']['client'];
  beforeAll(async () => {
    api = await controlApi({ kind });
    ({ client } = api.own);
  });
  beforeEach(async () => {
    await api.store.db.deleteFrom('run').execute();
    await api.store.db.deleteFrom('definition').execute();
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
  });

  const newTransfer = async (name: string): Promise<string> =>
    (await client.call('transfers.create', { body: { name, config } })).id;
  const newRun = async (transferId: string): Promise<string> =>
    (await client.call('transfers.run', { params: { id: transferId }, body: {} })).id;
  const ids = async (query: object, limit = 50): Promise<string[]> =>
    (await Array.fromAsync(client.items('runs.list', { query: { limit, ...query } }))).map(({ id }) => id);

  describe('runs.list', () => {
    it('shows the latest first, page by page, by each filter', async () => {
      const [sales, stock] = [await newTransfer('Sales of May'), await newTransfer('Stock')];
      const runs = [];
      for (const transfer of [sales, stock, sales, stock, sales]) runs.push(await newRun(transfer));
      const [first = '', second = '', third = '', fourth = '', fifth = ''] = runs;
      await moveRun(api.store.db, second, 'FAILED');
      await moveRun(api.store.db, third, 'SUCCEEDED');
      await moveRun(api.store.db, fifth, 'RUNNING');
      const { createdAt } = await client.call('runs.get', { params: { id: third } });
      const cases: [object, string[]][] = [
        [{}, [fifth, fourth, third, second, first]],
        [{ state: ['QUEUED'] }, [fourth, first]],
        [{ state: ['FAILED', 'RUNNING', 'QUEUED'] }, [fifth, fourth, second, first]],
        [{ transferId: sales }, [fifth, third, first]],
        [{ transferId: sales, state: ['SUCCEEDED'] }, [third]],
        [{ transferId: newId() }, []],
        [{ text: 'sales' }, [fifth, third, first]],
        [{ text: 's', state: ['FAILED', 'SUCCEEDED'] }, [third, second]],
        [{ text: 'nothing' }, []],
        [{ text: third }, [third]],
        [{ text: third, state: ['FAILED'] }, []],
        [{ text: 'stock', transferId: sales }, []],
        [{ kind: ['preview'] }, []],
        [{ kind: ['transfer', 'preview'], trigger: ['api'] }, [fifth, fourth, third, second, first]],
        [{ groupId: newId() }, []],
        [{ since: createdAt }, [fifth, fourth, third]],
        [{ until: createdAt }, [second, first]],
        [{ since: createdAt, until: createdAt }, []],
      ];
      for (const [query, expected] of cases) {
        for (const limit of [1, 2, 50]) expect([query, await ids(query, limit)]).toEqual([query, expected]);
      }
    });

    it('goes on where its window ended, when few of many fit', async () => {
      const [transfer, other] = [await newTransfer('a'), await newTransfer('b')];
      const rare = [await newRun(transfer), await newRun(other)];
      await sql`update run set kind = 'preview' where id = any(${rare})`.execute(api.store.db);
      await copyRuns(api, { of: rare[0] ?? '', count: 25_000, state: 'SUCCEEDED' });
      const viewer = { workspaceId: api.own.workspaceId, role: 'viewer' as const, groupRoles: new Map() };
      const pages: RunSummary[][] = [];
      let cursor: string | undefined;
      do {
        const page = await listRuns(api.store.db, viewer, { limit: 10, kind: ['preview'], cursor });
        pages.push(page.items);
        cursor = page.next;
      } while (cursor !== undefined);
      expect(pages.flat().map(({ id }) => id)).toEqual(rare.toReversed());
      expect(pages.length).toBeGreaterThan(1);
    });
  });

  describe('runs.get', () => {
    it('says what a run is, and why it waits', async () => {
      const id = await newRun(await newTransfer('Sales'));
      await api.store.db
        .updateTable('run')
        .set({
          blocked_by: 'connection bq: 3 of 3 in use',
          counters: JSON.stringify({ records_read: 5, bytes_read: 9 }),
        })
        .where('id', '=', id)
        .execute();
      const run = await client.call('runs.get', { params: { id } });
      expect(run).toMatchObject({ transferName: 'Sales', blockedBy: 'connection bq: 3 of 3 in use', failure: null });
      expect(run.counters).toMatchObject({ recordsRead: 5, bytesRead: 9, recordsWritten: 0 });
      const failure = JSON.stringify({
        class: 'user',
        code: 'X',
        message: 'It is wrong.',
        hint: 'Do.',
        where: { line: 3 },
      });
      await api.store.db
        .updateTable('run')
        .set({ failure, failure_class: 'user', failure_code: 'X', result: JSON.stringify({ rows: [] }) })
        .where('id', '=', id)
        .execute();
      await moveRun(api.store.db, id, 'FAILED');
      expect(await client.call('runs.get', { params: { id } })).toMatchObject({
        blockedBy: null,
        failure: { class: 'user', code: 'X', message: 'It is wrong.', hint: 'Do.', where: { line: 3 } },
        result: { rows: [] },
      });
    });
  });

  describe('runs.history and runs.attempts', () => {
    it('are read page by page', async () => {
      const id = await newRun(await newTransfer('Sales'));
      for (const state of ['DISPATCHING', 'RUNNING', 'SUCCEEDED'] as const) await moveRun(api.store.db, id, state);
      const events = await Array.fromAsync(client.items('runs.history', { params: { id }, query: { limit: 2 } }));
      expect(events.map(({ seq, fromState, toState }) => [seq, fromState, toState])).toEqual([
        [1, null, 'QUEUED'],
        [2, 'QUEUED', 'DISPATCHING'],
        [3, 'DISPATCHING', 'RUNNING'],
        [4, 'RUNNING', 'SUCCEEDED'],
      ]);
      await sql`
        insert into attempt (run_id, no, fence, executor, name, spec_hash, manifest, phase, created_at, quiesced_at,
          reported)
        select ${id}::text, n, nextval('dispatch.fence'), 'process', 'r-' || ${id}::text || '-a' || n, 'hash', '{}',
          'CLEANED', dispatch.now(), dispatch.now(), '{"outcome": "failed"}' from generate_series(1, 3) as n`.execute(
        api.store.db,
      );
      const attempts = await Array.fromAsync(client.items('runs.attempts', { params: { id }, query: { limit: 2 } }));
      expect(attempts.map(({ no, phase, reported }) => [no, phase, reported])).toEqual(
        [1, 2, 3].map((no) => [no, 'CLEANED', { outcome: 'failed' }]),
      );
    });
  });

  describe('logs', () => {
    const line = (message: string, fields?: object): string =>
      JSON.stringify({
        at: '2026-01-01T00:00:00.000Z',
        level: 'warn',
        message,
        ...(fields === undefined ? {} : { fields }),
      });

    const logged = async (): Promise<string> => {
      const id = await newRun(await newTransfer('Sales'));
      const executionId = newId();
      const { db } = api.store;
      await addLog(db, id, { seq: 1, executionId, lines: [line('one'), line('two', { rows: 3 })] });
      await addLog(db, id, { seq: 2, executionId, lines: [] });
      await addLog(db, id, { seq: 3, executionId, lines: ['no json', line('four')] });
      await addLog(db, id, { seq: 1, attemptNo: 2, executionId: newId(), lines: [line('five')] });
      return id;
    };

    it('are read page by page', async () => {
      const id = await logged();
      for (const limit of [1, 2, 3, 200]) {
        const lines = await Array.fromAsync(client.items('runs.logs', { params: { id }, query: { limit } }));
        expect(lines.map(({ message }) => message)).toEqual(['one', 'two', 'no json', 'four', 'five']);
      }
      const second = await client.call('runs.logs', { params: { id }, query: { attemptNo: 2 } });
      expect(second.items).toEqual([
        { attemptNo: 2, at: '2026-01-01T00:00:00.000Z', level: 'warn', message: 'five', fields: {} },
      ]);
    });

    it('say what of them cannot be read', async () => {
      const id = await newRun(await newTransfer('Sales'));
      await addLog(api.store.db, id, { seq: 1, executionId: newId(), lines: ['x'] });
      await api.store.db
        .updateTable('log_chunk')
        .set({ content: new Uint8Array([1, 2]) })
        .where('run_id', '=', id)
        .execute();
      const { items } = await client.call('runs.logs', { params: { id } });
      expect(items.map(({ message }) => message)).toEqual(['A part of the log cannot be read.']);
    });

    it('are downloaded as text', async () => {
      const id = await logged();
      expect(await client.call('runs.logText', { params: { id } })).toBe(
        [
          '2026-01-01T00:00:00.000Z WARN  one\n',
          '2026-01-01T00:00:00.000Z WARN  two {"rows":3}\n',
          '- INFO  no json\n',
          '2026-01-01T00:00:00.000Z WARN  four\n',
          '2026-01-01T00:00:00.000Z WARN  five\n',
        ].join(''),
      );
    });

    it('are followed to the end of the run, from any line on', async () => {
      const id = await logged();
      const seen: [string, string | undefined][] = [];
      for await (const event of client.follow('runs.logEvents', { params: { id } })) {
        if (event.event !== 'line') continue;
        seen.push([event.data.message, event.id]);
        if (seen.length < 5) continue;
        if (event.data.message === 'six') break;
        await addLog(api.store.db, id, { seq: 2, attemptNo: 2, executionId: newId(), lines: [line('six')] });
        api.store.hints.tell(runChannel(id));
      }
      expect(seen.map(([message]) => message)).toEqual(['one', 'two', 'no json', 'four', 'five', 'six']);
      await moveRun(api.store.db, id, 'SUCCEEDED');
      const lastEventId = seen[3]?.[1] ?? '';
      const rest = await Array.fromAsync(client.follow('runs.logEvents', { params: { id }, lastEventId }));
      expect(rest.map(({ event, data }) => ('message' in data ? data.message : event))).toEqual(['five', 'six', 'end']);
    });
  });

  describe('runs.watch', () => {
    it('tells each event once, the run when it changes, and the end', async () => {
      const id = await newRun(await newTransfer('Sales'));
      const seen: string[] = [];
      for await (const event of client.follow('runs.watch', { params: { id } })) {
        if (event.event === 'event') seen.push(`${event.id} ${event.data.toState}`);
        else if (event.event === 'run') {
          seen.push(event.data.state);
          const next = { QUEUED: 'RUNNING', RUNNING: 'SUCCEEDED' }[event.data.state as string];
          if (next !== undefined) await moveRun(api.store.db, id, next as 'RUNNING');
          api.store.hints.tell(runChannel(id));
        } else seen.push(event.event);
      }
      expect(seen).toEqual(['1 QUEUED', 'QUEUED', '2 RUNNING', 'RUNNING', '3 SUCCEEDED', 'SUCCEEDED', 'end']);
      const again = await Array.fromAsync(client.follow('runs.watch', { params: { id }, lastEventId: '2' }));
      expect(again.map(({ event, id: seq }) => [event, seq])).toEqual([
        ['event', '3'],
        ['run', undefined],
        ['end', undefined],
      ]);
    });
  });

  describe('runs.watchMany', () => {
    it('tells what changes, joins and leaves', async () => {
      const transfer = await newTransfer('Sales');
      const first = await newRun(transfer);
      const seen: string[] = [];
      const names = new Map([[first, 'first']]);
      for await (const event of client.follow('runs.watchMany', { query: { state: ['QUEUED', 'RUNNING'] } })) {
        if (event.event === 'restart') continue;
        const name = names.get(event.data.id) ?? 'second';
        seen.push(event.event === 'run' ? `${name} ${event.data.state}` : `${name} ${event.event}`);
        if (seen.length === 1) names.set(await newRun(transfer), 'second');
        if (seen.length === 2) await moveRun(api.store.db, first, 'RUNNING');
        if (seen.length === 3) await moveRun(api.store.db, first, 'SUCCEEDED');
        if (seen.length === 4) break;
        api.store.hints.tell(workspaceChannel(api.own.workspaceId));
      }
      expect(seen).toEqual(['first QUEUED', 'second QUEUED', 'first RUNNING', 'first left']);
    });
  });

  describe('runs.cancel, runs.cancelMany and runs.retry', () => {
    it('cancel one, and many', async () => {
      const [transfer, other] = [await newTransfer('a'), await newTransfer('b')];
      const [first, second, third] = [await newRun(transfer), await newRun(transfer), await newRun(other)];
      const canceled = await client.call('runs.cancel', { params: { id: first }, body: {} });
      expect(canceled).toMatchObject({ outcome: 'canceled', run: { id: first, state: 'CANCELED' } });
      const many = await client.call('runs.cancelMany', { body: { transferId: transfer } });
      expect(many).toEqual({ canceled: 1, canceling: 0, tooLate: 0, ended: 0, hasMore: false });
      expect(await ids({ state: ['CANCELED'] })).toEqual([second, first]);
      expect(await ids({ state: ['QUEUED'] })).toEqual([third]);
      await expect(client.call('runs.cancelMany', { body: {} })).rejects.toMatchObject({ status: 422 });
    });

    it('run it again with the same work, once for a key', async () => {
      const transfer = await newTransfer('a');
      const body = { variables: { x: '1' }, priority: 7 };
      const run = await client.call('transfers.run', { params: { id: transfer }, body });
      const params = { id: run.id };
      await expect(client.call('runs.retry', { params })).rejects.toMatchObject({ status: 409, code: 'RUN_NOT_ENDED' });
      await moveRun(api.store.db, run.id, 'FAILED');
      const idempotencyKey = newId();
      const again = await client.call('runs.retry', { params, idempotencyKey });
      expect(again).toMatchObject({ transferId: transfer, variables: { x: '1' }, priority: 7, state: 'QUEUED' });
      expect(again.id).not.toBe(run.id);
      expect((await client.call('runs.retry', { params, idempotencyKey })).id).toBe(again.id);
      const works = await api.store.db
        .selectFrom('run_work')
        .select('work')
        .where('run_id', 'in', [run.id, again.id])
        .execute();
      expect(works[0]).toEqual(works[1]);
      const scopes = await api.store.db.selectFrom('run_scope').selectAll().where('run_id', '=', again.id).execute();
      expect(scopes.map(({ scope_kind: scope }) => scope).sort()).toEqual([
        'definition',
        'installation',
        'lane',
        'workspace',
      ]);
    });
  });
});

/** Many more like one, a second apart, the latest after all others. */
async function copyRuns(
  api: ControlApi,
  { of, count, state }: { of: string; count: number; state: string },
): Promise<void> {
  await sql`
    insert into run (id, workspace_id, definition_id, revision, kind, trigger, created_by, state, not_before,
      queue_deadline, rank, scope_key, created_at, queued_at, terminal_at)
    select '01j' || lpad(n::text, 23, '0'), workspace_id, definition_id, revision, 'transfer', trigger, created_by, ${state},
      not_before, queue_deadline, rank, scope_key, created_at + make_interval(secs => n), queued_at, queued_at
    from run, generate_series(1, ${count}::integer) as n where id = ${of}`.execute(api.store.db);
}
