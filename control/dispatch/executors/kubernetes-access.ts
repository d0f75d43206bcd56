/** Where a cluster is and who we are there; the vendor's library, which knows all ways to say that, is behind this file. */
import type { ConnectionOptions } from 'node:tls';
import { executorErrors } from './errors.ts';

export interface ClusterAccess {
  /** Address of the API server. */
  readonly server: string;
  readonly tls: Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'>;
  /** For the next request: tokens change while we run. */
  headers(): Promise<Readonly<Record<string, string>>>;
}

/** Reads the credentials anew each time it is called. */
export type OpenAccess = () => Promise<ClusterAccess>;

export interface AccessOptions {
  /** Without one: the file of `KUBECONFIG` or of the home folder, else the service account of our own pod. */
  readonly kubeconfig?: string;
  readonly context?: string;
}

export function clusterAccess(options: AccessOptions): OpenAccess {
  return async () => {
    const { KubeConfig } = await import('@kubernetes/client-node');
    const config = new KubeConfig();
    try {
      if (options.kubeconfig === undefined) config.loadFromDefault();
      else config.loadFromFile(options.kubeconfig);
      if (options.context !== undefined) config.setCurrentContext(options.context);
    } catch (cause) {
      throw executorErrors.error('KUBERNETES_CONFIG_UNREADABLE', { file: options.kubeconfig ?? 'default' }, { cause });
    }
    const cluster = config.getCurrentCluster();
    if (cluster === null) {
      throw executorErrors.error('KUBERNETES_CONTEXT_MISSING', { context: options.context ?? config.currentContext });
    }
    const applied = async (): Promise<Applied> => {
      const request: Applied = {};
      await config.applyToHTTPSOptions(request);
      return request;
    };
    const { ca, cert, key, rejectUnauthorized, servername } = await applied();
    const tls = { ca, cert, key, rejectUnauthorized, servername };
    return {
      server: cluster.server,
      // Only what is said: an `undefined` would count as a setting.
      tls: Object.fromEntries(Object.entries(tls).filter(([, value]) => value !== undefined)),
      async headers() {
        const { headers = {}, auth } = await applied();
        return auth === undefined
          ? headers
          : { ...headers, Authorization: `Basic ${Buffer.from(auth).toString('base64')}` };
      },
    };
  };
}

/** What the library writes into the options of a request. */
interface Applied extends Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'rejectUnauthorized' | 'servername'> {
  headers?: Record<string, string>;
  auth?: string;
}
