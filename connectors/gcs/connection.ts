/** What the store can be asked before a job relies on it. */
import { checksOf } from '#spi/connections.ts';
import type { CheckStep, Connection, ConnectionUse } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { urlSteps } from '#connectors/network/url-steps.ts';
import type { UrlRoute } from '#connectors/network/url-steps.ts';
import { proxyUrl } from '#connectors/network/proxy-config.ts';
import { browseStore, bucketEntry } from '#connectors/object-store/browse.ts';
import { bucketSteps } from '#connectors/object-store/checks.ts';
import type { CheckedBucket } from '#connectors/object-store/checks.ts';
import type { GcsConnectionConfig } from './config.ts';
import { openStore } from './store.ts';
import type { GcsStore } from './store.ts';
import { baseOf } from './transport.ts';

/** For each attempt to connect. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Somebody waits for the answer. */
const TRIES_MORE_MAX = 1;
const WAIT_MS = 200;
const BUCKETS_SHOWN = 1000;

export const gcsConnection: Connection<GcsConnectionConfig> = {
  test: (config, ctx, use) => checksOf(stepsOf(config, ctx, use)),

  async browse(config, request, ctx) {
    if (request.path.length > 0 || config.bucket === undefined) {
      return browseStore(await storeOf(config, ctx), request);
    }
    return { entries: config.bucket.startsWith(request.prefix ?? '') ? [bucketEntry(config.bucket)] : [] };
  },
};

function stepsOf(config: GcsConnectionConfig, ctx: Context, use: ConnectionUse | undefined): CheckStep[] {
  const impatient = {
    ...config,
    max_connection_retry: Math.min(config.max_connection_retry, TRIES_MORE_MAX),
    initial_retry_interval_millis: WAIT_MS,
  };
  // The steps share one client.
  let opened: Promise<GcsStore> | undefined;
  const open = (): Promise<GcsStore> => (opened ??= storeOf(impatient, ctx));
  const { http_proxy: proxy } = config;
  const route = (): UrlRoute => ({
    url: new URL(baseOf(config)),
    proxy: proxy === undefined ? undefined : proxyUrl(proxy),
  });
  const first = urlSteps(route, config, { timeoutMs: CONNECT_TIMEOUT_MS, signal: ctx.signal });
  if (config.bucket === undefined) return [...first, { name: 'log_in', run: async () => project(await open()) }];
  const who = config.auth_method === 'anonymous' ? 'anybody' : `\`auth_method: ${config.auth_method}\``;
  return [...first, ...bucketSteps(async () => checkedBucket(await open(), config.path_prefix, ctx), { who, use })];
}

async function project(store: GcsStore): Promise<string> {
  const { entries, next } = await store.buckets({ path: [], limit: BUCKETS_SHOWN });
  return `The project has ${entries.length}${next === undefined ? '' : ' or more'} buckets.`;
}

function checkedBucket(store: GcsStore, prefix: string, { signal }: Context): CheckedBucket {
  return {
    bucket: store.bucket,
    prefix,
    source: store,
    target: {
      createUpload: (key) => store.createUpload(key, { contentType: 'text/plain', storageClass: undefined }),
      uploadPart: (upload, part, stop) => store.uploadPart(upload, part, stop),
      abortUpload: (upload) => store.abortUpload(upload),
    },
    async firstObjects() {
      for await (const page of store.list(prefix, undefined)) return page;
      return [];
    },
    deniedCode: 'GCS_ACCESS_DENIED',
    signal,
  };
}

function storeOf(config: GcsConnectionConfig, ctx: Context): Promise<GcsStore> {
  return openStore({ ...config, bucket: config.bucket ?? '' }, ctx);
}
