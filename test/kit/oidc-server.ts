/**
 * A provider of OpenID Connect on loopback that signs its tokens, and can be told to be wrong: what a good one does is
 * shown by `oidc-provider` in the same tests, what a bad one does only one of our own can show.
 */
import { createHash, generateKeyPairSync, randomUUID, sign } from 'node:crypto';
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { text } from 'node:stream/consumers';

/** What stands in the next ID token; what is `undefined` is left out. */
export type ClaimsOfTest = Readonly<Record<string, unknown>>;

export interface OidcServer extends AsyncDisposable {
  readonly issuer: string;
  readonly clientId: string;
  readonly clientSecret: string;
  /** Of the next that sign in, over what a good provider says. */
  claims: ClaimsOfTest;
  /** Signs with a key that it does not publish. */
  isForged: boolean;
  /** Changes what its description says. */
  metadata: ClaimsOfTest;
  /** Answers the way of the browser: where it is sent back to. */
  signIn(url: string): URL;
  /** Codes are good no more. */
  forgetCodes(): void;
  /** Requests that it was asked, by path. */
  readonly asked: readonly string[];
}

interface Grant {
  readonly nonce: string | null;
  readonly challenge: string;
  readonly redirectUri: string;
}

export async function oidcServer(): Promise<OidcServer> {
  const [key, other] = [newKey(), newKey()];
  const codes = new Map<string, Grant>();
  const asked: string[] = [];
  const server = createServer((request, response) => void answer(request, response));
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  // It listens on TCP.
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const self: OidcServer = {
    issuer,
    clientId: 'ropeway',
    clientSecret: 'the secret of the client',
    claims: {},
    isForged: false,
    metadata: {},
    asked,
    signIn(url) {
      const { searchParams } = new URL(url);
      const code = randomUUID();
      const redirectUri = searchParams.get('redirect_uri') ?? '';
      codes.set(code, {
        nonce: searchParams.get('nonce'),
        challenge: searchParams.get('code_challenge') ?? '',
        redirectUri,
      });
      const back = new URL(redirectUri);
      back.search = new URLSearchParams({ code, state: searchParams.get('state') ?? '', iss: issuer }).toString();
      return back;
    },
    forgetCodes: () => codes.clear(),
    async [Symbol.asyncDispose]() {
      server.closeAllConnections();
      await new Promise((resolve) => server.close(resolve));
    },
  };

  async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const path = request.url ?? '';
    asked.push(path);
    const body = new URLSearchParams(await text(request));
    const send = (status: number, value: unknown): void => {
      response.writeHead(status, { 'content-type': 'application/json' }).end(JSON.stringify(value));
    };
    if (path === '/.well-known/openid-configuration') return send(200, { ...description(issuer), ...self.metadata });
    if (path === '/keys') return send(200, { keys: [{ ...key.jwk, kid: 'k', alg: 'RS256', use: 'sig' }] });
    if (path !== '/token') return send(404, {});
    const code = body.get('code') ?? '';
    const grant = codes.get(code);
    // Each is good once.
    codes.delete(code);
    const challenge = createHash('sha256')
      .update(body.get('code_verifier') ?? '')
      .digest('base64url');
    const basic = Buffer.from(`${self.clientId}:${encodeURIComponent(self.clientSecret).replaceAll('%20', '+')}`);
    const isClient = request.headers.authorization === `Basic ${basic.toString('base64')}`;
    if (!isClient) return send(401, { error: 'invalid_client' });
    const isRight = grant?.challenge === challenge && grant.redirectUri === body.get('redirect_uri');
    if (grant === undefined || !isRight)
      return send(400, { error: 'invalid_grant', error_description: 'the code is gone' });
    const claims = { ...goodClaims(issuer, self.clientId), nonce: grant.nonce, ...self.claims };
    const idToken = jwt(claims, (self.isForged ? other : key).privateKey);
    return send(200, { access_token: randomUUID(), token_type: 'bearer', expires_in: 300, id_token: idToken });
  }
  return self;
}

function goodClaims(issuer: string, clientId: string): ClaimsOfTest {
  const nowS = Math.floor(Date.now() / 1000);
  return {
    iss: issuer,
    sub: 'subject-1',
    aud: clientId,
    iat: nowS,
    exp: nowS + 300,
    email: 'aiko@good.example',
    email_verified: true,
    name: 'Aiko',
  };
}

type Key = ReturnType<typeof newKey>;

function newKey() {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
  return { privateKey, jwk: publicKey.export({ format: 'jwk' }) };
}

function jwt(claims: ClaimsOfTest, key: Key['privateKey']): string {
  const part = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString('base64url');
  const signed = `${part({ alg: 'RS256', kid: 'k', typ: 'JWT' })}.${part(claims)}`;
  return `${signed}.${sign('sha256', Buffer.from(signed), key).toString('base64url')}`;
}

function description(issuer: string): ClaimsOfTest {
  return {
    issuer,
    authorization_endpoint: `${issuer}/authorize`,
    token_endpoint: `${issuer}/token`,
    jwks_uri: `${issuer}/keys`,
    response_types_supported: ['code'],
    subject_types_supported: ['public'],
    id_token_signing_alg_values_supported: ['RS256'],
    code_challenge_methods_supported: ['S256'],
    authorization_response_iss_parameter_supported: true,
  };
}
