import { randomBytes } from 'node:crypto';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { controlStore, storeKinds } from '#test/kit/control-store.ts';
import type { ControlStore } from '#test/kit/control-store.ts';
import { smtpPlace } from '#control/notify/smtp-server.ts';
import { json } from '#control/store/values.ts';
import { keyIdOf, openSecret, sealSecret } from './envelope.ts';
import { KeyRing } from './key-ring.ts';
import { rotateSecrets } from './rotate.ts';

const [a, b, c] = [randomBytes(32), randomBytes(32), randomBytes(32)];
const old = new KeyRing([a]);
const both = new KeyRing([b, a]);
const next = new KeyRing([b]);

async function fill(store: ControlStore, ring: KeyRing, ids: readonly string[]): Promise<void> {
  await sql`insert into workspace (id, name) values ('w', 'w') on conflict do nothing`.execute(store.db);
  for (const id of ids) {
    const secrets = Object.fromEntries(
      ['password', 'key.passphrase'].map((path) => [
        path,
        sealSecret(ring, { connectionId: id, path }, `${id} ${path}`),
      ]),
    );
    await store.db
      .insertInto('connection')
      .values({ id, workspace_id: 'w', name: id, plugin: 'p', account_key: id, config: '{}', secrets: json(secrets) })
      .execute();
  }
}

async function secretsOf(store: ControlStore): Promise<[string, Readonly<Record<string, string>>][]> {
  const rows = await store.db.selectFrom('connection').select(['id', 'secrets']).orderBy('id').execute();
  return rows.map(({ id, secrets }) => [id, secrets]);
}

describe.each(storeKinds)('rotateSecrets() on %s', (kind) => {
  it('puts everything under the first key, which then is enough', async () => {
    await using store = await controlStore({ kind });
    const ids = Array.from({ length: 230 }, (_, index) => `c${String(index).padStart(4, '0')}`);
    await fill(store, old, ids);
    await store.db
      .insertInto('secret_key')
      .values([{ id: old.firstId }, { id: both.firstId }])
      .execute();
    expect(await rotateSecrets(store.db, both)).toEqual({ rotated: 230, failures: [], failed: 0, isComplete: true });
    for (const [connectionId, secrets] of await secretsOf(store)) {
      for (const [path, envelope] of Object.entries(secrets)) {
        expect(openSecret(next, { connectionId, path }, envelope)).toBe(`${connectionId} ${path}`);
      }
    }
    expect(await store.db.selectFrom('secret_key').select('id').execute()).toEqual([{ id: next.firstId }]);
    expect(await store.db.selectFrom('connection').select('version').distinct().execute()).toEqual([{ version: 1 }]);
    const before = await secretsOf(store);
    expect((await rotateSecrets(store.db, both)).rotated).toBe(0);
    expect(await secretsOf(store)).toEqual(before);
  });

  it('puts secrets beside those of connections under it, too', async () => {
    await using store = await controlStore({ kind });
    await fill(store, old, []);
    const place = { connectionId: 'n', path: 'webhookUrl' };
    const held = { webhookUrl: sealSecret(old, place, 'https://hook') };
    const row = { id: 'n', workspace_id: 'w', name: 'n', kind: 'slack', config: '{}', secrets: json(held) } as const;
    await store.db.insertInto('notice_destination').values(row).execute();
    const password = sealSecret(old, smtpPlace, 'p');
    await store.db
      .insertInto('smtp_server')
      .values({ config: '{}', secrets: json({ password }) })
      .execute();
    expect(await rotateSecrets(store.db, both)).toMatchObject({ rotated: 2, isComplete: true });
    const destination = await store.db.selectFrom('notice_destination').select('secrets').executeTakeFirstOrThrow();
    expect(openSecret(next, place, destination.secrets['webhookUrl'] ?? '')).toBe('https://hook');
    const server = await store.db.selectFrom('smtp_server').select('secrets').executeTakeFirstOrThrow();
    expect(openSecret(next, smtpPlace, server.secrets['password'] ?? '')).toBe('p');
  });

  it('goes on where it was cut short', async () => {
    await using store = await controlStore({ kind });
    await fill(store, old, ['c1', 'c2', 'c3']);
    const stop = new AbortController();
    stop.abort();
    expect(await rotateSecrets(store.db, both, stop.signal)).toMatchObject({ rotated: 0, isComplete: false });
    // As if it had come as far as this one.
    await store.db.deleteFrom('connection').where('id', '=', 'c1').execute();
    await fill(store, both, ['c1']);
    expect(await rotateSecrets(store.db, both)).toMatchObject({ rotated: 2, isComplete: true });
  });

  it('leaves what it cannot open, says which, and keeps the old key known', async () => {
    await using store = await controlStore({ kind });
    await fill(store, old, ['c1', 'c3']);
    await fill(store, new KeyRing([c]), ['c2']);
    await store.db
      .insertInto('secret_key')
      .values([{ id: old.firstId }, { id: both.firstId }])
      .execute();
    const rotation = await rotateSecrets(store.db, both);
    expect(rotation).toMatchObject({ rotated: 2, failed: 1, isComplete: false });
    expect(rotation.failures[0]?.message).toContain('of connection c2 is encrypted under the key');
    expect((await store.db.selectFrom('secret_key').selectAll().execute()).length).toBe(2);
  });

  it('does not overwrite what a user saves at the same moment', async () => {
    await using store = await controlStore({ kind });
    await fill(store, old, ['c1']);
    const place = { connectionId: 'c1', path: 'password' };
    const saved = { password: sealSecret(old, place, 'saved meanwhile') };
    // Between the reading and the writing of the rotation.
    const { db } = store;
    let isFirst = true;
    const between = db.withPlugin({
      transformQuery: ({ node }) => node,
      transformResult: async ({ result }) => {
        if (isFirst) {
          isFirst = false;
          await db
            .updateTable('connection')
            .set({ secrets: json(saved) })
            .execute();
        }
        return result;
      },
    });
    expect(await rotateSecrets(between, both)).toMatchObject({ rotated: 1, isComplete: true });
    const [[, secrets] = ['', {}]] = await secretsOf(store);
    expect(Object.keys(secrets)).toEqual(['password']);
    expect(keyIdOf(secrets['password'] ?? '')).toBe(next.firstId);
    expect(openSecret(next, place, secrets['password'] ?? '')).toBe('saved meanwhile');
  });
});
