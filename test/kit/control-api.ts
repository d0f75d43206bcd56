/**
 * The API over a database of its own, without a port: requests go through `app.request()`. Two workspaces are there,
 * with a token each, so that a test can try to see the other one's.
 */
import { catalog } from '#connectors/catalog.ts';
import { makeClient } from '#api/client.ts';
import type { Client } from '#api/client.ts';
import { createToken, tokenAuthenticator } from '#control/auth/tokens.ts';
import { makeApp } from '#control/http/app.ts';
import type { AppOptions } from '#control/http/app.ts';
import { makeHandlers } from '#control/http/handlers.ts';
import { Idempotency } from '#control/http/idempotency.ts';
import { makeLog } from '#control/log.ts';
import { noticeSettings } from '#control/notify/settings.ts';
import type { NoticeSettings } from '#control/notify/settings.ts';
import { KeyRing } from '#control/secrets/key-ring.ts';
import { newId } from '#control/store/ids.ts';
import { controlStore, storeKinds } from './control-store.ts';
import type { ControlStore, StoreKind } from './control-store.ts';
import { rowCommands } from './run-rows.ts';

export interface Side {
  readonly workspaceId: string;
  readonly token: string;
  readonly client: Client;
}

export interface ControlApi extends AsyncDisposable {
  readonly store: ControlStore;
  readonly keys: KeyRing;
  readonly own: Side;
  readonly other: Side;
  readonly stopping: AbortController;
  /** Lines of the log so far. */
  readonly log: readonly string[];
  request(path: string, init?: RequestInit): Promise<Response>;
  clientOf(token: string): Client;
}

export interface ControlApiOptions extends Partial<
  Pick<AppOptions, 'rate' | 'strangers' | 'reach' | 'streams' | 'bodyBytesMax'>
> {
  /** By default the one that is made fastest. */
  readonly kind?: StoreKind | undefined;
  readonly notices?: Partial<NoticeSettings>;
}

export async function controlApi({
  kind = storeKinds[0],
  notices,
  ...options
}: ControlApiOptions = {}): Promise<ControlApi> {
  const store = await controlStore(kind === undefined ? {} : { kind });
  const keys = new KeyRing([new Uint8Array(32).fill(7)]);
  const stopping = new AbortController();
  const log: string[] = [];
  const commands = rowCommands(store);
  const settings = noticeSettings({ installationId: store.installationId, environment: {}, release: '0.0.0' });
  const parts = { store, catalog, keys, commands, notices: { ...settings, ...notices } };
  const app = makeApp({
    handlers: makeHandlers({ ...parts, version: '0.0.0', stopping: stopping.signal }),
    store,
    authenticate: tokenAuthenticator(store),
    idempotency: new Idempotency(store),
    log: makeLog({ level: 'debug', write: (line) => log.push(line) }),
    stopping: stopping.signal,
    // Tests ask as fast as they can.
    rate: { perSecond: 1e6, burst: 1e6 },
    strangers: { perSecond: 1e6, burst: 1e6 },
    ...options,
  });
  const request = async (path: string, init?: RequestInit): Promise<Response> => app.request(path, init);
  const fetch = async (url: string | URL | Request, init?: RequestInit): Promise<Response> =>
    app.request(String(url), init);
  const clientOf = (token: string): Client => makeClient({ url: 'http://control', token, fetch });
  const side = async (name: string): Promise<Side> => {
    const workspaceId = newId();
    await store.db.insertInto('workspace').values({ id: workspaceId, name }).execute();
    const { token } = await createToken(store.db, { workspaceId, name: `token of ${name}`, expiresAt: null });
    return { workspaceId, token, client: clientOf(token) };
  };
  const own = await side('own');
  const other = await side('other');
  return { store, keys, own, other, stopping, log, request, clientOf, [Symbol.asyncDispose]: () => store.close() };
}
