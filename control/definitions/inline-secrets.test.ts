import { afterAll, beforeAll, expect, it } from 'vitest';
import { createToken } from '#control/auth/tokens.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';

let api: ControlApi;
beforeAll(async () => {
  api = await controlApi();
});
afterAll(() => api[Symbol.asyncDispose]());

const yaml = `# The nightly load
in:
  type: postgresql # ours
  host: db
  user: loader
  password: canary-password
  database: shop
  table: orders
out: {type: stdout}
`;

it.each(['viewer', 'operator', 'editor'] as const)('what a %s is shown of secrets in a configuration', async (role) => {
  const { client, workspaceId } = api.own;
  const { id } = await client.call('transfers.create', { body: { name: `Orders of ${role}`, yaml } });
  const { token } = await createToken(api.store.db, { workspaceId, name: role, expiresAt: null, role });
  const asked = api.clientOf(token);
  const shown = [
    await asked.call('transfers.get', { params: { id } }),
    await asked.call('transfers.revision', { params: { id, no: 1 } }),
  ];
  for (const { config, yaml: text } of shown) {
    // Who may change it must be able to send it back.
    const password = role === 'editor' ? 'canary-password' : '***';
    expect(config).toMatchObject({ in: { host: 'db', password } });
    expect(text.includes('canary')).toBe(role === 'editor');
    expect(text).toContain('table: orders');
  }
});

it('a managed transfer shows no secrets of its configuration to a viewer', async () => {
  const { client, workspaceId } = api.own;
  const options = { host: 'db', user: 'loader', password: 'secret', database: 'shop' };
  const body = { name: 'Shop', plugin: 'postgresql', options };
  const { id: connectionId } = await client.call('connections.create', { body });
  const config = {
    in: { connection: 'Shop', table: '{{ table }}' },
    out: { type: 'postgresql', host: 'w', user: 'u', password: 'canary-password', database: 'd', table: 't' },
  };
  const { id } = await client.call('managedTransfers.create', {
    body: { name: 'All', connectionId, path: ['public'], config },
  });
  const { token } = await createToken(api.store.db, { workspaceId, name: 'seer', expiresAt: null, role: 'viewer' });
  const shown = await api.clientOf(token).call('managedTransfers.get', { params: { id } });
  expect(JSON.stringify(shown)).not.toContain('canary');
  expect(shown.config).toMatchObject({ out: { host: 'w', password: '***' } });
});
