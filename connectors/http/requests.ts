/** From the options to requests: one of each combination of parameters, and of each page that is known beforehand. */
import { isJsonObject } from '#spi/json.ts';
import type { JsonObject } from '#spi/json.ts';
import { expandBraces } from './brace-expansion.ts';
import type { HttpInputConfig } from './config.ts';
import { httpErrors } from './errors.ts';
import type { Pager } from './pager.ts';
import { urlOf } from './urls.ts';

/** Requests that a run may plan. */
const REQUESTS_MAX = 100_000;

/** Where parameters are JSON, those that are numbers are told from texts of digits. */
export type Query = readonly (
  | readonly [name: string, value: string]
  | readonly [name: string, value: string, type: 'number']
)[];

export interface HttpTask extends JsonObject {
  readonly query: Query;
}

/** A request as it goes out, but for its headers. */
export interface HttpRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly body?: string;
  readonly contentType?: string;
}

export function planRequests(config: HttpInputConfig, pager: Pager | undefined): HttpTask[] {
  const combinations = combine(config.params.map((param, index) => variants(param, index)));
  if (pager?.kind !== 'counted') return combinations.map((query) => ({ query }));
  if (combinations.length * pager.pages > REQUESTS_MAX) throw tooManyRequests();
  return combinations.flatMap((query) =>
    Array.from({ length: pager.pages }, (_, page) => ({ query: [...query, ...pager.query(page)] })),
  );
}

/** Each element is what one request gets of the parameter. */
function variants({ name, value, values, expand }: HttpInputConfig['params'][number], index: number): Query[] {
  const pair = (text: string): readonly [string, string] => [name, text];
  if (value !== undefined) {
    const texts = expand ? expandBraces(value, REQUESTS_MAX) : [value];
    if (texts === undefined) throw tooManyRequests();
    return texts.map((text) => [pair(text)]);
  }
  if (values === undefined) throw httpErrors.error('HTTP_PARAM', { name }, { where: { path: ['params', index] } });
  return expand ? values.map((text) => [pair(text)]) : [values.map(pair)];
}

/** Of the combinations the first parameter changes fastest. */
function combine(variantsOf: readonly (readonly Query[])[]): Query[] {
  let combined: Query[] = [[]];
  for (const next of variantsOf) {
    if (combined.length * next.length > REQUESTS_MAX) throw tooManyRequests();
    combined = next.flatMap((pairs) => combined.map((before) => [...before, ...pairs]));
  }
  return combined;
}

function tooManyRequests(): Error {
  return httpErrors.error('HTTP_REQUESTS_LIMIT', { limit: REQUESTS_MAX }, { where: { path: ['params'] } });
}

/** The request with these parameters. */
export function requestOf(config: HttpInputConfig, query: Query): HttpRequest {
  const url = urlOf(config);
  const isPost = config.method.toUpperCase() === 'POST';
  const { request_body: body } = config;
  const isForm = isPost && body === undefined && query.length > 0;
  const place = config.params_in ?? (isForm ? 'form' : 'url');
  if (place !== 'url') checkPlace(place, { isPost, body });
  addQuery(url, [...(place === 'url' ? query : []), ...Object.entries(config.auth_params)]);
  if (!isPost) return { url, method: 'GET' };
  const post = { url, method: 'POST' } as const;
  switch (place) {
    case 'form':
      return { ...post, body: encodedQuery(query), contentType: 'application/x-www-form-urlencoded' };
    case 'json':
      return { ...post, body: withMembers(body ?? '{}', query), contentType: 'application/json' };
    case 'url':
      return { ...post, body: body ?? '', contentType: 'text/plain; charset=utf-8' };
  }
}

function checkPlace(place: string, { isPost, body }: { isPost: boolean; body: string | undefined }): void {
  if (!isPost) throw misplaced(place, 'a `get` has no body');
  if (place === 'form' && body !== undefined) throw misplaced(place, 'there is a `request_body`');
}

/** The JSON object with more members; what it has already stays as it is written. */
function withMembers(json: string, query: Query): string {
  let object: unknown;
  try {
    object = JSON.parse(json);
  } catch {
    throw misplaced('json', '`request_body` is not JSON');
  }
  if (!isJsonObject(object)) throw misplaced('json', '`request_body` is not a JSON object');
  const names = Object.keys(object);
  const added = new Map<string, string>();
  for (const [name, value, type] of query) {
    if (names.includes(name) || added.has(name)) throw misplaced('json', `there are several members '${name}'`);
    added.set(name, type === 'number' ? value : JSON.stringify(value));
  }
  const members = [...added].map(([name, value]) => `${JSON.stringify(name)}:${value}`).join(',');
  const open = json.trimEnd().slice(0, -1);
  return `${open}${names.length > 0 && added.size > 0 ? ',' : ''}${members}}`;
}

function misplaced(place: string, reason: string): Error {
  return httpErrors.error('HTTP_BODY', { place, reason }, { where: { path: ['params_in'] } });
}

/** What the URL has already stays as it is written. */
export function addQuery(url: URL, query: Query): void {
  if (query.length === 0) return;
  const added = encodedQuery(query);
  url.search = url.search.length > 1 ? `${url.search}&${added}` : added;
}

function encodedQuery(query: Query): string {
  return new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
}
