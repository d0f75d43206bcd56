/** What a store can be asked before a job relies on it. */
import type { CheckStep, Connection, ConnectionUse } from '#spi/connections.ts';
import { checksOf } from '#spi/connections.ts';
import type { Context } from '#spi/context.ts';
import { proxyUrl } from '#connectors/network/proxy-config.ts';
import { urlSteps } from '#connectors/network/url-steps.ts';
import type { UrlRoute } from '#connectors/network/url-steps.ts';
import { browseStore, bucketEntry } from '#connectors/object-store/browse.ts';
import { bucketSteps } from '#connectors/object-store/checks.ts';
import type { CheckedBucket } from '#connectors/object-store/checks.ts';
import { awsHost } from './address.ts';
import { openStore } from './client.ts';
import type { S3Store } from './client.ts';
import type { S3Connection, S3ConnectionConfig } from './config.ts';
import { isAnonymous } from './credentials.ts';
import { destinationOf } from './endpoint.ts';
import { archives } from './listing.ts';

/** For each attempt to connect. */
const CONNECT_TIMEOUT_MS = 10_000;
/** Somebody waits for the answer. */
const TRIES_MORE_MAX = 1;
const WAIT_MS = 200;
const BUCKETS_SHOWN = 1000;

export const s3Connection: Connection<S3ConnectionConfig> = {
  test: (config, ctx, use) => checksOf(stepsOf(config, ctx, use)),

  async browse(config, request, ctx) {
    if (request.path.length > 0 || config.bucket === undefined) {
      return browseStore(await storeOf(config, ctx), request);
    }
    return { entries: config.bucket.startsWith(request.prefix ?? '') ? [bucketEntry(config.bucket)] : [] };
  },
};

function stepsOf(config: S3ConnectionConfig, ctx: Context, use: ConnectionUse | undefined): CheckStep[] {
  const impatient = {
    ...config,
    maximum_retries: Math.min(config.maximum_retries, TRIES_MORE_MAX),
    initial_retry_interval_millis: WAIT_MS,
  };
  // The steps share one client.
  let opened: Promise<S3Store> | undefined;
  const open = (): Promise<S3Store> => (opened ??= storeOf(impatient, ctx));
  const route = (): UrlRoute => {
    const { endpoint, region } = destinationOf(withBucket(config));
    const { http_proxy: proxy } = config;
    return {
      url: new URL(endpoint ?? `https://${awsHost(region)}`),
      proxy: proxy === undefined ? undefined : proxyUrl(proxy),
    };
  };
  const first = urlSteps(route, config, { timeoutMs: CONNECT_TIMEOUT_MS, signal: ctx.signal });
  if (config.bucket === undefined) return [...first, { name: 'log_in', run: async () => account(await open()) }];
  const who = isAnonymous(config) ? 'anybody' : `\`auth_method: ${config.auth_method}\``;
  let checked: CheckedBucket | undefined;
  const openBucket = async (): Promise<CheckedBucket> =>
    (checked ??= checkedBucket(await open(), config.path_prefix, ctx));
  return [...first, ...bucketSteps(openBucket, { who, use })];
}

async function account(store: S3Store): Promise<string> {
  const { entries, next } = await store.buckets({ path: [], limit: BUCKETS_SHOWN });
  return `The account has ${entries.length}${next === undefined ? '' : ' or more'} buckets.`;
}

function checkedBucket(store: S3Store, prefix: string, { signal }: Context): CheckedBucket {
  let archived: ReadonlySet<string> = new Set();
  return {
    bucket: store.bucket,
    prefix,
    source: store,
    target: {
      createUpload: (key) => store.createUpload(key, {}),
      uploadPart: (upload, part, stop) => store.uploadPart(upload, part, stop),
      abortUpload: (upload) => store.abortUpload(upload),
    },
    async firstObjects() {
      for await (const page of store.list(prefix, undefined)) {
        archived = new Set(page.filter(({ storageClass }) => archives.has(storageClass)).map(({ key }) => key));
        return page;
      }
      return [];
    },
    isArchived: (key) => archived.has(key),
    deniedCode: 'S3_ACCESS_DENIED',
    signal,
  };
}

function storeOf(config: S3ConnectionConfig, ctx: Context): Promise<S3Store> {
  return openStore(withBucket(config), ctx);
}

function withBucket(config: S3ConnectionConfig): S3Connection {
  return { ...config, bucket: config.bucket ?? '' };
}
