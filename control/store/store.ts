/**
 * The database of the control plane: PostgreSQL by its address, or one embedded in this process. The same statements
 * run on both. An embedded one has one connection: inside of a transaction ask through the transaction, never
 * through `db`, which would wait for the transaction to end.
 */
import type { Kysely } from 'kysely';
import type { Logger } from '#spi/context.ts';
import { openEmbedded } from './embedded.ts';
import { storeErrors } from './errors.ts';
import type { Hints } from './hints.ts';
import { newId } from './ids.ts';
import { migrate, missingMigrations } from './migrations.ts';
import type { InTransaction } from './migrations.ts';
import { openPostgres } from './postgres.ts';
import type { Tables } from './tables.ts';

export interface StoreOptions {
  /** `postgresql://…`; wins over the folder. */
  readonly databaseUrl?: string | undefined;
  /** Where an embedded database keeps its files; without both it is in memory. */
  readonly dataFolder?: string | undefined;
  /** Connections at most, beside the one for hints. */
  readonly poolMax?: number | undefined;
  /** What to do about missing migrations: apply them (unless said otherwise), or throw `STORE_NOT_MIGRATED`. */
  readonly migrations?: 'apply' | 'require' | undefined;
  readonly log?: Logger | undefined;
  /** For an embedded database in memory: a dump to begin with. */
  readonly dump?: Blob | undefined;
}

export interface Store extends AsyncDisposable {
  readonly db: Kysely<Tables>;
  readonly kind: 'postgresql' | 'embedded';
  readonly hints: Hints;
  /** Made once, when the database was new. */
  readonly installationId: string;
  close(): Promise<void>;
}

const silent: Logger = { error() {}, warn() {}, info() {}, debug() {} };

interface Parts {
  readonly db: Kysely<Tables>;
  readonly hints: Hints;
  readonly inTransaction: InTransaction;
  close(): Promise<void>;
}

export async function openStore(options: StoreOptions): Promise<Store> {
  const { databaseUrl, dataFolder, poolMax, dump, log = silent } = options;
  const kind = databaseUrl === undefined ? 'embedded' : 'postgresql';
  const parts: Parts =
    databaseUrl === undefined
      ? await openEmbedded({ dataFolder, dump })
      : await openPostgres({ databaseUrl, poolMax, log });
  let installationId: string;
  try {
    await bringUp(parts.inTransaction, options.migrations ?? 'apply', log);
    installationId = await ownInstallationId(parts.db);
  } catch (error) {
    await parts.close();
    throw error;
  }
  const { db, hints } = parts;
  return { db, kind, hints, installationId, close: () => parts.close(), [Symbol.asyncDispose]: () => parts.close() };
}

async function bringUp(inTransaction: InTransaction, mode: 'apply' | 'require', log: Logger): Promise<void> {
  // Mostly nothing is missing: then no lock is taken.
  const missing = await inTransaction((session) => missingMigrations(session));
  const [first] = missing;
  if (first === undefined) return;
  if (mode === 'require') throw storeErrors.error('STORE_NOT_MIGRATED', { count: missing.length, name: first.name });
  const applied = await migrate(inTransaction);
  log.info('the database was migrated', { migrations: applied.join(' ') });
}

async function ownInstallationId(db: Kysely<Tables>): Promise<string> {
  const known = await db.selectFrom('installation').select('id').executeTakeFirst();
  if (known !== undefined) return known.id;
  // Of several that start at once the first one's counts.
  await db
    .insertInto('installation')
    .values({ id: newId() })
    .onConflict((conflict) => conflict.doNothing())
    .execute();
  return (await db.selectFrom('installation').select('id').executeTakeFirstOrThrow()).id;
}
