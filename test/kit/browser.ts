/** A browser at the API: keeps cookies, and says that it asks from the server's own pages. */
import { makeClient } from '#api/client.ts';
import type { Client } from '#api/client.ts';
import { newId } from '#control/store/ids.ts';
import type { WorkspaceRole } from '#api/endpoint.ts';
import { hashPassword } from '#control/sign-in/password-hash.ts';
import { setPassword } from '#control/sign-in/people.ts';
import type { ControlApi } from './control-api.ts';

export interface Browser {
  readonly client: Client;
  readonly cookies: Map<string, string>;
  /** Lines of `Set-Cookie` of the last answer. */
  readonly lastCookies: () => readonly string[];
  /** As it is, without the client: for what no client would send. */
  request(path: string, init?: RequestInit): Promise<Response>;
}

export interface BrowserOptions {
  readonly url?: string;
  readonly headers?: Readonly<Record<string, string>>;
}

const noHeaders: Readonly<Record<string, string>> = {};

export function browser(
  api: Pick<ControlApi, 'request'>,
  { url = 'http://localhost', headers: own = noHeaders }: BrowserOptions = {},
): Browser {
  const cookies = new Map<string, string>();
  let lastCookies: readonly string[] = [];
  const request = async (path: string, init: RequestInit = {}): Promise<Response> => {
    const headers = new Headers({ 'sec-fetch-site': 'same-origin', 'user-agent': 'Browser of the test', ...own });
    for (const [name, value] of new Headers(init.headers)) headers.set(name, value);
    if (cookies.size > 0) headers.set('cookie', [...cookies].map((pair) => pair.join('=')).join('; '));
    const response = await api.request(new URL(path, url).href, { ...init, headers });
    lastCookies = response.headers.getSetCookie();
    for (const line of lastCookies) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? [];
      if (/; Max-Age=0;/.test(line)) cookies.delete(name);
      else cookies.set(name, value);
    }
    return response;
  };
  const fetch = (address: string | URL | Request, init?: RequestInit): Promise<Response> =>
    request(String(address), init);
  return { client: makeClient({ url, fetch, triesMax: 1 }), cookies, lastCookies: () => lastCookies, request };
}

export interface PersonOptions {
  readonly email: string;
  readonly name?: string;
  readonly role?: WorkspaceRole;
  readonly administersInstallation?: boolean;
  /** Null: the person comes from a provider. */
  readonly password?: string | null;
}

export const PASSWORD = 'a heron over the lake';
let hash: Promise<string> | undefined;

/** Somebody in the workspace of `own`, whose password is {@link PASSWORD}. */
export async function person(api: ControlApi, options: PersonOptions): Promise<{ id: string; email: string }> {
  const { email, name = 'Aiko', role = 'viewer', administersInstallation = false, password } = options;
  const { db } = api.store;
  const id = newId();
  await db.insertInto('users').values({ id, email, name, administers_installation: administersInstallation }).execute();
  await db.insertInto('member').values({ workspace_id: api.own.workspaceId, user_id: id, role }).execute();
  // Hashing takes its time: once is enough.
  hash ??= hashPassword(PASSWORD);
  if (password !== null) await setPassword(db, id, password === undefined ? await hash : await hashPassword(password));
  return { id, email };
}

/** A browser of somebody who has signed in with {@link PASSWORD}. */
export async function signedIn(
  api: ControlApi,
  email: string,
  options: BrowserOptions & { readonly password?: string } = {},
): Promise<Browser> {
  const made = browser(api, options);
  await made.client.call('signIn.password', { body: { email, password: options.password ?? PASSWORD } });
  return made;
}
