import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { SCHEDULES_PER_DEFINITION_MAX } from '#api/resources/schedule.ts';
import type { Schedule, SchedulePattern } from '#api/resources/schedule.ts';
import { newId } from '#control/store/ids.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { storeKinds } from '#test/kit/control-store.ts';
import { addSchedules } from '#test/kit/schedule-rows.ts';

const daily = { kind: 'daily', time: '09:30' } as const;
const tokyo = { pattern: daily, timeZone: 'Asia/Tokyo' };

describe('handlers of schedules', () => {
  let api: ControlApi;
  let client: ControlApi['own']['client'];
  beforeAll(async () => {
    api = await controlApi({ kind: storeKinds[0] });
    ({ client } = api.own);
    await api.store.setClock('2026-05-01T00:00:00Z');
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
  });

  let count = 0;
  const newTransfer = async (): Promise<string> => {
    const config = { in: { type: 'file', path_prefix: '/tmp/x' }, out: { type: 'stdout' } };
    const { id } = await client.call('transfers.create', { body: { name: `transfer ${(count += 1)}`, config } });
    return id;
  };
  const newSchedule = async (body: object = tokyo, definitionId?: string): Promise<Schedule> => {
    const params = { id: definitionId ?? (await newTransfer()) };
    return client.call('schedules.create', { params, body: { ...tokyo, ...body } });
  };

  it('are created as they were chosen, changed, switched and deleted; each is told', async () => {
    const definitionId = await newTransfer();
    const { body: made, etag } = await client.ask('schedules.create', { params: { id: definitionId }, body: tokyo });
    expect(etag).toBe('"1"');
    expect(made).toMatchObject({
      pattern: daily,
      words: 'every day at 09:30',
      cron: '30 9 * * *',
      timeZone: 'Asia/Tokyo',
      isEnabled: true,
      nextSlot: '2026-05-01T00:30:00.000000Z',
      overlap: 'skip',
      catchup: 'latest',
      createdBy: 'token:token of own',
    });
    const params = { id: made.id };
    const pattern: SchedulePattern = { kind: 'weekly', weekdays: ['mon', 'fri'], time: '10:00' };
    const body = { pattern, variables: { a: '1' } };
    const changed = await client.call('schedules.update', { params, body, ifMatch: '"1"' });
    expect(changed).toMatchObject({ version: 2, cron: '0 10 * * mon,fri', nextSlot: '2026-05-01T01:00:00.000000Z' });
    const late = client.call('schedules.update', { params, body: { jitterS: 5 }, ifMatch: '"1"' });
    await expect(late).rejects.toMatchObject({ status: 412, code: 'MATCH_FAILED' });
    const same = await client.call('schedules.update', { params, body: { pattern }, ifMatch: '"2"' });
    expect(same.version).toBe(2);
    const off = await client.call('schedules.update', { params, body: { isEnabled: false }, ifMatch: '"2"' });
    expect(off).toMatchObject({ isEnabled: false, nextSlot: null, offReason: null, version: 3 });
    await client.call('schedules.update', { params, body: { isEnabled: true }, ifMatch: '"3"' });
    await client.call('schedules.delete', { params });
    await expect(client.call('schedules.get', { params })).rejects.toMatchObject({ status: 404 });
    const history = await client.call('schedules.history', { query: { scheduleId: made.id } });
    expect(history.items.map(({ kind, changes, isAutomatic }) => [kind, Object.keys(changes), isAutomatic])).toEqual([
      ['deleted', ['pattern', 'timeZone'], false],
      ['switched_on', [], false],
      ['switched_off', [], false],
      ['changed', ['pattern', 'variables'], false],
      ['created', ['pattern', 'timeZone'], false],
    ]);
    expect(history.items[3]?.changes).toEqual({
      pattern: { before: daily, after: pattern },
      variables: { before: [], after: ['a'] },
    });
  });

  it.each([
    [{ pattern: { kind: 'cron', cron: '0 0 31 2 *' } }, 'CRON_NEVER'],
    [{ timeZone: 'Mars/Olympus' }, 'TIME_ZONE_UNKNOWN'],
    [{ pattern: { kind: 'daily', time: '24:00' } }, 'REQUEST_INVALID'],
    [{ pattern: { kind: 'weekly', weekdays: ['mon', 'mon'], time: '09:00' } }, 'REQUEST_INVALID'],
    [{ pattern: { kind: 'monthly', days: [32], time: '09:00' } }, 'REQUEST_INVALID'],
    [{ pattern: { kind: 'hourly', minute: 60 } }, 'REQUEST_INVALID'],
    [{ pattern: { kind: 'every', minutes: 0 } }, 'REQUEST_INVALID'],
    [{ definitionId: newId() }, 'REQUEST_INVALID'],
    [{ variables: { a: 1 } }, 'REQUEST_INVALID'],
  ])('are refused: %j', async (body, code) => {
    await expect(newSchedule(body)).rejects.toMatchObject({ status: 422, code });
  });

  it('are at most so many of a definition, also when two are made at once', async () => {
    const definitionId = await newTransfer();
    const all = Array.from({ length: SCHEDULES_PER_DEFINITION_MAX + 4 }, () => newSchedule({}, definitionId));
    const outcomes = await Promise.allSettled(all);
    expect(outcomes.filter(({ status }) => status === 'fulfilled')).toHaveLength(SCHEDULES_PER_DEFINITION_MAX);
    const refused = outcomes.find(({ status }) => status === 'rejected');
    expect(refused).toMatchObject({ reason: { status: 409, code: 'SCHEDULES_TOO_MANY' } });
  });

  it('are listed by what fires next, in pages, by any filter', async () => {
    await using own = await controlApi({ kind: storeKinds[0] });
    const { store } = own;
    await store.setClock('2026-05-01T00:00:00Z');
    const given = { workspaceId: own.own.workspaceId, cron: '0 * * * *', zone: 'Asia/Tokyo' };
    await addSchedules(store.db, 5, { ...given, next: '2026-05-01T03:00:00Z' });
    const [first] = await addSchedules(store.db, 1, { ...given, zone: 'Etc/UTC', next: '2026-05-01T01:00:00Z' });
    const [off] = await addSchedules(store.db, 1, { ...given, next: '2026-05-01T00:00:00Z' });
    await addSchedules(store.db, 1, { ...given, workspaceId: own.other.workspaceId, next: '2026-05-01T00:00:00Z' });
    if (first === undefined || off === undefined) throw new Error('they were added');
    await sql`update definition set is_enabled = false where id = ${off.definition}`.execute(store.db);
    const all: Schedule[] = [];
    for await (const each of own.own.client.items('schedules.list', { query: { limit: 2 } })) all.push(each);
    expect(all).toHaveLength(7);
    expect(all[0]?.id).toBe(first.schedule);
    expect(all.at(-1)).toMatchObject({ id: off.schedule, nextSlot: null, isDefinitionEnabled: false });
    const ids = async (query: object): Promise<string[]> =>
      (await own.own.client.call('schedules.list', { query: { ...query } })).items.map(({ id }) => id);
    expect(await ids({ timeZone: 'Etc/UTC' })).toEqual([first.schedule]);
    expect(await ids({ definitionId: off.definition })).toEqual([off.schedule]);
    expect(await ids({ q: first.definition.toUpperCase() })).toEqual([first.schedule]);
    expect(await ids({ isEnabled: false })).toEqual([]);
    expect(await ids({ groupId: newId() })).toEqual([]);
    for (const sort of ['definitionName', '-updatedAt'] as const) expect(await ids({ sort })).toHaveLength(7);
    const { next = '' } = await own.own.client.call('schedules.list', { query: { limit: 1 } });
    await expect(ids({ sort: 'definitionName', cursor: next })).rejects.toMatchObject({ code: 'CURSOR_INVALID' });
  });

  it('are switched and deleted in bulk, each with its outcome', async () => {
    const [one, other] = [await newTransfer(), await newTransfer()];
    const settings = { schedule: tokyo, definitionIds: [one, other, newId()] };
    const made = await client.call('schedules.createMany', { body: settings });
    expect(made.items.map(({ outcome }) => outcome)).toEqual(['done', 'done', 'not_found']);
    const [first = '', second = ''] = made.items.map(({ id }) => id ?? '');
    const stranger = newId();
    const off = await client.call('schedules.switch', { body: { ids: [first, stranger], isEnabled: false } });
    expect(off).toEqual({
      items: [
        { id: first, definitionId: one, outcome: 'done' },
        { id: stranger, definitionId: null, outcome: 'not_found' },
      ],
      done: 1,
      hasMore: false,
    });
    const again = await client.call('schedules.switch', { body: { ids: [first], isEnabled: false } });
    expect(again.items).toMatchObject([{ outcome: 'unchanged' }]);
    const on = await client.call('schedules.switch', { body: { definitionIds: [one, other], isEnabled: true } });
    expect(on.items).toMatchObject([{ id: first, outcome: 'done' }]);
    const theirs = await api.other.client.call('schedules.switch', { body: { ids: [first], isEnabled: false } });
    expect(theirs.items).toMatchObject([{ outcome: 'not_found' }]);
    const gone = await client.call('schedules.deleteMany', { body: { definitionIds: [one], ids: [second] } });
    expect(gone).toMatchObject({ done: 2 });
    await expect(client.call('schedules.deleteMany', { body: {} })).rejects.toMatchObject({ status: 422 });
  });

  it('say when they fire next, saved or not', async () => {
    const made = await newSchedule({ pattern: { kind: 'every', minutes: 60 } });
    const saved = await client.call('schedules.firings', { params: { id: made.id } });
    expect(saved).toMatchObject({ isOn: true, timeZone: 'Asia/Tokyo', cron: null });
    expect(saved.items).toHaveLength(10);
    expect(saved.items[0]).toEqual({
      slot: '2026-05-01T01:00:00.000Z',
      localTime: '2026-05-01T10:00:00+09:00',
      fires: true,
      notes: [],
    });
    const after = '2026-03-28T12:00:00Z';
    const body = { pattern: { kind: 'daily', time: '02:30' } as const, timeZone: 'Europe/Berlin', count: 1, after };
    const posted = await client.call('schedules.firingsOf', { body });
    expect(posted.items).toMatchObject([{ slot: '2026-03-29T01:00:00.000Z', notes: [{ kind: 'shifted' }] }]);
  });

  it('belong to their workspace', async () => {
    const { id } = await newSchedule();
    const params = { id };
    const { client: stranger } = api.other;
    const query = { from: '2026-05-01T00:00:00Z', until: '2026-05-02T00:00:00Z' };
    const calls = [
      stranger.call('schedules.get', { params }),
      stranger.call('schedules.update', { params, body: {}, ifMatch: '*' }),
      stranger.call('schedules.delete', { params }),
      stranger.call('schedules.firings', { params }),
      stranger.call('schedules.calendar', { params, query }),
      stranger.call('backfills.create', { params, body: query }),
    ];
    for (const outcome of await Promise.allSettled(calls)) {
      expect(outcome).toMatchObject({ status: 'rejected', reason: { status: 404 } });
    }
    const history = await stranger.call('schedules.history', { query: { scheduleId: id } });
    expect(history.items).toEqual([]);
  });

  it('are switched off by the rule of their workspace', async () => {
    const rule = await client.ask('schedules.policy');
    expect(rule.body).toEqual({ switchesOff: true, failuresMin: 50, failingDaysMin: 14, version: 0 });
    const own = { switchesOff: false, failuresMin: 3, failingDaysMin: 0 };
    const ifMatch = rule.etag ?? '';
    const put = await client.ask('schedules.setPolicy', { body: own, ifMatch });
    expect(put).toMatchObject({ body: { ...own, version: 1 }, etag: '"1"' });
    await expect(client.call('schedules.setPolicy', { body: own, ifMatch })).rejects.toMatchObject({ status: 412 });
    expect(await api.other.client.call('schedules.policy')).toEqual(rule.body);
  });
});
