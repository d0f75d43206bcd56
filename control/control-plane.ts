/**
 * The control plane of one process: the API, the dispatcher, the scheduler, or several of them, on one store. What a
 * process does is its roles; any number of processes with any roles share a PostgreSQL.
 */
import { availableParallelism } from 'node:os';
import type { Hono } from 'hono';
import { tokenAuthenticator } from '#control/auth/tokens.ts';
import { backpressureOf } from '#control/dispatch/backpressure.ts';
import { Dispatcher } from '#control/dispatch/dispatcher.ts';
import type { Executor } from '#control/dispatch/executors/executor.ts';
import { makeApp } from '#control/http/app.ts';
import { makeHandlers } from '#control/http/handlers.ts';
import { probes } from '#control/http/probes.ts';
import { Idempotency } from '#control/http/idempotency.ts';
import { runnerApi } from '#control/http/runner-api.ts';
import { serveHttp } from '#control/http/server.ts';
import type { HttpService } from '#control/http/server.ts';
import { metricsRoute } from '#control/metrics/metrics-route.ts';
import { Metrics } from '#control/metrics/metrics.ts';
import { showPlace } from '#control/metrics/place-figures.ts';
import { Scrape } from '#control/metrics/scrape.ts';
import { CONFIRM_PATH } from '#control/notify/confirmation.ts';
import { confirmPage } from '#control/notify/confirm-page.ts';
import { LINK_PATH, frontPage, linkPage } from '#control/sign-in/link-page.ts';
import { Notifier } from '#control/notify/notifier.ts';
import { noticeSettings } from '#control/notify/settings.ts';
import type { NoticeSettings } from '#control/notify/settings.ts';
import { runCommands } from '#control/runs/commands.ts';
import { Heartbeats } from '#control/runs/heartbeats.ts';
import { runChannel } from '#control/runs/run-wake.ts';
import { runCredentials } from '#control/runs/run-credentials.ts';
import { LEASE_S, RunnerService } from '#control/runs/runner-service.ts';
import { SessionTokens } from '#control/runs/session-tokens.ts';
import { TransitionWriter } from '#control/runs/transition-writer.ts';
import { Scheduler } from '#control/schedule/scheduler.ts';
import type { KeyRing } from '#control/secrets/key-ring.ts';
import { openKeys } from '#control/secrets/keys.ts';
import { linkAddress, makeFirstSetupLink } from '#control/sign-in/one-time-links.ts';
import { openStore } from '#control/store/store.ts';
import type { Store } from '#control/store/store.ts';
import type { Logger } from '#spi/context.ts';
import type { Catalog } from '#spi/plugin.ts';
import { prepareInstallation } from './first-start.ts';
import { Upkeep } from './upkeep.ts';

export type Role = 'api' | 'dispatcher' | 'scheduler';

export interface ControlPlaneOptions {
  readonly roles: readonly Role[];
  readonly databaseUrl?: string | undefined;
  readonly dataFolder: string;
  readonly host: string;
  /** Undefined: it does not listen, which only a process without the API can do. */
  readonly port: number | undefined;
  /** Where runners find the API; by default where it listens. */
  readonly controlUrl?: string | undefined;
  readonly version: string;
  /** Of the transfer that a new installation holds. */
  readonly sampleFile?: string | undefined;
  readonly catalog: Catalog;
  readonly log: Logger;
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Runs at once of a new installation. */
  readonly seats?: number | undefined;
  readonly makeExecutor: (installationId: string) => Promise<Executor>;
  /** Days that ended runs are kept. */
  readonly retentionDays?: number | undefined;
  /** Days that the audit log is kept. */
  readonly auditDays?: number | undefined;
  /** The address by which people reach the server: of links, and of what their browsers send. */
  readonly publicUrl?: string | undefined;
  /** Proxies in front of the API. */
  readonly proxies?: number | undefined;
  /** `/metrics` without a token. */
  readonly areMetricsPublic?: boolean | undefined;
  /** Divides the waits of the dispatcher and the lease; for tests with real processes. */
  readonly speed?: number;
}

export interface ControlPlane extends AsyncDisposable {
  readonly store: Store;
  /** Undefined without the API. */
  readonly url: string | undefined;
  /** Of a process without the API: where it tells of its health and its metrics. */
  readonly probesUrl: string | undefined;
  /** Made at the first start, and never shown again. */
  readonly firstToken: string | undefined;
  /** Of a new installation: sets up its owner. */
  readonly setupLink: string | undefined;
}

/** Runs at once per core: most of them wait for others most of the time. */
const SEATS_PER_CORE = 2;
/** Heartbeats are so many seconds apart. */
const HEARTBEAT_S = 20;

export async function openControlPlane(options: ControlPlaneOptions): Promise<ControlPlane> {
  const { databaseUrl, dataFolder, log, environment, roles } = options;
  const store = await openStore({ databaseUrl, dataFolder, log });
  try {
    const keys = await openKeys(store.db, { environment, dataFolder }, log);
    const seats = options.seats ?? availableParallelism() * SEATS_PER_CORE;
    const firstToken = await prepareInstallation(store, { seats, dataFolder, sampleFile: options.sampleFile });
    const executor = roles.includes('dispatcher') ? await options.makeExecutor(store.installationId) : undefined;
    const parts = partsOf(options, { store, keys, limits: executor?.limits });
    const api = roles.includes('api') ? await openApi(parts) : undefined;
    const probing = await openProbes(parts);
    const setupLink = api === undefined ? undefined : await firstLink(store, options.publicUrl ?? api.http.url);
    const workers = openWorkers(parts, executor, api?.http.url);
    return {
      store,
      url: api?.http.url,
      probesUrl: probing?.url,
      firstToken,
      setupLink,
      async [Symbol.asyncDispose]() {
        for (const worker of workers) await worker.close();
        await probing?.stop();
        await api?.close();
        await store.close();
      },
    };
  } catch (error) {
    await store.close();
    throw error;
  }
}

function partsOf(
  options: ControlPlaneOptions,
  { store, keys, limits }: Pick<Parts, 'store' | 'keys' | 'limits'>,
): Parts {
  const { log, environment, speed = 1 } = options;
  const metrics = new Metrics(options);
  const reached: string[] = [];
  return {
    options,
    log,
    store,
    keys,
    tokens: new SessionTokens(keys, store.installationId),
    transitions: new TransitionWriter(undefined, (name, run) => metrics.moved(name, run)),
    metrics,
    limits,
    stopping: new AbortController(),
    reached,
    notices: noticeSettings({
      installationId: store.installationId,
      environment,
      publicUrl: options.publicUrl,
      urls: () => [...reached, options.controlUrl],
      release: options.version,
    }),
    leaseS: LEASE_S / speed,
  };
}

/** What works by itself, in the order in which it is to be closed. */
function openWorkers(
  parts: Parts,
  executor: Executor | undefined,
  apiUrl: string | undefined,
): readonly { close(): Promise<void> }[] {
  const { options, store, log, transitions } = parts;
  const { roles, speed = 1 } = options;
  const controlUrl = options.controlUrl ?? apiUrl;
  const dispatchers =
    executor !== undefined && controlUrl !== undefined ? [openDispatcher(parts, executor, controlUrl)] : [];
  const upkeep = new Upkeep({ ...options, store, idempotency: new Idempotency(store) });
  upkeep.start();
  if (!roles.includes('scheduler')) return [upkeep, ...dispatchers];
  const scheduler = new Scheduler({ store, log, transitions, speed });
  scheduler.start();
  return [openNotifier(parts), scheduler, upkeep, ...dispatchers];
}

async function firstLink(store: Store, origin: string): Promise<string | undefined> {
  const made = await makeFirstSetupLink(store.db);
  return made === undefined ? undefined : linkAddress(origin, made.secret);
}

interface Parts {
  readonly options: ControlPlaneOptions;
  readonly log: Logger;
  readonly store: Store;
  readonly keys: KeyRing;
  readonly tokens: SessionTokens;
  readonly transitions: TransitionWriter;
  readonly metrics: Metrics;
  readonly limits: Executor['limits'] | undefined;
  readonly stopping: AbortController;
  /** Where the API listens, once it does. */
  readonly reached: string[];
  readonly notices: NoticeSettings;
  readonly leaseS: number;
}

interface Api {
  readonly http: HttpService;
  close(): Promise<void>;
}

async function openApi(parts: Parts): Promise<Api> {
  const { options, store, keys, stopping, notices } = parts;
  const heartbeats = new Heartbeats(store.db);
  const deaf = store.hints.listen('stop', () => heartbeats.lookNow());
  const commands = runCommands(parts);
  const { version, catalog, log, host, port = 0 } = options;
  const app = makeApp({
    handlers: makeHandlers({ store, catalog, keys, commands, notices, version, stopping: stopping.signal }),
    store,
    authenticate: tokenAuthenticator(store),
    idempotency: new Idempotency(store),
    log,
    reach: options,
    stopping: stopping.signal,
  });
  const runners = runnerRoutes(parts, heartbeats);
  const figures = figuresOf(parts);
  const confirm = confirmPage({ db: store.db, keys, installationId: store.installationId });
  const fetch = (request: Request, env?: unknown): Response | Promise<Response> => {
    const { pathname } = new URL(request.url);
    if (pathname === '/metrics') return figures(request);
    if (pathname === CONFIRM_PATH) return confirm(request);
    const isRead = request.method === 'GET' || request.method === 'HEAD';
    if (isRead && pathname === '/') return frontPage();
    if (isRead && pathname === LINK_PATH) return linkPage();
    // Runners are known by their sessions, not by tokens of people, and speak a protocol of their own.
    return pathname.startsWith('/runner/v1/') ? runners.fetch(request) : app.fetch(request, env);
  };
  const http = await serveHttp({ fetch, host, port, stopping });
  // By what it was told to listen to, too: that may be every address of the machine.
  parts.reached.push(http.url, `http://${host.includes(':') ? `[${host}]` : host}:${new URL(http.url).port}`);
  return {
    http,
    async close() {
      deaf();
      heartbeats.close();
      await http.stop();
    },
  };
}

function figuresOf(parts: Parts): (request: Request) => Promise<Response> {
  const { store, metrics, options } = parts;
  const scrape = new Scrape(parts);
  return metricsRoute({
    text: () => scrape.text(),
    contentType: metrics.contentType,
    authenticate: tokenAuthenticator(store),
    isPublic: options.areMetricsPublic ?? false,
  });
}

/** For those who watch a process that does not serve the API. */
async function openProbes(parts: Parts): Promise<HttpService | undefined> {
  const { store, stopping, options } = parts;
  if (options.roles.includes('api') || options.port === undefined) return undefined;
  const fetch = probes({ store, stopping: stopping.signal, figures: figuresOf(parts) });
  return serveHttp({ fetch, host: options.host, port: options.port, stopping });
}

function runnerRoutes(
  { store, keys, tokens, transitions, metrics, stopping, leaseS, options }: Parts,
  heartbeats: Heartbeats,
): Hono {
  const moved = (runId: string): void => {
    for (const channel of [runChannel(runId), 'queue']) store.hints.tell(channel);
  };
  const heartbeatS = HEARTBEAT_S / (options.speed ?? 1);
  const jitter = (): number => 0.8 + Math.random() * 0.4;
  const service = new RunnerService({
    db: store.db,
    transitions,
    tokens,
    heartbeats,
    moved,
    leaseS: Math.round(leaseS),
    heartbeatS,
    logMissing: (bytes) => metrics.logMissing(bytes),
    jitter,
  });
  const credentials = (runId: string, handle: string) => runCredentials({ db: store.db, keys }, runId, handle);
  return runnerApi({ service, tokens, credentials, log: options.log, signal: stopping.signal });
}

function openNotifier({ options, store, keys, notices, log, metrics }: Parts): Notifier {
  const notifier = new Notifier({
    store,
    keys,
    settings: notices,
    log,
    told: (outcome) => metrics.noticeSent(outcome),
    speed: options.speed,
  });
  notifier.start();
  return notifier;
}

function openDispatcher(parts: Parts, executor: Executor, controlUrl: string): Dispatcher {
  const { options, store, tokens, transitions, leaseS, metrics } = parts;
  const pressure = backpressureOf(executor);
  showPlace(metrics, { executor, pressure });
  const dispatcher = new Dispatcher({
    store,
    executor,
    pressure,
    tokens,
    transitions,
    metrics,
    installationId: store.installationId,
    controlUrl,
    release: options.version,
    log: options.log,
    leaseS,
    speed: options.speed ?? 1,
  });
  dispatcher.start();
  return dispatcher;
}
