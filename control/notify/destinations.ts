/** Destinations of notices: kept with their secrets in envelopes, asked for confirmation, tried. */
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { ResourceReference } from '#api/problem.ts';
import { definitionErrors } from '#control/definitions/errors.ts';
import { assertVersion, namedOnce } from '#control/definitions/versions.ts';
import { containing } from '#control/http/cursor.ts';
import { SortedList, sortings } from '#control/http/sorted-list.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { Refusal } from '#control/http/refusal.ts';
import { sealSecret } from '#control/secrets/envelope.ts';
import { newId } from '#control/store/ids.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import { isRopewayError } from '#spi/errors.ts';
import { askAddresses, confirmAddress } from './confirmation.ts';
import { keptOptions } from './destination-options.ts';
import type { KeptOptions } from './destination-options.ts';
import { destinationResource, destinationsOf, selectDestinations, theDestination } from './destination-row.ts';
import { NOTICES_CHANNEL } from './notifier.ts';
import type { SendParts } from './outgoing.ts';
import { testDestination } from './test-message.ts';

type Db = Store['db'];
type Handlers = HandlersOf<'destinations'>;

export interface NoticeParts extends Omit<SendParts, 'db'> {
  readonly store: Pick<Store, 'db' | 'hints'>;
}

export function destinationHandlers(parts: NoticeParts): Handlers {
  return { ...readHandlers(parts.store.db), ...writeHandlers(parts), ...otherHandlers(parts) };
}

function readHandlers(db: Db): Pick<Handlers, 'destinations.list' | 'destinations.get'> {
  return {
    async 'destinations.list'({ query, principal }) {
      const list = new SortedList(`destinations.${query.sort}`, query, sortings[query.sort]);
      let rows = selectDestinations(db, principal.workspaceId);
      if (query.q !== undefined) rows = rows.where('name', 'ilike', containing(query.q));
      if (query.kind !== undefined) rows = rows.where('kind', '=', query.kind);
      if (query.isFailing !== undefined) rows = rows.where('failing_since', query.isFailing ? 'is not' : 'is', null);
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      const page = list.page(found, (row) => row);
      return { ...page, items: await destinationsOf(db, page.items) };
    },

    'destinations.get': ({ params, principal }) => destinationResource(db, params.id, principal.workspaceId),
  };
}

type WriteId = 'destinations.create' | 'destinations.update' | 'destinations.delete';

function writeHandlers({ store, keys, settings }: NoticeParts): Pick<Handlers, WriteId> {
  const { db, hints } = store;
  return {
    async 'destinations.create'({ body, principal }) {
      const kept = keptOptions(body.kind, body.options, { config: {}, secretsSet: [] }, settings);
      const id = newId();
      const { workspaceId } = principal;
      const row = {
        id,
        workspace_id: workspaceId,
        name: body.name,
        kind: body.kind,
        config: json(kept.config),
        secrets: json(envelopes(keys, id, kept)),
      };
      await db.transaction().execute(async (trx) => {
        await namedOnce('destination', body.name, () => trx.insertInto('notice_destination').values(row).execute());
        await putAddresses(trx, { id, workspaceId, name: body.name }, kept);
      });
      hints.tell(NOTICES_CHANNEL);
      return destinationResource(db, id, workspaceId);
    },

    async 'destinations.update'({ params: { id }, body, principal, ifMatch }) {
      const { workspaceId } = principal;
      await db.transaction().execute(async (trx) => {
        const before = await theDestination(trx, id, workspaceId, true);
        assertVersion('destination', before.version, ifMatch);
        const name = body.name ?? before.name;
        const { config, secrets_set: secretsSet } = before;
        const kept =
          body.options === undefined
            ? undefined
            : keptOptions(before.kind, body.options, { config, secretsSet }, settings);
        const areSame = kept === undefined || !(await isChange(trx, id, kept, { config, secretsSet }));
        if (name === before.name && areSame) return;
        const gone = kept === undefined ? [] : secretsSet.filter((each) => !kept.secretsSet.includes(each));
        const sealed = json(kept === undefined ? {} : envelopes(keys, id, kept));
        const update = trx
          .updateTable('notice_destination')
          .set({
            name,
            config: json(kept?.config ?? config),
            secrets: sql`(secrets - ${gone}::text[]) || ${sealed}::jsonb`,
            version: before.version + 1,
            // It is another one now: what it was told to wait for, and how it failed, is over.
            ...(areSame ? {} : { paused_until: null, failures_in_row: 0, failing_since: null, last_error: null }),
            updated_at: sql<string>`dispatch.now()`,
          })
          .where('id', '=', id);
        await namedOnce('destination', name, () => update.execute());
        if (kept !== undefined) await putAddresses(trx, { id, workspaceId, name }, kept);
      });
      hints.tell(NOTICES_CHANNEL);
      return destinationResource(db, id, workspaceId);
    },

    async 'destinations.delete'({ params: { id }, principal, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        const { name, version } = await theDestination(trx, id, principal.workspaceId, true);
        if (ifMatch !== undefined) assertVersion('destination', version, ifMatch);
        const users = await usersOf(trx, id);
        if (users.length > 0) {
          throw new Refusal(definitionErrors.error('RESOURCE_IN_USE', { kind: 'destination', name }), 409, { users });
        }
        await sql`update notice_delivery set state = 'dead', dead_at = dispatch.now(),
            last_answer = 'The destination was deleted.', lease_token = null, lease_until = null
          where destination_id = ${id} and workspace_id = ${principal.workspaceId} and state = 'waiting'`.execute(trx);
        await trx.deleteFrom('notice_destination').where('id', '=', id).execute();
      });
    },
  };
}

type OtherId = 'destinations.test' | 'destinations.ask' | 'destinations.confirm';

function otherHandlers(parts: NoticeParts): Pick<Handlers, OtherId> {
  const { store, keys, settings } = parts;
  const { db, hints } = store;
  return {
    async 'destinations.test'({ params: { id }, body, principal }) {
      await theDestination(db, id, principal.workspaceId);
      return { results: await testDestination({ ...parts, db }, id, body) };
    },

    async 'destinations.ask'({ params: { id }, principal }) {
      const { workspaceId } = principal;
      await db.transaction().execute(async (trx) => {
        const { name } = await theDestination(trx, id, workspaceId, true);
        try {
          await askAddresses(trx, { id, workspaceId, name }, true);
        } catch (error) {
          throw isRopewayError(error) ? new Refusal(error, 409) : error;
        }
      });
      hints.tell(NOTICES_CHANNEL);
      return destinationResource(db, id, workspaceId);
    },

    async 'destinations.confirm'({ body }) {
      try {
        return { address: await confirmAddress(db, { keys, installationId: settings.installationId }, body.token) };
      } catch (error) {
        throw isRopewayError(error) ? new Refusal(error, 409) : error;
      }
    },
  };
}

function envelopes(keys: NoticeParts['keys'], id: string, { set }: KeptOptions): Record<string, string> {
  return Object.fromEntries(
    [...set].map(([path, value]) => [path, sealSecret(keys, { connectionId: id, path }, value)]),
  );
}

async function isChange(
  trx: Db,
  id: string,
  kept: KeptOptions,
  before: { readonly config: object; readonly secretsSet: readonly string[] },
): Promise<boolean> {
  if (kept.set.size > 0) return true;
  const addresses = await trx.selectFrom('notice_address').select('address').where('destination_id', '=', id).execute();
  const now = [kept.config, [...kept.secretsSet].sort(), [...kept.addresses].sort()];
  return !isDeepStrictEqual(now, [
    before.config,
    [...before.secretsSet].sort(),
    addresses.map(({ address }) => address).sort(),
  ]);
}

/** Those that stay remain confirmed; those that are new are asked. */
async function putAddresses(
  trx: Db,
  destination: { readonly id: string; readonly workspaceId: string; readonly name: string },
  { addresses }: KeptOptions,
): Promise<void> {
  const { id } = destination;
  await sql`delete from notice_address where destination_id = ${id}
    and not (address = any(${[...addresses]}::text[]))`.execute(trx);
  for (const address of addresses) {
    await trx
      .insertInto('notice_address')
      .values({ id: newId(), destination_id: id, address })
      .onConflict((conflict) => conflict.doNothing())
      .execute();
  }
  await askAddresses(trx, destination, false);
}

const USERS_MAX = 100;

async function usersOf(trx: Db, id: string): Promise<ResourceReference[]> {
  const rows = await trx
    .selectFrom('notice_rule')
    .select(['id', 'name'])
    .where('destination_id', '=', id)
    .orderBy('name')
    .limit(USERS_MAX)
    .execute();
  return rows.map((row) => ({ kind: 'rule', ...row }));
}
