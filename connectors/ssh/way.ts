/** The way to an SSH server: straight, through a proxy, through another SSH server, or through both. */
import type { Duplex } from 'node:stream';
import type { Context } from '#spi/context.ts';
import { connectSsh } from './client.ts';
import type { Target } from './client.ts';
import type { SshProxyConfig, SshTunnelConfig } from './config-fields.ts';
import { connectByProxy } from './proxy.ts';

export interface WayOptions extends Target {
  readonly timeout: number;
  readonly proxy?: SshProxyConfig | undefined;
  readonly ssh_tunnel?: SshTunnelConfig | undefined;
}

/** Opens a socket to the server; undefined when it is reached straight. The proxy comes first, then the tunnel. */
export function wayTo(options: WayOptions, ctx: Pick<Context, 'log' | 'signal'>): (() => Promise<Duplex>) | undefined {
  const { proxy, ssh_tunnel: tunnel } = options;
  const first: Target = tunnel ?? options;
  const toFirst =
    proxy === undefined
      ? undefined
      : () => connectByProxy(proxy, first, AbortSignal.any([ctx.signal, AbortSignal.timeout(options.timeout * 1000)]));
  if (tunnel === undefined) return toFirst;
  return async () => {
    const timeout = { option: 'connect_timeout', seconds: tunnel.connect_timeout };
    const bastion = await connectSsh(tunnel, { at: ['ssh_tunnel'], timeout, openSocket: toFirst }, ctx);
    try {
      const channel = await bastion.forward({ host: options.host, port: options.port });
      channel.on('close', () => void bastion.close());
      return channel;
    } catch (error) {
      await bastion.close();
      throw error;
    }
  };
}
