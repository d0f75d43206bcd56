import { readFileSync } from 'node:fs';
import pg from 'pg';
import { describe, expect, it } from 'vitest';
import { embeddedPreset, emptyDatabase, storeKinds } from '#test/kit/control-store.ts';
import { openEmbedded } from './embedded.ts';
import { migrate, migration, missingMigrations, ownMigrations } from './migrations.ts';
import type { InTransaction } from './migrations.ts';
import { openPostgres } from './postgres.ts';
import { openStore } from './store.ts';

const log = { error() {}, warn() {}, info() {}, debug() {} };

const first = migration('9001_first.sql', 'create table first_table (id text); insert into first_table values (1);');
const second = migration('9002_second.sql', 'create table second_table (id text);');

interface Database extends AsyncDisposable {
  readonly inTransaction: InTransaction;
}

/** One with our own migrations in it: those of the tests come behind them. */
async function database(kind: 'postgresql' | 'embedded'): Promise<Database> {
  const parts =
    kind === 'embedded'
      ? await openEmbedded({ preset: await embeddedPreset() })
      : await openPostgres({ databaseUrl: await emptyDatabase(), log });
  await migrate(parts.inTransaction);
  return { inTransaction: parts.inTransaction, [Symbol.asyncDispose]: () => parts.close() };
}

async function rows({ inTransaction }: Database, statement: string): Promise<unknown> {
  return await inTransaction((session) => session.query(statement));
}

describe.each(storeKinds)('migrate() on %s', (kind) => {
  it('applies what is missing, once, in order', async () => {
    await using db = await database(kind);
    const all = [...ownMigrations(), first, second];
    expect(await migrate(db.inTransaction, all.slice(0, -1))).toEqual(['9001_first']);
    expect(await migrate(db.inTransaction, all)).toEqual(['9002_second']);
    expect(await migrate(db.inTransaction, all)).toEqual([]);
    expect(await rows(db, 'select id from first_table')).toEqual([{ id: '1' }]);
    expect(await rows(db, 'select name from migration order by no')).toEqual(all.map(({ name }) => ({ name })));
  });

  it('refuses one that was edited after it was applied', async () => {
    await using db = await database(kind);
    await migrate(db.inTransaction, [first]);
    const edited = migration('9001_first.sql', `${first.sql} -- better`);
    await expect(migrate(db.inTransaction, [edited, second])).rejects.toMatchObject({
      code: 'STORE_MIGRATION_EDITED',
      message: expect.stringContaining(first.checksum) as string,
    });
    expect(await rows(db, "select to_regclass('second_table') as it")).toEqual([{ it: null }]);
  });

  it('refuses one that comes before what is applied', async () => {
    await using db = await database(kind);
    await migrate(db.inTransaction, [second]);
    await expect(migrate(db.inTransaction, [first, second])).rejects.toMatchObject({ code: 'STORE_MIGRATION_MISSING' });
  });

  it('lets those of a later release be', async () => {
    await using db = await database(kind);
    await migrate(db.inTransaction, [...ownMigrations(), first]);
    expect(await migrate(db.inTransaction, ownMigrations())).toEqual([]);
  });

  it('keeps nothing of one that fails, and what was before it', async () => {
    await using db = await database(kind);
    const bad = migration('9002_bad.sql', 'create table half (id text); select 1 / 0;');
    await expect(migrate(db.inTransaction, [first, bad])).rejects.toMatchObject({
      code: 'STORE_MIGRATION_FAILED',
      message: expect.stringContaining('division by zero') as string,
    });
    expect(await rows(db, "select to_regclass('half') as half, to_regclass('first_table') is null as none")).toEqual([
      { half: null, none: false },
    ]);
    expect(await migrate(db.inTransaction, [first, second])).toEqual(['9002_second']);
  });
});

it.runIf(storeKinds.includes('postgresql'))('migrate() runs once when many start at once', async () => {
  const databaseUrl = await emptyDatabase();
  const open = (): Promise<AsyncDisposable> => openStore({ databaseUrl, poolMax: 1 });
  const stores = await Promise.all(Array.from({ length: 5 }, open));
  const client = new pg.Client(databaseUrl);
  await client.connect();
  const { rows: applied } = await client.query<{ name: string }>('select name from migration order by no');
  expect(applied.map(({ name }) => name)).toEqual(ownMigrations().map(({ name }) => name));
  expect((await client.query('select id from installation')).rowCount).toBe(1);
  await client.end();
  for (const store of stores) await store[Symbol.asyncDispose]();
});

it.runIf(storeKinds.includes('postgresql'))('openStore() says what is missing when it may not migrate', async () => {
  const databaseUrl = await emptyDatabase();
  const opened = openStore({ databaseUrl, migrations: 'require' });
  await expect(opened).rejects.toMatchObject({ code: 'STORE_NOT_MIGRATED' });
  await (await openStore({ databaseUrl })).close();
  await (await openStore({ databaseUrl, migrations: 'require' })).close();
});

it('ownMigrations() are numbered without gaps, and the first is what it was', () => {
  const migrations = ownMigrations();
  expect(migrations.map(({ no }) => no)).toEqual(migrations.map((_, index) => index + 1));
  const file = new URL('migrations/0001_runs.sql', import.meta.url);
  expect(migrations[0]).toMatchObject({ name: '0001_runs', sql: readFileSync(file, 'utf8') });
});

it('migration() has the same checksum with any line ends', () => {
  expect(migration('1_a.sql', 'a\r\nb').checksum).toBe(migration('1_a.sql', 'a\nb').checksum);
});

it('missingMigrations() finds all missing in an empty database', async () => {
  const session = { script: async () => {}, query: async () => [{ is_there: false }] };
  expect(await missingMigrations(session, [first, second])).toEqual([first, second]);
});
