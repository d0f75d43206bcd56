/** The runner protocol over HTTP: `/runner/v1/…`, bound to the execution by its session token. */
import { Hono } from 'hono';
import type { Context } from 'hono';
import { z } from 'zod';
import {
  LOG_CHUNK_BYTES_MAX,
  FINISH_BYTES_MAX,
  claimRequest,
  commitRequest,
  credentialsRequest,
  finishRequest,
  heartbeatRequest,
  logsQuery,
  quiescedRequest,
  valuesRequest,
} from '#api/runner.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { RunnerService } from '#control/runs/runner-service.ts';
import type { SessionTokens } from '#control/runs/session-tokens.ts';

export interface RunnerApiParts {
  readonly service: RunnerService;
  readonly tokens: SessionTokens;
  /** The secret options of a connection, for an execution that is at work. */
  readonly credentials: (runId: string, handle: string) => Promise<Readonly<Record<string, unknown>>>;
  readonly log: { error(message: string, fields?: Readonly<Record<string, unknown>>): void };
  /** Aborts when the server is to end: held answers are given. */
  readonly signal: AbortSignal;
}

const statuses: Readonly<Record<string, number>> = {
  BOOTSTRAP_TOKEN_WRONG: 401,
  SESSION_TOKEN_WRONG: 401,
  CLAIM_TAKEN: 409,
  STOP_REQUESTED: 409,
  CLAIM_REVOKED: 410,
  RUN_UNKNOWN: 410,
  RUNNER_PROTOCOL: 426,
};
/** What a runner waits before it asks again, in seconds, when the database is away. */
const RETRY_AFTER_S = 2;

export function runnerApi(parts: RunnerApiParts): Hono {
  const app = new Hono().basePath('/runner/v1');
  const { service } = parts;
  app.onError((error, c) => problem(c, error, parts));
  app.post('/claim', async (c) => c.json(await service.claim(await body(c, claimRequest))));
  app.post('/heartbeat', async (c) => {
    const request = await executionBody(c, heartbeatRequest, parts);
    return c.json(await service.heartbeat(request, AbortSignal.any([c.req.raw.signal, parts.signal])));
  });
  app.post('/commit', async (c) => c.json(await service.commit(await executionBody(c, commitRequest, parts))));
  app.post('/finish', async (c) => {
    await service.finish(await executionBody(c, finishRequest, parts));
    return c.json({});
  });
  app.post('/quiesced', async (c) => {
    await service.quiesced(await executionBody(c, quiescedRequest, parts));
    return c.json({});
  });
  app.post('/logs', async (c) => {
    const query = logsQuery.parse(c.req.query());
    checkSession(c, query.execution_id, parts);
    const content = new Uint8Array(await c.req.arrayBuffer());
    if (content.byteLength > LOG_CHUNK_BYTES_MAX) return c.json({ status: 413, code: 'LOG_CHUNK_TOO_LARGE' }, 413);
    await service.logs(query, content);
    return c.json({});
  });
  app.post('/values', async (c) => {
    await service.values(await executionBody(c, valuesRequest, parts));
    return c.json({});
  });
  app.post('/credentials', async (c) => {
    const request = await executionBody(c, credentialsRequest, parts);
    if (!(await service.isLive(request))) return c.json({ status: 410, code: 'CLAIM_REVOKED' }, 410);
    return c.json({ options: await parts.credentials(request.run_id, request.handle) });
  });
  return app;
}

async function body<T extends z.ZodType>(c: Context, schema: T): Promise<z.output<T>> {
  const text = await c.req.text();
  if (text.length > 2 * FINISH_BYTES_MAX) throw new z.ZodError([]);
  return schema.parse(JSON.parse(text));
}

async function executionBody<T extends z.ZodType<{ readonly execution_id: string }>>(
  c: Context,
  schema: T,
  parts: RunnerApiParts,
): Promise<z.output<T>> {
  const request = await body(c, schema);
  checkSession(c, request.execution_id, parts);
  return request;
}

function checkSession(c: Context, executionId: string, { tokens }: RunnerApiParts): void {
  const given = /^Bearer (.+)$/.exec(c.req.header('authorization') ?? '')?.[1] ?? '';
  if (!tokens.isSession(given, executionId)) throw new SessionRefused();
}

class SessionRefused extends Error {}

function problem(c: Context, error: Error, { log }: RunnerApiParts): Response {
  if (error instanceof SessionRefused)
    return answer(c, 401, 'SESSION_TOKEN_WRONG', 'This is not the session of that execution.');
  if (error instanceof z.ZodError || error instanceof SyntaxError) {
    return answer(c, 400, 'REQUEST_INVALID', 'The request is not what the protocol says.');
  }
  const status = isRopewayError(error) ? statuses[error.code] : undefined;
  if (status !== undefined && isRopewayError(error)) return answer(c, status, error.code, error.message);
  log.error('A runner could not be answered.', { reason: error.message });
  const response = answer(c, 503, 'CONTROL_UNAVAILABLE', 'The control plane cannot answer at the moment.');
  response.headers.set('retry-after', String(RETRY_AFTER_S));
  return response;
}

function answer(c: Context, status: number, code: string, detail: string): Response {
  return c.body(JSON.stringify({ type: 'about:blank', title: code, status, code, detail }), status as 400, {
    'content-type': 'application/problem+json',
  });
}
