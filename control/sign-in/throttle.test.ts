import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { Throttle, addressKey } from './throttle.ts';
import type { ThrottleKind } from './throttle.ts';

describe.each(storeKinds)('Throttle on %s', (kind) => {
  let store: ControlStore;
  let throttle: Throttle;
  let no = 0;
  const key = (what: ThrottleKind) => ({ kind: what, value: String(no) });
  const waitOf = async (what: ThrottleKind): Promise<number> => {
    try {
      await throttle.count([key(what)]);
      return 0;
    } catch (error) {
      return (error as { extra: { retryAfterS: number } }).extra.retryAfterS;
    }
  };
  beforeAll(async () => {
    store = await controlStore({ kind });
    await store.setClock('2026-01-01T00:00:00.000000Z');
    throttle = new Throttle(store);
  });
  afterAll(() => store.close());

  it('lets the first five go, and doubles the wait of each one more, up to a limit', async () => {
    no += 1;
    for (let tries = 0; tries < 5; tries += 1) expect(await waitOf('pair')).toBe(0);
    const waits: number[] = [];
    for (let tries = 0; tries < 12; tries += 1) {
      expect(await waitOf('pair')).toBe(0);
      const wait = await waitOf('pair');
      waits.push(wait);
      await store.advance(wait);
    }
    expect(waits).toEqual([1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 900, 900]);
  });

  it('is not prolonged by tries that come too early', async () => {
    no += 1;
    for (let tries = 0; tries < 31; tries += 1) expect(await waitOf('account')).toBe(0);
    expect(await waitOf('account')).toBe(1);
    await store.advance(0.5);
    for (let tries = 0; tries < 20; tries += 1) await waitOf('account');
    await store.advance(0.5);
    expect(await waitOf('account')).toBe(0);
  });

  it('counts many at once one by one', async () => {
    no += 1;
    const waits = await Promise.all(Array.from({ length: 40 }, () => waitOf('pair')));
    expect(waits.filter((wait) => wait === 0)).toHaveLength(6);
  });

  it('forgives who was right, but an address that others share only that one try', async () => {
    no += 1;
    for (let tries = 0; tries < 6; tries += 1) await waitOf('pair');
    await throttle.forgive([key('pair')]);
    expect(await waitOf('pair')).toBe(0);
    for (let tries = 0; tries < 30; tries += 1) expect(await waitOf('address')).toBe(0);
    await throttle.forgive([key('address')]);
    expect([await waitOf('address'), await waitOf('address'), await waitOf('address')]).toEqual([0, 0, 1]);
  });

  it('begins anew after a quarter of an hour, and forgets', async () => {
    no += 1;
    for (let tries = 0; tries < 6; tries += 1) await waitOf('pair');
    await store.advance(901);
    for (let tries = 0; tries < 5; tries += 1) expect(await waitOf('pair')).toBe(0);
    await store.advance(1801);
    expect(await throttle.forget()).toBeGreaterThan(0);
    expect(await store.db.selectFrom('sign_in_throttle').selectAll().execute()).toEqual([]);
  });

  it('keeps nothing of what was typed', async () => {
    await throttle.count([{ kind: 'account', value: 'canary@good.example' }]);
    expect(JSON.stringify(await store.db.selectFrom('sign_in_throttle').selectAll().execute())).not.toContain('canary');
  });
});

describe('addressKey()', () => {
  it.each([
    ['192.0.2.7', '192.0.2.7'],
    ['2001:db8:1:2:3:4:5:6', '2001:db8:1:2'],
    ['2001:db8::1', '2001:db8:0:0'],
    ['::1', '0:0:0:0'],
    ['fe80::1%eth0', 'fe80:0:0:0'],
    ['2001:0db8:0001::', '2001:db8:1:0'],
    ['unknown', 'unknown'],
  ])('%s belongs to %s', (address, key) => expect(addressKey(address)).toBe(key));
});
