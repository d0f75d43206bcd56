/** Lists that are sorted by name or by time: where a page begins, and how its rows come. */
import { sql } from 'kysely';
import type { RawBuilder } from 'kysely';
import { ID_PATTERN } from '#api/fields.ts';
import { instantPattern, makeCursor, namePattern, pageOfRows, readCursor } from '#control/http/cursor.ts';

export interface Sorting {
  /** An expression of the statement, never null. */
  readonly by: RawBuilder<unknown>;
  /** Its type in SQL. */
  readonly type: 'text' | 'timestamptz';
  readonly direction: 'asc' | 'desc';
}

export const byName: Sorting = { by: sql.ref('name'), type: 'text', direction: 'asc' };
export const latestFirst: Sorting = { by: sql.ref('updated_at'), type: 'timestamptz', direction: 'desc' };
export const sortings = { name: byName, '-updatedAt': latestFirst } as const;

interface Asked {
  readonly cursor?: string | undefined;
  readonly limit: number;
}

interface Sorted<Row> {
  /** Name of the list, with its order. */
  readonly list: string;
  readonly query: Asked;
  readonly sorting: Sorting;
  /** Of the table with the ids. */
  readonly id: string;
  /** What a row has in the place of `by`. */
  readonly position: (row: Row) => string;
}

/** Rows behind the cursor; `page` cuts them. */
export class SortedList<Row extends { readonly id: string }> {
  readonly #options: Sorted<Row>;
  readonly where: RawBuilder<boolean>;
  readonly orderBy: RawBuilder<unknown>;
  /** Rows to be asked for: one more than are shown says that there is a next page. */
  readonly limit: number;

  constructor(options: Sorted<Row>) {
    const { list, query, sorting } = options;
    const { by, type, direction } = sorting;
    this.#options = options;
    this.limit = query.limit + 1;
    const id = sql.ref(options.id);
    const after = readCursor(list, query.cursor, [type === 'text' ? namePattern : instantPattern, ID_PATTERN]);
    const compare = direction === 'asc' ? sql`>` : sql`<`;
    this.where =
      after === undefined
        ? sql<boolean>`true`
        : sql<boolean>`(${by}, ${id}) ${compare} (${after[0]}::${sql.raw(type)}, ${after[1]})`;
    this.orderBy = direction === 'asc' ? sql`${by}, ${id}` : sql`${by} desc, ${id} desc`;
  }

  page<Item>(rows: readonly Row[], item: (row: Row) => Item): { items: Item[]; next?: string } {
    const { list, query, position } = this.#options;
    return pageOfRows(rows, query.limit, { item, cursor: (row) => makeCursor(list, [position(row), row.id]) });
  }
}
