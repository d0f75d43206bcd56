/** What the tables and sequences of a database are, as it says itself: for moving all of it. */
import { sql } from 'kysely';
import type { Kysely } from 'kysely';
import { assert } from '#spi/assert.ts';
import type { Tables } from './tables.ts';

export interface Layout {
  /** Such that a table comes behind those that it refers to. */
  readonly tables: readonly TableLayout[];
  readonly sequences: readonly string[];
}

export interface TableLayout {
  readonly name: string;
  readonly columns: readonly { readonly name: string; readonly type: string }[];
}

export async function layoutOf(db: Kysely<Tables>): Promise<Layout> {
  const { rows: columns } = await sql<{ table: string; name: string; type: string }>`
    select c.relname as table, a.attname as name, format_type(a.atttypid, a.atttypmod) as type
    from pg_class c join pg_attribute a on a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
    where c.relnamespace = current_schema()::regnamespace and c.relkind = 'r' and a.attgenerated = ''
    order by c.relname, a.attnum`.execute(db);
  const { rows: references } = await sql<{ from: string; to: string }>`
    select f.relname as from, t.relname as to
    from pg_constraint k join pg_class f on f.oid = k.conrelid join pg_class t on t.oid = k.confrelid
    where k.contype = 'f' and f.relnamespace = current_schema()::regnamespace`.execute(db);
  const { rows: sequences } = await sql<{ name: string }>`
    select c.oid::regclass::text as name from pg_class c
    where c.relkind = 'S' and c.relnamespace in (current_schema()::regnamespace, 'dispatch'::regnamespace)
    order by 1`.execute(db);
  const tables = new Map<string, { name: string; type: string }[]>();
  for (const { table, name, type } of columns) tables.set(table, [...(tables.get(table) ?? []), { name, type }]);
  const order = referredFirst([...tables.keys()], references);
  return {
    tables: order.map((name) => ({ name, columns: tables.get(name) ?? [] })),
    sequences: sequences.map(({ name }) => name),
  };
}

export function referredFirst(
  names: readonly string[],
  references: readonly { readonly from: string; readonly to: string }[],
): string[] {
  const order: string[] = [];
  const left = new Set(names);
  while (left.size > 0) {
    const next = [...left].filter(
      (name) => !references.some(({ from, to }) => from === name && to !== name && left.has(to)),
    );
    assert(next.length > 0, 'tables do not refer to each other in a circle');
    for (const name of next) left.delete(name);
    order.push(...next);
  }
  return order;
}
