import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { ApiError } from '#api/api-error.ts';
import type { Client } from '#api/client.ts';
import type { Role } from '#api/endpoint.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { giveRoleTo, newGroup, newMember } from '#test/kit/people.ts';

let api: ControlApi;
let groups: { connections: string; transfers: string };
let connection: { id: string; name: string };

beforeAll(async () => {
  api = await controlApi();
  const { workspaceId } = api.own;
  groups = {
    connections: await newGroup(api.store.db, workspaceId, 'connections'),
    transfers: await newGroup(api.store.db, workspaceId, 'transfers'),
  };
  const options = { path_prefix: '/srv/secret-folder' };
  connection = await api.own.client.call('connections.create', {
    body: { name: 'Files', plugin: 'file', groupId: groups.connections, options },
  });
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

let count = 0;
const fresh = (): string => `name ${(count += 1)}`;

/** An editor of transfers, with the role in the group of the connection. */
async function editor(role: Role | undefined): Promise<Client> {
  const { workspaceId } = api.own;
  const { userId, token } = await newMember(api.store.db, workspaceId, { name: fresh(), role: 'member' });
  await giveRoleTo(api.store.db, workspaceId, { groupId: groups.transfers, userId, role: 'editor' });
  if (role !== undefined) await giveRoleTo(api.store.db, workspaceId, { groupId: groups.connections, userId, role });
  return api.clientOf(token);
}

const config = () => ({ in: { connection: 'Files' }, out: { type: 'stdout' } });

describe('a connection', () => {
  it.each([
    ['operator', null],
    ['editor', { path_prefix: '/srv/secret-folder' }],
  ] as const)('is used by an %s, who sees of its options %o', async (role, options) => {
    const client = await editor(role);
    const [shown] = (await client.call('connections.list')).items;
    expect(shown).toMatchObject({ id: connection.id, name: 'Files', options });
    expect(await client.call('connections.get', { params: { id: connection.id } })).toEqual(shown);
    await client.call('connections.test', { params: { id: connection.id }, body: {} });
    const body = { name: fresh(), groupId: groups.transfers, config: config() };
    expect(await client.call('transfers.create', { body })).toMatchObject({ connectionIds: [connection.id] });
    await client.call('transfers.previewConfig', { body: { groupId: groups.transfers, config: config() } });
  });

  it('is not used by a viewer: the refusal says who can change that', async () => {
    const client = await editor('viewer');
    expect((await client.call('connections.list')).items).toEqual([]);
    const body = { name: fresh(), groupId: groups.transfers, config: config() };
    const refused = { status: 403, problem: { missingRole: { role: 'operator', in: 'group', name: 'connections' } } };
    await expect(client.call('transfers.create', { body })).rejects.toMatchObject(refused);
    const trial = { groupId: groups.transfers, config: config() };
    await expect(client.call('transfers.previewConfig', { body: trial })).rejects.toMatchObject(refused);
    const plain = await client.call('transfers.create', {
      body: { ...body, config: { ...config(), in: { type: 'file' } } },
    });
    const update = { params: { id: plain.id }, body: { config: config() }, ifMatch: '*' };
    await expect(client.call('transfers.update', update)).rejects.toMatchObject(refused);
  });

  it('is not there for somebody without a role, by its name or by its id', async () => {
    const client = await editor(undefined);
    for (const name of ['Files', connection.id]) {
      const body = { name: fresh(), groupId: groups.transfers, config: { ...config(), in: { connection: name } } };
      await expect(client.call('transfers.create', { body })).rejects.toMatchObject({
        status: 422,
        problem: { errors: [{ message: expect.stringContaining('no such connection') as string }] },
      });
    }
  });

  it('does not name what uses it to those who may not see that', async () => {
    const { workspaceId } = api.own;
    const { userId, token } = await newMember(api.store.db, workspaceId, { name: fresh(), role: 'member' });
    await giveRoleTo(api.store.db, workspaceId, { groupId: groups.connections, userId, role: 'editor' });
    const own = await api.own.client.call('transfers.create', {
      body: { name: fresh(), groupId: groups.transfers, config: config() },
    });
    const client = api.clientOf(token);
    const params = { id: connection.id };
    expect((await client.call('connections.users', { params })).items).toEqual([]);
    const refused = await client.call('connections.delete', { params }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ status: 409, problem: { usersHidden: expect.any(Number) as number } });
    // Tests of the connection are in its own group.
    const { problem } = refused as ApiError;
    expect(problem.users?.filter(({ kind }) => kind !== 'run')).toEqual([]);
    expect(problem.usersHidden).toBeGreaterThan(0);
    const { items } = await api.own.client.call('connections.users', { params, query: { limit: 200 } });
    expect(items.map(({ id }) => id)).toContain(own.id);
  });
});

describe('moving', () => {
  it('needs the role in both groups', async () => {
    const client = await editor('viewer');
    const body = {
      name: fresh(),
      groupId: groups.transfers,
      config: { in: { type: 'file' }, out: { type: 'stdout' } },
    };
    const { id } = await client.call('transfers.create', { body });
    const move = (groupId: string | null) =>
      client.call('transfers.update', { params: { id }, body: { groupId }, ifMatch: '*' });
    await expect(move(groups.connections)).rejects.toMatchObject({ status: 403, code: 'ROLE_MISSING' });
    await expect(move(null)).rejects.toMatchObject({ status: 403, problem: { missingRole: { in: 'workspace' } } });
    const hidden = await newGroup(api.store.db, api.own.workspaceId, fresh());
    await expect(move(hidden)).rejects.toMatchObject({ status: 422, code: 'REQUEST_INVALID' });
    await move(groups.transfers);
  });
});

describe('an Idempotency-Key', () => {
  it('is of whoever sends it: nobody gets what another one was answered', async () => {
    const [one, other] = [await editor('editor'), await editor('operator')];
    const body = { groupId: groups.transfers, config: config() };
    const call = { body, idempotencyKey: 'the-same-key-for-both' };
    const first = await one.call('transfers.previewConfig', call);
    expect((await one.call('transfers.previewConfig', call)).id).toBe(first.id);
    expect((await other.call('transfers.previewConfig', call)).id).not.toBe(first.id);
  });
});
