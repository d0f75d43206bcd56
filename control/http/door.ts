/** Lets requests in: by the token that they carry, or by the cookie of a session. And counts them. */
import type { Endpoint } from '#api/endpoint.ts';
import { ID_PATTERN } from '#api/fields.ts';
import { sessionAuthenticator } from '#control/sign-in/sessions.ts';
import type { SessionAuthenticator } from '#control/sign-in/sessions.ts';
import type { Store } from '#control/store/store.ts';
import { httpErrors } from './errors.ts';
import { anonymous } from './handler.ts';
import type { Principal } from './handler.ts';
import { RateLimit } from './rate-limit.ts';
import type { RateOptions } from './rate-limit.ts';
import { Refusal, unknown } from './refusal.ts';
import { assertSameOrigin } from './same-origin.ts';
import type { Visitor } from './visitor.ts';

export interface DoorOptions {
  readonly store: Pick<Store, 'db'>;
  /** Who shows this token; undefined when it is not accepted. */
  readonly authenticate: (token: string) => Promise<Principal | undefined>;
  readonly rate?: RateOptions;
  /** Of those who are not let in yet, by address. */
  readonly strangers?: RateOptions;
}

const rateDefault: RateOptions = { perSecond: 50, burst: 200 };
const strangersDefault: RateOptions = { perSecond: 5, burst: 50 };
/** Which of the workspaces of a person is meant. */
const WORKSPACE_HEADER = 'ropeway-workspace';

export class Door {
  readonly #options: DoorOptions;
  readonly #authenticateSession: SessionAuthenticator;
  readonly #rate: RateLimit;
  readonly #strangers: RateLimit;

  constructor(options: DoorOptions) {
    this.#options = options;
    this.#authenticateSession = sessionAuthenticator(options.store);
    this.#rate = new RateLimit(options.rate ?? rateDefault);
    this.#strangers = new RateLimit(options.strangers ?? strangersDefault);
  }

  async letIn(endpoint: Endpoint, request: Request, visitor: Visitor): Promise<Principal> {
    if (endpoint.rights === 'public') {
      // What changes something may not be had from another site, nor as often as somebody likes.
      assertSameOrigin(request, visitor, { isCookie: false });
      if (endpoint.repeat !== 'safe') this.#countStranger(visitor);
      return anonymous;
    }
    const workspaceId = workspaceOf(request);
    const token = /^Bearer ([\x21-\x7e]{1,500})$/i.exec(request.headers.get('authorization') ?? '')?.[1];
    const principal =
      token === undefined
        ? await this.#byCookie(request, visitor, { endpoint, workspaceId })
        : await this.#options.authenticate(token);
    if (principal === undefined) {
      this.#countStranger(visitor);
      const error = httpErrors.error(token === undefined ? 'TOKEN_MISSING' : 'TOKEN_REFUSED');
      throw new Refusal(error, 401, { headers: { 'www-authenticate': 'Bearer' } });
    }
    countIn(this.#rate, principal.rateKey, this.#options.rate ?? rateDefault);
    // A token is of one workspace, and of a person's there may be none like that.
    if (workspaceId !== undefined && workspaceId !== principal.workspaceId) throw unknown('workspace', workspaceId);
    return principal;
  }

  async #byCookie(
    request: Request,
    visitor: Visitor,
    asked: { readonly endpoint: Endpoint; readonly workspaceId: string | undefined },
  ): Promise<Principal | undefined> {
    const secret = visitor.cookies.get('ropeway');
    if (secret === undefined) return undefined;
    assertSameOrigin(request, visitor, { isCookie: true });
    const found = await this.#authenticateSession(secret, asked);
    visitor.sessionId = found?.sessionId;
    return found?.principal;
  }

  #countStranger({ address }: Visitor): void {
    countIn(this.#strangers, address, this.#options.strangers ?? strangersDefault);
  }
}

function workspaceOf(request: Request): string | undefined {
  const given = request.headers.get(WORKSPACE_HEADER);
  if (given === null) return undefined;
  if (!ID_PATTERN.test(given)) throw unknown('workspace', given.replace(/[^\x21-\x7e]/g, '?').slice(0, 50));
  return given;
}

function countIn(rate: RateLimit, key: string, { perSecond }: RateOptions): void {
  const waitS = rate.take(key);
  if (waitS > 0) throw new Refusal(httpErrors.error('RATE_EXCEEDED', { perSecond }), 429, { retryAfterS: waitS });
}
