import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Client } from '#api/client.ts';
import { newId } from '#control/store/ids.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { addMember, newMember, newUser, tokenOfUser } from '#test/kit/people.ts';

let api: ControlApi;
/** A token of the workspace, as one that was made before there were people. */
let service: Client;
let manager: Client;
let count = 0;
const fresh = (): string => `name ${(count += 1)}`;

beforeAll(async () => {
  api = await controlApi();
  service = api.own.client;
  const userId = await newUser(api.store.db, 'Manager', true);
  await addMember(api.store.db, api.own.workspaceId, userId, 'member');
  manager = api.clientOf(await tokenOfUser(api.store.db, { workspaceId: api.own.workspaceId, userId }));
});
afterAll(async () => {
  await api[Symbol.asyncDispose]();
});

const join = (role: Parameters<typeof newMember>[2]['role'], workspaceId = api.own.workspaceId) =>
  newMember(api.store.db, workspaceId, { name: fresh(), role });

describe('users.me', () => {
  it('says who a person is, and what he may do where', async () => {
    const { userId, token } = await join('viewer');
    const group = await service.call('groups.create', { body: { name: fresh() } });
    const grantee = { id: group.id, kind: 'user' as const, granteeId: userId };
    await service.call('grants.put', { params: grantee, body: { role: 'editor' } });
    await addMember(api.store.db, api.other.workspaceId, userId, 'operator');
    const me = await api.clientOf(token).call('users.me');
    expect(me).toMatchObject({
      user: { id: userId },
      workspaceId: api.own.workspaceId,
      role: 'viewer',
      groupRoles: { [group.id]: 'editor' },
      administersInstallation: false,
    });
    expect(me.workspaces.map(({ id, role }) => [id, role])).toEqual([
      [api.other.workspaceId, 'operator'],
      [api.own.workspaceId, 'viewer'],
    ]);
  });

  it('says what a service may do', async () => {
    expect(await service.call('users.me')).toMatchObject({
      user: null,
      role: 'administrator',
      workspaces: [{ id: api.own.workspaceId }],
    });
  });
});

describe('members', () => {
  it('are listed, changed and removed', async () => {
    const { userId, token } = await join('viewer');
    const { body, etag } = await service.ask('members.get', { params: { id: userId } });
    expect((await service.call('members.list', { query: { q: body.name, role: 'viewer' } })).items).toEqual([body]);
    const call = { params: { id: userId }, body: { role: 'editor' as const } };
    const changed = await service.call('members.update', { ...call, ifMatch: etag ?? '' });
    expect(changed).toEqual({ ...body, role: 'editor', version: 2 });
    await expect(service.call('members.update', { ...call, ifMatch: '"1"' })).rejects.toMatchObject({ status: 412 });
    await service.call('members.remove', { params: { id: userId } });
    await expect(service.call('members.get', { params: { id: userId } })).rejects.toMatchObject({ status: 404 });
    await expect(api.clientOf(token).call('users.me')).rejects.toMatchObject({ status: 401 });
    // Who comes back does not bring his tokens along.
    await addMember(api.store.db, api.own.workspaceId, userId, 'viewer');
    await expect(api.clientOf(token).call('users.me')).rejects.toMatchObject({ status: 401 });
  });

  it('come in pages, by name', async () => {
    for (let times = 0; times < 3; times += 1) await join('member');
    const pages = await Array.fromAsync(service.items('members.list', { query: { limit: 2 } }));
    const whole = await service.call('members.list', { query: { limit: 200 } });
    expect(pages).toEqual(whole.items);
    expect(pages.length).toBeGreaterThan(3);
  });

  it('keep an administrator, also when two of them remove each other', async () => {
    const { body: workspace } = await manager.ask('workspaces.create', { body: { name: fresh() } });
    const [manages] = (await service.call('members.list', { query: { q: 'Manager' } })).items;
    const people = [await join('administrator', workspace.id), await join('administrator', workspace.id)];
    const [left, right] = people.map(({ token }) => api.clientOf(token));
    await left?.call('members.remove', { params: { id: manages?.id ?? '' } });
    const both = await Promise.allSettled([
      left?.call('members.remove', { params: { id: people[1]?.userId ?? '' } }),
      right?.call('members.update', {
        params: { id: people[0]?.userId ?? '' },
        body: { role: 'viewer' },
        ifMatch: '*',
      }),
    ]);
    const rows = await api.store.db
      .selectFrom('member')
      .select('user_id')
      .where('workspace_id', '=', workspace.id)
      .where('role', '=', 'administrator')
      .execute();
    expect(rows).toHaveLength(1);
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected']);
    const last = both[0]?.status === 'fulfilled' ? left : right;
    const alone = last?.call('members.remove', { params: { id: rows[0]?.user_id ?? '' } });
    await expect(alone).rejects.toMatchObject({ status: 409, code: 'LAST_ADMINISTRATOR' });
  });
});

describe('users', () => {
  it('are changed by those who manage the installation, and not left without one', async () => {
    const id = await newUser(api.store.db, fresh());
    const call = { params: { id }, ifMatch: '*' };
    expect(await manager.call('users.update', { ...call, body: { name: 'Other' } })).toMatchObject({
      name: 'Other',
      version: 2,
    });
    const { user } = await manager.call('users.me');
    const own = { params: { id: user?.id ?? '' }, ifMatch: '*' };
    for (const body of [{ administersInstallation: false }, { isDisabled: true }]) {
      const late = manager.call('users.update', { ...own, body });
      await expect(late).rejects.toMatchObject({ status: 409, code: 'LAST_ADMINISTRATOR' });
    }
  });

  it('are not let in when they are disabled, nor taken from a workspace that has nobody else', async () => {
    const { userId, token } = await join('viewer');
    await manager.call('users.update', { params: { id: userId }, body: { isDisabled: true }, ifMatch: '*' });
    await expect(api.clientOf(token).call('users.me')).rejects.toMatchObject({ status: 401 });
    const administratorId = await newUser(api.store.db, fresh());
    await manager.call('workspaces.create', { body: { name: fresh(), administratorId } });
    const alone = manager.call('users.update', {
      params: { id: administratorId },
      body: { isDisabled: true },
      ifMatch: '*',
    });
    await expect(alone).rejects.toMatchObject({ status: 409, code: 'LAST_ADMINISTRATOR' });
  });
});

describe('workspaces', () => {
  it('are created, changed and suspended, and show nothing to those who do not belong to them', async () => {
    const name = fresh();
    const { body: made } = await manager.ask('workspaces.create', { body: { name, weight: 3 } });
    expect(made).toMatchObject({ name, weight: 3, membersCount: 1, isSuspended: false });
    const params = { id: made.id };
    const body = { isSuspended: true };
    const changed = await manager.ask('workspaces.update', { params, body, ifMatch: '"1"' });
    expect([changed.etag, changed.body.isSuspended]).toEqual(['"2"', true]);
    expect(await manager.call('workspaces.update', { params, body, ifMatch: '"2"' })).toEqual(changed.body);
    expect((await manager.call('workspaces.list', { query: { q: name } })).items).toEqual([changed.body]);
    const taken = manager.call('workspaces.create', { body: { name } });
    await expect(taken).rejects.toMatchObject({ status: 409, code: 'NAME_TAKEN' });
    const nobody = manager.call('workspaces.create', { body: { name: fresh(), administratorId: newId() } });
    await expect(nobody).rejects.toMatchObject({ status: 422 });
  });

  it('take in a person, which their audit log tells', async () => {
    const userId = await newUser(api.store.db, fresh());
    const params = { id: api.own.workspaceId, userId };
    const member = await manager.call('workspaces.putMember', { params, body: { role: 'editor' } });
    expect(member).toMatchObject({ id: userId, role: 'editor' });
    const { items } = await service.call('audit.list', { query: { action: 'workspaces.putMember' } });
    expect(items[0]).toMatchObject({ detail: { userId }, outcome: 'succeeded', fields: ['role'] });
  });
});

describe('teams', () => {
  it('are created, renamed and deleted, with the roles that they gave', async () => {
    const { userId, token } = await join('member');
    const person = api.clientOf(token);
    const { body: team } = await service.ask('teams.create', { body: { name: fresh() } });
    const group = await service.call('groups.create', { body: { name: fresh() } });
    const grantee = { id: group.id, kind: 'team' as const, granteeId: team.id };
    const grant = await service.call('grants.put', { params: grantee, body: { role: 'operator' } });
    expect((await service.call('grants.list', { params: { id: group.id } })).items).toEqual([grant]);
    await expect(person.call('groups.get', { params: { id: group.id } })).rejects.toMatchObject({ status: 404 });
    const member = await service.call('teams.putMember', { params: { id: team.id, userId }, body: {} });
    expect((await service.call('teams.members', { params: { id: team.id } })).items).toEqual([member]);
    expect((await person.call('groups.list')).items).toEqual([group]);
    expect((await service.call('teams.get', { params: { id: team.id } })).membersCount).toBe(1);
    await service.call('teams.delete', { params: { id: team.id } });
    expect((await person.call('groups.list')).items).toEqual([]);
  });

  it('are looked after by administrators of their own, who take nobody from outside', async () => {
    const [leader, other, stranger] = [
      await join('member'),
      await join('member'),
      await join('member', api.other.workspaceId),
    ];
    const { id } = await service.call('teams.create', { body: { name: fresh() } });
    const add = (client: Client, userId: string, isAdministrator = false) =>
      client.call('teams.putMember', { params: { id, userId }, body: { isAdministrator } });
    const leads = api.clientOf(leader.token);
    await expect(add(leads, other.userId)).rejects.toMatchObject({ status: 403, code: 'ROLE_MISSING' });
    await add(service, leader.userId, true);
    await add(leads, other.userId);
    await expect(add(leads, stranger.userId)).rejects.toMatchObject({ status: 404 });
    await leads.call('teams.removeMember', { params: { id, userId: other.userId } });
    await expect(leads.call('teams.delete', { params: { id } })).rejects.toMatchObject({ status: 403 });
  });
});

describe('grants', () => {
  it('replace one another, and are taken away', async () => {
    const { userId, token } = await join('member');
    const group = await service.call('groups.create', { body: { name: fresh() } });
    const params = { id: group.id, kind: 'user' as const, granteeId: userId };
    for (const role of ['viewer', 'administrator'] as const) {
      expect(await service.call('grants.put', { params, body: { role } })).toMatchObject({ id: userId, role });
    }
    const { items } = await api.clientOf(token).call('grants.list', { params: { id: group.id } });
    expect(items.map(({ role }) => role)).toEqual(['administrator']);
    await service.call('grants.delete', { params });
    await expect(service.call('grants.delete', { params })).rejects.toMatchObject({ status: 404 });
  });

  it('go to nobody of another workspace', async () => {
    const group = await service.call('groups.create', { body: { name: fresh() } });
    const { userId } = await join('member', api.other.workspaceId);
    const { id: teamId } = await api.other.client.call('teams.create', { body: { name: fresh() } });
    for (const params of [
      { id: group.id, kind: 'user' as const, granteeId: userId },
      { id: group.id, kind: 'team' as const, granteeId: teamId },
    ]) {
      const put = service.call('grants.put', { params, body: { role: 'viewer' } });
      await expect(put).rejects.toMatchObject({ status: 404 });
    }
  });

  it('come to whoever creates a group', async () => {
    const { userId, token } = await join('editor');
    const group = await api.clientOf(token).call('groups.create', { body: { name: fresh() } });
    const { items } = await api.clientOf(token).call('grants.list', { params: { id: group.id } });
    expect(items).toMatchObject([{ kind: 'user', id: userId, role: 'administrator' }]);
  });
});
