/**
 * Brings a database to the shape that this release needs: numbered files of SQL, forward only, each in a transaction
 * of its own under one advisory lock, so that any number of processes may start at once. What is applied is remembered
 * with its checksum: a file that was edited afterwards is refused. Later migrations than ours are let be: while a new
 * release is rolled out, processes of the old one start beside it.
 */
import { createHash } from 'node:crypto';
import { readFileSync, readdirSync } from 'node:fs';
import { storeErrors } from './errors.ts';

/** Any number that nobody else takes for an advisory lock in this database. */
const LOCK_KEY = 7_205_759_403;

/** Beside this module; the bundle has them beside itself. */
const folder = new URL('./migrations/', import.meta.url);

export interface Migration {
  readonly no: number;
  /** The file's, without its ending: `0001_runs`. */
  readonly name: string;
  readonly sql: string;
  readonly checksum: string;
}

/** One connection, and statements in the order in which they are given. */
export interface Session {
  /** Any number of statements. */
  script(sql: string): Promise<void>;
  query(sql: string, values?: readonly unknown[]): Promise<readonly Readonly<Record<string, unknown>>[]>;
}

/** Runs the work in a transaction, on one connection. */
export type InTransaction = <T>(work: (session: Session) => Promise<T>) => Promise<T>;

export function migration(fileName: string, sql: string): Migration {
  const name = fileName.replace(/\.sql$/, '');
  // Line ends are those of the checkout.
  const text = sql.replaceAll('\r\n', '\n');
  return { no: Number.parseInt(name, 10), name, sql: text, checksum: createHash('sha256').update(text).digest('hex') };
}

/** Those of this release, in their order. */
export function ownMigrations(): readonly Migration[] {
  return readdirSync(folder)
    .filter((file) => /^\d{4}_[a-z0-9_]+\.sql$/.test(file))
    .sort()
    .map((file) => migration(file, readFileSync(new URL(file, folder), 'utf8')));
}

/** Applies what is missing; returns the names. */
export async function migrate(inTransaction: InTransaction, migrations = ownMigrations()): Promise<readonly string[]> {
  const applied: string[] = [];
  for (;;) {
    const next = await inTransaction(async (session) => {
      // Of the transaction: it ends with it, however it ends.
      await session.query('select pg_advisory_xact_lock($1)', [LOCK_KEY]);
      const [missing] = await missingMigrations(session, migrations);
      if (missing !== undefined) await apply(session, missing);
      return missing;
    });
    if (next === undefined) return applied;
    applied.push(next.name);
  }
}

async function apply(session: Session, { no, name, sql, checksum }: Migration): Promise<void> {
  try {
    await session.script(sql);
  } catch (error) {
    const reason = error instanceof Error ? error.message : String(error);
    throw storeErrors.error('STORE_MIGRATION_FAILED', { name, reason }, { cause: error });
  }
  await session.script(`create table if not exists migration (
    no integer primary key,
    name text not null,
    checksum text not null,
    applied_at timestamptz not null
  )`);
  const values = [no, name, checksum];
  await session.query('insert into migration (no, name, checksum, applied_at) values ($1, $2, $3, now())', values);
}

/** What the database lacks; throws when what it has is not what we have. */
export async function missingMigrations(session: Session, migrations = ownMigrations()): Promise<readonly Migration[]> {
  const [there] = await session.query("select to_regclass('migration') is not null as is_there");
  const rows = there?.['is_there'] === true ? await session.query('select no, name, checksum from migration') : [];
  const applied = new Map(rows.map((row) => [Number(row['no']), row]));
  const latest = rows.toSorted((a, b) => Number(a['no']) - Number(b['no'])).at(-1);
  return migrations.filter(({ no, name, checksum }) => {
    const row = applied.get(no);
    if (row !== undefined && row['checksum'] !== checksum) {
      const params = { name, applied: `${String(row['name'])} ${String(row['checksum'])}`, ours: checksum };
      throw storeErrors.error('STORE_MIGRATION_EDITED', params);
    }
    if (row === undefined && latest !== undefined && Number(latest['no']) > no) {
      throw storeErrors.error('STORE_MIGRATION_MISSING', { name, later: String(latest['name']) });
    }
    return row === undefined;
  });
}
