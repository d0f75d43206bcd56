/** What is behind a connection, page by page: a listing may have any length, and none of it is kept here. */
import type { BrowseRequest, Entry } from '#spi/connections.ts';
import { ask } from './bounded.ts';
import type { AskOptions } from './bounded.ts';
import { connectionErrors } from './errors.ts';
import type { OpenConnection } from './open-connection.ts';

/** What systems give at once without effort: S3 has pages of this size. */
export const PAGE_ENTRIES = 1000;
/** A listing that is longer is not one that a person or a form could use. */
const LISTING_ENTRIES_MAX = 10_000_000;
/** Pages without an entry in a row: a filter of the system's may leave some empty, but not for ever. */
const EMPTY_PAGES_MAX = 10_000;

export interface ListRequest {
  /** Names of containers from the top. */
  readonly path: readonly string[];
  readonly prefix?: string;
  /** Entries at most, of the whole listing. */
  readonly limit?: number;
}

/** Pages of at most `PAGE_ENTRIES`. Returns whether there would be more. */
export async function* listEntries(
  connection: OpenConnection,
  request: ListRequest,
  options: AskOptions,
): AsyncGenerator<readonly Entry[], { readonly hasMore: boolean }> {
  const { path, prefix, limit = LISTING_ENTRIES_MAX } = request;
  const asking = ask(connection, options);
  try {
    const plugin = await connection.plugin.load();
    let left = limit;
    let emptyPages = 0;
    let after: string | undefined;
    while (left > 0) {
      const page: BrowseRequest = {
        path,
        limit: Math.min(PAGE_ENTRIES, left),
        ...(after === undefined ? {} : { after }),
        ...(prefix === undefined ? {} : { prefix }),
      };
      // The config has passed this plugin's own schema; its type is forgotten in the catalogue.
      const { entries, next } = await asking.answer(() => plugin.browse(connection.config as never, page, asking.ctx));
      if (entries.length > page.limit) throw broken(connection, `a page has more than the ${page.limit} asked for`);
      left -= entries.length;
      if (entries.length > 0) yield entries;
      if (next === undefined) return { hasMore: false };
      emptyPages = entries.length === 0 ? emptyPages + 1 : 0;
      if (emptyPages > EMPTY_PAGES_MAX) throw broken(connection, `${EMPTY_PAGES_MAX} pages in a row are empty`);
      if (next === after) throw broken(connection, 'a page says that it follows itself');
      after = next;
    }
    return { hasMore: true };
  } finally {
    await asking.close();
  }
}

function broken({ type }: OpenConnection, reason: string): Error {
  return connectionErrors.error('CONNECTION_PAGES', { type, reason });
}
