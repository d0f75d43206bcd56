/**
 * What is read can be sent back: of each resource that can be changed, the fields that may be written are sent back
 * as they were read, and nothing is changed by it: no version, no revision, no field. The resources come from the
 * contract; one without a sample here is a failure.
 */
import { expect, describe, it } from 'vitest';
import { z } from 'zod';
import { contract } from '#api/contract.ts';
import type { Endpoint } from '#api/endpoint.ts';
import { fullPath } from '#api/endpoint.ts';
import { pathText } from '#api/query-text.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';

type Params = Readonly<Record<string, string>>;

/** Endpoints that change what another one reads. */
const changing = contract.flatMap((endpoint) => {
  const isChange = endpoint.method === 'PATCH' || endpoint.method === 'PUT';
  const read = contract.find((other) => other.method === 'GET' && other.path === endpoint.path);
  return isChange && read !== undefined ? ([[endpoint.id, { change: endpoint, read }]] as const) : [];
});

/** One of each, with something in every field; returns the parameters of its path. */
const samples: Readonly<Record<string, (api: ControlApi) => Promise<Params>>> = {
  'groups.update': async ({ own }) => {
    const { id } = await own.client.call('groups.create', { body: { name: 'Finance' } });
    return { id };
  },
  'connections.update': async (api) => ({ id: await connectionOf(api) }),
  'transfers.update': async (api) => {
    const { client } = api.own;
    const { id: groupId } = await client.call('groups.create', { body: { name: 'A group' } });
    await connectionOf(api);
    const config = {
      in: { type: 'file', path_prefix: 'a', parser: { type: 'csv', columns: [{ name: 'a', type: 'long' }] } },
      filters: [{ type: 'rename', columns: { a: 'b' } }],
      // By its name, which becomes an id.
      out: { connection: 'Warehouse', table: 't', mode: 'insert' },
    };
    const body = { name: 'Orders', description: 'All.', groupId, isEnabled: false, config, memo: 'First.' };
    const runOptions = { priority: 9, jobRetriesMax: 1, isIdempotent: true, stallTimeoutS: 90 };
    const { id } = await client.call('transfers.create', { body: { ...body, runOptions } });
    return { id };
  },
  'labels.update': async ({ own }) => {
    const body = { name: 'Nightly', colour: '#102030', description: 'Each night.' };
    return { id: (await own.client.call('labels.create', { body })).id };
  },
  'managedTransfers.update': async (api) => {
    const { client } = api.own;
    const { id: labelId } = await client.call('labels.create', { body: { name: 'Nightly' } });
    const config = { in: { connection: 'Warehouse', table: '{{ table }}' }, out: { type: 'stdout' } };
    const body = { name: 'All tables', connectionId: await connectionOf(api), path: ['public'], exclude: ['tmp_*'] };
    const more = { namePrefix: 'dwh ', labelIds: [labelId], description: 'Each.', runOptions: { priority: 1 } };
    return { id: (await client.call('managedTransfers.create', { body: { ...body, ...more, config } })).id };
  },
  'schedules.update': async ({ own: { client } }) => {
    const config = { in: { type: 'file', path_prefix: 'a' }, out: { type: 'stdout' } };
    const { id: transferId } = await client.call('transfers.create', { body: { name: 'Orders', config } });
    const pattern = { kind: 'monthly' as const, days: [1, 'last' as const], time: '02:30' };
    const body = { pattern, timeZone: 'Asia/Tokyo', variables: { day: '1' }, maxLatenessS: 60, jitterS: 5 };
    return { id: (await client.call('schedules.create', { params: { id: transferId }, body })).id };
  },
  'signInPolicy.update': () => Promise.resolve({}),
  'workspaceSignIn.update': () => Promise.resolve({}),
  'signInProviders.update': async ({ own: { client } }) => {
    const provider = { name: 'Company', issuer: 'https://id.example.com/', clientId: 'ropeway', clientSecret: 'x' };
    const { id: workspaceId } = await client.call('workspace.get');
    const newPeople = { workspaceId, role: 'viewer' as const };
    const body = { ...provider, emailDomains: ['example.com'], newPeople };
    return { id: (await client.call('signInProviders.create', { body })).id };
  },
  'teams.update': async ({ own }) => ({ id: (await own.client.call('teams.create', { body: { name: 'T' } })).id }),
  'limits.put': async ({ own }) => {
    const { id: scopeId } = await own.client.call('groups.create', { body: { name: 'Finance' } });
    const params = { scopeKind: 'group', scopeId } as const;
    await own.client.call('limits.put', { params, body: { seats: 3, label: 'mine' } });
    return params;
  },
};

async function connectionOf({ own }: ControlApi): Promise<string> {
  const options = {
    ...{ host: 'h', port: 5433, user: 'u', database: 'd', password: 'p' },
    ssh_tunnel: { host: 'bastion', user: 'u', secret_key: 'k', secret_key_passphrase: 'x' },
  };
  const body = { name: 'Warehouse', plugin: 'postgresql', options };
  return (await own.client.call('connections.create', { body })).id;
}

/** What an older release kept, which lacks what has come since. */
const aged: Readonly<Record<string, (api: ControlApi, params: Params) => Promise<unknown>>> = {
  'transfers.update': ({ store }, { id = '' }) =>
    store.db.updateTable('definition').set({ run_options: '{"priority": 3}' }).where('id', '=', id).execute(),
};

/** Of people and of what sends mail: their samples need more than one request. */
const withoutSample: ReadonlySet<string> = new Set([
  'schedules.setPolicy',
  'users.update',
  'members.update',
  'workspaces.update',
  'destinations.update',
  'noticeRules.update',
  'smtp.put',
]);

describe('what is read can be sent back', () => {
  it.each(changing.filter(([id]) => !withoutSample.has(id)))(
    '%s changes nothing then',
    async (id, { change, read }) => {
      await using api = await controlApi();
      await api.store.db.updateTable('token').set({ administers_installation: true }).execute();
      const sample = samples[id];
      expect(sample, `a sample for ${id} in this file`).toBeDefined();
      const params = (await sample?.(api)) ?? {};
      await sentBack(api, { change, read, params });
      if (aged[id] === undefined) return;
      await aged[id](api, params);
      await sentBack(api, { change, read, params });
    },
  );
});

interface Case {
  readonly change: Endpoint;
  readonly read: Endpoint;
  readonly params: Params;
}

async function sentBack(api: ControlApi, { change, read, params }: Case): Promise<void> {
  const before = await ask(api, read, { params });
  expect(before.status).toBe(200);
  const fields = writable(change.body).filter((field) => field in before.body);
  expect(fields).not.toEqual([]);
  const body = Object.fromEntries(fields.map((field) => [field, before.body[field]]));
  const answer = await ask(api, change, { params, body, etag: before.etag });
  expect(answer).toEqual({ ...before, status: 200 });
  expect(await ask(api, read, { params })).toEqual(before);
}

function writable(schema: z.ZodType): readonly string[] {
  return schema instanceof z.ZodObject ? Object.keys(schema.shape) : [];
}

interface Answer {
  readonly status: number;
  readonly etag: string | null;
  readonly body: Readonly<Record<string, unknown>>;
}

async function ask(
  api: ControlApi,
  endpoint: Endpoint,
  { params, body, etag }: { readonly params: Params; readonly body?: object; readonly etag?: string | null },
): Promise<Answer> {
  const response = await api.request(pathText(fullPath(endpoint), params), {
    method: endpoint.method,
    headers: {
      authorization: `Bearer ${api.own.token}`,
      ...(body === undefined ? {} : { 'content-type': 'application/json' }),
      ...(etag === undefined || etag === null ? {} : { 'if-match': etag }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  // Each answer is an object, as the contract says.
  const answered = (await response.json()) as Record<string, unknown>;
  return { status: response.status, etag: response.headers.get('etag'), body: answered };
}
