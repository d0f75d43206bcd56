/** What a server can be asked before a job relies on it. There is nothing to browse: HTTP knows no lists. */
import { checksOf } from '#spi/connections.ts';
import type { CheckStep, Connection } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { giveUp } from '#connectors/network/give-up.ts';
import { oneOf } from '#connectors/network/http-sender.ts';
import { proxyUrl } from '#connectors/network/proxy-config.ts';
import { urlSteps } from '#connectors/network/url-steps.ts';
import type { UrlRoute } from '#connectors/network/url-steps.ts';
import { openClient } from './client.ts';
import type { HttpConnection } from './config.ts';
import { addQuery } from './requests.ts';
import { urlOf } from './urls.ts';

export const httpConnection: Connection<HttpConnection> = {
  test: (config, ctx) => checksOf(stepsOf(config, ctx)),

  browse: async () => ({ entries: [] }),
};

function stepsOf(config: HttpConnection, ctx: Context): CheckStep[] {
  const { http_proxy: proxy } = config;
  const route = (): UrlRoute => ({ url: urlOf(config), proxy: proxy === undefined ? undefined : proxyUrl(proxy) });
  const first = urlSteps(route, config, { timeoutMs: config.open_timeout, signal: ctx.signal });
  return [...first, { name: 'log_in', run: () => ask(config, ctx) }];
}

/** Gets the URL, and looks at the beginning of the answer only. */
async function ask(config: HttpConnection, { signal }: Context): Promise<string> {
  const client = await openClient(config);
  const url = urlOf(config);
  addQuery(url, Object.entries(config.auth_params));
  const { status, headers, body, url: from } = await client.send({ url, method: 'GET' }, { signal });
  giveUp(body);
  const type = oneOf(headers['content-type']) ?? 'what it does not name';
  return `${client.shown(from)} answers ${status} with ${type}.`;
}
