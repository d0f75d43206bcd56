import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { EndpointId } from '#api/contract.ts';
import { openSecret } from '#control/secrets/envelope.ts';
import { newId } from '#control/store/ids.ts';
import { controlApi } from '#test/kit/control-api.ts';
import type { ControlApi } from '#test/kit/control-api.ts';
import { storeKinds } from '#test/kit/control-store.ts';
import { moveRun } from '#test/kit/run-rows.ts';

const postgres = { host: 'DB.example.com', user: 'reader', database: 'shop', password: 'canary-one' };
const stdout = { type: 'stdout' };

describe.each(storeKinds)('handlers (%s)', (kind) => {
  let api: ControlApi;
  let client: ControlApi['own']['client'];
  beforeAll(async () => {
    api = await controlApi({ kind });
    ({ client } = api.own);
  });
  afterAll(async () => {
    await api[Symbol.asyncDispose]();
  });
  let count = 0;
  const fresh = (): string => `name ${(count += 1)}`;
  const newConnection = (options: object = postgres): ReturnType<typeof client.call<'connections.create'>> =>
    client.call('connections.create', { body: { name: fresh(), plugin: 'postgresql', options: { ...options } } });
  const newTransfer = (config: object): ReturnType<typeof client.call<'transfers.create'>> =>
    client.call('transfers.create', { body: { name: fresh(), config: { ...config } } });

  describe('groups', () => {
    it('are created, listed, renamed and deleted', async () => {
      const name = fresh();
      const { body: group, etag } = await client.ask('groups.create', { body: { name } });
      expect([etag, group.name]).toEqual(['"1"', name]);
      expect((await client.call('groups.list', { query: { q: name } })).items).toContainEqual(group);
      const params = { id: group.id };
      const renamed = await client.ask('groups.update', { params, body: { name: `${name}!` }, ifMatch: '"1"' });
      expect([renamed.etag, renamed.body.name]).toEqual(['"2"', `${name}!`]);
      const late = client.call('groups.update', { params, body: { name }, ifMatch: '"1"' });
      await expect(late).rejects.toMatchObject({ status: 412, code: 'MATCH_FAILED' });
      await client.call('groups.delete', { params });
      await expect(client.call('groups.get', { params })).rejects.toMatchObject({ status: 404 });
    });

    it('are not deleted while something belongs to them', async () => {
      const { id } = await client.call('groups.create', { body: { name: fresh() } });
      const body = { name: fresh(), plugin: 'file', groupId: id, options: { path_prefix: '/tmp/x' } };
      const connection = await client.call('connections.create', { body });
      await expect(client.call('groups.delete', { params: { id } })).rejects.toMatchObject({
        status: 409,
        problem: { users: [{ kind: 'connection', id: connection.id, name: connection.name }] },
      });
    });
  });

  describe('connections', () => {
    it('never show a secret again', async () => {
      const made = await newConnection({
        ...postgres,
        ssh_tunnel: { host: 'jump', user: 'me', password: 'canary-two' },
      });
      expect(made.options).toEqual({
        host: 'DB.example.com',
        user: 'reader',
        database: 'shop',
        ssh_tunnel: { host: 'jump', user: 'me' },
      });
      expect(made.secretsSet).toEqual(['password', 'ssh_tunnel.password']);
      expect(made.accountKey).toBe('postgresql:host=db.example.com;port=5432;database=shop;user=reader');
      const { config, secrets } = await api.store.db
        .selectFrom('connection')
        .select(['config', 'secrets'])
        .where('id', '=', made.id)
        .executeTakeFirstOrThrow();
      expect(JSON.stringify([config, secrets])).not.toContain('canary');
      const place = { connectionId: made.id, path: 'ssh_tunnel.password' };
      expect(openSecret(api.keys, place, String(secrets['ssh_tunnel.password']))).toBe('canary-two');
    });

    it('keep what a change does not name, set what has a value, remove what is null', async () => {
      const made = await newConnection({
        ...postgres,
        ssh_tunnel: { host: 'jump', user: 'me', password: 'canary-two' },
      });
      const params = { id: made.id };
      const change = async (options: object, version: number): Promise<unknown> => {
        const call = { params, body: { options: { ...options } }, ifMatch: `"${version}"` };
        const { options: plain, secretsSet } = await client.call('connections.update', call);
        return { plain, secretsSet };
      };
      const plain = {
        host: 'DB.example.com',
        user: 'writer',
        database: 'shop',
        ssh_tunnel: { host: 'jump', user: 'me' },
      };
      expect(await change({ user: 'writer' }, 1)).toEqual({ plain, secretsSet: ['password', 'ssh_tunnel.password'] });
      expect(await change({ password: null }, 2)).toEqual({ plain, secretsSet: ['ssh_tunnel.password'] });
      expect(await change({ ssh_tunnel: null, password: 'new' }, 3)).toEqual({
        plain: { host: 'DB.example.com', user: 'writer', database: 'shop' },
        secretsSet: ['password'],
      });
      const { secrets } = await api.store.db
        .selectFrom('connection')
        .select('secrets')
        .where('id', '=', made.id)
        .executeTakeFirstOrThrow();
      expect(Object.keys(secrets)).toEqual(['password']);
      expect(openSecret(api.keys, { connectionId: made.id, path: 'password' }, String(secrets['password']))).toBe(
        'new',
      );
    });

    it('are as they were when what was read is written back', async () => {
      const made = await newConnection();
      const { options, name, groupId } = made;
      const call = { params: { id: made.id }, body: { options: options ?? {}, name, groupId }, ifMatch: '"1"' };
      expect(await client.call('connections.update', call)).toEqual(made);
    });

    it.each<[object, readonly string[]]>([
      [{ host: 'elsewhere' }, ['password']],
      [{ port: 5433 }, ['password']],
      [{ host: 'elsewhere', password: 'new' }, []],
      [{ host: 'elsewhere', password: null }, []],
      // A tunnel sees what goes through it; what is the tunnel's own does not go to the database.
      [{ ssh_tunnel: { host: 'evil' } }, ['password', 'ssh_tunnel.password']],
      [{ ssh_tunnel: { host: 'evil', password: 'new' }, password: 'new' }, []],
      [{ ssh_tunnel: null }, ['password']],
      // The same place, and what is no place.
      [{ host: 'db.EXAMPLE.com', user: 'writer', database: 'other', ssh_tunnel: { user: 'you' } }, []],
    ])('send no secret elsewhere: with %j these have to be given again: %j', async (change, secrets) => {
      const made = await newConnection({
        ...postgres,
        ssh_tunnel: { host: 'jump', user: 'me', password: 'canary-two' },
      });
      const call = { params: { id: made.id }, body: { options: { ...change } }, ifMatch: '"1"' };
      const answer = await client.call('connections.update', call).then(
        () => [],
        (error: { status: number; problem: { errors: { path: string[] }[] } }) => [
          error.status,
          ...error.problem.errors.map(({ path }) => path.slice(1).join('.')),
        ],
      );
      expect(answer).toEqual(secrets.length === 0 ? [] : [422, ...secrets]);
    });

    it.each([
      [{ plugin: 'postgres' }, 'plugin'],
      [{ options: { ...postgres, hosst: 'x' } }, 'options.hosst'],
      [{ options: { user: 'x', database: 'y' } }, 'options.host'],
      [{ options: { ...postgres, port: 'many' } }, 'options.port'],
      [{ options: { ...postgres, password: { canary: 1 } } }, 'options.password'],
      [{ groupId: '01hzzzzzzzzzzzzzzzzzzzzzzz' }, 'groupId'],
    ])('are refused when they are wrong: %j', async (part, path) => {
      const body = { name: fresh(), plugin: 'postgresql', options: postgres, ...part };
      const refusal = client.call('connections.create', { body }).catch((error: unknown) => error);
      const { problem } = (await refusal) as { problem: { errors: { path: string[] }[] } };
      expect(problem.errors.map((error) => error.path.join('.'))).toEqual([path]);
      expect(JSON.stringify(problem)).not.toContain('canary');
    });

    it('are refused when the name is taken', async () => {
      const { name } = await newConnection();
      const again = client.call('connections.create', { body: { name, plugin: 'postgresql', options: postgres } });
      await expect(again).rejects.toMatchObject({ status: 409, code: 'NAME_TAKEN' });
    });

    it('are tested and browsed by runs, which hold no secret', async () => {
      const made = await newConnection();
      const tested = await client.call('connections.test', { params: { id: made.id }, body: {} });
      expect(tested).toMatchObject({ kind: 'test', lane: 'interactive', state: 'QUEUED', transferId: null });
      const body = { path: ['public'], use: 'out' as const };
      const browsed = await client.call('connections.browse', { params: { id: made.id }, body });
      const works = await api.store.db
        .selectFrom('run_work')
        .select('work')
        .where('run_id', 'in', [tested.id, browsed.id])
        .orderBy('run_id')
        .execute();
      expect(works.map(({ work }) => work)).toMatchObject([
        { kind: 'test', config: { in: { connection: { handle: made.id } } }, arguments: { side: 'in' } },
        {
          kind: 'browse',
          config: { out: { connection: { handle: made.id } } },
          arguments: { side: 'out', path: ['public'], limit: 200 },
          connections: { [made.id]: { plugin: 'postgresql', name: made.name, options: made.options } },
        },
      ]);
      expect(JSON.stringify(works)).not.toContain('canary');
    });

    it('say where they are used, and stay while they are', async () => {
      const made = await newConnection();
      const params = { id: made.id };
      const transfer = await newTransfer({ in: { connection: made.name, table: 't' }, out: stdout });
      const user = { kind: 'transfer', id: transfer.id, name: transfer.name };
      expect((await client.call('connections.users', { params })).items).toEqual([user]);
      await expect(client.call('connections.delete', { params })).rejects.toMatchObject({
        status: 409,
        code: 'RESOURCE_IN_USE',
        problem: { users: [user] },
      });
      const run = await client.call('transfers.run', { params: { id: transfer.id }, body: {} });
      await client.call('transfers.update', {
        params: { id: transfer.id },
        body: { config: { in: { type: 'file', path_prefix: 'x' }, out: stdout } },
        ifMatch: '*',
      });
      await expect(client.call('connections.delete', { params })).rejects.toMatchObject({
        problem: { users: [{ kind: 'run', id: run.id }] },
      });
      await moveRun(api.store.db, run.id, 'SUCCEEDED');
      await client.call('connections.delete', { params });
      await expect(client.call('connections.get', { params })).rejects.toMatchObject({ status: 404 });
    });

    it.each([['name'], ['-updatedAt']] as const)('are listed page by page, by %s', async (sort) => {
      const mark = fresh();
      const names = ['b%', 'a_', 'c\\'].map((name) => `${mark} ${name}`);
      for (const name of names) {
        await client.call('connections.create', { body: { name, plugin: 'file', options: { path_prefix: name } } });
      }
      const listed = await Array.fromAsync(
        client.items('connections.list', { query: { q: mark, plugin: 'file', sort, limit: 1 } }),
      );
      const expected = sort === 'name' ? names.toSorted() : names.toReversed();
      expect(listed.map(({ name }) => name)).toEqual(expected);
      const found = await client.call('connections.list', { query: { q: `${mark} a_` } });
      expect(found.items.map(({ name }) => name)).toEqual([`${mark} a_`]);
    });
  });

  describe('transfers', () => {
    const config = { in: { type: 'file', path_prefix: 'x', parser: { type: 'csv' } }, out: stdout };

    it('have a revision for each configuration', async () => {
      const made = await newTransfer(config);
      expect(made).toMatchObject({ revision: 1, version: 1, config, runOptions: { priority: 5, memoryMb: 1024 } });
      const params = { id: made.id };
      const other = { ...config, filters: [{ type: 'rename' }] };
      const body = { config: other, memo: 'filtered' };
      const changed = await client.ask('transfers.update', { params, body, ifMatch: '"1"' });
      expect([changed.etag, changed.body.revision, changed.body.config]).toEqual(['"2"', 2, other]);
      const restored = await client.call('transfers.restore', {
        params: { ...params, no: 1 },
        body: {},
        ifMatch: '"2"',
      });
      expect([restored.revision, restored.config]).toEqual([3, config]);
      const { items } = await client.call('transfers.revisions', { params });
      expect(items.map(({ no, memo, author, isCurrent }) => [no, memo, author, isCurrent])).toEqual([
        [3, 'Revision 1 again.', 'token:token of own', true],
        [2, 'filtered', 'token:token of own', false],
        [1, '', 'token:token of own', false],
      ]);
      expect((await client.call('transfers.revision', { params: { ...params, no: 2 } })).config).toEqual(other);
    });

    it('are as they were when what was read is written back', async () => {
      const connection = await newConnection();
      const made = await newTransfer({ in: { connection: connection.name, table: 't' }, out: stdout });
      expect(made.config['in']).toEqual({ type: 'postgresql', connection: connection.id, table: 't' });
      const { name, description, groupId, isEnabled, runOptions } = made;
      const body = { name, description, groupId, isEnabled, runOptions, config: made.config };
      expect(await client.call('transfers.update', { params: { id: made.id }, body, ifMatch: '"1"' })).toEqual(made);
    });

    it('are changed by one at a time', async () => {
      const { id } = await newTransfer(config);
      const update = (description: string): Promise<unknown> =>
        client.call('transfers.update', { params: { id }, body: { description }, ifMatch: '"1"' });
      const outcomes = await Promise.allSettled([update('a'), update('b'), update('c')]);
      expect(outcomes.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected', 'rejected']);
      expect((await client.call('transfers.get', { params: { id } })).version).toBe(2);
    });

    it.each([
      [{ in: config.in }, 'config.out'],
      [{ in: {}, out: stdout }, 'config.in.type'],
      [{ ...config, filters: {} }, 'config.filters'],
      [{ ...config, filters: [{}] }, 'config.filters.0.type'],
      [{ in: { connection: 'nothing' }, out: stdout }, 'config.in.connection'],
    ])('are refused without their sections: %j', async (wrong, path) => {
      await expect(newTransfer(wrong)).rejects.toMatchObject({
        problem: { errors: [{ path: path.split('.').map(key) }] },
      });
    });

    it('are refused when a section is of another system than its connection', async () => {
      const { name } = await newConnection();
      const wrong = newTransfer({ in: { type: 's3', connection: name }, out: stdout });
      await expect(wrong).rejects.toMatchObject({ problem: { errors: [{ path: ['config', 'in', 'type'] }] } });
    });

    it('are run as they are now', async () => {
      const connection = await newConnection();
      const input = { connection: connection.name, table: 'sales_{{ vars.date }}' };
      const { id } = await newTransfer({ in: input, out: stdout });
      const params = { id };
      const body = { variables: { date: '20260102' }, priority: 9, memoryMb: 2048 };
      const call = { params, body, idempotencyKey: newId() };
      const run = await client.call('transfers.run', call);
      expect(run).toMatchObject({
        kind: 'transfer',
        transferId: id,
        revision: 1,
        priority: 9,
        memoryMb: 2048,
        ...{ variables: body.variables },
      });
      expect(await client.call('transfers.run', call)).toEqual(run);
      await client.call('connections.update', {
        params: { id: connection.id },
        body: { options: { user: 'other' } },
        ifMatch: '*',
      });
      const { work } = await api.store.db
        .selectFrom('run_work')
        .select('work')
        .where('run_id', '=', run.id)
        .executeTakeFirstOrThrow();
      expect(work).toMatchObject({
        config: { in: { type: 'postgresql', connection: { handle: connection.id }, table: 'sales_20260102' } },
        connections: { [connection.id]: { options: connection.options } },
        memory_mb: 2048,
      });
    });

    it('are not run without the values that they need, nor when they are switched off', async () => {
      const { id } = await newTransfer({ in: { type: 'file', path_prefix: '{{ vars.b }}{{ vars.a }}' }, out: stdout });
      const params = { id };
      await expect(client.call('transfers.run', { params, body: { variables: { b: 'x' } } })).rejects.toMatchObject({
        status: 422,
        code: 'VARIABLE_MISSING',
        message: expect.stringContaining('vars.a') as string,
      });
      await client.call('transfers.update', { params, body: { isEnabled: false }, ifMatch: '*' });
      await expect(client.call('transfers.run', { params, body: {} })).rejects.toMatchObject({
        status: 409,
        code: 'DEFINITION_DISABLED',
      });
    });

    it('are guessed and previewed, saved or not', async () => {
      const { id } = await newTransfer(config);
      const saved = await client.call('transfers.preview', { params: { id }, body: { rows: 3 } });
      const draft = await client.call('transfers.guessConfig', { body: { config: { in: config.in } } });
      expect([saved, draft]).toMatchObject([
        { kind: 'preview', transferId: id, revision: 1, lane: 'interactive', priority: 9 },
        { kind: 'guess', transferId: null, revision: null, lane: 'interactive' },
      ]);
    });

    it('are deleted when no run is left to end; past runs stay', async () => {
      const { id } = await newTransfer(config);
      const params = { id };
      const run = await client.call('transfers.run', { params, body: {} });
      await expect(client.call('transfers.delete', { params })).rejects.toMatchObject({ status: 409 });
      await moveRun(api.store.db, run.id, 'FAILED');
      await client.call('transfers.delete', { params });
      expect(await client.call('runs.get', { params: { id: run.id } })).toMatchObject({
        transferId: id,
        transferName: null,
      });
    });

    it('are found by group, connection, state and text', async () => {
      const connection = await newConnection();
      const group = await client.call('groups.create', { body: { name: fresh() } });
      const body = {
        name: fresh(),
        description: 'Sales of 100%',
        groupId: group.id,
        isEnabled: false,
        config: { in: { connection: connection.id }, out: stdout },
      };
      const { id } = await client.call('transfers.create', { body });
      for (const query of [
        { groupId: group.id },
        { connectionId: connection.id },
        { q: '100%' },
        { isEnabled: false, q: body.name },
        { q: body.name.toUpperCase(), sort: '-updatedAt' as const },
      ]) {
        expect((await client.call('transfers.list', { query })).items.map((item) => item.id)).toEqual([id]);
      }
      expect((await client.call('transfers.list', { query: { isEnabled: true, q: body.name } })).items).toEqual([]);
    });
  });

  describe('limits', () => {
    it('are set, listed and removed by those who may', async () => {
      const connection = await newConnection();
      const group = await client.call('groups.create', { body: { name: fresh() } });
      const scopes = [
        ['account', connection.accountKey ?? '', `connection `],
        ['group', group.id, `group ${group.name}`],
        ['workspace', api.own.workspaceId, 'workspace own'],
      ] as const;
      for (const [scopeKind, scopeId, label] of scopes) {
        const params = { scopeKind, scopeId };
        const set = await client.call('limits.put', { params, body: { seats: 3 } });
        expect(set).toMatchObject({ scopeKind, scopeId, seats: 3, seatsTaken: 0 });
        expect(set.label).toContain(label);
        expect(await client.call('limits.get', { params })).toEqual(set);
        expect(await Array.fromAsync(client.items('limits.list', { query: { limit: 1 } }))).toContainEqual(set);
        await expect(api.other.client.call('limits.get', { params })).rejects.toMatchObject({ status: 404 });
        await client.call('limits.delete', { params });
        await expect(client.call('limits.get', { params })).rejects.toMatchObject({ status: 404 });
      }
    });

    it('of the installation need its rights', async () => {
      const params = { scopeKind: 'installation' as const, scopeId: 'all' };
      const put = client.call('limits.put', { params, body: { seats: 1 } });
      await expect(put).rejects.toMatchObject({ status: 403, code: 'ROLE_MISSING' });
    });
  });

  describe('tokens', () => {
    it('are shown once, and refused when they are revoked or over', async () => {
      const made = await client.call('tokens.create', { body: { name: fresh() } });
      const headers = { authorization: `Bearer ${made.token}` };
      const ask = async (): Promise<number> => (await api.request('/api/v1/workspace', { headers })).status;
      expect(await ask()).toBe(200);
      const listed = (await client.call('tokens.list')).items;
      expect(listed.find(({ id }) => id === made.id)?.lastUsedAt).toMatch(/^20/);
      expect(JSON.stringify(listed)).not.toContain(made.token);
      const { hash } = await api.store.db
        .selectFrom('token')
        .select('hash')
        .where('id', '=', made.id)
        .executeTakeFirstOrThrow();
      expect(hash).not.toContain(made.token);
      await client.call('tokens.revoke', { params: { id: made.id } });
      expect(await ask()).toBe(401);
      const past = client.call('tokens.create', { body: { name: fresh(), expiresAt: '2020-01-01T00:00:00Z' } });
      await expect(past).rejects.toMatchObject({ status: 422 });
    });
  });

  describe('another workspace', () => {
    it('finds nothing of this one, by any id', async () => {
      const connection = await newConnection();
      const group = await client.call('groups.create', { body: { name: fresh() } });
      const transfer = await newTransfer({ in: { connection: connection.id }, out: stdout });
      const run = await client.call('transfers.run', { params: { id: transfer.id }, body: {} });
      const config = { in: { connection: connection.id }, out: stdout };
      const calls: [EndpointId, object][] = [
        ['groups.get', { params: { id: group.id } }],
        ['groups.update', { params: { id: group.id }, body: { name: 'x' }, ifMatch: '*' }],
        ['groups.delete', { params: { id: group.id } }],
        ['connections.get', { params: { id: connection.id } }],
        ['connections.users', { params: { id: connection.id } }],
        ['connections.update', { params: { id: connection.id }, body: {}, ifMatch: '*' }],
        ['connections.delete', { params: { id: connection.id } }],
        ['connections.test', { params: { id: connection.id }, body: {} }],
        ['connections.browse', { params: { id: connection.id }, body: {} }],
        ['transfers.get', { params: { id: transfer.id } }],
        ['transfers.update', { params: { id: transfer.id }, body: {}, ifMatch: '*' }],
        ['transfers.delete', { params: { id: transfer.id } }],
        ['transfers.revisions', { params: { id: transfer.id } }],
        ['transfers.revision', { params: { id: transfer.id, no: 1 } }],
        ['transfers.restore', { params: { id: transfer.id, no: 1 }, body: {}, ifMatch: '*' }],
        ['transfers.run', { params: { id: transfer.id }, body: {} }],
        ['transfers.guess', { params: { id: transfer.id }, body: {} }],
        ['transfers.preview', { params: { id: transfer.id }, body: {} }],
        ['runs.get', { params: { id: run.id } }],
        ['runs.history', { params: { id: run.id } }],
        ['runs.attempts', { params: { id: run.id } }],
        ['runs.logs', { params: { id: run.id } }],
        ['runs.logText', { params: { id: run.id } }],
        ['runs.logEvents', { params: { id: run.id } }],
        ['runs.watch', { params: { id: run.id } }],
        ['runs.cancel', { params: { id: run.id }, body: {} }],
        ['runs.retry', { params: { id: run.id } }],
        ['tokens.revoke', { params: { id: run.id } }],
      ];
      for (const [id, call] of calls) {
        // The table is not typed by its ids.
        const asked = api.other.client.open(id as 'groups.get', call as { params: { id: string } });
        await expect(asked, id).rejects.toMatchObject({ status: 404, code: 'RESOURCE_UNKNOWN' });
      }
      const created = api.other.client.call('transfers.create', { body: { name: 'x', config } });
      await expect(created).rejects.toMatchObject({ status: 422 });
      const moved = api.other.client.call('transfers.create', {
        body: { name: 'x', groupId: group.id, config: { in: stdout, out: stdout } },
      });
      await expect(moved).rejects.toMatchObject({ status: 422 });
      for (const id of ['groups.list', 'connections.list', 'transfers.list', 'runs.list'] as const) {
        expect((await api.other.client.call(id)).items).toEqual([]);
      }
      const outcome = await api.other.client.call('runs.cancelMany', { body: { ids: [run.id] } });
      expect(outcome).toMatchObject({ canceled: 0, ended: 0 });
    });
  });
});

function key(text: string): string | number {
  return /^\d+$/.test(text) ? Number(text) : text;
}
