/** Where the driver connects to: the server itself, or this end of a tunnel to it. */
import type { SshTunnelConfig } from '#connectors/ssh/config-fields.ts';
import type { Logger } from '#spi/context.ts';
import type { RopewayError } from '#spi/errors.ts';

export interface Way extends AsyncDisposable {
  readonly host: string;
  readonly port: number;
  /** What was wrong with the tunnel: errors of the driver are only its consequences then. */
  failure(): RopewayError | undefined;
}

export interface WayConfig {
  readonly host: string;
  readonly port: number;
  readonly ssh_tunnel?: SshTunnelConfig | undefined;
}

/** The signal ends the opening alone: through an open tunnel a statement may still be cancelled. */
export async function openWay(
  { host, port, ssh_tunnel: tunnel }: WayConfig,
  log: Logger,
  signal: AbortSignal | undefined,
): Promise<Way> {
  if (tunnel === undefined) return { host, port, failure: () => undefined, async [Symbol.asyncDispose]() {} };
  const { openTunnel } = await import('#connectors/ssh/tunnel.ts');
  const opening = new AbortController();
  const stop = (): void => opening.abort();
  signal?.addEventListener('abort', stop);
  if (signal?.aborted === true) stop();
  try {
    return await openTunnel(tunnel, { host, port }, { log, signal: opening.signal });
  } finally {
    signal?.removeEventListener('abort', stop);
  }
}
