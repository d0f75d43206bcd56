import { afterAll, beforeAll, describe, expect, it } from 'vitest';
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

const join = (role: Parameters<typeof newMember>[2]['role']) =>
  newMember(api.store.db, api.own.workspaceId, { name: fresh(), role });

describe('tokens.create', () => {
  it('makes one for the workspace, or for one group', async () => {
    const group = await api.own.client.call('groups.create', { body: { name: fresh() } });
    const made = await api.own.client.call('tokens.create', {
      body: { name: fresh(), role: 'editor', groupId: group.id },
    });
    expect(made).toMatchObject({ kind: 'service', role: 'editor', groupId: group.id, createdBy: 'token:token of own' });
    const client = api.clientOf(made.token);
    expect((await client.call('groups.list')).items).toEqual([group]);
    const config = { in: { type: 'file', path_prefix: '/tmp/x' }, out: { type: 'stdout' } };
    const body = { name: fresh(), config };
    await client.call('transfers.create', { body: { ...body, groupId: group.id } });
    await expect(client.call('transfers.create', { body })).rejects.toMatchObject({ status: 403 });
  });

  it('makes none that administers the installation for somebody who does not', async () => {
    const call = api.own.client.call('tokens.create', { body: { name: fresh(), administersInstallation: true } });
    await expect(call).rejects.toMatchObject({ status: 403, problem: { missingRole: { in: 'installation' } } });
  });

  it('makes none that is past already', async () => {
    const body = { name: fresh(), expiresAt: '2001-01-01T00:00:00Z' };
    await expect(api.own.client.call('tokens.create', { body })).rejects.toMatchObject({ status: 422 });
    const { items } = await api.own.client.call('tokens.list', { query: { limit: 200 } });
    expect(items.some(({ name }) => name === body.name)).toBe(false);
  });
});

describe('tokens.createOwn', () => {
  it('makes one that may do no more than its role, and no more than the person', async () => {
    const { token } = await join('editor');
    const client = api.clientOf(token);
    const made = await client.call('tokens.createOwn', { body: { name: fresh(), role: 'viewer' } });
    const narrow = api.clientOf(made.token);
    expect(await narrow.call('users.me')).toMatchObject({ role: 'viewer' });
    const wide = await client.call('tokens.createOwn', { body: { name: fresh(), role: 'administrator' } });
    expect(await api.clientOf(wide.token).call('users.me')).toMatchObject({ role: 'editor' });
    const wider = narrow.call('tokens.createOwn', { body: { name: fresh(), role: 'operator' } });
    await expect(wider).rejects.toMatchObject({ status: 422 });
  });

  it('is for people', async () => {
    const call = api.own.client.call('tokens.createOwn', { body: { name: fresh() } });
    await expect(call).rejects.toMatchObject({ status: 403, code: 'PERSON_NEEDED' });
  });
});

describe('tokens.list', () => {
  it('shows people their own, administrators all', async () => {
    const [one, other] = [await join('viewer'), await join('operator')];
    const mine = await api.clientOf(one.token).call('tokens.createOwn', { body: { name: fresh(), role: 'viewer' } });
    const seen = async (token: string): Promise<string[]> => {
      const { items } = await api.clientOf(token).call('tokens.list', { query: { limit: 200 } });
      return items.map(({ id }) => id);
    };
    expect(await seen(one.token)).toContain(mine.id);
    expect(await seen(other.token)).not.toContain(mine.id);
    expect(await seen(api.own.token)).toContain(mine.id);
    expect(await seen(api.other.token)).not.toContain(mine.id);
  });
});

describe('tokens.revoke', () => {
  it('is for the owner and for administrators; others do not learn that there is one', async () => {
    const [one, other] = [await join('viewer'), await join('editor')];
    const create = () => api.clientOf(one.token).call('tokens.createOwn', { body: { name: fresh(), role: 'viewer' } });
    const [first, second] = [await create(), await create()];
    const params = { id: first.id };
    await expect(api.clientOf(other.token).call('tokens.revoke', { params })).rejects.toMatchObject({ status: 404 });
    await api.clientOf(one.token).call('tokens.revoke', { params });
    await expect(api.clientOf(first.token).call('users.me')).rejects.toMatchObject({ status: 401 });
    await api.own.client.call('tokens.revoke', { params: { id: second.id } });
    await expect(api.clientOf(second.token).call('users.me')).rejects.toMatchObject({ status: 401 });
  });
});
