/**
 * The way to a server behind a bastion host: an endpoint on this machine, each of whose connections goes through one
 * SSH connection. It is open to this machine alone, and no longer than the run that asked for it.
 */
import { createServer } from 'node:net';
import type { AddressInfo, Server, Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { Context } from '#spi/context.ts';
import { isRopewayError } from '#spi/errors.ts';
import type { RopewayError } from '#spi/errors.ts';
import { connectSsh } from './client.ts';
import type { SshConnection, Target } from './client.ts';
import type { SshTunnelConfig } from './config-fields.ts';

/** Connections through one tunnel at a time. */
const CONNECTIONS_MAX = 64;
/** The connection that was the proof waits so long for the driver: servers give up those on which nothing is said. */
const SPARE_AGE_MS_MAX = 1000;

/**
 * To a driver it is `host` and `port` in place of those of the server. Names that TLS checks are still the server's:
 * drivers take them as `servername`, or take a socket to this endpoint.
 */
export interface Tunnel extends AsyncDisposable {
  readonly host: '127.0.0.1';
  readonly port: number;
  /** Why connections end or are refused, if the tunnel is to blame: what the driver says then is only a consequence. */
  failure(): RopewayError | undefined;
}

/** Opens it, and proves by a first connection that the target can be reached. */
export async function openTunnel(
  config: SshTunnelConfig,
  target: Target,
  ctx: Pick<Context, 'log' | 'signal'>,
): Promise<Tunnel> {
  const timeout = { option: 'connect_timeout', seconds: config.connect_timeout };
  const ssh = await connectSsh(config, { at: ['ssh_tunnel'], timeout }, ctx);
  try {
    const first = await ssh.forward(target);
    const endpoint = new Endpoint(ssh, target, first);
    await endpoint.listen();
    ctx.log.debug('An SSH tunnel is open.', { server: ssh.server, target: `${target.host}:${target.port}` });
    return endpoint;
  } catch (error) {
    await ssh.close();
    throw error;
  }
}

class Endpoint implements Tunnel {
  readonly host = '127.0.0.1';
  readonly #ssh: SshConnection;
  readonly #target: Target;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  /** The connection that was the proof; the first one of the driver takes it. */
  #spare: Duplex | undefined;
  readonly #spareTimer: NodeJS.Timeout;
  #refusal: RopewayError | undefined;

  constructor(ssh: SshConnection, target: Target, first: Duplex) {
    this.#ssh = ssh;
    this.#target = target;
    this.#spare = first;
    first.on('error', () => {});
    this.#spareTimer = setTimeout(() => this.#takeSpare()?.destroy(), SPARE_AGE_MS_MAX);
    this.#server = createServer({ allowHalfOpen: true, noDelay: true }, (socket) => void this.#serve(socket));
    this.#server.maxConnections = CONNECTIONS_MAX;
  }

  get port(): number {
    // A server that listens to TCP has such an address.
    return (this.#server.address() as AddressInfo).port;
  }

  async listen(): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(0, this.host, resolve);
    });
  }

  failure(): RopewayError | undefined {
    return this.#ssh.failure() ?? this.#refusal;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#takeSpare()?.destroy();
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await this.#ssh.close();
    await closed;
  }

  async #serve(socket: Socket): Promise<void> {
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
    // Whoever uses the connection notices that it broke.
    socket.on('error', () => {});
    try {
      join(socket, await this.#channel());
      this.#refusal = undefined;
    } catch (error) {
      if (!isRopewayError(error)) throw error;
      this.#refusal = error;
      socket.resetAndDestroy();
    }
  }

  async #channel(): Promise<Duplex> {
    return this.#takeSpare() ?? this.#ssh.forward(this.#target);
  }

  #takeSpare(): Duplex | undefined {
    clearTimeout(this.#spareTimer);
    const spare = this.#spare;
    this.#spare = undefined;
    return spare?.destroyed === true ? undefined : spare;
  }
}

/** What one side says goes to the other, its end as well; when one is broken, so is the other. */
function join(socket: Socket, channel: Duplex): void {
  channel.on('error', () => {});
  channel.on('close', () => socket.destroySoon());
  socket.on('close', () => channel.destroy());
  if (socket.destroyed) channel.destroy();
  socket.pipe(channel).pipe(socket);
}
