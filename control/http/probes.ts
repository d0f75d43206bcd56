/**
 * What a process without the API answers: that it is alive, that it is ready, and its metrics. At the same paths and in
 * the same words as the API does.
 */
import { randomUUID } from 'node:crypto';
import { endpoints } from '#api/contract.ts';
import { PROBLEM_MEDIA } from '#api/problem.ts';
import { httpErrors } from './errors.ts';
import { Refusal, problemOf, refusalOf } from './refusal.ts';
import { health, readiness } from './system.ts';
import type { SystemParts } from './system.ts';

export interface ProbeParts extends Pick<SystemParts, 'store' | 'stopping'> {
  /** `GET /metrics` */
  readonly figures: (request: Request) => Promise<Response>;
}

export function probes(parts: ProbeParts): (request: Request) => Promise<Response> {
  return async (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/metrics') return parts.figures(request);
    try {
      return json(200, await answerOf(request.method, pathname, parts));
    } catch (error) {
      const refusal = refusalOf(error);
      const { headers = {}, retryAfterS } = refusal.extra;
      return json(refusal.status, problemOf(refusal, randomUUID()), {
        ...headers,
        'content-type': PROBLEM_MEDIA,
        ...(retryAfterS === undefined ? {} : { 'retry-after': String(Math.ceil(retryAfterS)) }),
      });
    }
  };
}

async function answerOf(method: string, path: string, parts: ProbeParts): Promise<unknown> {
  const isHealth = path === endpoints['system.health'].path;
  if (!isHealth && path !== endpoints['system.ready'].path) throw new Refusal(httpErrors.error('PROBES_ONLY'), 404);
  if (method !== 'GET' && method !== 'HEAD') {
    const error = httpErrors.error('METHOD_NOT_ALLOWED', { method: method.slice(0, 20), path });
    throw new Refusal(error, 405, { headers: { allow: 'GET, HEAD' } });
  }
  return isHealth ? health : readiness(parts);
}

function json(status: number, body: unknown, headers: Readonly<Record<string, string>> = {}): Response {
  return new Response(JSON.stringify(body), {
    status,
    headers: { 'content-type': 'application/json', 'cache-control': 'no-store', ...headers },
  });
}
