/**
 * `GET /metrics`. It tells of all workspaces, so it is for tokens that administer the installation, unless whoever
 * starts the server says that everybody who reaches the port may read it.
 */
import type { Principal } from '#control/http/handler.ts';
import { RateLimit } from '#control/http/rate-limit.ts';

export interface MetricsRouteParts {
  readonly text: () => Promise<string>;
  readonly contentType: string;
  readonly authenticate: (token: string) => Promise<Principal | undefined>;
  readonly isPublic: boolean;
}

/** Of all who ask together: a scraper asks every few seconds. */
const rate = { perSecond: 5, burst: 50 };

export function metricsRoute(parts: MetricsRouteParts): (request: Request) => Promise<Response> {
  const limit = new RateLimit(rate);
  return async (request) => {
    if (request.method !== 'GET' && request.method !== 'HEAD') return plain(405, 'Only GET.\n', { allow: 'GET, HEAD' });
    const waitS = limit.take('all');
    if (waitS > 0) return plain(429, 'Too many requests.\n', { 'retry-after': String(Math.ceil(waitS)) });
    const status = await refusedWith(request, parts);
    if (status === 401) return plain(401, 'A token is needed.\n', { 'www-authenticate': 'Bearer' });
    if (status === 403) return plain(403, 'The token does not administer this installation.\n');
    if (status === 503) return plain(503, 'The database does not answer.\n', { 'retry-after': '2' });
    return new Response(await parts.text(), {
      headers: { 'content-type': parts.contentType, 'cache-control': 'no-store' },
    });
  };
}

async function refusedWith(request: Request, parts: MetricsRouteParts): Promise<401 | 403 | 503 | undefined> {
  if (parts.isPublic) return undefined;
  const token = /^Bearer ([\x21-\x7e]{1,500})$/i.exec(request.headers.get('authorization') ?? '')?.[1];
  if (token === undefined) return 401;
  try {
    const principal = await parts.authenticate(token);
    if (principal === undefined) return 401;
    return principal.administersInstallation ? undefined : 403;
  } catch {
    // Tokens are kept in the database. Its being away is told by the readiness, and by a scrape that fails.
    return 503;
  }
}

function plain(status: number, text: string, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(text, { status, headers: { 'content-type': 'text/plain; charset=utf-8', ...headers } });
}
