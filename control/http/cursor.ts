/** Cursors: where a list goes on, for its eyes only. */
import { httpErrors } from './errors.ts';
import { Refusal } from './refusal.ts';

/** `list` names the list and its order: another one's cursor is refused. */
export function makeCursor(list: string, position: readonly string[]): string {
  return Buffer.from(JSON.stringify([list, ...position])).toString('base64url');
}

/** Undefined at the beginning. Each part is checked by the pattern of its place. */
export function readCursor(
  list: string,
  cursor: string | undefined,
  patterns: readonly RegExp[],
): readonly string[] | undefined {
  if (cursor === undefined) return undefined;
  const [name, ...position] = partsOf(cursor);
  const fits = name === list && position.length === patterns.length;
  if (!fits || !position.every((part, index) => patterns[index]?.test(part))) {
    throw new Refusal(httpErrors.error('CURSOR_INVALID'), 422, {
      errors: [{ in: 'query', path: ['cursor'], message: 'it was not made by this list' }],
    });
  }
  return position;
}

function partsOf(cursor: string): readonly string[] {
  try {
    const parts: unknown = JSON.parse(Buffer.from(cursor, 'base64url').toString());
    return Array.isArray(parts) && parts.every((part) => typeof part === 'string') ? parts : [];
  } catch {
    // What is no JSON was not made here: that is said by the caller.
    return [];
  }
}

export const instantPattern = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{6}Z$/;
export const namePattern = /^[^\u0000]*$/;
export const countPattern = /^\d{1,9}$/;

/** A page of one row more than asked for: the row too many says that there is a next page. */
export function pageOfRows<Row, Item>(
  rows: readonly Row[],
  limit: number,
  { item, cursor }: { item: (row: Row) => Item; cursor: (last: Row) => string },
): { items: Item[]; next?: string } {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  const next = rows.length > limit && last !== undefined ? { next: cursor(last) } : {};
  return { items: shown.map(item), ...next };
}

/** A text as part of an ILIKE pattern. */
export function containing(text: string): string {
  return `%${text.replace(/[\\%_]/g, String.raw`\$&`)}%`;
}
