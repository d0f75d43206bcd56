/**
 * Every endpoint of the contract, asked with what follows its schemas and is meant to do harm. Whatever it is, the
 * answer says what was wrong in our own words: no failure of the server, nothing of its inside, and nobody's data.
 */
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { contract } from '#api/contract.ts';
import { fullPath } from '#api/endpoint.ts';
import type { Endpoint } from '#api/endpoint.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { hostileText, hostileValue } from '#test/kit/hostile-values.ts';

/** For each endpoint; `HOSTILE_REQUESTS` is another number. */
const REQUESTS = Number(process.env['HOSTILE_REQUESTS'] ?? 20);
const SEED = Number(process.env['HOSTILE_SEED'] ?? 1);
const inside = /node_modules|\.ts:\d+|\bat [\w.]+ \(|PostgresError|syntax error at|relation "|column "/;

let api: ControlApi;
let known: readonly string[];

beforeAll(async () => {
  api = await controlApi();
  const { client } = api.own;
  await api.store.db.updateTable('token').set({ administers_installation: true }).execute();
  const config = { in: { type: 'file', path_prefix: '/tmp/none' }, out: { type: 'null' } };
  const { id: groupId } = await client.call('groups.create', { body: { name: 'Group' } });
  const connection = await client.call('connections.create', {
    body: { name: 'Files', plugin: 'file', groupId, options: { path_prefix: '/tmp/none' } },
  });
  const transfer = await client.call('transfers.create', { body: { name: 'Orders', groupId, config } });
  const run = await client.call('transfers.run', { params: { id: transfer.id }, body: {} });
  known = [groupId, connection.id, transfer.id, run.id, api.own.workspaceId];
});
afterAll(() => api[Symbol.asyncDispose]());

interface Hostile {
  readonly params: Readonly<Record<string, string>>;
  readonly query: Readonly<Record<string, string>>;
  readonly body: unknown;
}

function hostileRequests(endpoint: Endpoint): readonly Hostile[] {
  const texts = (shape: object): fc.Arbitrary<Record<string, string>> =>
    fc.record(
      Object.fromEntries(
        Object.keys(shape).map((name) => [name, fc.oneof(fc.constantFrom(...known, '1'), hostileText(known))]),
      ),
    );
  const hasBody = !(endpoint.body instanceof z.ZodUndefined);
  const schema = hasBody ? z.toJSONSchema(endpoint.body, { io: 'input', unrepresentable: 'any' }) : {};
  const requests = fc.record({
    params: texts(endpoint.params.shape),
    query: fc.oneof(fc.constant({}), texts(endpoint.query.shape)),
    body: hasBody ? hostileValue(schema, known) : fc.constant(undefined),
  });
  return fc.sample(requests, { numRuns: REQUESTS, seed: SEED });
}

async function ask(endpoint: Endpoint, { params, query, body }: Hostile): Promise<Response> {
  const path = fullPath(endpoint).replace(/:(\w+)/g, (_, name: string) => encoded(params[name] ?? ''));
  const search = Object.entries(query).map(([name, value]) => `${name}=${encoded(value)}`);
  return api.request(`${path}${search.length > 0 ? '?' : ''}${search.join('&')}`, {
    method: endpoint.method,
    headers: {
      authorization: `Bearer ${api.own.token}`,
      'if-match': '*',
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
}

/** Halves of surrogate pairs cannot be sent in an address; an empty name would be another address. */
function encoded(text: string): string {
  const sent = encodeURIComponent(text.toWellFormed());
  return sent === '' || sent === '.' || sent === '..' ? '%20' : sent;
}

describe('hostile input', () => {
  it.each(contract.map((endpoint) => [endpoint.id, endpoint] as const))('of %s', async (_, endpoint) => {
    for (const hostile of hostileRequests(endpoint)) {
      const response = await ask(endpoint, hostile);
      const shown = `${endpoint.id} ${JSON.stringify(hostile).slice(0, 2000)}`;
      if (response.headers.get('content-type') === 'text/event-stream') {
        await response.body?.cancel();
        continue;
      }
      const text = await response.text();
      expect(response.status, `${shown}\n${text}`).not.toBe(500);
      if (response.status >= 400) {
        const problem = JSON.parse(text) as { code?: string; detail?: string };
        expect(problem.code, shown).toMatch(/^[A-Z][A-Z0-9_]+$/);
        expect(problem.detail ?? '', shown).not.toMatch(inside);
      }
      // Of other workspaces who manages the installation sees that they are there.
      if (!/^(?:workspaces|users|audit)\./.test(endpoint.id)) expect(text, shown).not.toContain(api.other.workspaceId);
    }
  });

  it('has left the other workspace and the tables as they were', async () => {
    const { db } = api.store;
    const { id } = await api.other.client.call('workspace.get');
    expect(id).toBe(api.other.workspaceId);
    const found = await db.selectFrom('run').select('id').where('workspace_id', '=', id).execute();
    expect(found).toEqual([]);
  });
});
