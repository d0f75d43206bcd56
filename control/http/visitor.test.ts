import { describe, expect, it } from 'vitest';
import { CookieJar } from './cookies.ts';
import { assertSameOrigin } from './same-origin.ts';
import { visitorOf } from './visitor.ts';

const request = (headers: Record<string, string> = {}, url = 'http://127.0.0.1:8080/', method = 'POST'): Request =>
  new Request(url, { method, headers });

describe('visitorOf()', () => {
  it.each([
    ['nothing in front', 0, '203.0.113.9', '192.0.2.1'],
    ['one proxy', 1, '203.0.113.9', '203.0.113.9'],
    ['a forged head', 1, '10.0.0.1, 203.0.113.9', '203.0.113.9'],
    ['two proxies', 2, '10.0.0.1, 203.0.113.9, 198.51.100.4', '203.0.113.9'],
    ['too few', 2, '203.0.113.9', '192.0.2.1'],
    ['no address', 1, 'evil<script>', '192.0.2.1'],
    ['IPv6', 1, '2001:db8::1', '2001:db8::1'],
  ])('finds the address behind proxies: %s', (_, proxies, forwarded, address) => {
    const visitor = visitorOf(request({ 'x-forwarded-for': forwarded }), '::ffff:192.0.2.1', { proxies });
    expect(visitor.address).toBe(address);
  });

  it.each([
    ['http://127.0.0.1:8080/x', undefined, true, 'http://127.0.0.1:8080'],
    ['http://localhost/x', undefined, true, 'http://localhost'],
    ['http://[::1]:1/x', undefined, true, 'http://[::1]:1'],
    ['http://ropeway.lan/x', undefined, false, 'http://ropeway.lan'],
    ['http://127.0.0.1.evil.example/x', undefined, false, 'http://127.0.0.1.evil.example'],
    ['http://10.0.0.7/x', 'https://ropeway.example', true, 'https://ropeway.example'],
    ['http://10.0.0.7/x', 'http://ropeway.lan', true, 'http://ropeway.lan'],
  ])('%s, public as %s: are cookies safe: %s', (url, publicUrl, isSafe, origin) => {
    expect(visitorOf(request({}, url), undefined, { publicUrl })).toMatchObject({ isSafe, origin });
  });

  it('cuts and cleans what the browser says that it is', () => {
    const { device } = visitorOf(request({ 'user-agent': `caf\u00e9${'x'.repeat(1000)}` }), undefined, {});
    expect([device.length, device.slice(0, 5)]).toEqual([300, 'caf?x']);
  });
});

describe('CookieJar', () => {
  it('names and marks cookies as the line allows', () => {
    const [plain, secure] = [false, true].map((isSecure) => new CookieJar(null, { isSecure }));
    plain?.set('ropeway', 'v', 60);
    secure?.set('ropeway', 'v', 60);
    secure?.clear('ropeway-flow');
    expect(plain?.lines()).toEqual(['ropeway=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax']);
    expect(secure?.lines()).toEqual([
      '__Host-ropeway=v; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure',
      '__Host-ropeway-flow=; Path=/; Max-Age=0; HttpOnly; SameSite=Lax; Secure',
    ]);
  });

  it.each([
    ['__Host-ropeway=a', true, 'a'],
    ['ropeway=a', true, undefined],
    ['__Host-ropeway=a', false, undefined],
    ['x=1;ropeway=a ; ropeway=b', false, 'a'],
    ['ropeway', false, undefined],
    [`${'a=b;'.repeat(60)}ropeway=a`, false, undefined],
  ])('%j over https %s gives %s', (header, isSecure, value) =>
    expect(new CookieJar(header, { isSecure }).get('ropeway')).toBe(value),
  );
});

describe('assertSameOrigin()', () => {
  const publicUrl = 'https://ropeway.example';
  const own = publicUrl;
  it.each([
    ['our own page', { 'sec-fetch-site': 'same-origin', origin: own }, true],
    ['an old browser', { origin: own }, true],
    ['another site', { 'sec-fetch-site': 'cross-site', origin: 'https://evil.example' }, false],
    ['a neighbour', { 'sec-fetch-site': 'same-site', origin: 'https://blog.ropeway.example' }, false],
    ['a bookmark', { 'sec-fetch-site': 'none' }, false],
    ['a forged Origin beside the truth', { 'sec-fetch-site': 'cross-site', origin: own }, false],
    ['another site in an old browser', { origin: 'https://evil.example' }, false],
    ['a sandbox', { origin: 'null' }, false],
    ['nothing', {}, false],
    ['another port', { origin: `${own}:8443` }, false],
    ['without TLS', { origin: 'http://ropeway.example' }, false],
  ])('with a cookie, from %s', (_, headers, isFine) => {
    const asked = request(headers, 'http://10.0.0.7/');
    const check = (): void => assertSameOrigin(asked, visitorOf(asked, undefined, { publicUrl }), { isCookie: true });
    if (isFine) expect(check).not.toThrow();
    else expect(check).toThrow('another site');
  });

  it.each(['GET', 'HEAD', 'OPTIONS'])('lets %s go: it changes nothing', (method) => {
    const asked = request({ 'sec-fetch-site': 'cross-site' }, undefined, method);
    expect(() => assertSameOrigin(asked, visitorOf(asked, undefined, {}), { isCookie: true })).not.toThrow();
  });

  it('without a cookie asks only of browsers', () => {
    const check = (headers: Record<string, string>): void => {
      const asked = request(headers);
      assertSameOrigin(asked, visitorOf(asked, undefined, {}), { isCookie: false });
    };
    expect(() => check({})).not.toThrow();
    expect(() => check({ 'sec-fetch-site': 'cross-site' })).toThrow('another site');
    expect(() => check({ origin: 'https://evil.example' })).toThrow('another site');
  });
});
