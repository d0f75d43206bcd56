import type { ServerResponse } from 'node:http';
import { afterEach, describe, expect, it } from 'vitest';
import { httpServer } from '#test/kit/http-server.ts';
import type { Asked, HttpServer } from '#test/kit/http-server.ts';
import { makeClient } from './client.ts';
import type { Client } from './client.ts';
import { HEARTBEAT_TEXT, eventText } from './event-stream.ts';
import { PROBLEM_MEDIA } from './problem.ts';

const servers: HttpServer[] = [];
afterEach(async () => {
  for (const server of servers.splice(0)) await server[Symbol.asyncDispose]();
});

type Reply = (answer: ServerResponse) => void;

/** A server that answers with the replies one after the other, the last one again and again. */
async function clientOf(...replies: Reply[]): Promise<{ client: Client; seen: readonly Asked[] }> {
  const server = await httpServer(({ index }, answer) => replies[Math.min(index, replies.length - 1)]?.(answer));
  servers.push(server);
  return { client: makeClient({ url: `${server.url}/`, token: 'secret' }), seen: server.asked };
}

function json(status: number, body: unknown, headers: Record<string, string> = {}): Reply {
  return (response) =>
    response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body));
}

function refuse(status: number, code: string, headers: Record<string, string> = {}): Reply {
  const body = { type: 'x', title: 'T', status, code, detail: `It is ${code}.`, hint: 'Do that.' };
  return json(status, body, { 'content-type': PROBLEM_MEDIA, ...headers });
}

function plain(status: number, text: string): Reply {
  return (answer) => answer.writeHead(status).end(text);
}

const busy = refuse(503, 'BUSY', { 'retry-after': '0' });
const drop: Reply = (answer) => answer.socket?.destroy();
const group = { id: '01hzzzzzzzzzzzzzzzzzzzzzzz', name: 'a', version: 1, createdAt: '2026-01-01T00:00:00.000Z' };

describe('makeClient()', () => {
  it('asks as the contract says', async () => {
    const { client, seen } = await clientOf(json(200, group, { etag: '"2"' }));
    const params = { id: group.id };
    const reply = await client.ask('groups.update', { params, body: { name: 'b' }, ifMatch: '"1"' });
    expect(reply).toEqual({ status: 200, body: group, etag: '"2"' });
    expect(seen).toMatchObject([{ method: 'PATCH', body: '{"name":"b"}' }]);
    expect(seen[0]?.url.pathname).toBe(`/api/v1/groups/${group.id}`);
    expect(seen[0]?.headers).toMatchObject({ authorization: 'Bearer secret', 'if-match': '"1"' });
  });

  it('throws the problem', async () => {
    const { client } = await clientOf(refuse(404, 'NOT_FOUND'));
    const failure = client.call('groups.get', { params: { id: group.id } });
    await expect(failure).rejects.toMatchObject({
      kind: 'config',
      code: 'NOT_FOUND',
      message: 'It is NOT_FOUND.',
      hint: 'Do that.',
      status: 404,
    });
  });

  it.each([
    ['a busy server', busy],
    ['too many requests', refuse(429, 'MANY', { 'retry-after': '0' })],
    ['a broken line', drop],
    ['a proxy without a server', plain(502, 'bad gateway')],
  ])('tries again after %s, and keeps the key', async (_, reply) => {
    const { client, seen } = await clientOf(reply, json(201, group));
    expect(await client.call('groups.create', { body: { name: 'a' } })).toEqual(group);
    const keys = seen.map(({ headers }) => headers['idempotency-key']);
    expect(keys).toHaveLength(2);
    expect(keys[0]).toMatch(/^[0-9a-f-]{36}$/);
    expect(keys[1]).toBe(keys[0]);
  });

  it('does not repeat what would be done twice', async () => {
    const { client, seen } = await clientOf(busy);
    await expect(client.call('tokens.create', { body: { name: 'a' } })).rejects.toMatchObject({ code: 'BUSY' });
    expect(seen).toHaveLength(1);
  });

  it('does not repeat an update whose answer was lost, because it would not match any more', async () => {
    const { client, seen } = await clientOf(drop);
    const call = { params: { id: group.id }, body: { name: 'b' }, ifMatch: '"1"' };
    await expect(client.call('groups.update', call)).rejects.toMatchObject({ code: 'API_UNREACHABLE' });
    expect(seen).toHaveLength(1);
  });

  it('gives up after some tries', async () => {
    const { client, seen } = await clientOf(busy);
    await expect(client.call('groups.list')).rejects.toMatchObject({ code: 'BUSY' });
    expect(seen).toHaveLength(5);
  });

  it('says when something else answers', async () => {
    const { client } = await clientOf(plain(200, '<html>'));
    await expect(client.call('workspace.get')).rejects.toMatchObject({ code: 'API_ANSWER_UNREADABLE' });
  });

  it('goes through the pages', async () => {
    const other = { ...group, name: 'b' };
    const { client, seen } = await clientOf(
      json(200, { items: [group], next: 'a b' }),
      json(200, { items: [], next: 'c' }),
      json(200, { items: [other] }),
    );
    const items = await Array.fromAsync(client.items('groups.list', { query: { limit: 1 } }));
    expect(items).toEqual([group, other]);
    expect(seen.map(({ url }) => url.pathname + url.search)).toEqual([
      '/api/v1/groups?limit=1',
      '/api/v1/groups?limit=1&cursor=a+b',
      '/api/v1/groups?limit=1&cursor=c',
    ]);
  });

  it('stops when it is told to', async () => {
    const { client } = await clientOf(() => undefined);
    const stop = new AbortController();
    const call = client.call('workspace.get', { signal: stop.signal });
    stop.abort(new Error('enough'));
    await expect(call).rejects.toThrow('enough');
  });
});

describe('makeClient().follow()', () => {
  const stream = (text: string): Reply => {
    return (response) => response.writeHead(200, { 'content-type': 'text/event-stream' }).end(text);
  };
  const event = (seq: number): string => eventText({ id: `${seq}`, event: 'event', data: `{"seq":${seq}}` });
  const end = eventText({ event: 'end', data: '{}' });

  it.each([
    ['the line breaks', stream(HEARTBEAT_TEXT + event(1) + event(2))],
    ['the server stops', stream(event(1) + event(2) + eventText({ event: 'restart', data: '{}' }))],
    ['an event is cut off', stream(event(1) + event(2) + event(3).slice(0, 9))],
  ])('goes on after the last event when %s', async (_, first) => {
    const { client, seen } = await clientOf(first, busy, stream(event(3) + end));
    const events = await Array.fromAsync(client.follow('runs.watch', { params: { id: group.id } }));
    expect(events.map(({ event, id }) => [event, id])).toEqual([
      ['event', '1'],
      ['event', '2'],
      ['event', '3'],
      ['end', undefined],
    ]);
    expect(seen.map(({ headers }) => headers['last-event-id'])).toEqual([undefined, '2', '2']);
  });

  it('ends when it is refused', async () => {
    const { client } = await clientOf(refuse(404, 'NOT_FOUND'));
    const events = client.follow('runs.watch', { params: { id: group.id } });
    await expect(events.next()).rejects.toMatchObject({ code: 'NOT_FOUND' });
  });

  it('leaves the line when nobody wants more', async () => {
    let isLeft = false;
    const { client } = await clientOf((response) => {
      response.on('close', () => (isLeft = true));
      response.writeHead(200, { 'content-type': 'text/event-stream' }).write(event(1));
    });
    for await (const { id } of client.follow('runs.watch', { params: { id: group.id } })) {
      expect(id).toBe('1');
      break;
    }
    await expect.poll(() => isLeft).toBe(true);
  });
});
