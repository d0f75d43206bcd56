/** What the driver is told about a server: where it is, who we are, and how much of it has to be proved. */
import { createConnection, isIP } from 'node:net';
import type { Socket } from 'node:net';
import type { ConnectionOptions, SslOptions } from 'mysql2';
import { pemFile, tlsOptions } from '#connectors/network/tls-config.ts';
import type { TlsConfig, TlsMode } from '#connectors/network/tls-config.ts';
import type { SshTunnelConfig } from '#connectors/ssh/config-fields.ts';
import type { Tunnel } from '#connectors/ssh/tunnel.ts';
import type { Context } from '#spi/context.ts';

/** What connecting needs: the connection options of a config. */
export interface ConnectionConfig {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly password: string;
  readonly database?: string | undefined;
  readonly ssl: 'disable' | 'enable' | 'verify_ca' | 'verify' | boolean;
  readonly ssl_ca?: string | undefined;
  readonly ssl_cert?: string | undefined;
  readonly ssl_key?: string | undefined;
  readonly ssl_key_passphrase?: string | undefined;
  readonly ssh_tunnel?: SshTunnelConfig | undefined;
  readonly connect_timeout: number;
  readonly socket_timeout?: number | undefined;
}

export function serverName({ host, port, database }: ConnectionConfig): string {
  const place = host.startsWith('/') ? host : `${host}:${port}`;
  return database === undefined ? place : `${place}/${database}`;
}

interface TunnelContext extends Pick<Context, 'log'> {
  readonly signal?: AbortSignal | undefined;
}

/**
 * Each session has its own: it ends with it. The signal ends the opening alone: through an open tunnel a statement may
 * still be ended.
 */
export async function openTunnelTo(
  config: ConnectionConfig,
  { log, signal }: TunnelContext,
): Promise<Tunnel | undefined> {
  if (config.ssh_tunnel === undefined) return undefined;
  const { openTunnel } = await import('#connectors/ssh/tunnel.ts');
  const opening = new AbortController();
  const stop = (): void => opening.abort();
  signal?.addEventListener('abort', stop);
  if (signal?.aborted === true) stop();
  try {
    return await openTunnel(config.ssh_tunnel, config, { log, signal: opening.signal });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}

export async function connectionOptions(
  config: ConnectionConfig,
  tunnel: Tunnel | undefined,
  isLoading: boolean,
): Promise<ConnectionOptions> {
  const { host, port, database } = config;
  const ssl = await sslOptions(config);
  // The host stays that of the server, also behind a tunnel: certificates are for it.
  const way = { host, port, stream: () => openSocket(tunnel ?? config, host) };
  return {
    ...(host.startsWith('/') ? { socketPath: host } : way),
    user: config.user,
    password: config.password,
    ...(database === undefined ? {} : { database }),
    ...(ssl === undefined ? {} : { ssl }),
    connectTimeout: config.connect_timeout * 1000,
    multipleStatements: true,
    // Values as texts, whatever they are.
    typeCast: (field) => field.string('utf8'),
    // Else the driver compiles a parser for each result.
    disableEval: true,
    flags: ['-IGNORE_SPACE', '-ODBC', '-CLIENT_QUERY_ATTRIBUTES', ...(isLoading ? [] : ['-LOCAL_FILES'])],
  };
}

function openSocket({ host, port }: { readonly host: string; readonly port: number }, name: string): Socket {
  const socket = createConnection({ host, port, noDelay: true, keepAlive: true });
  // Node.js checks a certificate against this name when it is given no server name, which must not be an address.
  return isIP(name) === 0 ? socket : Object.assign(socket, { _host: name });
}

const tlsModes: Readonly<Record<string, TlsMode>> = {
  disable: 'disable',
  enable: 'require',
  verify_ca: 'verify-ca',
  verify: 'verify-full',
  true: 'require',
  false: 'disable',
};

export function tlsConfigOf(config: ConnectionConfig): TlsConfig {
  return {
    mode: tlsModes[String(config.ssl)] ?? 'verify-full',
    ca: pemFile('ssl_ca', config.ssl_ca),
    certificate: pemFile('ssl_cert', config.ssl_cert),
    key: pemFile('ssl_key', config.ssl_key),
    passphrase: config.ssl_key_passphrase,
  };
}

async function sslOptions(config: ConnectionConfig): Promise<SslOptions | undefined> {
  const tls = tlsConfigOf(config);
  const options = await tlsOptions(tls);
  if (options === undefined) return undefined;
  const { checkServerIdentity: _, ...settings } = options;
  // The driver has the same names for them, and its own for the check of the server's name.
  return { ...(settings as SslOptions), verifyIdentity: tls.mode === 'verify-full' };
}
