/** A request against its endpoint: everything that is wrong with it, named by field. */
import { z } from 'zod';
import type { Endpoint } from '#api/endpoint.ts';
import type { FieldProblem } from '#api/problem.ts';
import { readTexts } from '#api/query-text.ts';
import { httpErrors } from './errors.ts';
import { Refusal, invalid, unknown } from './refusal.ts';
import { isStorable, readJson } from './request-body.ts';

export interface CheckedRequest {
  readonly params: Record<string, unknown>;
  readonly query: Record<string, unknown>;
  readonly body: unknown;
  readonly ifMatch: number | '*' | undefined;
  readonly idempotencyKey: string | undefined;
  readonly lastEventId: string | undefined;
}

const KEY_LENGTH_MIN = 8;
const KEY_LENGTH_MAX = 255;
const LAST_EVENT_ID_LENGTH_MAX = 200;
const ITEMS_MAX = 50;

export async function checkRequest(
  endpoint: Endpoint,
  request: Request,
  { params, bytesMax }: { readonly params: Readonly<Record<string, string>>; readonly bytesMax: number },
): Promise<CheckedRequest> {
  const checkedParams = checkParams(endpoint, params);
  const ifMatch = matchOf(request.headers.get('if-match'));
  if (endpoint.needsMatch && ifMatch === undefined) throw new Refusal(httpErrors.error('MATCH_MISSING'), 428);
  const query = checkQuery(endpoint, new URL(request.url).searchParams);
  const body =
    endpoint.body instanceof z.ZodUndefined
      ? { value: undefined, errors: [] }
      : checked(endpoint.body, await readJson(request, bytesMax), 'body');
  const errors = [...query.errors, ...body.errors];
  if (errors.length > 0) throw invalid(errors);
  return {
    params: checkedParams,
    // A query is an object, as its schema says.
    query: query.value as Record<string, unknown>,
    body: body.value,
    ifMatch,
    idempotencyKey: endpoint.repeat === 'keyed' ? keyOf(request.headers.get('idempotency-key')) : undefined,
    lastEventId: request.headers.get('last-event-id')?.slice(0, LAST_EVENT_ID_LENGTH_MAX),
  };
}

/** What cannot be an id is the id of nothing. */
function checkParams(endpoint: Endpoint, params: Readonly<Record<string, string>>): Record<string, unknown> {
  const texts = Object.fromEntries(Object.entries(params).map(([name, value]) => [name, [value]]));
  const read = endpoint.params.safeParse(readTexts(endpoint.params, texts));
  const values = Object.values(params);
  if (!read.success || !values.every(isStorable)) {
    const shown = values.map((value) => value.slice(0, ITEMS_MAX)).join('/');
    throw unknown(endpoint.tag.replace(/s$/, ''), JSON.stringify(shown).slice(1, -1));
  }
  return read.data;
}

function checkQuery(endpoint: Endpoint, pairs: URLSearchParams): Checked {
  const texts: Record<string, string[]> = {};
  for (const [name, value] of pairs) {
    if (!isStorable(value))
      throw invalid([{ in: 'query', path: [name], message: 'it holds a NUL or half a character' }]);
    (texts[name] ??= []).push(value);
  }
  return checked(endpoint.query, readTexts(endpoint.query, texts), 'query');
}

interface Checked {
  readonly value: unknown;
  readonly errors: readonly FieldProblem[];
}

function checked(schema: z.ZodType, value: unknown, part: FieldProblem['in']): Checked {
  const read = schema.safeParse(value);
  if (read.success) return { value: read.data, errors: [] };
  return { value: undefined, errors: fieldProblems(read.error.issues, part).slice(0, ITEMS_MAX) };
}

/** A schema's complaints, each about one field. */
export function fieldProblems(
  issues: readonly z.core.$ZodIssue[],
  part: FieldProblem['in'],
  at: readonly (string | number)[] = [],
): FieldProblem[] {
  return issues.flatMap((issue) => {
    const path = [...at, ...issue.path.map((key) => (typeof key === 'symbol' ? String(key) : key))];
    if (issue.code === 'unrecognized_keys') {
      return issue.keys.map((key) => ({ in: part, path: [...path, key], message: 'there is no such field' }));
    }
    return [{ in: part, path, message: issue.message }];
  });
}

function matchOf(header: string | null): CheckedRequest['ifMatch'] {
  if (header === null) return undefined;
  if (header.trim() === '*') return '*';
  // Something that is no version of ours matches none.
  return Number(/^(?:W\/)?"(\d{1,9})"$/.exec(header.trim())?.[1] ?? -1);
}

function keyOf(header: string | null): string | undefined {
  if (header === null) return undefined;
  if (header.length < KEY_LENGTH_MIN || header.length > KEY_LENGTH_MAX || !/^[\x21-\x7e]+$/.test(header)) {
    throw new Refusal(httpErrors.error('KEY_INVALID', { min: KEY_LENGTH_MIN, max: KEY_LENGTH_MAX }), 400);
  }
  return header;
}
