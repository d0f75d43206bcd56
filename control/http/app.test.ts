import { once } from 'node:events';
import { connect } from 'node:net';
import { afterAll, beforeAll, beforeEach, describe, expect, it } from 'vitest';
import { contract } from '#api/contract.ts';
import { fullPath } from '#api/endpoint.ts';
import { catalog } from '#connectors/catalog.ts';
import { newId } from '#control/store/ids.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { storeKinds } from '#test/kit/control-store.ts';
import { rowCommands } from '#test/kit/run-rows.ts';
import { makeHandlers } from './handlers.ts';
import { serveHttp } from './server.ts';

const json = { 'content-type': 'application/json' };

function bearer(api: ControlApi): Record<string, string> {
  return { authorization: `Bearer ${api.own.token}` };
}

describe('makeHandlers()', () => {
  it('has a handler for every endpoint, and no other', async () => {
    await using api = await controlApi();
    const { store, keys } = api;
    const parts = { store, catalog, keys, commands: rowCommands(store), version: '0', stopping: api.stopping.signal };
    expect(Object.keys(makeHandlers(parts)).sort()).toEqual(contract.map(({ id }): string => id).sort());
  });
});

describe('makeApp()', () => {
  // Strangers may ask fifty times at once: a place of its own for each part of them.
  const parts = Array.from({ length: Math.ceil(contract.length / 40) }, (_, at) =>
    contract.slice(at * 40, at * 40 + 40),
  );
  it.each(parts.map((part) => [part[0]?.id ?? '', part] as const))(
    'lets nobody in without a token, but to what is public (from %s on)',
    async (_, part) => {
      await using api = await controlApi();
      for (const endpoint of part) {
        const path = fullPath(endpoint).replace(/:(\w+)/g, () => newId());
        const response = await api.request(path, { method: endpoint.method });
        const got = [endpoint.id, response.status, response.headers.get('www-authenticate')];
        // Without a body, or about what is not there.
        const isFine = endpoint.method === 'GET' ? response.status === 200 : [204, 404, 415].includes(response.status);
        if (endpoint.rights === 'public')
          expect([endpoint.id, response.status, isFine]).toEqual([endpoint.id, response.status, true]);
        else expect(got).toEqual([endpoint.id, 401, 'Bearer']);
        await response.body?.cancel();
      }
    },
  );

  it('names every field that is wrong', async () => {
    await using api = await controlApi();
    const body = JSON.stringify({ name: '', config: { in: 1 }, runOptions: { priority: 12, speed: 1 }, colour: 'red' });
    const response = await api.request('/api/v1/transfers', {
      method: 'POST',
      body,
      headers: { ...bearer(api), ...json },
    });
    const { errors } = (await response.json()) as { errors: { in: string; path: string[]; message: string }[] };
    expect(errors.map((error) => [error.in, error.path.join('.')])).toEqual([
      ['body', 'name'],
      ['body', 'runOptions.priority'],
      ['body', 'runOptions.speed'],
      ['body', 'colour'],
    ]);
    expect(errors.at(-1)?.message).toBe('there is no such field');
  });

  it('answers HEAD without a body, and OPTIONS with what is possible', async () => {
    await using api = await controlApi();
    const head = await api.request('/api/v1/groups', { method: 'HEAD', headers: bearer(api) });
    expect([head.status, await head.text()]).toEqual([200, '']);
    const stream = await api.request('/api/v1/runs/events', { method: 'HEAD', headers: bearer(api) });
    expect([stream.status, stream.body]).toEqual([200, null]);
    const options = await api.request('/api/v1/groups', { method: 'OPTIONS' });
    expect([options.status, options.headers.get('allow')]).toEqual([204, 'POST, GET, HEAD, OPTIONS']);
    expect(options.headers.has('access-control-allow-origin')).toBe(false);
  });

  it('says that nothing is to be kept or framed', async () => {
    await using api = await controlApi();
    const { headers } = await api.request('/healthz', { headers: { 'x-request-id': 'mine-1' } });
    expect(Object.fromEntries(headers)).toMatchObject({
      'cache-control': 'no-store',
      'content-security-policy': expect.stringContaining("default-src 'none'") as string,
      'x-content-type-options': 'nosniff',
      'x-request-id': 'mine-1',
    });
  });

  it('logs each request, without its token, its path and its body', async () => {
    await using api = await controlApi();
    await api.request('/api/v1/groups?q=canary1', {
      method: 'POST',
      body: '{"name":"canary2"}',
      headers: { ...bearer(api), ...json },
    });
    const line = JSON.parse(api.log.at(-1) ?? '') as object;
    expect(line).toMatchObject({ level: 30, endpoint: 'groups.create', status: 422, actor: 'token:token of own' });
    const log = api.log.join('');
    for (const secret of [api.own.token, 'canary1', 'canary2']) expect(log).not.toContain(secret);
  });

  it('counts requests, by token', async () => {
    await using api = await controlApi({ rate: { perSecond: 0.001, burst: 2 } });
    const ask = async (token: string): Promise<number> => {
      const response = await api.request('/api/v1/groups', { headers: { authorization: `Bearer ${token}` } });
      if (response.status === 429) expect(Number(response.headers.get('retry-after'))).toBeGreaterThan(1);
      return response.status;
    };
    expect([await ask(api.own.token), await ask(api.own.token), await ask(api.own.token)]).toEqual([200, 200, 429]);
    expect(await ask(api.other.token)).toBe(200);
  });

  it('counts those who are not let in', async () => {
    await using api = await controlApi({ strangers: { perSecond: 5, burst: 50 } });
    const statuses = new Set<number>();
    for (let tries = 0; tries < 60; tries += 1) {
      statuses.add(
        (await api.request('/api/v1/groups', { headers: { authorization: `Bearer guess${tries}` } })).status,
      );
    }
    expect([...statuses]).toEqual([401, 429]);
  });

  it('limits the streams of a token, and gives their places back', async () => {
    await using api = await controlApi({ streams: { all: 10, perPrincipal: 2 } });
    const open = (): Promise<Response> => api.request('/api/v1/runs/events', { headers: bearer(api) });
    const streams = [await open(), await open()];
    expect((await open()).status).toBe(429);
    await streams[0]?.body?.cancel();
    const again = await open();
    expect(again.status).toBe(200);
    await Promise.all([streams[1]?.body?.cancel(), again.body?.cancel()]);
  });

  it('tells streams to come back elsewhere when the server stops', async () => {
    await using api = await controlApi();
    const response = await api.request('/api/v1/runs/events', { headers: bearer(api) });
    api.stopping.abort();
    expect(await response.text()).toContain('event: restart');
    expect((await api.request('/readyz')).status).toBe(503);
  });

  it('answers 503 when the database is away, and keeps no trace in the answer', async () => {
    const api = await controlApi();
    await api.store.close();
    const response = await api.request('/api/v1/groups', { headers: bearer(api) });
    const text = await response.text();
    expect([500, 503]).toContain(response.status);
    expect(text).not.toMatch(/ at |\.ts|stack/);
  });
});

describe('makeApp()', () => {
  let api: ControlApi;
  beforeAll(async () => {
    api = await controlApi();
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
  });

  it.each([
    ['GET', '/nothing', {}, 404, 'ROUTE_UNKNOWN'],
    ['GET', '/api/v1/nothing', {}, 404, 'ROUTE_UNKNOWN'],
    ['DELETE', '/api/v1/groups', {}, 405, 'METHOD_NOT_ALLOWED'],
    ['GET', '/api/v1/groups/nothing', {}, 404, 'RESOURCE_UNKNOWN'],
    ['GET', '/api/v1/groups/01hzzzzzzzzzzzzzzzzzzzzzzz', {}, 404, 'RESOURCE_UNKNOWN'],
    ['GET', '/api/v1/groups/%00', {}, 404, 'RESOURCE_UNKNOWN'],
    ['GET', '/api/v1/groups?limit=201', {}, 422, 'REQUEST_INVALID'],
    ['GET', '/api/v1/groups?limit=x', {}, 422, 'REQUEST_INVALID'],
    ['GET', '/api/v1/groups?limt=1', {}, 422, 'REQUEST_INVALID'],
    ['GET', '/api/v1/groups?q=%00', {}, 422, 'REQUEST_INVALID'],
    ['GET', '/api/v1/groups?q=a&q=b', {}, 422, 'REQUEST_INVALID'],
    ['GET', '/api/v1/groups?cursor=x', {}, 422, 'CURSOR_INVALID'],
    ['GET', '/api/v1/runs?state=ODD', {}, 422, 'REQUEST_INVALID'],
    ['GET', '/api/v1/runs?since=yesterday', {}, 422, 'REQUEST_INVALID'],
    ['POST', '/api/v1/groups', { body: '{"name":"a"}' }, 415, 'MEDIA_UNSUPPORTED'],
    ['POST', '/api/v1/groups', { body: '{"name":"a"', headers: json }, 400, 'BODY_NOT_JSON'],
    ['POST', '/api/v1/groups', { body: '', headers: json }, 400, 'BODY_NOT_JSON'],
    ['POST', '/api/v1/groups', { body: new Uint8Array([0x22, 0xff, 0x22]), headers: json }, 400, 'BODY_NOT_JSON'],
    ['POST', '/api/v1/groups', { body: '[]', headers: json }, 422, 'REQUEST_INVALID'],
    ['POST', '/api/v1/groups', { body: '{"name":"a\\u0000"}', headers: json }, 422, 'REQUEST_INVALID'],
    ['POST', '/api/v1/groups', { body: '{"name":"a\\ud800"}', headers: json }, 422, 'REQUEST_INVALID'],
    ['POST', '/api/v1/groups', { body: '{"name":" "}', headers: json }, 422, 'REQUEST_INVALID'],
    ['POST', '/api/v1/groups', { body: '['.repeat(100_000), headers: json }, 400, 'BODY_NOT_JSON'],
    ['POST', '/api/v1/guess', { body: nested(100), headers: json }, 422, 'REQUEST_INVALID'],
    ['POST', '/api/v1/groups', { body: `{"name":"${'x'.repeat(3e6)}"}`, headers: json }, 413, 'BODY_TOO_LARGE'],
    [
      'POST',
      '/api/v1/groups',
      { body: '{"name":"a"}', headers: { ...json, 'idempotency-key': 'short' } },
      400,
      'KEY_INVALID',
    ],
    ['PATCH', '/api/v1/groups/01hzzzzzzzzzzzzzzzzzzzzzzz', { body: '{}', headers: json }, 428, 'MATCH_MISSING'],
  ] as const)('%s %s is refused as a problem', async (method, path, init, status, code) => {
    const headers = { ...bearer(api), ...('headers' in init ? init.headers : {}) };
    const response = await api.request(path, { method, ...init, headers });
    expect(await response.json()).toMatchObject({
      code,
      status,
      type: `urn:ropeway:problem:${code}`,
      requestId: response.headers.get('x-request-id'),
    });
    expect(response.status).toBe(status);
    expect(response.headers.get('content-type')).toBe('application/problem+json');
  });
});

describe.each(storeKinds)('Idempotency-Key (%s)', (kind) => {
  let api: ControlApi;
  beforeAll(async () => {
    api = await controlApi({ kind });
  });
  beforeEach(async () => {
    await api.store.db.deleteFrom('idempotency').execute();
    await api.store.db.deleteFrom('groups').execute();
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
  });

  const create = async (api: ControlApi, body: object, key: string): Promise<Response> =>
    api.request('/api/v1/groups', {
      method: 'POST',
      body: JSON.stringify(body),
      headers: { ...bearer(api), ...json, 'idempotency-key': key },
    });

  it('gives the same answer to the same request', async () => {
    const first = await create(api, { name: 'a' }, 'key-00000001');
    const second = await create(api, { name: 'a' }, 'key-00000001');
    expect([first.status, second.status]).toEqual([201, 201]);
    expect(await second.text()).toBe(await first.text());
    expect([first.headers.get('idempotent-replay'), second.headers.get('idempotent-replay')]).toEqual([null, 'true']);
    expect(second.headers.get('etag')).toBe('"1"');
  });

  it('refuses another request with the same key', async () => {
    await create(api, { name: 'a' }, 'key-00000001');
    const other = await create(api, { name: 'b' }, 'key-00000001');
    expect([other.status, await other.json()]).toMatchObject([422, { code: 'KEY_REUSED' }]);
  });

  it('serves many at once once', async () => {
    const answers = await Promise.all(Array.from({ length: 8 }, () => create(api, { name: 'a' }, 'key-00000001')));
    const statuses = answers.map(({ status }) => status);
    expect(statuses.filter((status) => status === 201).length).toBeGreaterThan(0);
    expect(statuses.every((status) => status === 201 || status === 409)).toBe(true);
    expect((await api.own.client.call('groups.list')).items).toHaveLength(1);
  });

  it('does not keep a refusal', async () => {
    const taken = await api.own.client.call('groups.create', { body: { name: 'a' } });
    expect((await create(api, { name: 'a' }, 'key-00000001')).status).toBe(409);
    await api.own.client.call('groups.delete', { params: { id: taken.id } });
    expect((await create(api, { name: 'a' }, 'key-00000001')).status).toBe(201);
  });

  it('forgets after a day, and serves again what a dead process began', async () => {
    await api.store.setClock();
    await create(api, { name: 'a' }, 'key-00000001');
    await api.store.db.updateTable('idempotency').set({ status: null, answer: null }).execute();
    expect((await create(api, { name: 'a' }, 'key-00000001')).status).toBe(409);
    await api.store.advance(61);
    // It was created after all: the name is what keeps it from being there twice.
    expect(await (await create(api, { name: 'a' }, 'key-00000001')).json()).toMatchObject({ code: 'NAME_TAKEN' });
    await api.store.advance(24 * 3600 + 1);
    expect((await create(api, { name: 'b' }, 'key-00000001')).status).toBe(201);
  });

  it('keeps neither the key nor the request', async () => {
    await create(api, { name: 'canary-name' }, 'canary-key-1');
    const [row] = await api.store.db.selectFrom('idempotency').select(['key_hash', 'request_mac']).execute();
    expect(JSON.stringify(row)).not.toMatch(/canary/);
  });
});

describe('serveHttp()', () => {
  it('ends what is on its way, and takes nothing new', async () => {
    let release = (): void => undefined;
    const gate = new Promise<void>((resolve) => (release = resolve));
    let isAsked = false;
    const stopping = new AbortController();
    const fetchSlowly = async (): Promise<Response> => {
      isAsked = true;
      await gate;
      return new Response('done');
    };
    const service = await serveHttp({ fetch: fetchSlowly, host: '127.0.0.1', port: 0, stopping });
    const answer = fetch(service.url);
    await expect.poll(() => isAsked).toBe(true);
    const stopped = service.stop();
    expect(stopping.signal.aborted).toBe(true);
    await expect(fetch(service.url)).rejects.toThrow('fetch failed');
    release();
    expect(await (await answer).text()).toBe('done');
    await stopped;
  });

  it('cuts off who does not end within the grace', async () => {
    const service = await serveHttp({
      fetch: () => new Promise<Response>(() => undefined),
      host: '127.0.0.1',
      port: 0,
      stopping: new AbortController(),
    });
    const socket = connect(service.port, '127.0.0.1');
    await once(socket, 'connect');
    socket.on('error', () => undefined);
    socket.write('GET / HTTP/1.1\r\nhost: x\r\n\r\n');
    const closed = new Promise((resolve) => socket.on('close', resolve));
    await service.stop(100);
    await closed;
  });
});

function nested(depth: number): string {
  return `{"config":${'{"in":'.repeat(depth)}1${'}'.repeat(depth)}}`;
}
