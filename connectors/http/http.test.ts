import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { RopewayError } from '#spi/errors.ts';
import { expandBraces } from './brace-expansion.ts';
import { httpInputConfig } from './config.ts';
import type { HttpInputConfig } from './config.ts';
import { connectionFailure } from './failure.ts';
import { httpInput } from './input.ts';
import { nextLink } from './link-header.ts';
import { pagerOf } from './pager.ts';
import { planRequests, requestOf } from './requests.ts';
import { shownUrl, withoutSecrets } from './urls.ts';

function config(options: object): HttpInputConfig {
  return httpInputConfig.parse({ url: 'http://127.0.0.1/x', ...options });
}

describe('expandBraces()', () => {
  it.each<[string, string[]]>([
    ['', ['']],
    ['abc', ['abc']],
    ['{a,b}', ['a', 'b']],
    ['{5,4}.0', ['5.0', '4.0']],
    ['x{a,b}y{1,2}', ['xay1', 'xay2', 'xby1', 'xby2']],
    ['{a,b{1,2}}', ['a', 'b1', 'b2']],
    ['{,a}', ['', 'a']],
    ['{a}', ['{a}']],
    ['{}', ['{}']],
    ['x{a},b', ['x{a},b']],
    ['{x{a},b}', ['x{a}', 'b']],
    ['{a,b', ['{a,b']],
    ['a,b}', ['a,b}']],
    ['{{a,b}', ['{a', '{b']],
    ['\\{a,b\\}', ['{a,b}']],
    ['{a\\,b,c}', ['a,b', 'c']],
    ['a\\\\{1,2}', ['a\\1', 'a\\2']],
    ['a\\b', ['a\\b']],
    ['{30..33}.0', ['30.0', '31.0', '32.0', '33.0']],
    ['{1..-1}', ['1', '0', '-1']],
    ['{a..c}', ['{a..c}']],
  ])('%s', (text, expected) => expect(expandBraces(text, 100)).toEqual(expected));

  it.each(['{1..101}', '{1..11}{1..11}', '{{1..60},{1..60}}'])('has a limit: %s', (text) =>
    expect(expandBraces(text, 100)).toBeUndefined(),
  );

  it('takes any text, and one that is escaped for itself', () => {
    const texts = fc.string({ unit: fc.constantFrom('{', '}', ',', '\\', 'a', '.') });
    fc.assert(
      fc.property(texts, (text) => {
        expandBraces(text, 1000);
        expect(expandBraces(text.replace(/[\\{},]/g, '\\$&'), 1000)).toEqual([text]);
      }),
    );
    expect(expandBraces('{'.repeat(100_000), 10)).toHaveLength(1);
  });
});

describe('planRequests()', () => {
  const searches = (options: object): string[] => {
    const resolved = config(options);
    return planRequests(resolved, pagerOf(resolved)).map(({ query }) => requestOf(resolved, query).url.search);
  };

  it('changes the first parameter fastest, and pages faster still', () => {
    const params = [
      { name: 'a', values: ['1', '2'], expand: true },
      { name: 'b', value: '{x,y}', expand: true },
    ];
    expect(searches({ params, pager: { from_param: 'p', pages: 2 } })).toEqual(
      ['a=1&b=x', 'a=2&b=x', 'a=1&b=y', 'a=2&b=y'].flatMap((query) => [`?${query}&p=0`, `?${query}&p=1`]),
    );
  });

  it('leaves what the URL has', () => {
    expect(searches({ url: 'http://h/?a=%20+&b', params: [{ name: 'c', value: 'd e' }] })).toEqual(['?a=%20+&b&c=d+e']);
    expect(searches({})).toEqual(['']);
  });
});

describe('requestOf()', () => {
  const body = (options: object): string | undefined => {
    const resolved = config({ method: 'post', ...options });
    return planRequests(resolved, pagerOf(resolved)).map(({ query }) => requestOf(resolved, query).body)[0];
  };

  it.each<[object, string]>([
    [{}, ''],
    [{ params: [{ name: 'a', value: 'b c' }] }, 'a=b+c'],
    [{ params_in: 'form' }, ''],
    [{ params_in: 'json' }, '{}'],
    [{ params_in: 'json', request_body: ' { } ' }, ' { }'],
    [{ params_in: 'json', params: [{ name: 'a"', value: '1' }] }, '{"a\\"":"1"}'],
    [
      { params_in: 'json', request_body: '{"x":1.0}', pager: { from_param: 'p', to_param: 'q', pages: 1 } },
      '{"x":1.0,"p":0,"q":0}',
    ],
    [{ params_in: 'url', params: [{ name: 'a', value: 'b' }] }, ''],
  ])('posts for %j', (options, expected) => expect(body(options)).toBe(expected));

  it.each<[object]>([
    [{ method: 'get', params_in: 'json' }],
    [{ params_in: 'form', request_body: 'x' }],
    [{ params_in: 'json', request_body: '[]' }],
    [{ params_in: 'json', request_body: '{' }],
    [{ params_in: 'json', request_body: '{"a":1}', params: [{ name: 'a', value: 'b' }] }],
    [{ params_in: 'json', params: [{ name: 'a', values: ['b', 'c'] }] }],
  ])('refuses %j', (options) => expect(() => body(options)).toThrow(expect.objectContaining({ code: 'HTTP_BODY' })));
});

describe('plan()', () => {
  const url = 'http://127.0.0.1';
  it.each<[string, object, string]>([
    ['a scheme', { url: 'ftp://127.0.0.1/x' }, 'HTTP_URL'],
    ['a file', { url: 'file:///etc/passwd' }, 'HTTP_URL'],
    ['no URL', { url: 'example' }, 'HTTP_URL'],
    ['a parameter', { url, params: [{ name: 'x' }] }, 'HTTP_PARAM'],
    ['many', { url, params: [{ name: 'x', value: '{1..999}{1..999}', expand: true }] }, 'HTTP_REQUESTS_LIMIT'],
    ['many pages', { url, pager: { from_param: 'p', pages: 100_001 } }, 'HTTP_REQUESTS_LIMIT'],
    ['pages without end', { url, pager: { from_param: 'p' } }, 'HTTP_PAGER'],
    ['another style', { url, pager: { style: 'link', cursor_at: '/x' } }, 'HTTP_PAGER'],
    ['a missing option', { url, pager: { style: 'cursor', cursor_at: '/x' } }, 'HTTP_PAGER'],
    ['a pointer', { url, pager: { style: 'next_url', next_url_at: 'x' } }, 'HTTP_PAGER'],
    ['a header', { url, request_headers: { 'X: Y': 'a' } }, 'HTTP_HEADER'],
    ['a header of two lines', { url, request_headers: { X: 'a\r\nB: c' } }, 'HTTP_HEADER'],
    ['two credentials', { url, basic_auth: { user: 'a' }, bearer_token: 'hush' }, 'HTTP_AUTH'],
  ])('refuses %s', async (_title, options, code) => {
    // None of these gets as far as the context.
    const planned = httpInput.plan(config(options), undefined as never);
    await expect(planned).rejects.toMatchObject({ code, kind: 'config' });
  });
});

describe('nextLink()', () => {
  it.each<[string, string | undefined]>([
    ['<http://h/2>; rel="next"', 'http://h/2'],
    ['<http://h/1>; rel="prev", <http://h/3>; rel="next"', 'http://h/3'],
    ['<a,b>; title="x, <y>; rel=\\"next\\""; rel=prev, <c>; rel=next', 'c'],
    ['<a>; REL=Next', 'a'],
    ['<a>; rel="last next"', 'a'],
    ['<a>; rel="nextish"', undefined],
    ['<a>; rel="prev"', undefined],
    ['', undefined],
    ['nonsense', undefined],
  ])('%s', (header, expected) => expect(nextLink(header)).toBe(expected));
});

describe('connectionFailure()', () => {
  const coded = (code: string): Error => Object.assign(new Error(`text of ${code}`), { code });
  const going = new AbortController().signal;
  it.each<[string, Error, string, boolean]>([
    ['a cut', coded('ECONNRESET'), 'HTTP_UNREACHABLE', true],
    ['a refusal', new AggregateError([coded('ECONNREFUSED')], ''), 'HTTP_UNREACHABLE', true],
    ['a cause', new Error('fetch failed', { cause: coded('EPIPE') }), 'HTTP_UNREACHABLE', true],
    ['silence', coded('ETIMEDOUT'), 'HTTP_UNREACHABLE', true],
    ['a host', coded('ENOTFOUND'), 'HTTP_HOST_UNKNOWN', false],
    ['a certificate', coded('DEPTH_ZERO_SELF_SIGNED_CERT'), 'HTTP_TLS', false],
    ['an old protocol', coded('ERR_SSL_WRONG_VERSION_NUMBER'), 'HTTP_TLS', false],
    ['a proxy', coded('ERR_PROXY_TUNNEL'), 'HTTP_REFUSED', false],
  ])('%s', (_title, error, code, transient) => {
    expect(connectionFailure(error, 'http://h/', going)).toMatchObject({
      code,
      transient,
    } satisfies Partial<RopewayError>);
  });

  it('leaves bugs as they are, unless the run is being stopped', () => {
    const bug = new TypeError('x is not a function');
    expect(connectionFailure(bug, 'http://h/', going)).toBe(bug);
    expect(connectionFailure(bug, 'http://h/', AbortSignal.abort())).toMatchObject({ code: 'HTTP_STOPPED' });
  });
});

describe('what is shown', () => {
  const secret = config({ auth_params: { key: 'p' }, auth_headers: { 'X-Key': 'h' }, bearer_token: 'b' });
  it('has no credentials', () => {
    expect(shownUrl(new URL('http://h/?a=1&key=p'), secret)).toBe('http://h/?a=1');
    expect(withoutSecrets('p, h, b.', secret)).toBe('***, ***, ***.');
  });
});
