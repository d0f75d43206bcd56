import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import type { Client } from '#api/client.ts';
import { newId } from '#control/store/ids.ts';
import { browser, person, signedIn } from '#test/kit/browser.ts';
import type { Browser } from '#test/kit/browser.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { oidcServer } from '#test/kit/oidc-server.ts';
import type { OidcServer } from '#test/kit/oidc-server.ts';

let api: ControlApi;
let server: OidcServer;
let boss: Client;
beforeAll(async () => {
  api = await controlApi();
  server = await oidcServer();
  await person(api, { email: 'boss@good.example', role: 'administrator', administersInstallation: true });
  boss = (await signedIn(api, 'boss@good.example')).client;
});
beforeEach(async () => {
  Object.assign(server, { claims: {}, isForged: false, metadata: {} });
  const { db } = api.store;
  await db.deleteFrom('sign_in_provider').execute();
  await db.deleteFrom('sign_in_identity').execute();
  await db.deleteFrom('one_time_link').execute();
  await sql`delete from member where user_id in (select id from users where email <> 'boss@good.example')`.execute(db);
  await db.deleteFrom('users').where('email', '!=', 'boss@good.example').execute();
});
afterAll(async () => {
  await server[Symbol.asyncDispose]();
  await api[Symbol.asyncDispose]();
});

const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => (error as { code: string }).code);

async function provider(fields: object = {}): Promise<string> {
  const { issuer, clientId, clientSecret } = server;
  const body = { name: 'Good', issuer, clientId, clientSecret, emailDomains: ['good.example'], ...fields };
  return (await boss.call('signInProviders.create', { body })).id;
}

const newPeople = () => ({ workspaceId: api.own.workspaceId, role: 'viewer' as const });

async function come(who: Browser, id: string, change: (back: URL) => void = () => undefined): Promise<unknown> {
  const { url } = await who.client.call('signIn.start', { params: { id } });
  const back = server.signIn(url);
  change(back);
  return outcome(who.client.call('signIn.finish', { body: { query: back.search } }));
}

describe('signing in with a provider', () => {
  it('sends there with PKCE, state and nonce, and back to our page', async () => {
    const id = await provider();
    const who = browser(api);
    expect((await who.client.call('signIn.options')).providers).toEqual([{ id, name: 'Good' }]);
    const url = new URL((await who.client.call('signIn.start', { params: { id } })).url);
    expect(url.origin + url.pathname).toBe(`${server.issuer}/authorize`);
    expect(Object.fromEntries(url.searchParams)).toMatchObject({
      response_type: 'code',
      client_id: 'ropeway',
      scope: 'openid email profile',
      redirect_uri: 'http://localhost/sign-in/callback',
      code_challenge_method: 'S256',
      state: expect.stringMatching(/.{20}/) as string,
      nonce: expect.stringMatching(/.{20}/) as string,
    });
    expect(who.lastCookies()[0]).toMatch(/^ropeway-flow=rwf_[\w-]{43}; Path=\/; Max-Age=900; HttpOnly; SameSite=Lax$/);
    const { state = '', nonce = '' } = Object.fromEntries(url.searchParams);
    const rows = JSON.stringify(await api.store.db.selectFrom('sign_in_flow').selectAll().execute());
    for (const secret of [state, nonce, who.cookies.get('ropeway-flow') ?? '']) expect(rows).not.toContain(secret);
  });

  it('makes an account where newcomers are welcome, and knows it again by its subject', async () => {
    const id = await provider({ newPeople: newPeople() });
    const who = browser(api);
    expect(await come(who, id)).toEqual({ next: 'nothing' });
    expect(await who.client.call('connections.list')).toBeDefined();
    const users = () =>
      api.store.db.selectFrom('users').select(['id', 'name', 'email']).where('email', 'like', 'aiko@%').execute();
    const made = await users();
    expect(made).toMatchObject([{ email: 'aiko@good.example' }]);
    // Married, and moved to another house; the provider no longer vouches for the address.
    server.claims = { email: 'aiko@elsewhere.example', email_verified: false };
    expect(await come(browser(api), id)).toEqual({ next: 'nothing' });
    expect(await users()).toEqual(made);
    // Somebody else got the old address there.
    server.claims = { sub: 'subject-2', email_verified: false };
    expect(await come(browser(api), id)).toBe('PROVIDER_EMAIL');
  });

  it('ties an account that is there to the provider, without a second factor of ours', async () => {
    const id = await provider();
    const { email } = await person(api, { email: 'aiko@good.example', role: 'editor' });
    await sql`insert into sign_in_policy (requires_second_factor, idle_minutes, session_hours)
      values (true, 60, 24)`.execute(api.store.db);
    const who = browser(api);
    expect(await come(who, id)).toEqual({ next: 'nothing' });
    expect(await who.client.call('connections.list')).toBeDefined();
    expect((await who.client.call('sessions.list')).items[0]).toMatchObject({ method: 'provider' });
    await api.store.db.deleteFrom('sign_in_policy').execute();
    const rows = await api.store.db.selectFrom('sign_in_identity').select(['issuer', 'subject']).execute();
    expect([rows, email]).toEqual([[{ issuer: server.issuer, subject: 'subject-1' }], 'aiko@good.example']);
  });

  it('lets in who was invited, with what the invitation says', async () => {
    const id = await provider();
    expect(await come(browser(api), id)).toBe('PROVIDER_NOT_INVITED');
    await boss.call('invitations.create', { body: { email: 'aiko@good.example', role: 'operator' } });
    expect(await come(browser(api), id)).toEqual({ next: 'nothing' });
    const { rows } = await sql`select role from member join users on users.id = user_id
      where email = 'aiko@good.example'`.execute(api.store.db);
    expect(rows).toEqual([{ role: 'operator' }]);
    expect((await boss.call('invitations.list')).items).toMatchObject([{ state: 'accepted' }]);
  });

  it('takes who comes twice at the same time for one', async () => {
    const id = await provider({ newPeople: newPeople() });
    const outcomes = await Promise.all([come(browser(api), id), come(browser(api), id), come(browser(api), id)]);
    expect(outcomes).toEqual([{ next: 'nothing' }, { next: 'nothing' }, { next: 'nothing' }]);
    expect(await api.store.db.selectFrom('users').select('id').where('email', 'like', 'aiko@%').execute()).toHaveLength(
      1,
    );
  });

  it.each([
    ['an address that is not verified', { email_verified: false }, 'PROVIDER_EMAIL'],
    ['an address that is verified in words', { email_verified: 'true' }, 'PROVIDER_EMAIL'],
    ['no address', { email: undefined }, 'PROVIDER_EMAIL'],
    ['a foreign domain', { email: 'aiko@evil.example' }, 'PROVIDER_EMAIL'],
    ['a domain below ours', { email: 'aiko@x.good.example' }, 'PROVIDER_EMAIL'],
    ['two domains', { email: 'aiko@evil.example@good.example' }, 'PROVIDER_EMAIL'],
    ['another nonce', { nonce: 'another' }, 'PROVIDER_REFUSED'],
    ['no nonce', { nonce: undefined }, 'PROVIDER_REFUSED'],
    ['another audience', { aud: 'another client' }, 'PROVIDER_REFUSED'],
    ['another issuer', { iss: 'https://evil.example' }, 'PROVIDER_REFUSED'],
    ['a token of yesterday', { iat: 1_700_000_000, exp: 1_700_000_300 }, 'PROVIDER_REFUSED'],
    ['no subject', { sub: undefined }, 'PROVIDER_REFUSED'],
  ])('refuses %s', async (_, claims, code) => {
    const id = await provider({ newPeople: newPeople() });
    await person(api, { email: 'aiko@good.example' });
    server.claims = claims;
    const who = browser(api);
    expect(await come(who, id)).toBe(code);
    expect(who.cookies.has('ropeway')).toBe(false);
    expect(await api.store.db.selectFrom('sign_in_identity').selectAll().execute()).toEqual([]);
  });

  it('refuses a forged signature', async () => {
    const id = await provider({ newPeople: newPeople() });
    server.isForged = true;
    expect(await come(browser(api), id)).toBe('PROVIDER_REFUSED');
  });

  it('refuses a code that has expired, or is of another', async () => {
    const id = await provider({ newPeople: newPeople() });
    expect(await come(browser(api), id, () => server.forgetCodes())).toBe('PROVIDER_REFUSED');
    expect(await come(browser(api), id, (back) => back.searchParams.set('code', 'x'))).toBe('PROVIDER_REFUSED');
    expect(await come(browser(api), id, (back) => back.searchParams.set('iss', 'https://evil.example'))).toBe(
      'PROVIDER_REFUSED',
    );
    expect(
      await come(browser(api), id, (back) => (back.search = back.search.replace(/code=[^&]*/, 'error=access_denied'))),
    ).toBe('PROVIDER_REFUSED');
  });

  it('refuses another state, another browser, and coming back twice or too late', async () => {
    const id = await provider({ newPeople: newPeople() });
    expect(await come(browser(api), id, (back) => back.searchParams.set('state', 'x'))).toBe('PROVIDER_FLOW_UNKNOWN');
    const [who, other] = [browser(api), browser(api)];
    const back = server.signIn((await who.client.call('signIn.start', { params: { id } })).url);
    const finish = (by: Browser): Promise<unknown> =>
      outcome(by.client.call('signIn.finish', { body: { query: back.search } }));
    // Made to sign in as somebody else.
    expect(await finish(other)).toBe('PROVIDER_FLOW_UNKNOWN');
    await other.client.call('signIn.start', { params: { id } });
    expect(await finish(other)).toBe('PROVIDER_FLOW_UNKNOWN');
    expect(await finish(who)).toEqual({ next: 'nothing' });
    expect(await finish(who)).toBe('PROVIDER_FLOW_UNKNOWN');
    const late = browser(api);
    expect(await come(late, id, () => late.cookies.set('late', '1'))).toEqual({ next: 'nothing' });
    const again = server.signIn((await late.client.call('signIn.start', { params: { id } })).url);
    await sql`update sign_in_flow set expires_at = dispatch.now()`.execute(api.store.db);
    expect(await outcome(late.client.call('signIn.finish', { body: { query: again.search } }))).toBe(
      'PROVIDER_FLOW_UNKNOWN',
    );
    expect(await outcome(late.client.call('signIn.finish', { body: { query: '?%00&state=%zz' } }))).toBe(
      'PROVIDER_FLOW_UNKNOWN',
    );
  });

  it('lets two tabs of one browser come back', async () => {
    const id = await provider({ newPeople: newPeople() });
    const who = browser(api);
    const start = async (): Promise<URL> =>
      server.signIn((await who.client.call('signIn.start', { params: { id } })).url);
    for (const back of [await start(), await start()]) {
      expect(await who.client.call('signIn.finish', { body: { query: back.search } })).toEqual({ next: 'nothing' });
    }
  });

  it('does not let in who is disabled here', async () => {
    const id = await provider({ newPeople: newPeople() });
    await come(browser(api), id);
    await sql`update users set disabled_at = dispatch.now() where email = 'aiko@good.example'`.execute(api.store.db);
    expect(await come(browser(api), id)).toBe('PROVIDER_NOT_INVITED');
  });

  it.each([
    ['nobody listens', { issuer: 'http://127.0.0.1:9' }, 'PROVIDER_UNREACHABLE'],
    ['there is no description', () => ({ issuer: `${server.issuer}/nothing` }), 'PROVIDER_REFUSED'],
  ])('says so when %s', async (_, fields, code) => {
    const id = await provider(typeof fields === 'function' ? fields() : fields);
    expect(await outcome(browser(api).client.call('signIn.start', { params: { id } }))).toBe(code);
  });

  it.each([
    ['its tokens', { token_endpoint: 'http://ropeway.lan/token' }],
    ['a service of the cloud', { token_endpoint: 'http://169.254.169.254/latest' }],
    ['its issuer', { issuer: 'https://evil.example' }],
  ])('asks nobody over plain http, nor another than it was told: %s', async (_, metadata) => {
    const id = await provider({ newPeople: newPeople(), clientId: newId() });
    server.metadata = metadata;
    const who = browser(api);
    const started = await outcome(who.client.call('signIn.start', { params: { id } }));
    if (typeof started === 'string') expect(started).toBe('PROVIDER_REFUSED');
    else {
      const back = server.signIn((started as { url: string }).url);
      const what = await outcome(who.client.call('signIn.finish', { body: { query: back.search } }));
      expect(['PROVIDER_UNREACHABLE', 'PROVIDER_REFUSED']).toContain(what);
      expect(server.asked.at(-1)).not.toBe('/token');
    }
  });
});

describe('signInProviders', () => {
  it('never show the secret, and keep it in an envelope', async () => {
    const id = await provider({ clientSecret: 'canary-5f2b' });
    const shown = await boss.call('signInProviders.get', { params: { id } });
    expect(shown).toMatchObject({
      hasClientSecret: true,
      redirectUri: 'http://localhost/sign-in/callback',
      version: 1,
    });
    const row = await api.store.db.selectFrom('sign_in_provider').selectAll().execute();
    for (const text of [shown, row, await boss.call('signInProviders.list')]) {
      expect(JSON.stringify(text)).not.toContain('canary');
    }
    expect(api.log.join('')).not.toContain('canary');
  });

  it('are changed in one place after the other, and ask for the secret when the issuer changes', async () => {
    const id = await provider();
    const update = (ifMatch: string, body: object): Promise<unknown> =>
      outcome(boss.call('signInProviders.update', { params: { id }, ifMatch, body }));
    expect(await update('"1"', { name: 'Better', isEnabled: false })).toMatchObject({
      name: 'Better',
      isEnabled: false,
      hasClientSecret: true,
      scopes: 'openid email profile',
      version: 2,
    });
    expect(await update('"1"', { name: 'Best' })).toBe('MATCH_FAILED');
    expect(await update('"2"', { issuer: 'https://evil.example' })).toBe('REQUEST_INVALID');
    expect(await update('"2"', { issuer: 'https://evil.example', clientSecret: null })).toMatchObject({
      hasClientSecret: false,
    });
    expect(await outcome(browser(api).client.call('signIn.start', { params: { id } }))).toBe('RESOURCE_UNKNOWN');
    await boss.call('signInProviders.delete', { params: { id } });
    expect(await outcome(boss.call('signInProviders.get', { params: { id } }))).toBe('RESOURCE_UNKNOWN');
  });

  it.each([
    [{ issuer: 'http://provider.example' }],
    [{ issuer: 'http://169.254.169.254/' }],
    [{ issuer: 'http://127.0.0.1.evil.example/' }],
    [{ issuer: 'file:///etc/passwd' }],
    [{ issuer: 'https://user:password@provider.example' }],
    [{ issuer: 'https://provider.example/?x=1' }],
    [{ issuer: 'provider.example' }],
    [{ scopes: 'email' }],
    [{ scopes: 'openid "x"' }],
    [{ emailDomains: [] }],
    [{ emailDomains: ['@good.example'] }],
    [{ emailDomains: ['*'] }],
    [{ newPeople: { workspaceId: '01hzzzzzzzzzzzzzzzzzzzzzzz', role: 'viewer' } }],
    [{ newPeople: { workspaceId: '01hzzzzzzzzzzzzzzzzzzzzzzz', role: 'administrator' } }],
  ])('refuse %j', async (fields) => expect(await outcome(provider(fields))).toBe('REQUEST_INVALID'));

  it('are for who administers the installation', async () => {
    await person(api, { email: 'local@good.example', role: 'administrator' });
    const local = await signedIn(api, 'local@good.example');
    expect(await outcome(local.client.call('signInProviders.list'))).toBe('ROLE_MISSING');
    expect(await outcome(api.other.client.call('signInProviders.list'))).toBe('ROLE_MISSING');
  });
});
