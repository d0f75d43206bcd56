/** Lists that are sorted by a text or by a time: where a page begins, and how its rows come. */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { ID_PATTERN } from '#api/fields.ts';
import { instantPattern, makeCursor, namePattern, pageOfRows, readCursor } from './cursor.ts';

/** `Row`: what must have been selected for it. */
export interface Sorting<Row> {
  /** An expression of the statement, never null. */
  readonly by: RawBuilder<unknown>;
  /** Its type in SQL. */
  readonly type: 'text' | 'timestamptz';
  readonly direction: 'asc' | 'desc';
  /** The column of the ids, which tell rows apart that are the same in `by`. */
  readonly id: string;
  /** What a row has in the place of `by`. */
  readonly position: (row: Row) => string;
}

/** `column`: with its table, where there are several. */
export function byName(column = 'name'): Sorting<{ readonly name: string }> {
  return { by: sql.ref(column), type: 'text', direction: 'asc', id: idBeside(column), position: ({ name }) => name };
}

export function latestFirst<Column extends string>(
  column: Column,
  table?: string,
): Sorting<Readonly<Record<Column, string>>> {
  const whole = table === undefined ? column : `${table}.${column}`;
  const position = (row: Readonly<Record<Column, string>>): string => row[column];
  return { by: sql.ref(whole), type: 'timestamptz', direction: 'desc', id: idBeside(whole), position };
}

function idBeside(column: string): string {
  return column.replace(/[^.]+$/, 'id');
}

type Named = { readonly name: string; readonly updated_at: string };

/** Of resources with names. */
export const sortings: Readonly<Record<'name' | '-updatedAt', Sorting<Named>>> = {
  name: byName(),
  '-updatedAt': latestFirst('updated_at'),
};

interface Asked {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

/** Rows behind the cursor; `page` cuts them. `name`: of the list with its order, for which alone its cursors are good. */
export class SortedList<Row> {
  readonly #name: string;
  readonly #query: Asked;
  readonly #sorting: Sorting<Row>;
  readonly where: RawBuilder<boolean>;
  readonly orderBy: RawBuilder<unknown>;
  /** Rows to be asked for: one more than are shown says that there is a next page. */
  readonly limit: number;

  constructor(name: string, query: Asked, sorting: Sorting<Row>) {
    const { by, type, direction } = sorting;
    this.#name = name;
    this.#query = query;
    this.#sorting = sorting;
    this.limit = query.limit + 1;
    const id = sql.ref(sorting.id);
    const after = readCursor(name, query.cursor, [type === 'text' ? namePattern : instantPattern, ID_PATTERN]);
    const compare = direction === 'asc' ? sql`>` : sql`<`;
    this.where =
      after === undefined
        ? sql<boolean>`true`
        : sql<boolean>`(${by}, ${id}) ${compare} (${after[0]}::${sql.raw(type)}, ${after[1]})`;
    this.orderBy = direction === 'asc' ? sql`${by}, ${id}` : sql`${by} desc, ${id} desc`;
  }

  page<Found extends Row & { readonly id: string }, Item>(
    rows: readonly Found[],
    item: (row: Found) => Item,
  ): { items: Item[]; next?: string } {
    const cursor = (row: Found): string => makeCursor(this.#name, [this.#sorting.position(row), row.id]);
    return pageOfRows(rows, this.#query.limit, { item, cursor });
  }
}
