/**
 * All rows of the database as one stream of gzip, to be imported into another one, embedded or not. Lines of JSON:
 * what it is; then for each table, in the order of their references, its name and columns, and its rows, each a list
 * of the texts that PostgreSQL prints (which neither lose digits nor depend on a driver); at the end the sequences and
 * the number of rows, so that a file that was cut is known as one. Secrets stay in their envelopes.
 */
import { Readable } from 'node:stream';
import type { Writable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGzip } from 'node:zlib';
import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import { layoutOf } from './layout.ts';
import type { TableLayout } from './layout.ts';
import type { Tables } from './tables.ts';

export const EXPORT_FORMAT = 'ropeway-export-1';
/** Rows asked for at once: fewer when they are large. */
const FETCH_ROWS_MIN = 8;
const FETCH_ROWS_MAX = 2000;
const FETCH_CHARACTERS = 2_000_000;

export interface ExportHeader {
  readonly format: string;
  readonly migrations: readonly { readonly no: number; readonly checksum: string }[];
  readonly exportedAt: string;
}

export interface ExportTable {
  readonly table: string;
  readonly columns: readonly string[];
}

export interface ExportEnd {
  readonly end: true;
  readonly rows: number;
  /** What each has reached. */
  readonly sequences: Readonly<Record<string, string | null>>;
}

export interface RowCounts {
  readonly rows: number;
  readonly tables: Readonly<Record<string, number>>;
}

/** Writes all of it as it is at one instant, and ends the sink. */
export async function exportStore(db: Kysely<Tables>, sink: Writable): Promise<RowCounts> {
  const tables: Record<string, number> = {};
  await pipeline(Readable.from(lines(db, tables)), createGzip(), sink);
  return { rows: Object.values(tables).reduce((sum, count) => sum + count, 0), tables };
}

async function* lines(db: Kysely<Tables>, counts: Record<string, number>): AsyncGenerator<string> {
  const begin = db.startTransaction().setIsolationLevel('repeatable read').setAccessMode('read only');
  const trx = await begin.execute();
  try {
    // Whoever takes the bytes may take his time.
    await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx);
    yield `${JSON.stringify(await header(trx))}\n`;
    const layout = await layoutOf(trx);
    let rows = 0;
    for (const table of layout.tables.filter(({ name }) => name !== 'migration')) {
      const { name, columns } = table;
      yield `${JSON.stringify({ table: name, columns: columns.map((column) => column.name) } satisfies ExportTable)}\n`;
      counts[name] = 0;
      for await (const page of pages(trx, table)) {
        counts[name] += page.length;
        rows += page.length;
        yield page.map((line) => `${line}\n`).join('');
      }
    }
    // Behind the rows: they count on while the rows are read.
    const sequences: Record<string, string | null> = {};
    for (const name of layout.sequences) sequences[name] = await reached(trx, name);
    yield `${JSON.stringify({ end: true, rows, sequences } satisfies ExportEnd)}\n`;
  } finally {
    await trx.rollback().execute();
  }
}

async function header(trx: Transaction<Tables>): Promise<ExportHeader> {
  const migrations = await trx.selectFrom('migration').select(['no', 'checksum']).orderBy('no').execute();
  return { format: EXPORT_FORMAT, migrations, exportedAt: new Date().toISOString() };
}

async function* pages(trx: Transaction<Tables>, { name, columns }: TableLayout): AsyncGenerator<string[]> {
  const texts = sql.join(columns.map((column) => sql`${sql.ref(column.name)}::text`));
  await sql`declare export_rows no scroll cursor for select to_json(array[${texts}])::text as line
    from ${sql.table(name)}`.execute(trx);
  let count = FETCH_ROWS_MIN;
  for (;;) {
    const { rows } = await sql<{ line: string }>`fetch ${sql.lit(count)} from export_rows`.execute(trx);
    if (rows.length === 0) break;
    yield rows.map(({ line }) => line);
    const characters = rows.reduce((sum, { line }) => sum + line.length, 0);
    const fitting = Math.floor((FETCH_CHARACTERS / characters) * rows.length);
    count = Math.max(FETCH_ROWS_MIN, Math.min(FETCH_ROWS_MAX, count * 2, fitting));
  }
  await sql`close export_rows`.execute(trx);
}

async function reached(trx: Transaction<Tables>, name: string): Promise<string | null> {
  const { rows } = await sql<{ last: string | null }>`
    select case when is_called then last_value end as last from ${sql.raw(name)}`.execute(trx);
  return rows[0]?.last ?? null;
}
