/** Against real servers that answer as servers do when they should not. */
import { BlockList, createServer } from 'node:net';
import type { AddressInfo } from 'node:net';
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { certificateAuthority } from '#test/kit/certificates.ts';
import { httpServer } from '#test/kit/http-server.ts';
import { httpsServer } from '#test/kit/https-server.ts';
import { localSettings } from '#test/kit/notice-rows.ts';
import { retryAfter, sendHttp } from './send-http.ts';
import type { HttpMessage } from './send-http.ts';
import { shownAnswer } from './send-outcome.ts';

const settings = localSettings();

function messageTo(url: string, more: Partial<HttpMessage> = {}): HttpMessage {
  const base = { method: 'POST', contentType: 'application/json', headers: {}, body: '{"a":"ü"}', key: 'k1' } as const;
  return { ...base, url: new URL(url), secrets: [], ...more };
}

it('sendHttp() sends what it is given, and says what was answered', async () => {
  await using server = await httpServer((_, answer) => void answer.end('ok, the token is canary-77'));
  const message = messageTo(`${server.url}/hook?a=1`, {
    method: 'PUT',
    headers: { Authorization: 'Bearer canary-77' },
    secrets: ['canary-77'],
  });
  expect(await sendHttp(message, { settings })).toEqual({
    outcome: 'sent',
    status: 200,
    answer: 'ok, the token is ***',
  });
  expect(server.asked).toMatchObject([
    { method: 'PUT', body: '{"a":"ü"}', headers: { authorization: 'Bearer canary-77', 'idempotency-key': 'k1' } },
  ]);
  expect(server.asked[0]?.headers).toMatchObject({
    'content-type': 'application/json; charset=utf-8',
    'content-length': '10',
    'user-agent': 'Ropeway/0.0.0',
  });
});

it.each([
  [200, {}, 'sent', undefined],
  [204, {}, 'sent', undefined],
  [400, {}, 'failed', undefined],
  [401, {}, 'failed', undefined],
  [404, {}, 'failed', undefined],
  [410, { 'retry-after': '5' }, 'failed', undefined],
  [408, {}, 'retry', undefined],
  [429, { 'retry-after': '7' }, 'retry', 7],
  [429, { 'retry-after': 'soon' }, 'retry', undefined],
  [500, {}, 'retry', undefined],
  [503, { 'retry-after': '999999999' }, 'retry', 21_600],
] as const)('sendHttp() on %i %o: %s', async (status, headers, outcome, retryAfterS) => {
  await using server = await httpServer((_, answer) => void answer.writeHead(status, headers).end('said'));
  const said = await sendHttp(messageTo(server.url), { settings });
  expect(said).toEqual({
    outcome,
    status,
    answer: status === 204 ? '' : 'said',
    ...(retryAfterS === undefined ? {} : { retryAfterS }),
  });
});

it.each([301, 302, 303, 307, 308])('sendHttp() follows no redirect (%i), and says where it led', async (status) => {
  await using inside = await httpServer((_, answer) => void answer.end());
  await using server = await httpServer(
    (_, answer) => void answer.writeHead(status, { location: `${inside.url}/secret` }).end(),
  );
  const said = await sendHttp(messageTo(server.url), { settings });
  expect(said).toMatchObject({ outcome: 'failed', status, answer: expect.stringContaining(inside.url) as string });
  expect(inside.asked).toHaveLength(0);
});

it('sendHttp() waits no longer than it may: for an answer, for its rest, for a name', async () => {
  await using hanging = await httpServer(() => undefined);
  const timeoutMs = 100;
  const late = { outcome: 'retry', status: null, answer: 'There was no answer within 0.1 s.' };
  expect(await sendHttp(messageTo(hanging.url), { settings, timeoutMs })).toEqual(late);
  const never = (): Promise<never> => new Promise(() => undefined);
  expect(await sendHttp(messageTo('http://slow.test/'), { settings, timeoutMs, resolve: never })).toEqual(late);
  // What has said yes has got it: that the rest does not come is no reason to send it again.
  await using dripping = await httpServer((_, answer) => void answer.writeHead(200).write('begun'));
  const said = await sendHttp(messageTo(dripping.url), { settings, timeoutMs });
  expect(said).toEqual({ outcome: 'sent', status: 200, answer: 'begun' });
});

it('sendHttp() reads little of an answer without end', async () => {
  await using server = await httpServer((_, answer) => {
    const more = (): void => {
      while (answer.write('x'.repeat(65_536)));
    };
    answer.on('drain', more).on('error', () => undefined);
    more();
  });
  const said = await sendHttp(messageTo(server.url), { settings });
  expect([said.outcome, said.answer.length]).toEqual(['sent', 500]);
});

it.each([
  ['closes without a word', ''],
  ['closes in the middle of the head', 'HTTP/1.1 200 OK\r\ncontent-le'],
  ['is no web server', 'SSH-2.0-OpenSSH_9\r\n'],
])('sendHttp() tries again when the server %s', async (_title, text) => {
  const server = createServer((socket) => {
    socket.on('error', () => undefined);
    socket.once('data', () => socket.end(text));
  });
  await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  // It listens on TCP.
  const { port } = server.address() as AddressInfo;
  const said = await sendHttp(messageTo(`http://127.0.0.1:${port}/`), { settings, timeoutMs: 5000 });
  expect(said).toMatchObject({ outcome: 'retry', status: null });
  await new Promise((done) => server.close(done));
  expect(await sendHttp(messageTo(`http://127.0.0.1:${port}/`), { settings })).toMatchObject({ outcome: 'retry' });
});

it('sendHttp() connects to the address that was judged, whatever the name says later', async () => {
  await using server = await httpServer((_, answer) => void answer.end('here'));
  let asked = 0;
  const resolve = () => {
    asked += 1;
    // A name server that turns inside once it was believed.
    return Promise.resolve([{ address: asked === 1 ? '127.0.0.1' : '10.0.0.1', family: 4 as const }]);
  };
  const said = await sendHttp(messageTo(`http://rebinding.test:${server.port}/`), { settings, resolve });
  expect([said.outcome, asked]).toEqual(['sent', 1]);
  expect(server.asked[0]?.headers.host).toBe(`rebinding.test:${server.port}`);
});

it('sendHttp() refuses addresses inside, for good', async () => {
  await using server = await httpServer((_, answer) => void answer.end());
  const closed = localSettings();
  const inside = { settings: { ...closed, allowed: new BlockList() } };
  expect(await sendHttp(messageTo(server.url), inside)).toMatchObject({ outcome: 'failed', status: null });
  const own = { settings: { ...closed, own: [{ host: '127.0.0.1', port: server.port }] } };
  expect(await sendHttp(messageTo(server.url), own)).toMatchObject({
    outcome: 'failed',
    answer: expect.stringContaining('itself') as string,
  });
  expect(server.asked).toHaveLength(0);
});

it('sendHttp() believes certificates of the host that was named, and no others', async () => {
  using authority = certificateAuthority();
  const ca = readFileSync(authority.caFile, 'utf8');
  await using server = await httpsServer(
    authority.issue('hook', ['DNS:hook.test']),
    (_, answer) => void answer.end('ok'),
  );
  const resolve = () => Promise.resolve([{ address: '127.0.0.1', family: 4 as const }]);
  const parts = { settings: { ...settings, ca }, resolve };
  expect(await sendHttp(messageTo(`https://hook.test:${server.port}/`), parts)).toMatchObject({ outcome: 'sent' });
  const other = await sendHttp(messageTo(`https://other.test:${server.port}/`), parts);
  expect(other).toMatchObject({ outcome: 'retry', answer: expect.stringContaining('altnames') as string });
  const stranger = await sendHttp(messageTo(`https://hook.test:${server.port}/`), { settings, resolve });
  expect(stranger).toMatchObject({ outcome: 'retry', answer: expect.stringContaining('certificate') as string });
});

it.each([
  [undefined, undefined],
  ['0', 0],
  ['120', 120],
  ['Thu, 01 Jan 2026 00:01:00 GMT', 60],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['soon', undefined],
])('retryAfter(%j) is %j', (header, seconds) => {
  expect(retryAfter(header, Date.parse('2026-01-01T00:00:00Z'))).toBe(seconds);
});

it('shownAnswer() shows one line, short, without secrets', () => {
  expect(shownAnswer('a\n\u0000b secret-1 c', ['secret-1', 'a'])).toBe('a b *** c');
  expect(shownAnswer('x'.repeat(1000), [])).toHaveLength(500);
});
