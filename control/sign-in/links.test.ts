import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { newId } from '#control/store/ids.ts';
import { PASSWORD, browser, person, signedIn } from '#test/kit/browser.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { makeFirstSetupLink } from './one-time-links.ts';

let api: ControlApi;
beforeAll(async () => {
  api = await controlApi();
});
beforeEach(async () => {
  const { db } = api.store;
  await db.deleteFrom('one_time_link').execute();
  await db.deleteFrom('session').execute();
  await db.deleteFrom('team_member').execute();
  await db.deleteFrom('member').execute();
  await db.deleteFrom('users').execute();
});
afterAll(() => api[Symbol.asyncDispose]());

const secretOf = (link: string): string => new URL(link).hash.slice(1);
const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => (error as { code: string }).code);
const owner = { name: 'Olga Owner', email: 'olga@good.example', password: 'a heron over the lake' };

async function administrator() {
  await person(api, { email: 'admin@good.example', role: 'administrator', administersInstallation: true });
  return signedIn(api, 'admin@good.example');
}

describe('the link of the first start', () => {
  const firstLink = async (): Promise<string> => (await makeFirstSetupLink(api.store.db))?.secret ?? '';

  it('sets up an owner, who is signed in and may do everything', async () => {
    const link = await firstLink();
    const who = browser(api);
    expect(await who.client.call('signIn.options')).toMatchObject({ needsOwner: true });
    expect(await who.client.call('links.look', { body: { link } })).toMatchObject({ kind: 'setup', needs: 'owner' });
    expect(await who.client.call('links.use', { body: { ...owner, link } })).toEqual({ next: 'nothing' });
    expect(await who.client.call('signInPolicy.get')).toMatchObject({ version: 0 });
    expect(await who.client.call('groups.create', { body: { name: 'by the owner' } })).toMatchObject({ version: 1 });
    expect(await who.client.call('signIn.options')).toMatchObject({ needsOwner: false });
    expect(await (await signedIn(api, owner.email)).client.call('groups.list')).toBeDefined();
  });

  it('is made once, and anew when it has expired', async () => {
    const first = await firstLink();
    expect(await makeFirstSetupLink(api.store.db)).toBeUndefined();
    await sql`update one_time_link set expires_at = dispatch.now()`.execute(api.store.db);
    expect(await outcome(browser(api).client.call('links.look', { body: { link: first } }))).toBe('LINK_INVALID');
    expect(await firstLink()).toMatch(/^rwl_/);
  });

  it('serves one of many that use it at the same time', async () => {
    const link = await firstLink();
    const uses = Array.from({ length: 6 }, (_, no) =>
      outcome(browser(api).client.call('links.use', { body: { ...owner, email: `o${no}@good.example`, link } })),
    );
    const outcomes = await Promise.all(uses);
    expect(outcomes.filter((what) => typeof what === 'object')).toEqual([{ next: 'nothing' }]);
    expect(outcomes.filter((what) => what === 'LINK_INVALID')).toHaveLength(5);
    expect(await api.store.db.selectFrom('users').select('id').execute()).toHaveLength(1);
  });

  it('is not used up by what is refused', async () => {
    const link = await firstLink();
    const who = browser(api);
    const use = (body: object): Promise<unknown> =>
      outcome(who.client.call('links.use', { body: { ...owner, link, ...body } }));
    expect(await use({ password: 'password1234' })).toBe('REQUEST_INVALID');
    expect(await use({ email: undefined })).toBe('REQUEST_INVALID');
    expect(await use({ email: 'no address' })).toBe('REQUEST_INVALID');
    expect(await use({ name: '' })).toBe('REQUEST_INVALID');
    expect(await use({})).toEqual({ next: 'nothing' });
  });

  it('is made anew by who sits at the machine, while there is no owner', async () => {
    const first = await firstLink();
    await sql`update token set administers_installation = true where workspace_id = ${api.own.workspaceId}`.execute(
      api.store.db,
    );
    const { link } = await api.own.client.call('links.setup');
    const who = browser(api);
    expect(await outcome(who.client.call('links.look', { body: { link: first } }))).toBe('LINK_INVALID');
    await who.client.call('links.use', { body: { ...owner, link: secretOf(link) } });
    expect(await outcome(api.own.client.call('links.setup'))).toBe('OWNER_EXISTS');
    expect(await outcome(api.other.client.call('links.setup'))).toBe('ROLE_MISSING');
  });

  it.each(['', 'rwl_', `rwl_${'A'.repeat(43)}`, "' or true --", '%00', 'x'.repeat(200)])('is not %j', async (link) => {
    expect(await outcome(browser(api).client.call('links.look', { body: { link } }))).toBe('LINK_INVALID');
    expect(await outcome(browser(api).client.call('links.use', { body: { ...owner, link } }))).toBe('LINK_INVALID');
  });

  it('is kept as a hash alone', async () => {
    const link = await firstLink();
    const rows = await api.store.db.selectFrom('one_time_link').selectAll().execute();
    expect(JSON.stringify(rows)).not.toContain(link);
    expect(api.log.join('')).not.toContain(link);
  });
});

describe('the link for a new password', () => {
  it('sets it, ends all sessions, and is void after another one was made', async () => {
    const admin = await administrator();
    const { id, email } = await person(api, { email: 'forgot@good.example' });
    const before = await signedIn(api, email);
    const make = async (): Promise<string> =>
      secretOf((await admin.client.call('accounts.resetLink', { params: { id } })).link);
    const [first, second] = [await make(), await make()];
    const who = browser(api);
    expect(await outcome(who.client.call('links.look', { body: { link: first } }))).toBe('LINK_INVALID');
    expect(await who.client.call('links.look', { body: { link: second } })).toMatchObject({
      kind: 'reset',
      needs: 'password',
      email,
    });
    const password = 'a lighthouse in the fog';
    await who.client.call('links.use', { body: { link: second, password } });
    expect((await who.client.call('sessions.list')).items).toMatchObject([{ method: 'link', isCurrent: true }]);
    expect(await outcome(before.client.call('sessions.list'))).toBe('TOKEN_MISSING');
    expect(await outcome(browser(api).client.call('signIn.password', { body: { email, password: PASSWORD } }))).toBe(
      'SIGN_IN_WRONG',
    );
    expect(await outcome(who.client.call('links.use', { body: { link: second, password } }))).toBe('LINK_INVALID');
  });

  it('is of no use to who is let in no more, and for administrators of the installation to make', async () => {
    const admin = await administrator();
    const { id } = await person(api, { email: 'gone@good.example' });
    const { link } = await admin.client.call('accounts.resetLink', { params: { id } });
    await sql`update users set disabled_at = dispatch.now() where id = ${id}`.execute(api.store.db);
    const body = { link: secretOf(link), password: 'a lighthouse in the fog' };
    expect(await outcome(browser(api).client.call('links.use', { body }))).toBe('LINK_INVALID');
    await person(api, { email: 'local@good.example', role: 'administrator' });
    const local = await signedIn(api, 'local@good.example');
    expect(await outcome(local.client.call('accounts.resetLink', { params: { id } }))).toBe('ROLE_MISSING');
    expect(await outcome(admin.client.call('accounts.resetLink', { params: { id: newId() } }))).toBe(
      'RESOURCE_UNKNOWN',
    );
  });
});

describe('invitations', () => {
  const invite = { email: 'New@Good.Example', role: 'editor' as const };

  it('lead somebody new into the workspace, with a role and teams', async () => {
    const admin = await administrator();
    const team = { id: newId(), workspace_id: api.own.workspaceId, name: `team ${newId()}` };
    await api.store.db.insertInto('team').values(team).execute();
    const made = await admin.client.call('invitations.create', { body: { ...invite, teamIds: [team.id] } });
    expect(made).toMatchObject({ email: 'new@good.example', state: 'open', createdBy: 'user:admin@good.example' });
    const link = secretOf(made.link);
    const who = browser(api);
    expect(await who.client.call('links.look', { body: { link } })).toMatchObject({
      kind: 'invitation',
      needs: 'account',
      email: 'new@good.example',
      workspace: 'own',
      role: 'editor',
    });
    // The address is that of the invitation, whatever is said.
    const body = { link, name: 'Nina New', password: 'a heron over the lake', email: 'else@good.example' };
    expect(await who.client.call('links.use', { body })).toEqual({ next: 'nothing' });
    expect(await who.client.call('connections.list')).toBeDefined();
    expect(await outcome(who.client.call('invitations.list'))).toBe('ROLE_MISSING');
    const { rows } = await sql`select users.email, member.role, team_member.team_id from users
      join member on member.user_id = users.id join team_member on team_member.user_id = users.id
      where users.name = 'Nina New'`.execute(api.store.db);
    expect(rows).toEqual([{ email: 'new@good.example', role: 'editor', team_id: team.id }]);
    expect((await admin.client.call('invitations.list')).items).toMatchObject([{ state: 'accepted' }]);
  });

  it('are accepted by who has an account already once signed in as that person', async () => {
    const admin = await administrator();
    const { id, email } = await person(api, { email: 'new@good.example' });
    await api.store.db.deleteFrom('member').where('user_id', '=', id).execute();
    const link = secretOf((await admin.client.call('invitations.create', { body: invite })).link);
    const stranger = browser(api);
    expect(await stranger.client.call('links.look', { body: { link } })).toMatchObject({ needs: 'sign_in' });
    const account = { link, name: 'N', password: 'a heron over the lake' };
    expect(await outcome(stranger.client.call('links.use', { body: account }))).toBe('LINK_OF_OTHER');
    expect(await outcome(admin.client.call('links.use', { body: account }))).toBe('LINK_OF_OTHER');
    const who = await signedIn(api, email);
    expect(await outcome(who.client.call('connections.list'))).toBe('ROLE_MISSING');
    expect(await who.client.call('links.look', { body: { link } })).toMatchObject({ needs: 'nothing' });
    expect(await who.client.call('links.use', { body: { link } })).toEqual({ next: 'nothing' });
    expect(await who.client.call('connections.list')).toBeDefined();
  });

  it('are listed, found, revoked and made anew', async () => {
    const admin = await administrator();
    const create = (email: string) => admin.client.call('invitations.create', { body: { ...invite, email } });
    const [a, b, c] = [await create('a@x.example'), await create('b@x.example'), await create('c@y.example')];
    const list = async (query: object): Promise<string[]> =>
      (await admin.client.call('invitations.list', { query })).items.map(({ email }) => email);
    expect(await list({})).toEqual([c.email, b.email, a.email]);
    expect(await list({ q: 'X.EX' })).toEqual([b.email, a.email]);
    const { next } = await admin.client.call('invitations.list', { query: { limit: 2 } });
    expect(await list({ limit: 2, cursor: next })).toEqual([a.email]);
    await admin.client.call('invitations.revoke', { params: { id: a.id } });
    await admin.client.call('invitations.revoke', { params: { id: a.id } });
    expect(await list({ state: ['revoked'] })).toEqual([a.email]);
    expect(await list({ state: ['open', 'accepted'] })).toEqual([c.email, b.email]);
    expect(await outcome(admin.client.call('invitations.resend', { params: { id: a.id } }))).toBe('INVITATION_CLOSED');
    await sql`update one_time_link set expires_at = dispatch.now() where id = ${b.id}`.execute(api.store.db);
    expect(await list({ state: ['expired'] })).toEqual([b.email]);
    const again = await admin.client.call('invitations.resend', { params: { id: b.id } });
    expect(again).toMatchObject({ id: b.id, state: 'open' });
    const look = (link: string): Promise<unknown> =>
      outcome(browser(api).client.call('links.look', { body: { link: secretOf(link) } }));
    expect([await look(a.link), await look(b.link)]).toEqual(['LINK_INVALID', 'LINK_INVALID']);
    expect(await look(again.link)).toMatchObject({ email: b.email });
    const replaced = await create('c@y.example');
    expect([replaced.id, await look(c.link)]).toEqual([c.id, 'LINK_INVALID']);
  });

  it('are refused for who is there already, into teams of others, and by who may not', async () => {
    const admin = await administrator();
    await person(api, { email: 'member@good.example', role: 'editor' });
    const team = { id: newId(), workspace_id: api.other.workspaceId, name: 'of others' };
    await api.store.db.insertInto('team').values(team).execute();
    const create = (who: { client: typeof admin.client }, body: object): Promise<unknown> =>
      outcome(who.client.call('invitations.create', { body: { ...invite, ...body } }));
    expect(await create(admin, { email: 'MEMBER@good.example' })).toBe('MEMBER_ALREADY');
    expect(await create(admin, { teamIds: [team.id] })).toBe('REQUEST_INVALID');
    expect(await create(admin, { role: 'owner' })).toBe('REQUEST_INVALID');
    expect(await create(admin, { email: 'a@b\u0000.c' })).toBe('REQUEST_INVALID');
    expect(await create(await signedIn(api, 'member@good.example'), {})).toBe('ROLE_MISSING');
  });

  it('of other workspaces are not there', async () => {
    const admin = await administrator();
    const { id } = await admin.client.call('invitations.create', { body: invite });
    const foreign = api.other.client;
    expect((await foreign.call('invitations.list')).items).toEqual([]);
    expect(await outcome(foreign.call('invitations.revoke', { params: { id } }))).toBe('RESOURCE_UNKNOWN');
    expect(await outcome(foreign.call('invitations.resend', { params: { id } }))).toBe('RESOURCE_UNKNOWN');
  });

  it('invite a person into two workspaces at the same time', async () => {
    const admin = await administrator();
    const here = await admin.client.call('invitations.create', { body: invite });
    const there = await api.other.client.call('invitations.create', { body: invite });
    const who = browser(api);
    const account = { name: 'Nina New', password: 'a heron over the lake' };
    await who.client.call('links.use', { body: { link: secretOf(here.link), ...account } });
    await who.client.call('links.use', { body: { link: secretOf(there.link) } });
    const { rows } = await sql`select workspace_id from member join users on users.id = member.user_id
      where email = 'new@good.example' order by member.created_at`.execute(api.store.db);
    expect(rows).toEqual([{ workspace_id: api.own.workspaceId }, { workspace_id: api.other.workspaceId }]);
  });
});
