import { sql } from 'kysely';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { PASSWORD, browser, person, signedIn } from '#test/kit/browser.ts';
import type { Browser } from '#test/kit/browser.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { stepAt, totpCode } from './totp.ts';

let api: ControlApi;
let no = 0;
beforeAll(async () => {
  api = await controlApi();
  await api.store.setClock('2026-03-01T12:00:00.000000Z');
});
beforeEach(async () => {
  await api.store.db.deleteFrom('sign_in_throttle').execute();
});
afterAll(() => api[Symbol.asyncDispose]());

const outcome = (call: Promise<unknown>): Promise<unknown> =>
  call.catch((error: unknown) => (error as { code: string }).code);

const ALPHABET = 'ABCDEFGHIJKLMNOPQRSTUVWXYZ234567';
/** The telephone: it has read the secret, and has a clock. */
async function codeOf(secret: string, steps = 0): Promise<string> {
  const bits = [...secret].map((letter) => ALPHABET.indexOf(letter).toString(2).padStart(5, '0')).join('');
  const bytes = Uint8Array.from(bits.match(/.{8}/g) ?? [], (byte) => Number.parseInt(byte, 2));
  return totpCode(bytes, stepAt(Date.parse(await api.store.now()) / 1000) + steps);
}

interface Protected {
  readonly id: string;
  readonly email: string;
  readonly secret: string;
  readonly recoveryCodes: readonly string[];
  readonly who: Browser;
}

async function withSecondFactor(options: { administersInstallation?: boolean } = {}): Promise<Protected> {
  no += 1;
  const { id, email } = await person(api, { email: `p${no}@good.example`, ...options });
  const who = await signedIn(api, email);
  const { secret } = await who.client.call('secondFactor.start');
  const { recoveryCodes } = await who.client.call('secondFactor.confirm', { body: { code: await codeOf(secret) } });
  // The next code is another one.
  await api.store.advance(30);
  return { id, email, secret, recoveryCodes, who };
}

async function withPassword(email: string): Promise<Browser> {
  const who = browser(api);
  expect(await who.client.call('signIn.password', { body: { email, password: PASSWORD } })).toEqual({ next: 'code' });
  return who;
}

describe('the second factor', () => {
  it('is on once a code of it was sent', async () => {
    no += 1;
    const { email } = await person(api, { email: `p${no}@good.example` });
    const [who, other] = [await signedIn(api, email), await signedIn(api, email)];
    const first = await who.client.call('secondFactor.start');
    const { secret, uri } = await who.client.call('secondFactor.start');
    expect(secret).not.toBe(first.secret);
    expect(uri).toBe(
      `otpauth://totp/Ropeway:p${no}%40good.example?secret=${secret}&issuer=Ropeway&algorithm=SHA1&digits=6&period=30`,
    );
    expect(await who.client.call('secondFactor.get')).toEqual({ isOn: false, confirmedAt: null, recoveryCodesLeft: 0 });
    // Not yet: the password alone does.
    expect(await browser(api).client.call('signIn.password', { body: { email, password: PASSWORD } })).toEqual({
      next: 'nothing',
    });
    const confirm = async (code: string): Promise<unknown> =>
      outcome(who.client.call('secondFactor.confirm', { body: { code } }));
    expect(await confirm(await codeOf(first.secret))).toBe('REQUEST_INVALID');
    expect(await confirm(await codeOf(secret))).toMatchObject({ recoveryCodes: expect.any(Array) as unknown });
    expect(await who.client.call('secondFactor.get')).toMatchObject({ isOn: true, recoveryCodesLeft: 10 });
    expect(await outcome(other.client.call('sessions.list'))).toBe('TOKEN_MISSING');
    expect(await outcome(who.client.call('secondFactor.start'))).toBe('SECOND_FACTOR_ON');
    expect(await confirm('123456')).toBe('SECOND_FACTOR_ON');
    await withPassword(email);
  });

  it('keeps the session of the password from everything until a code was sent', async () => {
    const { email, secret } = await withSecondFactor();
    const who = await withPassword(email);
    const pending = who.cookies.get('ropeway') ?? '';
    expect(await outcome(who.client.call('sessions.list'))).toBe('TOKEN_MISSING');
    expect(await outcome(who.client.call('signIn.code', { body: { code: '000000' } }))).toBe('CODE_WRONG');
    expect(await who.client.call('signIn.code', { body: { code: await codeOf(secret) } })).toEqual({ next: 'nothing' });
    expect((await who.client.call('sessions.list')).items[0]).toMatchObject({ method: 'password', isCurrent: true });
    expect(who.cookies.get('ropeway')).not.toBe(pending);
    who.cookies.set('ropeway', pending);
    expect(await outcome(who.client.call('sessions.list'))).toBe('TOKEN_MISSING');
  });

  it('takes each code once, even from two at the same time', async () => {
    const { email, secret } = await withSecondFactor();
    const code = await codeOf(secret);
    const browsers = [await withPassword(email), await withPassword(email), await withPassword(email)];
    const outcomes = await Promise.all(
      browsers.map((who) => outcome(who.client.call('signIn.code', { body: { code } }))),
    );
    expect(outcomes.filter((what) => what !== 'CODE_WRONG')).toEqual([{ next: 'nothing' }]);
    expect(await outcome((await withPassword(email)).client.call('signIn.code', { body: { code } }))).toBe(
      'CODE_WRONG',
    );
  });

  it('lets in with a recovery code, once, however it is typed', async () => {
    const { email, recoveryCodes, who: mine } = await withSecondFactor();
    expect(new Set(recoveryCodes).size).toBe(10);
    const [code = '', second = ''] = recoveryCodes;
    expect(code).toMatch(/^[a-z2-7]{4}(-[a-z2-7]{4}){3}$/);
    const typed = ` ${code.replaceAll('-', ' ').toUpperCase()} `;
    const send = async (text: string): Promise<unknown> =>
      outcome((await withPassword(email)).client.call('signIn.code', { body: { code: text } }));
    expect(await send(typed)).toEqual({ next: 'nothing' });
    expect(await send(code)).toBe('CODE_WRONG');
    expect(await mine.client.call('secondFactor.get')).toMatchObject({ recoveryCodesLeft: 9 });
    const renewed = await mine.client.call('secondFactor.renewCodes', { body: { code: second } });
    expect(renewed.recoveryCodes).toHaveLength(10);
    expect(await send(recoveryCodes[2] ?? '')).toBe('CODE_WRONG');
    const rows = await api.store.db.selectFrom('recovery_code').selectAll().execute();
    for (const shown of renewed.recoveryCodes) expect(JSON.stringify(rows)).not.toContain(shown.replaceAll('-', ''));
  });

  it('makes who guesses codes wait, and sign in anew', async () => {
    const { email } = await withSecondFactor();
    const who = await withPassword(email);
    const codes: unknown[] = [];
    for (let tries = 0; tries < 14; tries += 1) {
      codes.push(await outcome(who.client.call('signIn.code', { body: { code: '000000' } })));
      await api.store.advance(60);
    }
    expect(codes.filter((code) => code === 'CODE_WRONG').length).toBeLessThanOrEqual(10);
    // Ten minutes have passed, and ten tries.
    expect(codes.at(-1)).toBe('SESSION_OVER');
  });

  it('is switched off by a code of it, or by who administers the installation', async () => {
    const { email, secret, who } = await withSecondFactor();
    expect(await outcome(who.client.call('secondFactor.end', { body: { code: '000000' } }))).toBe('REQUEST_INVALID');
    await who.client.call('secondFactor.end', { body: { code: await codeOf(secret) } });
    expect(await browser(api).client.call('signIn.password', { body: { email, password: PASSWORD } })).toEqual({
      next: 'nothing',
    });
    expect(await outcome(who.client.call('secondFactor.end', { body: { code: '000000' } }))).toBe('SECOND_FACTOR_OFF');
    const lost = await withSecondFactor();
    const boss = await withSecondFactor({ administersInstallation: true });
    await boss.who.client.call('accounts.endSecondFactor', { params: { id: lost.id } });
    expect(await outcome(lost.who.client.call('sessions.list'))).toBe('TOKEN_MISSING');
    await signedIn(api, lost.email);
    expect(await outcome(who.client.call('accounts.endSecondFactor', { params: { id: boss.id } }))).toBe(
      'ROLE_MISSING',
    );
  });

  it('is asked for after a link that sets a password, too', async () => {
    const { id, secret } = await withSecondFactor();
    const boss = await withSecondFactor({ administersInstallation: true });
    const { link } = await boss.who.client.call('accounts.resetLink', { params: { id } });
    const who = browser(api);
    const body = { link: new URL(link).hash.slice(1), password: 'a lighthouse in the fog' };
    expect(await who.client.call('links.use', { body })).toEqual({ next: 'code' });
    expect(await who.client.call('signIn.code', { body: { code: await codeOf(secret) } })).toEqual({ next: 'nothing' });
    expect((await who.client.call('sessions.list')).items[0]).toMatchObject({ method: 'link' });
  });

  it('is in the database in an envelope that opens for its person alone', async () => {
    const [a, b] = [await withSecondFactor(), await withSecondFactor()];
    const { secret } = await api.store.db
      .selectFrom('second_factor')
      .select('secret')
      .where('user_id', '=', a.id)
      .executeTakeFirstOrThrow();
    expect(secret).toMatch(/^v1\./);
    // Put there by who may write into the database but has not the key.
    await api.store.db.updateTable('second_factor').set({ secret }).where('user_id', '=', b.id).execute();
    const who = await withPassword(b.email);
    expect(await outcome(who.client.call('signIn.code', { body: { code: await codeOf(a.secret) } }))).toBe(
      'SECRET_BROKEN',
    );
  });
});

describe('a second factor that is required', () => {
  it.each(['installation', 'workspace'])('by the %s: who has none may do nothing but set one up', async (place) => {
    no += 1;
    const { email } = await person(api, { email: `p${no}@good.example`, role: 'administrator' });
    const before = await signedIn(api, email);
    if (place === 'workspace') {
      const { etag } = await before.client.ask('workspaceSignIn.get');
      await before.client.call('workspaceSignIn.update', { ifMatch: etag ?? '', body: { requiresSecondFactor: true } });
    } else {
      const boss = await withSecondFactor({ administersInstallation: true });
      await boss.who.client.call('signInPolicy.update', { ifMatch: '*', body: { requiresSecondFactor: true } });
    }
    expect(await outcome(before.client.call('groups.list'))).toBe('SECOND_FACTOR_NEEDED');
    const who = browser(api);
    expect(await who.client.call('signIn.password', { body: { email, password: PASSWORD } })).toEqual({
      next: 'second_factor',
    });
    expect(await outcome(who.client.call('groups.create', { body: { name: 'g' } }))).toBe('SECOND_FACTOR_NEEDED');
    const { secret } = await who.client.call('secondFactor.start');
    await who.client.call('secondFactor.confirm', { body: { code: await codeOf(secret) } });
    expect(await who.client.call('groups.list')).toBeDefined();
    await sql`update workspace set requires_second_factor = false`.execute(api.store.db);
    await api.store.db.deleteFrom('sign_in_policy').execute();
  });
});
