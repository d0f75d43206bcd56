import { sql } from 'kysely';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { runCredentials } from '#control/runs/run-credentials.ts';
import { newId } from '#control/store/ids.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { newMember } from '#test/kit/people.ts';

let api: ControlApi;
let count = 0;
const fresh = (): string => `name ${(count += 1)}`;

beforeAll(async () => {
  api = await controlApi();
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

const options = { host: 'db', user: 'u', database: 'd', password: 'canary-of-audit' };

async function latest(query: Parameters<typeof api.own.client.call<'audit.list'>>[1] = {}) {
  const { items } = await api.own.client.call('audit.list', query);
  return items[0];
}

describe('the audit log', () => {
  it('tells of each change: who, what, to what, with which fields, and how it ended', async () => {
    const { client } = api.own;
    const name = fresh();
    const made = await client.call('connections.create', { body: { name, plugin: 'postgresql', options } });
    expect(await latest()).toMatchObject({
      actor: 'token:token of own',
      action: 'connections.create',
      resourceKind: 'connection',
      resourceId: made.id,
      resourceName: name,
      outcome: 'succeeded',
      fields: ['name', 'plugin', 'groupId', 'options.host', 'options.user', 'options.database', 'options.password'],
    });
    const update = { params: { id: made.id }, body: { name: fresh() }, ifMatch: '"7"' };
    await expect(client.call('connections.update', update)).rejects.toMatchObject({ status: 412 });
    expect(await latest()).toMatchObject({ outcome: 'refused', code: 'MATCH_FAILED', resourceName: name });
    await client.call('connections.delete', { params: { id: made.id } });
    expect(await latest()).toMatchObject({ action: 'connections.delete', resourceName: name, outcome: 'succeeded' });
    const { rows } = await sql<{ text: string }>`select audit_event::text as text from audit_event`.execute(
      api.store.db,
    );
    expect(rows.map(({ text }) => text).join('')).not.toContain('canary');
  });

  it('keeps no name of a field that is none', async () => {
    const body = { name: fresh(), plugin: 'postgresql', options: { ...options, 'canary of a name!': 1 } };
    await expect(api.own.client.call('connections.create', { body })).rejects.toMatchObject({ status: 422 });
    expect((await latest())?.fields.at(-1)).toBe('options.?');
  });

  it('tells of refusals for want of a role, and not of reading', async () => {
    const { token, userId } = await newMember(api.store.db, api.own.workspaceId, { name: fresh(), role: 'viewer' });
    const client = api.clientOf(token);
    await client.call('groups.list');
    await expect(client.call('groups.create', { body: { name: fresh() } })).rejects.toMatchObject({ status: 403 });
    const { items } = await api.own.client.call('audit.list', { query: { action: 'groups.' } });
    expect(items[0]).toMatchObject({ userId, outcome: 'refused', code: 'ROLE_MISSING', action: 'groups.create' });
    expect(items.some(({ action }) => action === 'groups.list')).toBe(false);
  });

  it('tells of each hand-over of a secret', async () => {
    const { client } = api.own;
    const connection = await client.call('connections.create', {
      body: { name: fresh(), plugin: 'postgresql', options },
    });
    const config = { in: { connection: connection.id, table: 't' }, out: { type: 'stdout' } };
    const transfer = await client.call('transfers.create', { body: { name: fresh(), config } });
    const run = await client.call('transfers.run', { params: { id: transfer.id }, body: {} });
    expect(await latest()).toMatchObject({
      action: 'transfers.run',
      resourceId: transfer.id,
      detail: { madeId: run.id },
    });
    const parts = { db: api.store.db, keys: api.keys };
    expect(await runCredentials(parts, run.id, connection.id)).toEqual({ password: options.password });
    expect(await latest({ query: { action: 'secret.use' } })).toMatchObject({
      actor: 'runner',
      resourceId: connection.id,
      resourceName: connection.name,
      fields: ['password'],
      detail: { runId: run.id, definitionId: transfer.id, createdBy: 'token:token of own' },
    });
    await expect(runCredentials(parts, run.id, newId())).rejects.toMatchObject({ code: 'CONNECTION_GONE' });
  });

  it('is searched by what it holds, page by page, each workspace its own', async () => {
    const { client } = api.own;
    const group = await client.call('groups.create', { body: { name: fresh() } });
    for (const name of [fresh(), fresh(), fresh()]) {
      await client.call('groups.update', { params: { id: group.id }, body: { name }, ifMatch: '*' });
    }
    const query = { resourceId: group.id, limit: 2 };
    const found = await Array.fromAsync(client.items('audit.list', { query }));
    expect(found.map(({ action }) => action)).toEqual([...Array<string>(3).fill('groups.update'), 'groups.create']);
    const [last] = found;
    const cases = [
      { actor: 'token:token of own', outcome: 'succeeded' },
      { actor: 'nobody' },
      { outcome: 'failed' },
      { resourceKind: 'team' },
      { until: found.at(-1)?.at },
      { since: last?.at },
    ] as const;
    const counts = await Promise.all(
      cases.map(
        async (filters) =>
          (await Array.fromAsync(client.items('audit.list', { query: { ...query, ...filters } }))).length,
      ),
    );
    expect(counts).toEqual([4, 0, 0, 0, 0, 1]);
    expect(await Array.fromAsync(api.other.client.items('audit.list', { query }))).toEqual([]);
  });

  it('is exported as CSV and as lines of JSON, with nothing that becomes a formula', async () => {
    const { client } = api.own;
    const name = '=cmd|" /C calc"!A0, really';
    const group = await client.call('groups.create', { body: { name } });
    const query = { resourceId: group.id };
    const csv = await client.call('audit.csv', { query });
    const [head, line, ...rest] = csv.split('\r\n');
    expect(head).toMatch(/^at,actor,action,resourceKind,/);
    expect(line).toContain(`group,${group.id},"'=cmd|"" /C calc""!A0, really",`);
    expect(rest).toEqual(['']);
    const lines = (await client.call('audit.ndjson', { query })).trim().split('\n');
    const [event] = (await client.call('audit.list', { query })).items;
    expect(lines.map((each): unknown => JSON.parse(each))).toEqual([event]);
  });
});
