/**
 * The embedded database: PostgreSQL in this process (PGlite), with its files in a folder, or in memory. One connection,
 * one process. It has no autovacuum, so that housekeeping is done here.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import type { PGlite, PGliteOptions } from '@electric-sql/pglite';
import { Kysely, PGliteDialect } from 'kysely';
import { storeErrors } from './errors.ts';
import { HintRelay } from './hints.ts';
import type { Hints } from './hints.ts';
import { lockFolder } from './lock.ts';
import type { FolderLock } from './lock.ts';
import type { InTransaction } from './migrations.ts';
import type { Tables } from './tables.ts';
import { parsers } from './values.ts';

export interface EmbeddedOptions {
  /** Its files lie in `database/` there; in memory without. */
  readonly dataFolder?: string | undefined;
  /** A dump of another one, to begin with. */
  readonly dump?: Blob | undefined;
}

export interface EmbeddedParts {
  readonly db: Kysely<Tables>;
  readonly hints: Hints;
  readonly engine: PGlite;
  readonly inTransaction: InTransaction;
  close(): Promise<void>;
}

export async function openEmbedded({ dataFolder, dump }: EmbeddedOptions): Promise<EmbeddedParts> {
  const lock = dataFolder === undefined ? undefined : takeFolder(dataFolder);
  try {
    const engine = await startEngine({
      ...(dataFolder === undefined ? {} : { dataDir: join(dataFolder, 'database') }),
      ...(dump === undefined ? {} : { loadDataDir: dump }),
    });
    const relay = new HintRelay();
    const db = new Kysely<Tables>({ dialect: new PGliteDialect({ pglite: engine }) });
    return {
      db,
      hints: relay,
      engine,
      inTransaction: (work) =>
        engine.transaction((session) =>
          work({
            script: async (sql) => void (await session.exec(sql)),
            query: async (sql, values = []) => (await session.query<Record<string, unknown>>(sql, [...values])).rows,
          }),
        ),
      async close() {
        relay.close();
        await db.destroy();
        if (!engine.closed) await engine.close();
        lock?.release();
      },
    };
  } catch (error) {
    lock?.release();
    throw error;
  }
}

function takeFolder(folder: string): FolderLock {
  try {
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    return lockFolder(folder);
  } catch (error) {
    if (error instanceof Error && 'syscall' in error) {
      throw storeErrors.error('STORE_FOLDER_UNUSABLE', { folder, reason: error.message }, { cause: error });
    }
    throw error;
  }
}

async function startEngine(options: PGliteOptions): Promise<PGlite> {
  // Ten megabytes of it: only who has no server needs them.
  const engine = await import('@electric-sql/pglite');
  const started = await engine.PGlite.create({ ...options, parsers });
  await started.exec("set timezone = 'UTC'; set datestyle = 'ISO'");
  return started;
}
