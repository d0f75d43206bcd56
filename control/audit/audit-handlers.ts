import { ID_PATTERN } from '#api/fields.ts';
import type { AuditEvent } from '#api/resources/audit.ts';
import type { AuditQuery } from '#api/endpoints/audit.ts';
import { instantPattern, makeCursor, readCursor } from '#control/http/cursor.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import type { Store } from '#control/store/store.ts';
import { searchAudit } from './audit-search.ts';
import type { AuditFilters, AuditPosition } from './audit-search.ts';

type Db = Store['db'];

/** Events of an export that are fetched at once. */
const EXPORT_ROWS = 500;

export function auditHandlers({ db }: Pick<Store, 'db'>): HandlersOf<'audit'> {
  return {
    'audit.list': ({ query, principal }) => page(db, principal.workspaceId, query),
    'audit.installation': ({ query }) => page(db, null, query),
    'audit.csv': ({ query, principal }) => Promise.resolve(csvLines(allEvents(db, principal.workspaceId, query))),
    'audit.ndjson': ({ query, principal }) => Promise.resolve(jsonLines(allEvents(db, principal.workspaceId, query))),
  };
}

async function page(
  db: Db,
  workspaceId: string | null,
  { limit, cursor, ...filters }: AuditQuery,
): Promise<{ items: AuditEvent[]; next?: string }> {
  const [at, id = ''] = readCursor('audit', cursor, [instantPattern, ID_PATTERN]) ?? [];
  const after = at === undefined ? undefined : { at, id };
  const { events, next } = await searchAudit(db, { workspaceId, filters, limit, after });
  return { items: events, ...(next === undefined ? {} : { next: makeCursor('audit', [next.at, next.id]) }) };
}

/** Batch by batch. What is written meanwhile is newer, and not among them. */
async function* allEvents(db: Db, workspaceId: string, filters: AuditFilters): AsyncGenerator<readonly AuditEvent[]> {
  let after: AuditPosition | undefined;
  do {
    const { events, next } = await searchAudit(db, { workspaceId, filters, limit: EXPORT_ROWS, after });
    yield events;
    after = next;
  } while (after !== undefined);
}

async function* jsonLines(batches: AsyncIterable<readonly AuditEvent[]>): AsyncGenerator<string> {
  for await (const events of batches) yield events.map((event) => `${JSON.stringify(event)}\n`).join('');
}

const columns = [
  'at',
  'actor',
  'action',
  'resourceKind',
  'resourceId',
  'resourceName',
  'groupId',
  'fields',
  'outcome',
  'code',
  'detail',
  'userId',
  'tokenId',
  'requestId',
  'endedAt',
  'id',
] as const satisfies readonly (keyof AuditEvent)[];

async function* csvLines(batches: AsyncIterable<readonly AuditEvent[]>): AsyncGenerator<string> {
  yield `${columns.join(',')}\r\n`;
  for await (const events of batches) {
    yield events.map((event) => `${columns.map((column) => csvCell(event[column])).join(',')}\r\n`).join('');
  }
}

/** A name must not become a formula in somebody's spreadsheet: what could be one begins with an apostrophe. */
function csvCell(value: AuditEvent[(typeof columns)[number]]): string {
  if (value === null) return '';
  const plain = typeof value === 'string' ? value : Array.isArray(value) ? value.join(' ') : JSON.stringify(value);
  const text = /^[=+\-@\t\r]/.test(plain) ? `'${plain}` : plain;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
