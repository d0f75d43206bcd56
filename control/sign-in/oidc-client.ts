/**
 * OpenID Connect as we use it: authorisation code with PKCE, state and nonce. `openid-client` stands behind this file; it
 * loads with the first who signs in with a provider.
 *
 * The address of a provider comes from who administers the installation. It is asked over https alone, except on this
 * machine; what it names further (its keys, its endpoints) is held to the same, and no redirect is followed.
 */
import type { Configuration, CustomFetch } from 'openid-client';
import { isLoopback } from '#control/http/visitor.ts';

export interface ProviderSettings {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string | null;
  readonly scopes: string;
}

/** What is remembered until the browser comes back. */
export interface FlowSecrets {
  readonly nonce: string;
  readonly verifier: string;
}

export interface Way extends FlowSecrets {
  readonly url: string;
  readonly state: string;
}

/** Whom the provider has seen. */
export interface Claims {
  readonly issuer: string;
  readonly subject: string;
  readonly email: string | undefined;
  readonly isEmailVerified: boolean;
  readonly name: string | undefined;
}

const TIMEOUT_S = 10;
/** Descriptions, keys and tokens are far smaller. */
const ANSWER_BYTES_MAX = 1024 * 1024;
/** A provider changes its keys and endpoints rarely; a new key is noticed by its id. */
const REMEMBER_MS = 300_000;
const REMEMBERED_MAX = 50;
const NAME_LENGTH_MAX = 200;

/** Where the browser is to go. */
export async function wayTo(settings: ProviderSettings, redirectUri: string): Promise<Way> {
  const client = await import('openid-client');
  const configuration = await configurationOf(settings);
  const verifier = client.randomPKCECodeVerifier();
  const state = client.randomState();
  const nonce = client.randomNonce();
  const url = client.buildAuthorizationUrl(configuration, {
    redirect_uri: redirectUri,
    scope: settings.scopes,
    state,
    nonce,
    code_challenge: await client.calculatePKCECodeChallenge(verifier),
    code_challenge_method: 'S256',
  });
  return { url: url.href, state, nonce, verifier };
}

/** Who has come back: `callback` is the address that the browser was sent to, with what the provider has added. */
export async function claimsFrom(
  settings: ProviderSettings,
  { callback, state, nonce, verifier }: FlowSecrets & { readonly callback: URL; readonly state: string },
): Promise<Claims> {
  const client = await import('openid-client');
  const configuration = await configurationOf(settings);
  const tokens = await client.authorizationCodeGrant(configuration, callback, {
    expectedState: state,
    expectedNonce: nonce,
    pkceCodeVerifier: verifier,
    idTokenExpected: true,
  });
  const claims = tokens.claims();
  // There is one: it was expected.
  const subject = claims?.sub ?? '';
  const more =
    claims?.['email'] === undefined && configuration.serverMetadata().userinfo_endpoint !== undefined
      ? await client.fetchUserInfo(configuration, tokens.access_token, subject)
      : {};
  const all: Readonly<Record<string, unknown>> = { ...more, ...claims };
  return {
    issuer: claims?.iss ?? '',
    subject,
    email: textOf(all['email'])?.toLowerCase(),
    isEmailVerified: all['email_verified'] === true,
    name: textOf(all['name'])?.slice(0, NAME_LENGTH_MAX),
  };
}

function textOf(value: unknown): string | undefined {
  return typeof value === 'string' && value.trim() !== '' ? value.trim() : undefined;
}

interface Remembered {
  readonly configuration: Promise<Configuration>;
  readonly untilMs: number;
}

const remembered = new Map<string, Remembered>();

async function configurationOf(settings: ProviderSettings): Promise<Configuration> {
  const key = JSON.stringify(settings);
  const known = remembered.get(key);
  if (known !== undefined && known.untilMs > performance.now()) return await known.configuration;
  remembered.delete(key);
  const [oldest] = remembered.keys();
  if (remembered.size >= REMEMBERED_MAX && oldest !== undefined) remembered.delete(oldest);
  const configuration = discover(settings);
  remembered.set(key, { configuration, untilMs: performance.now() + REMEMBER_MS });
  try {
    return await configuration;
  } catch (error) {
    // The next one asks again.
    remembered.delete(key);
    throw error;
  }
}

async function discover({ issuer, clientId, clientSecret }: ProviderSettings): Promise<Configuration> {
  const client = await import('openid-client');
  const server = new URL(issuer);
  const isHere = server.protocol === 'http:' && isLoopback(server.hostname);
  const fetchChecked = checkedFetch(isHere);
  const found = await client.discovery(server, clientId, undefined, client.None(), {
    [client.customFetch]: fetchChecked,
    timeout: TIMEOUT_S,
    execute: isHere ? [client.allowInsecureRequests] : [],
  });
  const metadata = found.serverMetadata();
  const methods = metadata.token_endpoint_auth_methods_supported ?? ['client_secret_basic'];
  const authentication =
    clientSecret === null
      ? client.None()
      : methods.includes('client_secret_basic')
        ? client.ClientSecretBasic(clientSecret)
        : client.ClientSecretPost(clientSecret);
  const configuration = new client.Configuration(metadata, clientId, undefined, authentication);
  configuration[client.customFetch] = fetchChecked;
  configuration.timeout = TIMEOUT_S;
  if (isHere) client.allowInsecureRequests(configuration);
  // The signature counts too, not only that the token came from the right place.
  client.enableNonRepudiationChecks(configuration);
  return configuration;
}

function checkedFetch(isHere: boolean): CustomFetch {
  return async (address, options) => {
    const url = new URL(address);
    const isAllowed = url.protocol === 'https:' || (isHere && url.protocol === 'http:' && isLoopback(url.hostname));
    if (!isAllowed) throw new TypeError(`${url.origin} is not reached by https`);
    // The body is of the kinds that fetch takes; only the names of the types differ.
    return bounded(await fetch(url, { ...(options as RequestInit), redirect: 'manual' }));
  };
}

/** The answer in memory, unless it is longer than any that makes sense. */
async function bounded(response: Response): Promise<Response> {
  const pieces: Uint8Array[] = [];
  let length = 0;
  for await (const piece of response.body ?? []) {
    length += piece.length;
    if (length > ANSWER_BYTES_MAX) throw new TypeError(`the answer is longer than ${ANSWER_BYTES_MAX} bytes`);
    pieces.push(piece);
  }
  const { status, headers } = response;
  const isEmpty = status === 204 || status === 304;
  return new Response(isEmpty ? null : Buffer.concat(pieces), { status, headers });
}

/** Why signing in did not work, in words for people; and whether another try may help. */
export function oidcFailure(error: unknown): { readonly reason: string; readonly isAway: boolean } {
  const code = error instanceof Error && 'code' in error && typeof error.code === 'string' ? error.code : '';
  // What the provider has said, by the rules of OAuth.
  const said = error instanceof Error && 'error' in error && typeof error.error === 'string' ? error.error : undefined;
  const description =
    error instanceof Error && 'error_description' in error && typeof error.error_description === 'string'
      ? `: ${error.error_description}`
      : '';
  if (said !== undefined) return { reason: printable(`it answers ${said}${description}`), isAway: false };
  if (code === 'OAUTH_TIMEOUT') return { reason: 'it does not answer in time', isAway: true };
  if (code.startsWith('OAUTH_')) return { reason: printable(reasonOf(error)), isAway: false };
  return { reason: printable(reasonOf(error)), isAway: true };
}

const REASON_LENGTH_MAX = 300;

/** A provider's words may hold anything. */
function printable(text: string): string {
  return text.replace(/[^\x20-\x7e]/g, '?').slice(0, REASON_LENGTH_MAX);
}

/** `fetch failed` and the library's words have their reason inside. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return String(error);
  const { cause } = error;
  if (cause instanceof AggregateError && cause.errors.length > 0) return reasonOf(cause.errors[0]);
  return cause instanceof Error && cause.message !== error.message
    ? `${error.message} (${cause.message})`
    : error.message;
}
