import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, browser, person, signedIn } from '#test/kit/browser.ts';
import type { Browser } from '#test/kit/browser.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';

let api: ControlApi;
beforeAll(async () => {
  api = await controlApi({ reach: { proxies: 1 } });
  await api.store.setClock();
});
beforeEach(async () => {
  await api.store.db.deleteFrom('sign_in_throttle').execute();
  await api.store.db.deleteFrom('session').execute();
});
afterAll(() => api[Symbol.asyncDispose]());

const json = { 'content-type': 'application/json' };
const signIn = (who: Browser, email: string, password = PASSWORD) =>
  who.client.call('signIn.password', { body: { email, password } });
/** The code of the refusal, or what was answered. */
const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => (error as { code: string }).code);

describe('signIn.password', () => {
  it('lets in with a cookie, by which the person is known', async () => {
    const { id } = await person(api, { email: 'in@good.example', role: 'editor' });
    const who = browser(api);
    expect(await signIn(who, ' In@Good.Example ')).toEqual({ next: 'nothing' });
    expect(who.lastCookies()[0]).toMatch(/^ropeway=rws_[\w-]{43}; Path=\/; Max-Age=2592000; HttpOnly; SameSite=Lax$/);
    const group = await who.client.call('groups.list');
    expect(group.items).toEqual([]);
    const rows = await api.store.db.selectFrom('session').selectAll().where('user_id', '=', id).execute();
    expect(rows).toMatchObject([{ method: 'password', is_pending: false, device: 'Browser of the test' }]);
    expect(JSON.stringify(rows)).not.toContain(who.cookies.get('ropeway'));
  });

  it('answers the same to a wrong password, to an unknown address and to somebody who is let in no more', async () => {
    await person(api, { email: 'known@good.example' });
    const gone = await person(api, { email: 'gone@good.example' });
    await person(api, { email: 'provider@good.example', password: null });
    await api.store.db
      .updateTable('users')
      .set({ disabled_at: sql<string>`dispatch.now()` })
      .where('id', '=', gone.id)
      .execute();
    const answers: string[] = [];
    for (const [email, password] of [
      ['known@good.example', 'not the password'],
      ['nobody@good.example', PASSWORD],
      ['gone@good.example', PASSWORD],
      ['provider@good.example', PASSWORD],
      ['no address', PASSWORD],
    ]) {
      const response = await browser(api).request('/api/v1/sign-in/password', {
        method: 'POST',
        headers: { ...json, 'x-request-id': 'r' },
        body: JSON.stringify({ email, password }),
      });
      expect([response.status, response.headers.getSetCookie()]).toEqual([401, []]);
      answers.push(await response.text());
    }
    expect(new Set(answers).size).toBe(1);
  });

  it('makes who guesses wait, from one address and from many, and lets the person in from a known browser', async () => {
    const email = 'guessed@good.example';
    await person(api, { email });
    const mine = await signedIn(api, email, { headers: { 'x-forwarded-for': '192.0.2.1' } });
    mine.cookies.delete('ropeway');
    const guess = (address: string): Promise<unknown> =>
      outcome(signIn(browser(api, { headers: { 'x-forwarded-for': address } }), email, 'a wrong password'));
    const outcomes = new Map<unknown, number>();
    for (let tries = 0; tries < 9; tries += 1) {
      const what = await guess('203.0.113.1');
      outcomes.set(what, (outcomes.get(what) ?? 0) + 1);
    }
    expect([...outcomes]).toEqual([
      ['SIGN_IN_WRONG', 6],
      ['SIGN_IN_WAIT', 3],
    ]);
    // The account as a whole, as if many had guessed from everywhere but my own address.
    await api.store.db.deleteFrom('sign_in_throttle').where('count', '=', 0).execute();
    await api.store.db
      .updateTable('sign_in_throttle')
      .set({ wait_until: sql<string>`dispatch.now() + interval '1 hour'` })
      .execute();
    expect(await guess('198.51.100.77')).toBe('SIGN_IN_WAIT');
    expect(await outcome(signIn(browser(api, { headers: { 'x-forwarded-for': '192.0.2.99' } }), email))).toBe(
      'SIGN_IN_WAIT',
    );
    expect(await signIn(mine, email)).toEqual({ next: 'nothing' });
    // Somebody else's browser is known to somebody else.
    const other = await person(api, { email: 'other@good.example' });
    const theirs = await signedIn(api, other.email, { headers: { 'x-forwarded-for': '192.0.2.98' } });
    expect(await outcome(signIn(theirs, email))).toBe('SIGN_IN_WAIT');
  });

  it('takes a new hash where the old one was made at another cost', async () => {
    const { id, email } = await person(api, { email: 'old-hash@good.example' });
    const { argon2Sync } = await import('node:crypto');
    const options = { nonce: Buffer.alloc(16), parallelism: 1, tagLength: 32, memory: 64, passes: 1 };
    const tag = argon2Sync('argon2id', { message: PASSWORD, ...options });
    const text = (bytes: Uint8Array): string => Buffer.from(bytes).toString('base64').replace(/=+$/, '');
    const hash = `$argon2id$v=19$m=64,t=1,p=1$${text(options.nonce)}$${text(tag)}`;
    await api.store.db.updateTable('password').set({ hash }).where('user_id', '=', id).execute();
    await signedIn(api, email);
    const row = await api.store.db.selectFrom('password').select('hash').where('user_id', '=', id).executeTakeFirst();
    expect(row?.hash).toMatch(/m=47104/);
    await signedIn(api, email);
  });

  it('takes over no session that the browser had before', async () => {
    const [one, two] = [
      await person(api, { email: 'one@good.example' }),
      await person(api, { email: 'two@good.example' }),
    ];
    const who = await signedIn(api, one.email);
    const before = who.cookies.get('ropeway') ?? '';
    await signIn(who, two.email);
    expect(who.cookies.get('ropeway')).not.toBe(before);
    who.cookies.set('ropeway', before);
    expect(await outcome(who.client.call('groups.list'))).toBe('TOKEN_MISSING');
  });

  it.each([
    [{ email: 'a', password: 'x'.repeat(201) }],
    [{ email: 'x'.repeat(255), password: 'x' }],
    [{ email: 'a' }],
    [{ email: ['a'], password: { $ne: '' } }],
    [{ email: 'a\u0000', password: 'x' }],
  ])('refuses %j as a request', async (body) => {
    const response = await browser(api).request('/api/v1/sign-in/password', {
      method: 'POST',
      headers: json,
      body: JSON.stringify(body),
    });
    expect([response.status, ((await response.json()) as { code: string }).code]).toEqual([422, 'REQUEST_INVALID']);
  });

  it('is not possible over plain http to another machine', async () => {
    const { email } = await person(api, { email: 'plain@good.example' });
    expect(await outcome(signIn(browser(api, { url: 'http://ropeway.lan' }), email))).toBe('SIGN_IN_INSECURE');
  });

  it('is not possible from another site', async () => {
    const evil = browser(api, { headers: { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' } });
    expect(await outcome(signIn(evil, 'in@good.example'))).toBe('CROSS_SITE');
  });
});

describe('sessions', () => {
  it('are listed, and ended one by one or all others at once', async () => {
    const { email } = await person(api, { email: 'many@good.example' });
    const [one, two, three] = [await signedIn(api, email), await signedIn(api, email), await signedIn(api, email)];
    const list = await two.client.call('sessions.list');
    expect(list.items).toHaveLength(3);
    expect(list.items.filter(({ isCurrent }) => isCurrent)).toHaveLength(1);
    expect(list.items[0]).toMatchObject({ method: 'password', device: 'Browser of the test', address: 'unknown' });
    const first = await two.client.call('sessions.list', { query: { limit: 1 } });
    const rest = await two.client.call('sessions.list', { query: { limit: 5, cursor: first.next } });
    expect([...first.items, ...rest.items]).toEqual(list.items);
    const mine = list.items.find(({ isCurrent }) => isCurrent)?.id ?? '';
    const another = (await one.client.call('sessions.list')).items.find(({ isCurrent }) => isCurrent)?.id ?? '';
    await two.client.call('sessions.end', { params: { id: another } });
    expect(await outcome(one.client.call('sessions.list'))).toBe('TOKEN_MISSING');
    expect(await two.client.call('sessions.endOthers')).toEqual({ ended: 1 });
    expect(await outcome(three.client.call('sessions.list'))).toBe('TOKEN_MISSING');
    await two.client.call('sessions.end', { params: { id: mine } });
    expect(two.cookies.has('ropeway')).toBe(false);
  });

  it('of others are nobody else’s to end', async () => {
    const [a, b] = [await person(api, { email: 'a@good.example' }), await person(api, { email: 'b@good.example' })];
    const [one, two] = [await signedIn(api, a.email), await signedIn(api, b.email)];
    const id = (await one.client.call('sessions.list')).items[0]?.id ?? '';
    expect(await outcome(two.client.call('sessions.end', { params: { id } }))).toBe('RESOURCE_UNKNOWN');
    expect((await one.client.call('sessions.list')).items).toHaveLength(1);
  });

  it('end when signing out, for whoever kept the cookie', async () => {
    const { email } = await person(api, { email: 'out@good.example' });
    const who = await signedIn(api, email);
    const kept = who.cookies.get('ropeway') ?? '';
    await who.client.call('signIn.end');
    expect(who.cookies.has('ropeway')).toBe(false);
    who.cookies.set('ropeway', kept);
    expect(await outcome(who.client.call('sessions.list'))).toBe('TOKEN_MISSING');
    await who.client.call('signIn.end');
  });

  it.each([
    ['idle', sql<string>`seen_at - interval '4 days 1 minute'`, 'seen_at'],
    ['old', sql<string>`created_at`, 'expires_at'],
  ] as const)('end when they are %s', async (_, at, column) => {
    const { email, id } = await person(api, { email: `${column.replace('_', '-')}@good.example` });
    const who = await signedIn(api, email);
    await who.client.call('sessions.list');
    await api.store.db
      .updateTable('session')
      .set({ [column]: at })
      .where('user_id', '=', id)
      .execute();
    expect(await outcome(who.client.call('sessions.list'))).toBe('TOKEN_MISSING');
  });

  it('go on while they are used, and say when', async () => {
    const { email, id } = await person(api, { email: 'used@good.example' });
    const who = await signedIn(api, email);
    const table = api.store.db.updateTable('session').where('user_id', '=', id);
    await table.set({ seen_at: sql<string>`seen_at - interval '3 days'` }).execute();
    await who.client.call('groups.list');
    const row = await api.store.db
      .selectFrom('session')
      .select(sql<boolean>`seen_at > dispatch.now() - interval '1 minute'`.as('is_fresh'))
      .where('user_id', '=', id)
      .executeTakeFirst();
    expect(row).toEqual({ is_fresh: true });
  });

  it('are fifty at most: the one that was used least recently ends', async () => {
    const { email, id } = await person(api, { email: 'fifty@good.example' });
    const oldest = await signedIn(api, email);
    const row = await api.store.db
      .selectFrom('session')
      .selectAll()
      .where('user_id', '=', id)
      .executeTakeFirstOrThrow();
    const copies = Array.from({ length: 49 }, (_, no) => ({ ...row, id: `${no}`, hash: `hash ${no}` }));
    await api.store.db.insertInto('session').values(copies).execute();
    await sql`update session set seen_at = seen_at - interval '1 hour' where id = ${row.id}`.execute(api.store.db);
    await signedIn(api, email);
    expect(await outcome(oldest.client.call('sessions.list'))).toBe('TOKEN_MISSING');
  });

  it.each([
    ['no Origin', { 'sec-fetch-site': '' }, false],
    ['another site', { 'sec-fetch-site': 'cross-site' }, false],
    ['our own page', { 'sec-fetch-site': 'same-origin' }, true],
  ])('change something only from our own pages: %s', async (_, headers, isFine) => {
    const { email } = await person(api, { email: `csrf${Math.random()}@good.example`, role: 'administrator' });
    const who = await signedIn(api, email);
    const sent = new Headers({ ...json, ...headers });
    const [cookie] = who.cookies;
    if (headers['sec-fetch-site'] === '') sent.delete('sec-fetch-site');
    sent.set('cookie', (cookie ?? []).join('='));
    const response = await api.request('http://localhost/api/v1/groups', {
      method: 'POST',
      headers: sent,
      body: JSON.stringify({ name: `g${Math.random()}` }),
    });
    expect(response.status).toBe(isFine ? 201 : 403);
  });

  it('yield to a token that comes with them', async () => {
    const { email } = await person(api, { email: 'both@good.example', role: 'viewer' });
    const who = await signedIn(api, email);
    const response = await who.request('/api/v1/groups', { headers: { authorization: `Bearer ${api.other.token}` } });
    expect(response.status).toBe(200);
    expect((await who.request('/api/v1/groups', { headers: { authorization: 'Bearer no' } })).status).toBe(401);
  });

  it('are over https alone in a cookie of this host', async () => {
    await using secure = await controlApi({ reach: { publicUrl: 'https://ropeway.example' } });
    const { email } = await person(secure, { email: 'secure@good.example' });
    const who = await signedIn(secure, email, { url: 'http://10.0.0.7' });
    expect([...who.cookies.keys()]).toEqual(['__Host-ropeway', '__Host-ropeway-device']);
    expect((await who.client.call('sessions.list')).items).toHaveLength(1);
  });
});

describe('Ropeway-Workspace', () => {
  it('says which of the workspaces is meant', async () => {
    const { email, id } = await person(api, { email: 'two-places@good.example', role: 'administrator' });
    const member = { workspace_id: api.other.workspaceId, user_id: id, role: 'viewer' } as const;
    await api.store.db.insertInto('member').values(member).execute();
    const who = await signedIn(api, email);
    const ask = async (workspaceId?: string): Promise<unknown> => {
      const headers = workspaceId === undefined ? {} : { 'ropeway-workspace': workspaceId };
      const response = await who.request('/api/v1/workspace', { headers });
      const { id: found, code } = (await response.json()) as { id?: string; code?: string };
      return found ?? code;
    };
    expect(await ask()).toBe(api.own.workspaceId);
    expect(await ask(api.own.workspaceId)).toBe(api.own.workspaceId);
    expect(await ask(api.other.workspaceId)).toBe(api.other.workspaceId);
    expect(await ask('01hzzzzzzzzzzzzzzzzzzzzzzz')).toBe('RESOURCE_UNKNOWN');
    expect(await ask("' or 1=1 --")).toBe('RESOURCE_UNKNOWN');
  });

  it('does not lead a token out of its workspace', async () => {
    const headers = { authorization: `Bearer ${api.own.token}`, 'ropeway-workspace': api.other.workspaceId };
    expect((await api.request('/api/v1/groups', { headers })).status).toBe(404);
  });
});

describe('password.change', () => {
  it('asks for the one so far, takes none that is weak, and ends other sessions', async () => {
    const { email } = await person(api, { email: 'change@good.example', name: 'Change Of Password' });
    const [one, two] = [await signedIn(api, email), await signedIn(api, email)];
    const change = (current: string | undefined, password: string): Promise<unknown> =>
      outcome(
        one.client.call('password.change', { body: { ...(current === undefined ? {} : { current }), password } }),
      );
    const next = 'a lighthouse in the fog';
    expect(await change(undefined, next)).toBe('REQUEST_INVALID');
    expect(await change('not it', next)).toBe('REQUEST_INVALID');
    expect(await change(PASSWORD, 'short')).toBe('REQUEST_INVALID');
    expect(await change(PASSWORD, 'Change Of Password')).toBe('REQUEST_INVALID');
    expect(await change(PASSWORD, next)).toBeUndefined();
    expect((await one.client.call('sessions.list')).items).toHaveLength(1);
    expect(await outcome(two.client.call('sessions.list'))).toBe('TOKEN_MISSING');
    expect(await outcome(signIn(browser(api), email))).toBe('SIGN_IN_WRONG');
    expect(await signIn(browser(api), email, next)).toEqual({ next: 'nothing' });
  });

  it('is no place to guess at, either', async () => {
    const { email } = await person(api, { email: 'guess-change@good.example' });
    const who = await signedIn(api, email);
    const codes: unknown[] = [];
    for (let tries = 0; tries < 8; tries += 1) {
      codes.push(await outcome(who.client.call('password.change', { body: { current: 'x', password: 'y' } })));
    }
    expect(codes).toContain('SIGN_IN_WAIT');
  });

  it('is not for tokens', async () => {
    expect(await outcome(api.own.client.call('password.change', { body: { password: 'a heron in the fog' } }))).toBe(
      'PERSON_NEEDED',
    );
  });
});

describe('the rules of signing in', () => {
  it('are changed by who administers the installation, and hold at once', async () => {
    const boss = await person(api, { email: 'boss@good.example', administersInstallation: true });
    const who = await signedIn(api, boss.email);
    const { etag, body } = await who.client.ask('signInPolicy.get');
    expect(body).toMatchObject({ requiresSecondFactor: false, version: 0 });
    const changed = await who.client.call('signInPolicy.update', {
      ifMatch: etag ?? '',
      body: { idleMinutes: 5, sessionHours: 1 },
    });
    expect(changed).toMatchObject({ idleMinutes: 5, sessionHours: 1, version: 1 });
    expect(
      await outcome(who.client.call('signInPolicy.update', { ifMatch: etag ?? '', body: { idleMinutes: 6 } })),
    ).toBe('MATCH_FAILED');
    await sql`update session set seen_at = seen_at - interval '6 minutes'`.execute(api.store.db);
    expect(await outcome(who.client.call('signInPolicy.get'))).toBe('TOKEN_MISSING');
    await api.store.db.deleteFrom('sign_in_policy').execute();
    const viewer = await person(api, { email: 'viewer@good.example' });
    expect(await outcome((await signedIn(api, viewer.email)).client.call('signInPolicy.get'))).toBe('ROLE_MISSING');
  });
});
