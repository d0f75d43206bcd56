/** Destinations as rows and as resources. */
import { sql } from 'kysely';
import type { Selectable } from 'kysely';
import type { Destination } from '#api/resources/notice.ts';
import { unknown } from '#control/http/refusal.ts';
import type { NoticeDestinationTable } from '#control/store/notice-tables.ts';
import type { Store } from '#control/store/store.ts';
import type { HttpConfig } from './destination-options.ts';

type Db = Store['db'];

export interface AddressRow {
  readonly address: string;
  readonly confirmed_at: string | null;
  readonly link_sent_at: string | null;
}

export type DestinationRow = Omit<Selectable<NoticeDestinationTable>, 'secrets'> & {
  readonly secrets_set: string[];
};

const columns = [
  'id',
  'workspace_id',
  'name',
  'kind',
  'config',
  'paused_until',
  'failures_in_row',
  'failing_since',
  'last_error',
  'last_sent_at',
  'version',
  'created_at',
  'updated_at',
] as const;
const secretsSet = sql<string[]>`array(select jsonb_object_keys(secrets) order by 1)`.as('secrets_set');

// oxlint-disable-next-line typescript/explicit-module-boundary-types -- kysely's types name every column
export function selectDestinations(db: Db, workspaceId: string) {
  return db.selectFrom('notice_destination').select(columns).select(secretsSet).where('workspace_id', '=', workspaceId);
}

export async function theDestination(
  db: Db,
  id: string,
  workspaceId: string,
  isLocked = false,
): Promise<DestinationRow> {
  const query = selectDestinations(db, workspaceId).where('id', '=', id);
  const found = await (isLocked ? query.forUpdate() : query).executeTakeFirst();
  if (found === undefined) throw unknown('destination', id);
  return found;
}

/** With the addresses of those that are e-mail. */
export async function destinationsOf(db: Db, rows: readonly DestinationRow[]): Promise<Destination[]> {
  const ids = rows.filter(({ kind }) => kind === 'email').map(({ id }) => id);
  const addresses =
    ids.length === 0
      ? []
      : await db
          .selectFrom('notice_address')
          .select(['destination_id', 'address', 'confirmed_at', 'link_sent_at'])
          .where('destination_id', 'in', ids)
          .orderBy('address')
          .execute();
  return rows.map((row) =>
    destinationOf(
      row,
      addresses.filter((each) => each.destination_id === row.id),
    ),
  );
}

export async function destinationResource(db: Db, id: string, workspaceId: string): Promise<Destination> {
  const row = await theDestination(db, id, workspaceId);
  const [resource] = await destinationsOf(db, [row]);
  if (resource === undefined) throw unknown('destination', id);
  return resource;
}

function destinationOf(row: DestinationRow, addresses: readonly AddressRow[]): Destination {
  return {
    id: row.id,
    name: row.name,
    kind: row.kind,
    options: optionsOf(row, addresses),
    failingSince: row.failing_since,
    failuresInRow: row.failures_in_row,
    lastError: row.last_error,
    lastSentAt: row.last_sent_at,
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}

function optionsOf({ kind, config }: DestinationRow, addresses: readonly AddressRow[]): Destination['options'] {
  if (kind === 'email') {
    return {
      addresses: addresses.map(({ address, confirmed_at: confirmedAt, link_sent_at: askedAt }) => ({
        address,
        confirmedAt,
        askedAt,
      })),
    };
  }
  // Written by `keptOptions()`.
  if (kind === 'slack') return { webhookHost: String(config['webhookHost'] ?? '') };
  const { url, method, contentType, headers, params } = config as unknown as HttpConfig;
  return {
    url,
    method,
    contentType,
    headers: headers.map((each) => ({ ...each })),
    params: params.map((each) => ({ ...each })),
  };
}
