import { BlockList } from 'node:net';
import { describe, expect, it } from 'vitest';
import { isPublic, judgedAddress, refuseAtOnce } from './address-guard.ts';
import type { JudgedAddress } from './address-guard.ts';
import { noticeSettings } from './settings.ts';

const nothing = { allowed: new BlockList(), own: [] };
const settingsOf = (environment: Record<string, string>, urls: string[] = []) =>
  noticeSettings({ installationId: 'i', environment, release: '0', urls: () => urls });
const resolving =
  (...addresses: string[]) =>
  (): Promise<JudgedAddress[]> =>
    Promise.resolve(addresses.map((address) => ({ address, family: address.includes(':') ? 6 : 4 })));

describe('isPublic()', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.32.0.1', '192.169.0.1', '2606:4700::1111', '2a00:1450::1'])('%s is', (address) =>
    expect(isPublic(address)).toBe(true),
  );
  it.each([
    ...['0.0.0.0', '10.1.2.3', '100.64.0.1', '127.0.0.1', '127.255.255.255', '169.254.169.254', '172.16.0.1'],
    ...['172.31.255.255', '192.0.0.1', '192.168.1.1', '198.18.0.1', '224.0.0.1', '255.255.255.255'],
    ...['::', '::1', '::ffff:127.0.0.1', '::ffff:8.8.8.8', '::7f00:1', '64:ff9b::7f00:1', 'fe80::1', 'fd00::1'],
    ...['fc00::1', 'ff02::1', '2001:db8::1', '2002:7f00:1::', '2001:0:7f00:1::', 'localhost', ''],
  ])('%s is not', (address) => expect(isPublic(address)).toBe(false));
});

describe('judgedAddress()', () => {
  /** Ways to write this machine that an URL takes. */
  it.each([
    ...['http://127.0.0.1/', 'http://127.1/', 'http://2130706433/', 'http://0x7f.1/', 'http://0177.0.0.1/'],
    ...['http://[::1]/', 'http://[::ffff:127.0.0.1]/', 'http://0/', 'http://[::]/', 'http://169.254.169.254/latest'],
    ...['http://[fe80::1]/', 'http://①②⑦.0.0.1/', 'http://127.0.0.1./'],
  ])('refuses %s', async (url) => {
    const refused = judgedAddress(new URL(url), nothing, resolving('127.0.0.1'));
    await expect(refused).rejects.toMatchObject({ code: 'NOTICE_ADDRESS_REFUSED' });
  });

  it('refuses a name that leads inside, also beside a public address', async () => {
    const url = new URL('https://hooks.example.com/x');
    for (const addresses of [['10.0.0.1'], ['8.8.8.8', '10.0.0.1'], ['8.8.8.8', '::1'], []]) {
      const refused = judgedAddress(url, nothing, resolving(...addresses));
      await expect(refused).rejects.toMatchObject({ code: 'NOTICE_ADDRESS_REFUSED' });
    }
    expect(await judgedAddress(url, nothing, resolving('8.8.8.8'))).toEqual({ address: '8.8.8.8', family: 4 });
  });

  it('takes what the installation allows, and nothing beside it', async () => {
    const settings = settingsOf({ ROPEWAY_NOTICE_ALLOW: '10.0.0.0/8, fd00::/8 127.0.0.1' });
    for (const address of ['10.9.9.9', '127.0.0.1', 'fd00::5']) {
      expect((await judgedAddress(new URL('http://a.test'), settings, resolving(address))).address).toBe(address);
    }
    for (const address of ['11.0.0.1', '127.0.0.2', 'fe80::5'].filter((each) => !isPublic(each))) {
      await expect(judgedAddress(new URL('http://a.test'), settings, resolving(address))).rejects.toThrow(
        /not a public one/,
      );
    }
  });

  it.each([
    ['http://127.0.0.1:8080', 'http://127.0.0.1:8080/api'],
    ['http://127.0.0.1:8080', 'http://any.test:8080/'],
    ['http://0.0.0.0:8080', 'http://127.0.0.7:8080/'],
    ['http://[::]:8080', 'http://127.0.0.1:8080/'],
    ['https://ropeway.test', 'https://ROPEWAY.test/notices'],
    ['https://ropeway.test', 'https://ropeway.test.:443/'],
  ])('never reaches our own API at %s by %s', async (own, url) => {
    const settings = settingsOf({ ROPEWAY_NOTICE_ALLOW: '127.0.0.0/8' }, [own]);
    const refused = judgedAddress(new URL(url), settings, resolving('127.0.0.1'));
    await expect(refused).rejects.toThrow(/this service itself/);
  });
});

it('refuseAtOnce() refuses what is known without a name server, and leaves names for later', () => {
  expect(() => refuseAtOnce(new URL('http://10.0.0.1/'), nothing)).toThrow(/not a public one/);
  expect(() => refuseAtOnce(new URL('http://8.8.8.8/'), nothing)).not.toThrow();
  expect(() => refuseAtOnce(new URL('http://inside.test/'), nothing)).not.toThrow();
  const own = settingsOf({}, ['https://ropeway.test']);
  expect(() => refuseAtOnce(new URL('https://ropeway.test/x'), own)).toThrow(/this service itself/);
});

it('noticeSettings() refuses networks that are none', () => {
  for (const text of ['10.0.0.0/33', 'localhost', '10.0.0.0/', 'fd00::/129', '*']) {
    expect(() => settingsOf({ ROPEWAY_NOTICE_ALLOW: text }), text).toThrow(
      expect.objectContaining({ code: 'NOTICE_SETTINGS_INVALID' }),
    );
  }
});
