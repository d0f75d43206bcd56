import { gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiError } from '#api/api-error.ts';
import type { ManagedChanges } from '#api/resources/managed-transfer.ts';
import { json } from '#control/store/values.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { moveRun } from '#test/kit/run-rows.ts';
import { areMost, changesOf, configOf, matchesGlob, transferName } from './managed-tables.ts';

let api: ControlApi;
let client: ControlApi['own']['client'];
beforeAll(async () => {
  api = await controlApi();
  ({ client } = api.own);
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});
let count = 0;
const fresh = (): string => `name ${(count += 1)}`;
const problemOf = async (asked: Promise<unknown>): Promise<ApiError['problem']> => {
  const error = await asked.then(
    () => undefined,
    (refused: unknown) => refused,
  );
  return (error as ApiError).problem;
};
const newConnection = async (): Promise<string> => {
  const options = { host: 'h', user: 'u', database: 'd', password: 'p' };
  return (await client.call('connections.create', { body: { name: fresh(), plugin: 'postgresql', options } })).id;
};

type Managed = Awaited<ReturnType<typeof client.call<'managedTransfers.create'>>>;

async function newManaged(body: object = {}): Promise<Managed> {
  const connectionId = await newConnection();
  const name = fresh();
  const config = {
    in: { connection: connectionId, table: '{{ table }}', where: "d = '{{ vars.day }}'" },
    out: { type: 'file', path_prefix: 'out/{{table}}.', formatter: { type: 'csv' } },
  };
  return client.call('managedTransfers.create', {
    body: { name, connectionId, path: ['public'], namePrefix: `${name} `, config, ...body },
  });
}

/** As a runner would: what it found is the result of the run. */
async function refresh(id: string, tables: readonly string[], hasMore = false): Promise<string> {
  const run = await client.call('managedTransfers.refresh', { params: { id } });
  const names = gzipSync(JSON.stringify(tables)).toString('base64');
  const result = json({ names_gzip: names, count: tables.length, has_more: hasMore });
  await api.store.db.updateTable('run').set({ result }).where('id', '=', run.id).execute();
  await moveRun(api.store.db, run.id, 'SUCCEEDED');
  return run.id;
}

const changes = (id: string): Promise<ManagedChanges> => client.call('managedTransfers.changes', { params: { id } });
const apply = (id: string, runId: string, rest: object): ReturnType<typeof client.call<'managedTransfers.apply'>> =>
  client.call('managedTransfers.apply', { params: { id }, body: { runId, ...rest } });

async function transfersOf(id: string): Promise<Awaited<ReturnType<typeof client.call<'transfers.get'>>>[]> {
  const items = await Array.fromAsync(client.items('transfers.list', { query: { managedById: id } }));
  return Promise.all(items.map((item) => client.call('transfers.get', { params: { id: item.id } })));
}

describe('managed transfers', () => {
  it('make a transfer for each table that is looked for', async () => {
    const managed = await newManaged({ include: ['sales_*', 'o?ders'], exclude: ['*_old'] });
    const { id } = managed;
    expect(await changes(id)).toMatchObject({ runId: null, isKnown: false, added: [] });
    const run = await client.call('managedTransfers.refresh', { params: { id } });
    expect(run).toMatchObject({ kind: 'browse', lane: 'interactive' });
    const { work } = await api.store.db
      .selectFrom('run_work')
      .selectAll()
      .where('run_id', '=', run.id)
      .executeTakeFirstOrThrow();
    expect(work).toMatchObject({
      config: { in: { connection: { handle: managed.connectionId } } },
      arguments: { side: 'in', path: ['public'], limit: 5001, names_only: true },
    });
    expect(await changes(id)).toMatchObject({ runId: run.id, runState: 'QUEUED', isKnown: false });
    const seen = ['orders', 'sales_1', 'sales_2', 'sales_old', 'users', 'sales_{{ vars.x }}'];
    const runId = await refresh(id, seen);
    expect(await changes(id)).toEqual({
      ...{ runId, runState: 'SUCCEEDED', isKnown: true, isCut: false, found: 4, excluded: 2, unchanged: 0 },
      ...{ added: ['orders', 'sales_1', 'sales_2'], returned: [], removed: [], needsConfirmation: false },
      unusable: [{ table: 'sales_{{ vars.x }}', reason: expect.stringContaining('templates') }],
    });
    expect(await problemOf(apply(id, run.id, { add: 'all' }))).toMatchObject({ code: 'MANAGED_REFRESH_OLD' });
    expect(await problemOf(apply(id, runId, { add: ['users'] }))).toMatchObject({ errors: [{ path: ['add'] }] });
    const done = await apply(id, runId, { add: 'all' });
    expect(done).toMatchObject({ added: 3, managedTransfer: { tables: { active: 3, paused: 0, detached: 0 } } });
    const made = await transfersOf(id);
    expect(made.map(({ name }) => name)).toEqual(['orders', 'sales_1', 'sales_2'].map((t) => `${managed.name} ${t}`));
    expect(made[0]).toMatchObject({
      managedBy: { id, isDetached: false },
      connectionIds: [managed.connectionId],
      config: {
        in: { type: 'postgresql', connection: managed.connectionId, table: 'orders', where: "d = '{{ vars.day }}'" },
        out: { path_prefix: 'out/orders.' },
      },
    });
    expect(await changes(id)).toMatchObject({ added: [], unchanged: 3 });
    const tables = await client.call('managedTransfers.tables', { params: { id }, query: { q: 'sales' } });
    expect(tables.items).toMatchObject([{ table: 'sales_1', state: 'active' }, { table: 'sales_2' }]);
  });

  it('switch off what is gone, never delete it, and switch it on when it is back', async () => {
    const { id } = await newManaged();
    await apply(id, await refresh(id, ['a', 'b', 'c']), { add: 'all' });
    const later = await refresh(id, ['a', 'b', 'd']);
    expect(await changes(id)).toMatchObject({ added: ['d'], removed: ['c'], needsConfirmation: false });
    expect(await apply(id, later, { pause: 'all' })).toMatchObject({ paused: 1, added: 0 });
    const off = (await transfersOf(id)).filter(({ isEnabled }) => !isEnabled);
    expect(off).toHaveLength(1);
    const tables = await client.call('managedTransfers.tables', { params: { id }, query: { state: 'paused' } });
    expect(tables.items).toMatchObject([{ table: 'c', transferId: off[0]?.id, pausedAt: expect.any(String) }]);
    const back = await refresh(id, ['a', 'b', 'c']);
    expect(await changes(id)).toMatchObject({ returned: ['c'], added: [], removed: [] });
    expect(await apply(id, back, { resume: ['c'] })).toMatchObject({ resumed: 1 });
    expect((await transfersOf(id)).every(({ isEnabled }) => isEnabled)).toBe(true);
    // Somebody deletes one: it may be made again, and is not without being asked.
    await client.call('transfers.delete', { params: { id: off[0]?.id ?? '' } });
    expect(await changes(id)).toMatchObject({ added: ['c'], removed: [] });
    // A list that was cut says nothing of what is not on it.
    await refresh(id, ['a'], true);
    expect(await changes(id)).toMatchObject({ isCut: true, removed: [] });
  });

  it('do not take another connection for tables that are gone', async () => {
    const managed = await newManaged();
    const { id } = managed;
    const first = await refresh(id, ['a', 'b', 'c']);
    await apply(id, first, { add: 'all' });
    const connectionId = await newConnection();
    const body = { connectionId };
    const moved = await client.call('managedTransfers.update', { params: { id }, body, ifMatch: '"1"' });
    expect(moved).toMatchObject({ refreshRunId: null, version: 2, config: { in: { connection: connectionId } } });
    expect((await transfersOf(id)).map((item) => item.connectionIds)).toEqual([
      [connectionId],
      [connectionId],
      [connectionId],
    ]);
    expect(await changes(id)).toMatchObject({ isKnown: false, removed: [] });
    expect(await problemOf(apply(id, first, { pause: 'all' }))).toMatchObject({ code: 'MANAGED_REFRESH_OLD' });
    const empty = await refresh(id, ['z']);
    expect(await changes(id)).toMatchObject({ removed: ['a', 'b', 'c'], needsConfirmation: true });
    const refused = await problemOf(apply(id, empty, { add: 'all', pause: 'all' }));
    expect(refused).toMatchObject({ status: 409, code: 'MANAGED_MOST_REMOVED' });
    expect((await transfersOf(id)).filter(({ isEnabled }) => isEnabled)).toHaveLength(3);
    expect(await apply(id, empty, { pause: 'all', confirmRemoved: 3 })).toMatchObject({ paused: 3 });
    const used = client.call('connections.delete', { params: { id: connectionId } });
    expect(await problemOf(used)).toMatchObject({ code: 'RESOURCE_IN_USE' });
  });

  it('write common settings over those of their transfers, except of detached ones', async () => {
    const managed = await newManaged();
    const { id } = managed;
    const label = await client.call('labels.create', { body: { name: fresh() } });
    await apply(id, await refresh(id, ['a', 'b']), { add: 'all' });
    const [a, b] = await transfersOf(id);
    const own = { config: { ...a?.config, out: { type: 'stdout' } }, runOptions: { priority: 1 } };
    for (const item of [a, b]) {
      await client.call('transfers.update', { params: { id: item?.id ?? '' }, body: own, ifMatch: '*' });
    }
    const transferIds = [b?.id ?? ''];
    await client.call('managedTransfers.detach', { params: { id }, body: { transferIds, isDetached: true } });
    const body = { runOptions: { priority: 8, overlap: 'queue_one' as const }, labelIds: [label.id] };
    await client.call('managedTransfers.update', { params: { id }, body, ifMatch: '*' });
    const [after, detached] = await transfersOf(id);
    expect(after).toMatchObject({ config: a?.config, runOptions: body.runOptions, labelIds: [label.id], revision: 3 });
    expect(detached).toMatchObject({ config: { out: { type: 'stdout' } }, runOptions: { priority: 1 }, revision: 2 });
    expect(detached?.managedBy).toEqual({ id, isDetached: true });
    await client.call('managedTransfers.detach', { params: { id }, body: { transferIds, isDetached: false } });
    expect((await transfersOf(id))[1]).toMatchObject({ config: b?.config, runOptions: body.runOptions });
    // The same again changes nothing.
    const same = await client.call('managedTransfers.update', { params: { id }, body, ifMatch: '*' });
    expect([same.version, (await transfersOf(id)).map(({ version }) => version)]).toEqual([2, [3, 3]]);
  });

  it('take names as they are: quotes, other scripts, a thousand of them', async () => {
    const { id, name } = await newManaged();
    const odd = [
      '"quoted"',
      "it's",
      '日本語',
      '\u{1f600}',
      'a\nb',
      ' a ',
      'x'.repeat(900),
      '$&',
      '%',
      '__proto__',
      "'; drop table x; --",
    ];
    const many = Array.from({ length: 1000 }, (_, no) => `table ${no}`);
    const runId = await refresh(id, [...odd, ...many]);
    expect(await apply(id, runId, { add: 'all' })).toMatchObject({ added: odd.length + many.length });
    const found = await api.store.db
      .selectFrom('managed_table')
      .innerJoin('definition', 'definition.id', 'managed_table.definition_id')
      .innerJoin('revision', 'revision.definition_id', 'definition.id')
      .select(['managed_table.table_name', 'definition.name', 'revision.config'])
      .where('managed_transfer_id', '=', id)
      .execute();
    expect(found).toHaveLength(odd.length + many.length);
    for (const row of found) expect((row.config['in'] as { table: string }).table).toBe(row.table_name);
    expect(new Set(found.map((row) => row.name)).size).toBe(found.length);
    const names = new Map(found.map((row) => [row.table_name, row.name]));
    expect(names.get("it's")).toBe(`${name} it's`);
    expect(names.get('a\nb')).toMatch(/^name \d+ a b ~[\w-]{8}$/);
    expect(names.get('x'.repeat(900))).toHaveLength(200);
    expect((await client.call('managedTransfers.get', { params: { id } })).tables.active).toBe(found.length);
  }, 120_000);

  it('are changed by one at a time, found, and removed with or without their transfers', async () => {
    const managed = await newManaged();
    const params = { id: managed.id };
    const late = client.call('managedTransfers.update', { params, body: { name: 'x' }, ifMatch: '"9"' });
    expect(await problemOf(late)).toMatchObject({ status: 412 });
    const query = { q: managed.name, connectionId: managed.connectionId };
    expect((await client.call('managedTransfers.list', { query })).items).toEqual([managed]);
    await apply(managed.id, await refresh(managed.id, ['a']), { add: 'all' });
    const [kept] = await transfersOf(managed.id);
    await client.call('managedTransfers.delete', { params });
    expect((await client.call('transfers.get', { params: { id: kept?.id ?? '' } })).managedBy).toBeNull();
    const other = await newManaged();
    await apply(other.id, await refresh(other.id, ['a']), { add: 'all' });
    const [gone] = await transfersOf(other.id);
    await client.call('managedTransfers.delete', { params: { id: other.id }, query: { transfers: 'delete' } });
    const asked = client.call('transfers.get', { params: { id: gone?.id ?? '' } });
    expect(await problemOf(asked)).toMatchObject({ status: 404 });
  });

  it('are not there for another workspace', async () => {
    const { id } = await newManaged();
    const params = { id };
    const { client: theirs } = api.other;
    for (const asked of [
      () => theirs.call('managedTransfers.get', { params }),
      () => theirs.call('managedTransfers.update', { params, body: {}, ifMatch: '*' }),
      () => theirs.call('managedTransfers.delete', { params }),
      () => theirs.call('managedTransfers.refresh', { params }),
      () => theirs.call('managedTransfers.changes', { params }),
      () => theirs.call('managedTransfers.tables', { params }),
      () => theirs.call('managedTransfers.apply', { params, body: { runId: id } }),
      () => theirs.call('managedTransfers.detach', { params, body: { transferIds: [id], isDetached: true } }),
    ]) {
      expect(await problemOf(asked())).toMatchObject({ status: 404 });
    }
  });
});

describe('matchesGlob()', () => {
  it.each([
    ['*', '', true],
    ['a*c', 'abbbc', true],
    ['a*c', 'abbbd', false],
    ['a?c', 'abc', true],
    ['a?c', 'ac', false],
    ['a\\*c', 'a*c', true],
    ['a\\*c', 'abc', false],
    ['?', '\u{1f600}', true],
    ['[a]', '[a]', true],
    ['a.c', 'abc', false],
    [`${'*a'.repeat(20)}b`, 'a'.repeat(200), false],
  ])('judges %s on %s', (pattern, name, fits) => expect(matchesGlob(pattern, name)).toBe(fits));
});

it('transferName() is a name, whatever the table is called', () => {
  expect(transferName('a ', 'b')).toBe('a b');
  expect(transferName('', '01hzzzzzzzzzzzzzzzzzzzzzzz')).toMatch(/^01hz+ ~/);
  expect(transferName('', 'x', true)).toMatch(/^x ~/);
});

it('configOf() puts the table in, and nothing else', () => {
  expect(
    configOf({ a: ['{{ table }}', '{{table}} {{ vars.x }}', 1], b: { c: '{{ tables }}' } }, '$1{{ table }}'),
  ).toEqual({
    ...{ a: ['$1{{ table }}', '$1{{ table }} {{ vars.x }}', 1], b: { c: '{{ tables }}' } },
  });
});

it('changesOf() says what most is', () => {
  const known = ['a', 'b', 'c'].map((table) => ({ table_name: table, definition_id: 'x', state: 'active' as const }));
  const all = { include: ['*'], exclude: [] };
  expect(changesOf({ names: ['a'], isCut: false }, known, all)).toMatchObject({
    removed: ['b', 'c'],
    needsConfirmation: true,
  });
  expect(changesOf({ names: ['a', 'b'], isCut: false }, known, all)).toMatchObject({
    removed: ['c'],
    needsConfirmation: false,
  });
  expect(changesOf({ names: ['a'], isCut: true }, known, { include: ['a'], exclude: [] })).toMatchObject({
    removed: ['b', 'c'],
  });
  expect([areMost(1, 1), areMost(2, 3), areMost(2, 4)]).toEqual([false, true, false]);
});
