/** Cookies of one request and its answer. Scripts of pages never see them, and no other site's page sends them along. */

/** `ropeway`: the session · `-flow`: that somebody was sent to a provider · `-device`: who has signed in here before. */
export type CookieName = 'ropeway' | 'ropeway-flow' | 'ropeway-device';

const COOKIES_MAX = 50;

export class CookieJar {
  readonly #given: ReadonlyMap<string, string>;
  readonly #isSecure: boolean;
  readonly #lines = new Map<CookieName, string>();

  /** Over https only such cookies count as no neighbour's page and nobody on the way can have set. */
  constructor(header: string | null, { isSecure }: { readonly isSecure: boolean }) {
    this.#given = parse(header ?? '');
    this.#isSecure = isSecure;
  }

  get(name: CookieName): string | undefined {
    return this.#given.get(this.#full(name));
  }

  set(name: CookieName, value: string, maxAgeS: number): void {
    const secure = this.#isSecure ? '; Secure' : '';
    const rest = `Path=/; Max-Age=${maxAgeS}; HttpOnly; SameSite=Lax${secure}`;
    this.#lines.set(name, `${this.#full(name)}=${value}; ${rest}`);
  }

  clear(name: CookieName): void {
    this.set(name, '', 0);
  }

  /** For the header of the answer, one each. */
  lines(): readonly string[] {
    return [...this.#lines.values()];
  }

  #full(name: CookieName): string {
    return this.#isSecure ? `__Host-${name}` : name;
  }
}

/** Values of ours are plain ASCII, so nothing is decoded. Of several with one name the first counts. */
function parse(header: string): ReadonlyMap<string, string> {
  const cookies = new Map<string, string>();
  for (const pair of header.split(';', COOKIES_MAX)) {
    const at = pair.indexOf('=');
    const name = pair.slice(0, at).trim();
    if (at > 0 && !cookies.has(name)) cookies.set(name, pair.slice(at + 1).trim());
  }
  return cookies;
}
