/** Takes what `export.ts` wrote into an empty database of the same form: everything, or nothing. */
import type { Readable } from 'node:stream';
import { StringDecoder } from 'node:string_decoder';
import { createGunzip } from 'node:zlib';
import { sql } from 'kysely';
import type { Kysely, Transaction } from 'kysely';
import { storeErrors } from './errors.ts';
import { EXPORT_FORMAT } from './export.ts';
import type { ExportEnd, ExportHeader, ExportTable, RowCounts } from './export.ts';
import { layoutOf } from './layout.ts';
import type { Layout, TableLayout } from './layout.ts';
import type { Tables } from './tables.ts';

/** A row is a chunk of a log at most, or a configuration. */
const LINE_CHARACTERS_MAX = 64_000_000;
const BATCH_ROWS_MAX = 1000;
const BATCH_CHARACTERS_MAX = 2_000_000;
/** What opening an empty database puts there; what comes takes its place. */
const madeByOpening: readonly string[] = ['installation', 'secret_key'];

/** Reads to the end of the source. The store is to be opened anew then: its installation is another. */
export async function importStore(db: Kysely<Tables>, source: Readable): Promise<RowCounts> {
  const gunzip = createGunzip();
  source.on('error', (error) => gunzip.destroy(error));
  source.pipe(gunzip);
  try {
    return await db.transaction().execute(async (trx) => {
      await sql`set local statement_timeout = 0`.execute(trx);
      await sql`set local idle_in_transaction_session_timeout = 0`.execute(trx);
      const layout = await layoutOf(trx);
      await refuseFilled(trx, layout);
      return await new Importing(trx, layout).run(linesOf(gunzip));
    });
  } catch (error) {
    throw readable(error);
  } finally {
    source.destroy();
    gunzip.destroy();
  }
}

class Importing {
  readonly #trx: Transaction<Tables>;
  readonly #layout: Layout;
  readonly #counts: Record<string, number> = {};
  #table: ImportTable | undefined;
  #batch: string[] = [];
  #characters = 0;
  #rows = 0;

  constructor(trx: Transaction<Tables>, layout: Layout) {
    this.#trx = trx;
    this.#layout = layout;
  }

  async run(lines: AsyncIterable<string>): Promise<RowCounts> {
    let isFirst = true;
    let end: ExportEnd | undefined;
    for await (const line of lines) {
      if (end !== undefined) throw unreadable('there is something behind its end.');
      if (isFirst) await this.#begin(line);
      else if (line.startsWith('[')) await this.#take(line);
      else end = await this.#turn(line);
      isFirst = false;
    }
    if (isFirst) throw unreadable('it is empty.');
    if (end === undefined || end.rows !== this.#rows) {
      throw storeErrors.error('EXPORT_TRUNCATED', { rows: this.#rows });
    }
    return { rows: this.#rows, tables: this.#counts };
  }

  async #begin(line: string): Promise<void> {
    // Its other members are what the format says.
    const { format, migrations = [] } = parse(line) as Partial<ExportHeader>;
    if (format !== EXPORT_FORMAT) throw unreadable(`its format is ${format}.`);
    const ours = await this.#trx.selectFrom('migration').select(['no', 'checksum']).orderBy('no').execute();
    const text = (list: ExportHeader['migrations']): string =>
      `${list.length} migrations, the last ${list.at(-1)?.no ?? 0} (${list.at(-1)?.checksum.slice(0, 8) ?? ''})`;
    if (JSON.stringify(ours) !== JSON.stringify(migrations.map(({ no, checksum }) => ({ no, checksum })))) {
      throw storeErrors.error('EXPORT_SCHEMA_DIFFERS', { theirs: text(migrations), ours: text(ours) });
    }
    for (const name of madeByOpening) await sql`delete from ${sql.table(name)}`.execute(this.#trx);
  }

  async #take(line: string): Promise<void> {
    this.#batch.push(line);
    this.#characters += line.length;
    if (this.#batch.length >= BATCH_ROWS_MAX || this.#characters >= BATCH_CHARACTERS_MAX) await this.#write();
  }

  /** The next table, or the end. */
  async #turn(line: string): Promise<ExportEnd | undefined> {
    await this.#write();
    // One of the two, by what it has.
    const next = parse(line) as Partial<ExportTable & ExportEnd>;
    if (next.end === true) {
      const end: ExportEnd = { end: true, rows: next.rows ?? 0, sequences: next.sequences ?? {} };
      for (const [name, last] of Object.entries(end.sequences)) await this.#setSequence(name, last);
      return end;
    }
    const table = this.#layout.tables.find(({ name }) => name === next.table);
    if (table === undefined) throw unreadable(`there is no table ${String(next.table)}.`);
    this.#table = importTable(table, next.columns ?? []);
    this.#counts[table.name] = 0;
    return undefined;
  }

  async #write(): Promise<void> {
    if (this.#batch.length === 0) return;
    const table = this.#table;
    if (table === undefined) throw unreadable('there are rows before the first table.');
    const rows = `[${this.#batch.join(',')}]`;
    const count = this.#batch.length;
    this.#batch = [];
    this.#characters = 0;
    await sql`insert into ${sql.table(table.name)} (${table.columns}) overriding system value
      select ${table.values} from jsonb_array_elements(${rows}::jsonb) as r`.execute(this.#trx);
    this.#counts[table.name] = (this.#counts[table.name] ?? 0) + count;
    this.#rows += count;
  }

  async #setSequence(name: string, last: string | null): Promise<void> {
    if (!this.#layout.sequences.includes(name)) throw unreadable(`there is no sequence ${name}.`);
    if (last !== null) await sql`select setval(${name}::regclass, ${last}::bigint)`.execute(this.#trx);
  }
}

interface ImportTable {
  readonly name: string;
  readonly columns: ReturnType<typeof sql.join>;
  readonly values: ReturnType<typeof sql.join>;
}

function importTable({ name, columns }: TableLayout, theirs: readonly string[]): ImportTable {
  const types = new Map(columns.map((column) => [column.name, column.type]));
  const unknown = theirs.find((column) => !types.has(column));
  if (unknown !== undefined) throw unreadable(`there is no column ${name}.${unknown}.`);
  return {
    name,
    columns: sql.join(theirs.map((column) => sql.ref(column))),
    // The types are what this database says of itself.
    values: sql.join(theirs.map((column, at) => sql`(r ->> ${sql.lit(at)})::${sql.raw(types.get(column) ?? '')}`)),
  };
}

async function refuseFilled(trx: Transaction<Tables>, { tables }: Layout): Promise<void> {
  const filled: string[] = [];
  for (const { name } of tables) {
    if (name === 'migration' || madeByOpening.includes(name)) continue;
    const { rows } = await sql`select 1 from ${sql.table(name)} limit 1`.execute(trx);
    if (rows.length > 0) filled.push(name);
  }
  if (filled.length > 0) throw storeErrors.error('IMPORT_NOT_EMPTY', { tables: filled.join(', ') });
}

async function* linesOf(bytes: AsyncIterable<Buffer>): AsyncGenerator<string> {
  const decoder = new StringDecoder('utf8');
  let rest = '';
  for await (const chunk of bytes) {
    const lines = (rest + decoder.write(chunk)).split('\n');
    rest = lines.pop() ?? '';
    if (rest.length > LINE_CHARACTERS_MAX) throw unreadable(`a line is longer than ${LINE_CHARACTERS_MAX} characters.`);
    yield* lines;
  }
  // Each line has its end: what is left was cut.
}

function parse(line: string): object {
  let value: unknown;
  try {
    value = JSON.parse(line);
  } catch {
    throw unreadable('a line is no JSON.');
  }
  if (typeof value !== 'object' || value === null) throw unreadable('a line is no object.');
  return value;
}

const unreadable = (reason: string) => storeErrors.error('EXPORT_UNREADABLE', { reason });

/** What the decompression says, as ours. */
function readable(error: unknown): unknown {
  const code = error instanceof Error && 'code' in error ? error.code : undefined;
  if (code === 'Z_BUF_ERROR') return storeErrors.error('EXPORT_TRUNCATED', { rows: 'some' }, { cause: error });
  if (typeof code === 'string' && code.startsWith('Z_')) return unreadable('it is no gzip.');
  return error;
}
