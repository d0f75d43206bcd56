/** From the options to requests: one of each combination of parameters, and of each page that is known beforehand. */
import type { JsonObject } from '#spi/json.ts';
import { expandBraces } from './brace-expansion.ts';
import type { HttpInputConfig } from './config.ts';
import { httpErrors } from './errors.ts';
import type { Pager } from './pager.ts';
import { urlOf } from './urls.ts';

/** Requests that a run may plan. */
const REQUESTS_MAX = 100_000;

export type Query = readonly (readonly [name: string, value: string])[];

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
  const isForm = isPost && config.request_body === undefined && query.length > 0;
  addQuery(url, [...(isForm ? [] : query), ...Object.entries(config.auth_params)]);
  if (!isPost) return { url, method: 'GET' };
  if (isForm) {
    const body = new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
    return { url, method: 'POST', body, contentType: 'application/x-www-form-urlencoded' };
  }
  return { url, method: 'POST', body: config.request_body ?? '', contentType: 'text/plain; charset=utf-8' };
}

/** What the URL has already stays as it is written. */
export function addQuery(url: URL, query: Query): void {
  if (query.length === 0) return;
  const added = new URLSearchParams(query.map(([name, value]) => [name, value])).toString();
  url.search = url.search.length > 1 ? `${url.search}&${added}` : added;
}
