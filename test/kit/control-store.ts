/**
 * A database of the control plane for one test: new, migrated, thrown away afterwards. Of PostgreSQL there is one
 * cluster per test file, with a template that every database is copied from; the embedded one begins from a dump in
 * memory, which is made once for the whole machine.
 *
 * @example
 * it.each(storeKinds)('newRun() is kept (%s)', async (kind) => {
 *   await using store = await controlStore({ kind });
 *   await store.setClock('2026-01-01T00:00:00.000000Z');
 *   await store.advance(60);
 * });
 */
import { createHash, randomUUID } from 'node:crypto';
import { readFileSync, readdirSync, renameSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { sql } from 'kysely';
import { afterAll } from 'vitest';
import { openEmbedded } from '#control/store/embedded.ts';
import type { EmbeddedPreset } from '#control/store/embedded.ts';
import { migrate, ownMigrations } from '#control/store/migrations.ts';
import { openStore, silentLogger } from '#control/store/store.ts';
import type { Store, StoreOptions } from '#control/store/store.ts';
import { postgresMissing, postgresServer } from './postgres-server.ts';
import type { PostgresServer } from './postgres-server.ts';

const repository = new URL('../../', import.meta.url);

export type StoreKind = Store['kind'];

/** Those that can be had here, for `it.each`. */
export const storeKinds: readonly StoreKind[] = postgresMissing === '' ? ['postgresql', 'embedded'] : ['embedded'];

const SETUP_TIMEOUT_MS = 120_000;
/** Dumps of other migrations that lie about: older ones are removed. */
const DUMP_AGE_MS_MAX = 24 * 3600 * 1000;

export interface ControlStore extends Store {
  /** Of PostgreSQL: for another process, or another store of the same database. */
  readonly databaseUrl: string | undefined;
  /** From now on `dispatch.now()` stands still, at this instant; without one at the present. */
  setClock(at?: string): Promise<void>;
  /** Moves the clock that stands, also backwards. */
  advance(seconds: number): Promise<void>;
  /** What `dispatch.now()` says. */
  now(): Promise<string>;
}

export interface ControlStoreOptions extends Pick<StoreOptions, 'poolMax' | 'log'> {
  readonly kind?: StoreKind;
}

export async function controlStore({ kind = 'embedded', ...options }: ControlStoreOptions = {}): Promise<ControlStore> {
  if (kind === 'embedded') return withClock(await openStore({ ...options, preset: await embeddedPreset() }), undefined);
  const databaseUrl = await cloneDatabase();
  return withClock(await openStore({ ...options, databaseUrl }), databaseUrl);
}

/** A database of the file's cluster with nothing in it. */
export async function emptyDatabase(): Promise<string> {
  return await createDatabase(await sharedServer(), 'template1');
}

/** The server of this file's PostgreSQL databases. */
export async function sharedServer(): Promise<PostgresServer> {
  cluster ??= postgresServer();
  return await cluster;
}

function withClock(store: Store, databaseUrl: string | undefined): ControlStore {
  const { db } = store;
  const now = async (): Promise<string> => {
    const { rows } = await sql<{ now: string }>`select dispatch.now() as now`.execute(db);
    return rows[0]?.now ?? '';
  };
  return {
    ...store,
    databaseUrl,
    now,
    async setClock(at) {
      const instant = at ?? (await now());
      await sql`create table if not exists dispatch.test_clock (at timestamptz not null)`.execute(db);
      await sql`with gone as (delete from dispatch.test_clock) insert into dispatch.test_clock values (${instant})`.execute(
        db,
      );
      await sql`create or replace function dispatch.now() returns timestamptz language sql volatile parallel safe
        as 'select at from dispatch.test_clock'`.execute(db);
    },
    async advance(seconds) {
      await sql`update dispatch.test_clock set at = at + make_interval(secs => ${seconds})`.execute(db);
    },
  };
}

const template = 'control_template';
let cluster: Promise<PostgresServer> | undefined;
let templateMade: Promise<void> | undefined;

// Whoever imports this is a test file: its end is the cluster's.
afterAll(async () => {
  await (await cluster)?.[Symbol.asyncDispose]();
}, SETUP_TIMEOUT_MS);

function urlOf(server: PostgresServer, database: string): string {
  const { user, password } = server.options;
  return `postgresql://${user}:${encodeURIComponent(String(password))}@127.0.0.1:${server.port}/${database}`;
}

async function cloneDatabase(): Promise<string> {
  const server = await sharedServer();
  templateMade ??= makeTemplate(server);
  await templateMade;
  return await createDatabase(server, template);
}

async function createDatabase(server: PostgresServer, from: string): Promise<string> {
  const name = `control_${randomUUID().replaceAll('-', '')}`;
  await server.query(`create database ${name} template ${from}`);
  // Other tests do without; here what is committed stays when the server crashes.
  await server.query(`alter database ${name} set synchronous_commit = on`);
  return urlOf(server, name);
}

async function makeTemplate(server: PostgresServer): Promise<void> {
  await server.query(`create database ${template}`);
  await (await openStore({ databaseUrl: urlOf(server, template), poolMax: 1 })).close();
}

let preset: Promise<EmbeddedPreset> | undefined;

/** A migrated database for `openEmbedded()`, ready to start. */
export async function embeddedPreset(): Promise<EmbeddedPreset> {
  preset ??= makePreset();
  return await preset;
}

async function makePreset(): Promise<EmbeddedPreset> {
  const read = (name: string) => readFileSync(new URL(import.meta.resolve(`@electric-sql/pglite/${name}`)));
  const parts = {
    pgliteWasmModule: new WebAssembly.Module(read('pglite.wasm')),
    initdbWasmModule: new WebAssembly.Module(read('initdb.wasm')),
    fsBundle: new Blob([read('pglite.data')]),
  };
  return { ...parts, loadDataDir: await readOrMakeDump() };
}

/** From the folder of temporary files: making one takes seconds, reading it does not. */
async function readOrMakeDump(): Promise<Blob> {
  const hash = createHash('sha256');
  for (const { name, checksum } of ownMigrations()) hash.update(`${name} ${checksum}\n`);
  // The version of the engine, and how we start it.
  hash.update(readFileSync(new URL('package-lock.json', repository)));
  hash.update(readFileSync(new URL('control/store/embedded.ts', repository)));
  const file = join(tmpdir(), `ropeway-control-${hash.digest('hex').slice(0, 16)}.tar`);
  try {
    return new Blob([readFileSync(file)]);
  } catch {
    const made = await makeDump();
    // Another test may be making the same.
    const draft = `${file}.${randomUUID()}`;
    writeFileSync(draft, await made.bytes());
    renameSync(draft, file);
    removeOldDumps();
    return made;
  }
}

async function makeDump(): Promise<Blob> {
  const parts = await openEmbedded({ log: silentLogger });
  await migrate(parts.inTransaction);
  const made = await parts.engine.dumpDataDir('none');
  await parts.close();
  return made;
}

function removeOldDumps(): void {
  for (const name of readdirSync(tmpdir()).filter((entry) => /^ropeway-control-[0-9a-f]{16}\.tar/.test(entry))) {
    const file = join(tmpdir(), name);
    if (Date.now() - statSync(file).mtimeMs > DUMP_AGE_MS_MAX) rmSync(file, { force: true });
  }
}
