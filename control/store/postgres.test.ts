import { once } from 'node:events';
import { createServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { inspect } from 'node:util';
import { sql } from 'kysely';
import { describe, expect, it } from 'vitest';
import { controlStore, sharedServer, storeKinds } from '#test/kit/control-store.ts';
import { openStore } from './store.ts';

describe('openStore() with an address', () => {
  it.each([
    ['mysql://u:canary@127.0.0.1/d', 'STORE_URL_INVALID'],
    ['postgresql://u:can/ary@127.0.0.1:abc/d', 'STORE_URL_INVALID'],
    ['postgresql://u:canary@127.0.0.1:1/d', 'STORE_UNREACHABLE'],
  ])('says that %s is of no use, and not the password', async (databaseUrl, code) => {
    const error: unknown = await openStore({ databaseUrl }).catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code });
    expect(inspect(error, { depth: 10 })).not.toMatch(/canary|can\/ary/);
  });

  it('does not wait for ever for a server that says nothing', async () => {
    const sockets: Socket[] = [];
    const server = createServer((socket) => void sockets.push(socket)).listen(0, '127.0.0.1');
    await once(server, 'listening');
    // It listens on a port.
    const { port } = server.address() as AddressInfo;
    const opened = openStore({ databaseUrl: `postgresql://u@127.0.0.1:${port}/d` });
    await expect(opened).rejects.toMatchObject({ code: 'STORE_UNREACHABLE', transient: true });
    for (const socket of sockets) socket.destroy();
    server.close();
  });
});

describe.runIf(storeKinds.includes('postgresql'))('openStore() on postgresql', () => {
  it('limits statements and transactions that are left open', async () => {
    await using store = await controlStore({ kind: 'postgresql' });
    const { rows } = await sql`select name, setting from pg_settings
      where name in ('statement_timeout', 'idle_in_transaction_session_timeout', 'TimeZone') order by name collate "C"`.execute(
      store.db,
    );
    expect(rows).toEqual([
      { name: 'TimeZone', setting: 'UTC' },
      { name: 'idle_in_transaction_session_timeout', setting: '10000' },
      { name: 'statement_timeout', setting: '5000' },
    ]);
  });

  it('gives the same values whatever the database is set to', async () => {
    await using store = await controlStore({ kind: 'postgresql' });
    const name = new URL(store.databaseUrl ?? '').pathname.slice(1);
    const server = await sharedServer();
    await server.query(`alter database ${name} set timezone = 'Asia/Kathmandu'`);
    await server.query(`alter database ${name} set datestyle = 'German'`);
    await server.query(`alter database ${name} set bytea_output = 'escape'`);
    await using other = await openStore({ databaseUrl: store.databaseUrl });
    const { rows } = await sql`select '2026-11-30 17:58:12+00'::timestamptz as at, '\\x00ff'::bytea as bytes`.execute(
      other.db,
    );
    expect(rows).toEqual([{ at: '2026-11-30T17:58:12.000000Z', bytes: new Uint8Array([0, 255]) }]);
  });

  it('outlives a crash of the server between two statements of a transaction', async () => {
    await using store = await controlStore({ kind: 'postgresql' });
    const held = await store.db.startTransaction().execute();
    await sql`select 1`.execute(held);
    // Nobody asks anything of that connection now: what breaks it must not end the process.
    await (await sharedServer()).crash();
    await expect(sql`select 1`.execute(held)).rejects.toThrow(/terminated|ECONN|not queryable|closed/);
    await held
      .rollback()
      .execute()
      .catch(() => undefined);
    expect((await sql`select 1`.execute(store.db)).rows).toHaveLength(1);
  });

  // The last one of the file: the cluster is another one afterwards.
  it('goes on after the server crashed and came back', async () => {
    await using store = await controlStore({ kind: 'postgresql' });
    await store.db.insertInto('workspace').values({ id: 'w', name: 'w' }).execute();
    const back = new Promise<void>((resolve) => void store.hints.listen('any', resolve));
    const server = await sharedServer();
    await server.crash();
    await back;
    expect(await store.db.selectFrom('workspace').select('id').execute()).toEqual([{ id: 'w' }]);
  });
});
