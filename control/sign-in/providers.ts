/** Providers of OpenID Connect, as those who administer the installation see them. */
import { isDeepStrictEqual } from 'node:util';
import { sql } from 'kysely';
import type { Selectable, Updateable } from 'kysely';
import type { z } from 'zod';
import type { SignInProvider, signInProviderUpdate } from '#api/resources/sign-in-provider.ts';
import { definedOnly } from '#control/defined-only.ts';
import { assertVersion, namedOnce } from '#control/definitions/versions.ts';
import { SortedList, byName } from '#control/http/sorted-list.ts';
import type { HandlersOf } from '#control/http/handler.ts';
import { invalid, unknown } from '#control/http/refusal.ts';
import { isLoopback } from '#control/http/visitor.ts';
import { openSecret, sealSecret } from '#control/secrets/envelope.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import { newId } from '#control/store/ids.ts';
import type { SignInProviderTable } from '#control/store/sign-in-tables.ts';
import type { Store } from '#control/store/store.ts';
import { json } from '#control/store/values.ts';
import type { SignInParts } from './let-in.ts';
import type { ProviderSettings } from './oidc-client.ts';

type Db = Store['db'];
export type ProviderRow = Selectable<SignInProviderTable>;
type Fields = Omit<z.output<typeof signInProviderUpdate>, 'clientSecret'>;

/** Where the provider sends people back to: a page of the console, which hands it to `signIn.finish`. */
export function callbackAddress(origin: string): string {
  return `${origin}/sign-in/callback`;
}

export function providerSecretPlace(providerId: string): { connectionId: string; path: string } {
  return { connectionId: `sign-in-provider:${providerId}`, path: 'clientSecret' };
}

export function settingsOf(keys: KeyRing, row: ProviderRow): ProviderSettings {
  const { issuer, client_id: clientId, client_secret: envelope, scopes } = row;
  // It was sealed by us, as text.
  const clientSecret = envelope === null ? null : (openSecret(keys, providerSecretPlace(row.id), envelope) as string);
  return { issuer, clientId, clientSecret, scopes };
}

type Handlers = HandlersOf<'signInProviders'>;

export function providerHandlers(parts: SignInParts): Handlers {
  return { ...readHandlers(parts), ...writeHandlers(parts) };
}

type ReadId = 'signInProviders.list' | 'signInProviders.get';

function readHandlers({ store: { db } }: SignInParts): Pick<Handlers, ReadId> {
  return {
    async 'signInProviders.list'({ query, visitor }) {
      const list = new SortedList('providers', query, byName());
      let rows = db.selectFrom('sign_in_provider').selectAll();
      const found = await rows.where(list.where).orderBy(list.orderBy).limit(list.limit).execute();
      return list.page(found, (row) => providerOf(row, visitor.origin));
    },

    async 'signInProviders.get'({ params, visitor }) {
      return providerOf(await theProvider(db, params.id), visitor.origin);
    },
  };
}

function writeHandlers({ store: { db }, keys }: SignInParts): Omit<Handlers, ReadId> {
  const seal = (id: string, secret: string | null): string | null =>
    secret === null ? null : sealSecret(keys, providerSecretPlace(id), secret);
  return {
    async 'signInProviders.create'({ body, visitor }) {
      const { clientSecret, ...fields } = body;
      assertIssuer(fields.issuer);
      await assertWorkspace(db, fields.newPeople);
      const id = newId();
      const row = {
        id,
        name: fields.name,
        issuer: fields.issuer,
        client_id: fields.clientId,
        client_secret: seal(id, clientSecret),
        scopes: fields.scopes,
        email_domains: json(fields.emailDomains),
        new_role: fields.newPeople?.role ?? null,
        new_workspace_id: fields.newPeople?.workspaceId ?? null,
        is_enabled: fields.isEnabled,
      };
      const insert = db.insertInto('sign_in_provider').values(row).returningAll();
      const made = await namedOnce('provider', fields.name, () => insert.executeTakeFirstOrThrow());
      return providerOf(made, visitor.origin);
    },

    async 'signInProviders.update'({ params, body, ifMatch, visitor }) {
      const { clientSecret, ...fields } = body;
      if (fields.issuer !== undefined) assertIssuer(fields.issuer);
      await assertWorkspace(db, fields.newPeople);
      return await db.transaction().execute(async (trx) => {
        const before = await theProvider(trx, params.id, true);
        assertVersion('provider', before.version, ifMatch);
        const isMoved = fields.issuer !== undefined && fields.issuer !== before.issuer;
        if (isMoved && before.client_secret !== null && clientSecret === undefined) {
          const message = 'another issuer needs it anew: the one so far is not for it to see';
          throw invalid([{ in: 'body', path: ['clientSecret'], message }]);
        }
        const shown = providerOf(before, visitor.origin);
        if (clientSecret === undefined && isDeepStrictEqual({ ...shown, ...definedOnly(fields) }, shown)) return shown;
        const secret = clientSecret === undefined ? before.client_secret : seal(before.id, clientSecret);
        const update = trx
          .updateTable('sign_in_provider')
          .set({
            ...columnsOf(fields, before),
            client_secret: secret,
            version: before.version + 1,
            updated_at: sql<string>`dispatch.now()`,
          })
          .where('id', '=', before.id)
          .returningAll();
        const after = await namedOnce('provider', fields.name ?? before.name, () => update.executeTakeFirstOrThrow());
        return providerOf(after, visitor.origin);
      });
    },

    async 'signInProviders.delete'({ params, ifMatch }) {
      await db.transaction().execute(async (trx) => {
        const before = await theProvider(trx, params.id, true);
        if (ifMatch !== undefined) assertVersion('provider', before.version, ifMatch);
        await trx.deleteFrom('sign_in_provider').where('id', '=', before.id).execute();
      });
    },
  };
}

function columnsOf(fields: Fields, before: ProviderRow): Updateable<SignInProviderTable> {
  const { newPeople } = fields;
  return {
    name: fields.name ?? before.name,
    issuer: fields.issuer ?? before.issuer,
    client_id: fields.clientId ?? before.client_id,
    scopes: fields.scopes ?? before.scopes,
    email_domains: json(fields.emailDomains ?? before.email_domains),
    new_role: newPeople === undefined ? before.new_role : (newPeople?.role ?? null),
    new_workspace_id: newPeople === undefined ? before.new_workspace_id : (newPeople?.workspaceId ?? null),
    is_enabled: fields.isEnabled ?? before.is_enabled,
  };
}

async function theProvider(db: Db, id: string, isLocked = false): Promise<ProviderRow> {
  const query = db.selectFrom('sign_in_provider').selectAll().where('id', '=', id);
  const found = await (isLocked ? query.forUpdate() : query).executeTakeFirst();
  if (found === undefined) throw unknown('provider', id);
  return found;
}

/** Whoever is on the way to it could let in whomever they like. */
function assertIssuer(text: string): void {
  const url = new URL(text);
  const isSafe = url.protocol === 'https:' || (url.protocol === 'http:' && isLoopback(url.hostname));
  const isPlain = url.username === '' && url.password === '' && url.search === '' && url.hash === '';
  if (isSafe && isPlain) return;
  const message = isSafe
    ? 'it must hold neither a name, a password, a query nor a fragment'
    : 'it must begin with https://, unless it is this machine';
  throw invalid([{ in: 'body', path: ['issuer'], message }]);
}

async function assertWorkspace(db: Db, newPeople: Fields['newPeople']): Promise<void> {
  if (newPeople === undefined || newPeople === null) return;
  const { workspaceId } = newPeople;
  const found = await db.selectFrom('workspace').select('id').where('id', '=', workspaceId).executeTakeFirst();
  if (found !== undefined) return;
  const message = `there is no such workspace: ${workspaceId}`;
  throw invalid([{ in: 'body', path: ['newPeople', 'workspaceId'], message }]);
}

function providerOf(row: ProviderRow, origin: string): SignInProvider {
  const { new_role: role, new_workspace_id: workspaceId } = row;
  return {
    id: row.id,
    name: row.name,
    issuer: row.issuer,
    clientId: row.client_id,
    hasClientSecret: row.client_secret !== null,
    scopes: row.scopes,
    emailDomains: [...row.email_domains],
    // Who is let in by itself administers nothing: the contract lets no such role in.
    newPeople: role === null || role === 'administrator' || workspaceId === null ? null : { role, workspaceId },
    isEnabled: row.is_enabled,
    redirectUri: callbackAddress(origin),
    version: row.version,
    createdAt: row.created_at,
    updatedAt: row.updated_at,
  };
}
