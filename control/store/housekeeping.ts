/**
 * What a server does by itself and the embedded database does not: taking back the space of rows that are gone, and
 * keeping the statistics that plans are made of. And it says in time when a server would be the better place.
 */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import type { Logger } from '#spi/context.ts';
import { growth } from './growth.ts';
import type { Tables } from './tables.ts';

/** Not while everything starts. */
const FIRST_MS = 30_000;
const INTERVAL_MS = 10 * 60_000;
/** Beyond that everything waits for the one connection, and an export takes minutes. */
export const EMBEDDED_BYTES_MAX = 2_000_000_000;
export const EMBEDDED_RUNS_MAX = 200_000;

/** Does it from time to time; returns what ends it. */
export function keepHouse(db: Kysely<Tables>, log: Logger): () => void {
  let hasWarned = false;
  let isEnded = false;
  const once = async (): Promise<void> => {
    try {
      await vacuum(db, () => isEnded);
      if (!isEnded && !hasWarned) hasWarned = await warnWhenLarge(db, log);
    } catch (error) {
      // The next time will do; when the database is closed there is none.
      if (!isEnded) log.warn('housekeeping of the embedded database failed', { reason: String(error) });
    }
  };
  const first = setTimeout(() => void once(), FIRST_MS);
  const timer = setInterval(() => void once(), INTERVAL_MS);
  first.unref();
  timer.unref();
  return () => {
    isEnded = true;
    clearTimeout(first);
    clearInterval(timer);
  };
}

/** Table by table, so that others have their turn in between. */
export async function vacuum(db: Kysely<Tables>, isEnded: () => boolean = () => false): Promise<void> {
  for (const { table } of await growth(db)) {
    if (isEnded()) return;
    await sql`vacuum (analyze) ${sql.table(table)}`.execute(db);
  }
}

export interface EmbeddedLimits {
  readonly bytesMax: number;
  readonly runsMax: number;
}

/** Whether it has said so. */
export async function warnWhenLarge(
  db: Kysely<Tables>,
  log: Logger,
  { bytesMax, runsMax }: EmbeddedLimits = { bytesMax: EMBEDDED_BYTES_MAX, runsMax: EMBEDDED_RUNS_MAX },
): Promise<boolean> {
  const tables = await growth(db);
  const bytes = tables.reduce((sum, table) => sum + table.bytes, 0);
  const runs = tables.find(({ table }) => table === 'run')?.rows ?? 0;
  if (bytes <= bytesMax && runs <= runsMax) return false;
  log.warn('the embedded database has grown large: move on to PostgreSQL', {
    bytes,
    runs,
    how: 'ropeway db export FILE --data FOLDER, then with DATABASE_URL set: ropeway db import FILE',
  });
  return true;
}
