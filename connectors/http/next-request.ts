/** The request for the page after one that has been read; undefined when that was the last. */
import type { AnswerValues } from './answer-values.ts';
import type { AnswerHeaders, HttpClient } from './client.ts';
import type { HttpInputConfig } from './config.ts';
import { httpErrors } from './errors.ts';
import { nextLink } from './link-header.ts';
import type { Page } from './page.ts';
import type { FollowingPager } from './pager.ts';
import { addQuery } from './requests.ts';
import type { HttpRequest, Query } from './requests.ts';

export interface ReadPage {
  readonly config: HttpInputConfig;
  readonly pager: FollowingPager;
  readonly client: HttpClient;
  readonly page: Page;
  readonly request: HttpRequest;
  readonly values: AnswerValues | undefined;
  /** Pages that have been read. */
  readonly count: number;
  /** The first request with more parameters. */
  readonly first: (more: Query) => HttpRequest;
}

export function nextRequest(read: ReadPage): HttpRequest | undefined {
  const { pager, values, page, request } = read;
  if (values?.hasMore === false) return undefined;
  const next = pager.next.by === 'link' ? linkOf(page.answer?.headers) : values?.next;
  if (pager.next.by === 'number') return read.first(pager.query(read.count));
  if (next === undefined) return undefined;
  const after = pager.next.by === 'cursor' ? read.first(cursorQuery(pager.next.param, next, values)) : at(next, read);
  const isSame = after.url.href === request.url.href && after.body === request.body;
  if (isSame) throw broken(page, 'it names itself as the next page');
  return after;
}

function cursorQuery(param: string, cursor: string, values: AnswerValues | undefined): Query {
  return [values?.isNumber === true ? [param, cursor, 'number'] : [param, cursor]];
}

function linkOf(headers: AnswerHeaders | undefined): string | undefined {
  const link = headers?.['link'];
  return link === undefined ? undefined : nextLink(Array.isArray(link) ? link.join(', ') : link);
}

/** An address that the answer gave: of the same host, for our credentials go there. */
function at(address: string, { client, config, page, request }: ReadPage): HttpRequest {
  const base = page.answer?.url ?? request.url;
  const url = URL.canParse(address, base) ? new URL(address, base) : undefined;
  if (url === undefined) throw broken(page, 'what it names as the next page is no URL');
  if (!client.isHome(url)) throw broken(page, `the next page is on another host, ${url.host} (${url.protocol})`);
  url.hash = '';
  const missing = Object.entries(config.auth_params).filter(([name]) => !url.searchParams.has(name));
  addQuery(url, missing);
  return { ...request, url };
}

function broken(page: Page, reason: string): Error {
  return httpErrors.error('HTTP_NEXT_PAGE', { place: page.name, reason });
}
