/** Reads what a server answers: one request is one task, or the first of a row of pages. */
import type { TaskContext } from '#spi/context.ts';
import type { FileInput, SourceFile } from '#spi/files.ts';
import { AnswerValues, looksInside } from './answer-values.ts';
import { openClient } from './client.ts';
import type { HttpClient } from './client.ts';
import type { HttpInputConfig } from './config.ts';
import { httpErrors } from './errors.ts';
import { nextRequest } from './next-request.ts';
import { Page } from './page.ts';
import { pagerOf } from './pager.ts';
import type { FollowingPager } from './pager.ts';
import { planRequests, requestOf } from './requests.ts';
import type { HttpTask } from './requests.ts';

export const httpInput: FileInput<HttpInputConfig, HttpTask> = {
  async plan(config) {
    const tasks = planRequests(config, pagerOf(config));
    // One shows whether all can be made.
    requestOf(config, tasks[0]?.query ?? []);
    await clientOf(config);
    return { tasks };
  },

  async *read(config, task, ctx) {
    const client = await clientOf(config);
    const pager = pagerOf(config);
    if (pager?.kind === 'following') {
      yield* followPages(config, pager, task, { client, ctx });
      return {};
    }
    const request = requestOf(config, task.query);
    yield new Page({ client, config, request, ctx, values: undefined }).file;
    return {};
  },
};

function clientOf(config: HttpInputConfig): Promise<HttpClient> {
  return openClient(config, { 'Accept-Charset': config.charset, ...config.request_headers });
}

async function* followPages(
  config: HttpInputConfig,
  pager: FollowingPager,
  { query }: HttpTask,
  { client, ctx }: { readonly client: HttpClient; readonly ctx: TaskContext },
): AsyncGenerator<SourceFile> {
  const first = (more: HttpTask['query']) => requestOf(config, [...query, ...more]);
  let request = first(pager.query(0));
  for (let count = 1; ; count++) {
    const values = looksInside(pager) ? new AnswerValues(pager) : undefined;
    const page = new Page({ client, config, request, ctx, values });
    yield page.file;
    // A preview has seen enough.
    if (!page.isRead && ctx.isPreview) return;
    if (!page.isRead) throw ended(page, 'it was not read to its end');
    const next = nextRequest({ config, pager, client, page, request, values, count, first });
    if (next === undefined || count === pager.pages) return;
    if (count === pager.pagesMax) {
      throw httpErrors.error('HTTP_PAGES_LIMIT', { limit: count, place: page.name });
    }
    request = next;
  }
}

function ended(page: Page, reason: string): Error {
  return httpErrors.error('HTTP_NEXT_PAGE', { place: page.name, reason });
}
