import { afterEach, describe, expect, it, vi } from 'vitest';
import { browser, person } from '#test/kit/browser.ts';
import { controlApi } from '#test/kit/control-api.ts';
import { goodOidcProvider } from '#test/kit/good-oidc-provider.ts';

const redirectUri = 'http://localhost/sign-in/callback';

async function stage() {
  const api = await controlApi();
  const email = 'gudrun@good.example';
  const good = await goodOidcProvider({ redirectUri, email });
  await person(api, { email, role: 'editor', password: null });
  const { issuer, clientId, clientSecret } = good;
  await api.store.db
    .updateTable('token')
    .set({ administers_installation: true })
    .where('workspace_id', '=', api.own.workspaceId)
    .execute();
  const body = { name: 'Good', issuer, clientId, clientSecret, emailDomains: ['good.example'] };
  const { id } = await api.own.client.call('signInProviders.create', { body });
  return {
    api,
    good,
    id,
    async [Symbol.asyncDispose]() {
      await good[Symbol.asyncDispose]();
      await api[Symbol.asyncDispose]();
    },
  };
}

afterEach(() => vi.useRealTimers());

// A package of others' making takes its time to load.
describe('signing in with oidc-provider', { timeout: 60_000 }, () => {
  it('works, once per code', async () => {
    await using place = await stage();
    const { api, good, id } = place;
    const who = browser(api);
    const { url } = await who.client.call('signIn.start', { params: { id } });
    const back = await good.signIn(url);
    expect(`${back.origin}${back.pathname}`).toBe(redirectUri);
    expect(await who.client.call('signIn.finish', { body: { query: back.search } })).toEqual({ next: 'nothing' });
    expect(await who.client.call('connections.list')).toBeDefined();
    // A stolen code with a state of one's own.
    const thief = browser(api);
    const own = new URL((await thief.client.call('signIn.start', { params: { id } })).url);
    back.searchParams.set('state', own.searchParams.get('state') ?? '');
    await expect(thief.client.call('signIn.finish', { body: { query: back.search } })).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED',
    });
  });

  it('refuses a code that has expired', async () => {
    await using place = await stage();
    const { api, good, id } = place;
    const who = browser(api);
    const { url } = await who.client.call('signIn.start', { params: { id } });
    const back = await good.signIn(url);
    vi.useFakeTimers({ toFake: ['Date'], now: Date.now() + 61_000 });
    await expect(who.client.call('signIn.finish', { body: { query: back.search } })).rejects.toMatchObject({
      code: 'PROVIDER_REFUSED',
      message: expect.stringContaining('invalid_grant') as string,
    });
  });
});
