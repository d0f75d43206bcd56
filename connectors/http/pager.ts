/** How an answer of several pages is fetched: what the options mean, and what the next request is. */
import { jsonPointer } from '#codec/json/navigate.ts';
import type { JsonPointer } from '#codec/json/navigate.ts';
import type { HttpInputConfig, PagerConfig } from './config.ts';
import { httpErrors } from './errors.ts';
import type { Query } from './requests.ts';

/** Pages whose number is known beforehand: each is a request of its own. */
export interface CountedPager {
  readonly kind: 'counted';
  readonly pages: number;
  query(page: number): Query;
}

/** Pages that tell whether there is another one. */
export interface FollowingPager {
  readonly kind: 'following';
  /** Pages that are wanted; undefined: all. */
  readonly pages: number | undefined;
  readonly pagesMax: number;
  /** Parameters of the first page, and of each when they count. */
  query(page: number): Query;
  readonly next: NextPage;
  readonly records: JsonPointer | undefined;
  readonly more: JsonPointer | undefined;
}

/** Where the next page is found. */
export type NextPage =
  | { readonly by: 'number' }
  | { readonly by: 'link' }
  | { readonly by: 'cursor'; readonly param: string; readonly at: JsonPointer }
  | { readonly by: 'url'; readonly at: JsonPointer };

export type Pager = CountedPager | FollowingPager;

type Style = PagerConfig['style'];
type PagerOption = Exclude<keyof PagerConfig, 'style' | 'pages_max'>;

interface Belonging {
  readonly required: readonly PagerOption[];
  readonly optional: readonly PagerOption[];
}

const common = ['pages', 'records_at', 'more_at'] as const;

const belonging: Readonly<Record<Style, Belonging>> = {
  number: { required: ['from_param'], optional: ['to_param', 'start', 'step', ...common] },
  cursor: { required: ['cursor_param', 'cursor_at'], optional: common },
  link: { required: [], optional: common },
  next_url: { required: ['next_url_at'], optional: common },
};

const allOptions = [
  ...new Set(Object.values(belonging).flatMap(({ required, optional }) => [...required, ...optional])),
];

export function pagerOf({ pager: config }: HttpInputConfig): Pager | undefined {
  if (config === undefined) return undefined;
  checkBelonging(config);
  const { style, pages, records_at, more_at } = config;
  const query = style === 'number' ? counting(config) : (): Query => [];
  if (style === 'number' && records_at === undefined && more_at === undefined) {
    if (pages === undefined) {
      throw fault(config, 'pages', 'is missing', 'Say how many there are, or where the end shows: `records_at`.');
    }
    return { kind: 'counted', pages, query };
  }
  return {
    kind: 'following',
    pages,
    pagesMax: config.pages_max,
    query,
    next: nextPage(config),
    records: pointerOf(config, 'records_at'),
    more: pointerOf(config, 'more_at'),
  };
}

function checkBelonging(config: PagerConfig): void {
  const { required, optional } = belonging[config.style];
  for (const option of allOptions) {
    const isSet = config[option] !== undefined;
    if (isSet && !required.includes(option) && !optional.includes(option)) {
      throw fault(config, option, 'has no meaning', 'Take it out, or choose another style.');
    }
    if (!isSet && required.includes(option)) throw fault(config, option, 'is missing', 'Add it.');
  }
}

function counting({ from_param, to_param, start = 0, step = 1 }: PagerConfig): (page: number) => Query {
  return (page) => {
    const from = start + page * step;
    return [
      ...(from_param === undefined ? [] : [[from_param, String(from), 'number'] as const]),
      ...(to_param === undefined ? [] : [[to_param, String(from + step - 1), 'number'] as const]),
    ];
  };
}

function nextPage(config: PagerConfig): NextPage {
  const nowhere: JsonPointer = { find: () => undefined };
  switch (config.style) {
    case 'number':
      return { by: 'number' };
    case 'link':
      return { by: 'link' };
    case 'cursor':
      return { by: 'cursor', param: config.cursor_param ?? '', at: pointerOf(config, 'cursor_at') ?? nowhere };
    case 'next_url':
      return { by: 'url', at: pointerOf(config, 'next_url_at') ?? nowhere };
  }
}

function pointerOf(config: PagerConfig, option: 'cursor_at' | 'next_url_at' | 'records_at' | 'more_at') {
  const text = config[option];
  if (text === undefined) return undefined;
  const pointer = jsonPointer(text);
  if (pointer !== undefined) return pointer;
  throw fault(config, option, `is no JSON pointer: '${text}'`, 'Begin it with a slash: /meta/next.');
}

function fault({ style }: PagerConfig, option: PagerOption, problem: string, advice: string): Error {
  const where = { path: ['pager'] };
  return httpErrors.error('HTTP_PAGER', { style, option, problem, advice }, { where });
}
