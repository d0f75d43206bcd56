import type { CheckStep } from '#spi/connections.ts';
import { connectStep, resolveStep } from './reachability.ts';
import type { Endpoint, Patience } from './reachability.ts';
import { tlsStep } from './tls-check.ts';
import { tlsConfigOf } from './tls-config.ts';
import type { TlsConfig, TlsOptions } from './tls-config.ts';

/** Where requests go. */
export interface UrlRoute {
  readonly url: URL;
  readonly proxy?: string | undefined;
}

/**
 * The first checks on the way to a URL; through a proxy they are about the proxy, which does the rest. The route is
 * asked for by the first check: what is wrong with the options shows there.
 */
export function urlSteps(route: () => UrlRoute, options: TlsOptions, patience: Patience): CheckStep[] {
  const tls = (): TlsConfig => {
    const { url, proxy } = route();
    return url.protocol === 'http:' || proxy !== undefined ? { mode: 'disable' } : tlsConfigOf(options);
  };
  return [
    { name: 'resolve', run: async () => resolveStep(endpointOf(route()), patience).run() },
    { name: 'connect', run: async () => connectStep(endpointOf(route()), patience).run() },
    { name: 'tls', run: async () => tlsStep(endpointOf(route()), tls(), patience).run() },
  ];
}

function endpointOf({ url, proxy }: UrlRoute): Endpoint {
  const { hostname, port, protocol } = proxy === undefined ? url : new URL(proxy);
  const host = hostname.replace(/^\[(.*)\]$/, '$1');
  return { host, port: port === '' ? (protocol === 'http:' ? 80 : 443) : Number(port) };
}
